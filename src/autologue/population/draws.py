"""What is known of estimates as draws of their posterior."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError
from autologue.population.estimates import estimates_of, with_estimates

if TYPE_CHECKING:
    from autologue.population.parametric import Parametric

__all__ = ["PosteriorDraws"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorDraws:
    """Draws (draws, names) of estimates, each on its scale of estimation: an uncertainty of any shape."""

    names: tuple[str, ...]
    values: Floats

    def __post_init__(self) -> None:
        """Check shape and numbers."""
        object.__setattr__(self, "names", tuple(self.names))
        values = np.array(self.values, dtype=float)
        if values.ndim != 2 or values.shape[1] != len(self.names) or not len(values) or not np.isfinite(values).all():
            what = f"posterior draws of {len(self.names)} estimates have shape {values.shape}"
            raise InputError(f"{what}; expected (draws, {len(self.names)}) of numbers, at least one draw")
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    @property
    def covariance(self) -> Floats:
        """The covariance (names, names) of the draws."""
        return np.atleast_2d(np.cov(self.values, rowvar=False))

    def populations(self, population: Parametric, count: int, *, seed: int) -> list[Parametric]:
        """Return `count` populations, each with the estimates of one draw; no draw comes twice before all have come."""
        chosen = [next(e for e in estimates_of(population) if e.name == name) for name in self.names]
        places = np.arange(len(self.values))
        order = np.argsort(seeds.uniforms(seed, seeds.Purpose.UNCERTAINTY, places, 1)[:, 0], kind="stable")
        return [with_estimates(population, chosen, self.values[order[k % len(order)]]) for k in range(count)]

    def __bool__(self) -> bool:
        """Return whether anything is uncertain."""
        return bool(self.names)

    def __repr__(self) -> str:
        """Return names, the number of draws, and what tells these draws from others."""
        return f"PosteriorDraws({self.names!r}, {len(self.values)} draws, {hashlib.sha256(self.values.tobytes()).hexdigest()[:16]})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PosteriorDraws) and self.names == other.names and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash((self.names, self.values.tobytes()))
