"""A published summary as a target: its value, the scale on which it is compared, and what no simulation of it can say."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, unknown

__all__ = ["SCALES", "Target"]

Floats = NDArray[np.float64]
SCALES = ("share", "log", "normal")


@dataclass(frozen=True, slots=True)
class Target:
    """A published value and the scale on which replicates of it are about normal.

    A `share` of `n` patients is compared as the angle asin(sqrt((k + 3/8) / (n + 3/4))) (Anscombe 1948, Biometrika 35:246-254), whose
    chance is nearly the same at every share; `log` is for times, ratios and geometric means; `normal` leaves the value as it is.
    `spread` is the standard deviation, on that scale, of what no replicate shows: adjudicators, rounding, the simulator's own error.

    >>> Target("response", 0.5, "share", n=100).at(np.array([0.5, 0.0])).round(3).tolist()
    [0.785, 0.061]
    """

    name: str
    published: float
    scale: str
    n: int = 0
    spread: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        if self.scale not in SCALES:
            raise InputError(f"target {self.name}: {unknown('scale', self.scale, SCALES)}")
        if self.scale == "share" and self.n < 1:
            raise InputError(f"target {self.name} has no n; a share is compared by chance at its number of patients: give n")
        low, high = {"share": (0.0, 1.0), "log": (np.nextafter(0.0, 1.0), math.inf), "normal": (-math.inf, math.inf)}[self.scale]
        if not (math.isfinite(self.published) and low <= self.published <= high):
            expected = {"share": "a share from 0 to 1", "log": "a number above zero", "normal": "a finite number"}[self.scale]
            raise InputError(f"target {self.name} is {self.published!r}; expected {expected} on scale {self.scale}")
        if not (math.isfinite(self.spread) and self.spread >= 0.0):
            raise InputError(f"target {self.name} has spread {self.spread!r}; expected a finite number of at least zero")

    @property
    def observed(self) -> float:
        """The published value on the scale of comparison."""
        return float(self.at(np.array([self.published]))[0])

    def at(self, values: Floats) -> Floats:
        """Return values (any shape) on the scale of comparison; NaN where they have no place on it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.scale == "share":
                return np.asarray(np.arcsin(np.sqrt((values * self.n + 0.375) / (self.n + 0.75))))
            if self.scale == "log":
                return np.log(np.where(values > 0, values, np.nan))
        return np.asarray(values, dtype=float)

    def back(self, values: Floats) -> Floats:
        """Return values of the scale of comparison as shares, times or numbers: the inverse of `at`."""
        if self.scale == "share":
            share = (np.sin(np.clip(values, 0.0, math.pi / 2)) ** 2 * (self.n + 0.75) - 0.375) / self.n
            return np.clip(share, 0.0, 1.0)
        return np.exp(values) if self.scale == "log" else np.asarray(values, dtype=float)
