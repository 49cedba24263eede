"""Group-sequential bounds for standardised statistics with independent increments.

Recursive numerical integration of Armitage, McPherson & Rowe (1969, J R Stat Soc A 132:235-244) as in Jennison & Turnbull (2000), Group
Sequential Methods, chapter 19; spending function of Lan & DeMets (1983, Biometrika 70:659-663) of the O'Brien-Fleming kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from autologue.errors import InputError, unknown

__all__ = [
    "SPENDINGS",
    "Walk",
    "crossing_probabilities",
    "obrien_fleming_bounds",
    "obrien_fleming_spent",
    "pocock_bounds",
    "spending_bounds",
    "spent_error",
    "stopping_probabilities",
]

Floats = NDArray[np.float64]
SPENDINGS = ("obrien_fleming", "pocock")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)
_FAR = 8.0  # standard deviations beyond which nothing is left to integrate


def obrien_fleming_spent(fractions: Sequence[float], *, alpha: float) -> Floats:
    """Return the one-sided error spent by each information fraction (looks,).

    >>> obrien_fleming_spent([0.5, 1.0], alpha=0.025).round(5).tolist()
    [0.00153, 0.025]
    """
    return np.asarray(2.0 * ndtr(-ndtri(1.0 - alpha / 2.0) / np.sqrt(_checked(fractions))))


def spent_error(fractions: Sequence[float], error: float, *, spending: str | float = "obrien_fleming") -> Floats:
    """Return the one-sided error spent by each information fraction (looks,).

    `spending`: of the kind of O'Brien and Fleming or of Pocock (Lan & DeMets 1983), by name, or the parameter of the family of Hwang,
    Shih & DeCani (1990, Stat Med 9:1439-1445): 0 spends in proportion, what is negative spends late.

    >>> spent_error([0.5, 1.0], 0.025, spending="pocock").round(5).tolist(), spent_error([0.5, 1.0], 0.1, spending=0.0).tolist()
    ([0.0155, 0.025], [0.05, 0.1])
    """
    t = _checked(fractions)
    if spending == "obrien_fleming":
        return obrien_fleming_spent(fractions, alpha=error)
    if spending == "pocock":
        return np.asarray(error * np.log1p((np.e - 1.0) * t))
    if isinstance(spending, str):
        raise InputError(unknown("spending", spending, SPENDINGS) + "; or a number, the parameter of Hwang, Shih and DeCani")
    return np.asarray(error * (t if spending == 0 else np.expm1(-spending * t) / np.expm1(-spending)))


def spending_bounds(fractions: Sequence[float], spent: Floats) -> Floats:
    """Return upper bounds (looks,) of a statistic that spend a one-sided error so (looks,), whatever the looks before."""
    walk, bounds = Walk(0.0), np.empty(len(fractions))
    for look, now in enumerate(_checked(fractions)):
        target = spent[look] - (spent[look - 1] if look else 0.0)
        bounds[look] = brentq(lambda bound, w=walk, t=now, n=target: w.above(t, bound) - n, -_FAR, _FAR, xtol=1e-10)
        walk = walk.onward(now, -np.inf, bounds[look])
    return bounds


def obrien_fleming_bounds(looks: int, *, alpha: float) -> Floats:
    """Return classical two-sided bounds (looks,): C * sqrt(looks / k) at look k."""
    shape = np.sqrt(looks / np.arange(1.0, looks + 1.0))
    return _scaled(shape, alpha)


def pocock_bounds(looks: int, *, alpha: float) -> Floats:
    """Return two-sided bounds (looks,) that are the same at every look."""
    return _scaled(np.ones(looks), alpha)


def _scaled(shape: Floats, alpha: float) -> Floats:
    looks = len(shape)
    information = np.arange(1.0, looks + 1.0) / looks

    def missing(factor: float) -> float:
        return float(crossing_probabilities(information, factor * shape, two_sided=True).sum() - alpha)

    return np.asarray(brentq(missing, 0.5, 6.0, xtol=1e-10) * shape)


def crossing_probabilities(fractions: Sequence[float] | Floats, bounds: Floats, *, drift: float = 0.0, two_sided: bool = False) -> Floats:
    """Return the probability of crossing for the first time at each look (looks,); the statistic has mean drift * sqrt(fraction).

    >>> crossing_probabilities([1.0], np.array([1.959964])).round(5).tolist()
    [0.025]
    """
    up, down = stopping_probabilities(fractions, bounds, -bounds if two_sided else np.full(len(bounds), -np.inf), drift=drift)
    return up + down


def stopping_probabilities(
    fractions: Sequence[float] | Floats, upper: Floats, lower: Floats, *, drift: float = 0.0
) -> tuple[Floats, Floats]:
    """Return the probability of leaving for the first time above `upper`, and below `lower`, at each look (two arrays, looks).

    At a look at which the two bounds meet or cross, everything that is left leaves.

    >>> up, down = stopping_probabilities([0.5, 1.0], np.array([2.797, 1.977]), np.array([0.0, 1.977]))
    >>> float(round(down[0], 6)), float(round(up.sum() + down.sum(), 6))
    (0.5, 1.0)
    """
    t, up, down = _checked(fractions), np.zeros(len(upper)), np.zeros(len(upper))
    walk = Walk(drift)
    for look, now in enumerate(t):
        bottom = min(lower[look], upper[look])
        up[look], down[look] = walk.above(now, upper[look]), walk.below(now, bottom)
        walk = walk.onward(now, bottom, upper[look])
    return up, down


@dataclass(frozen=True, eq=False)
class Walk:
    """Trials that still go on at a look: scores S = Z sqrt(t) at nodes with their weights, which add up to the share that goes on.

    Scores have independent increments with the variance of the step in time and the mean drift times that.
    """

    drift: float
    time: float = 0.0
    scores: Floats = field(default_factory=lambda: np.zeros(1))
    weights: Floats = field(default_factory=lambda: np.ones(1))

    def above(self, time: float, bound: float) -> float:
        """Return the probability that the statistic at `time` is above a bound."""
        return float(self.weights @ ndtr((self._mean(time) - bound * np.sqrt(time)) / np.sqrt(time - self.time)))

    def below(self, time: float, bound: float) -> float:
        """Return the probability that it is below a bound."""
        return float(self.weights @ ndtr((bound * np.sqrt(time) - self._mean(time)) / np.sqrt(time - self.time)))

    def onward(self, time: float, lower: float, upper: float) -> Walk:
        """Return those that go on between two bounds."""
        root, sd = np.sqrt(time), np.sqrt(time - self.time)
        low, high = (max(self.drift * time - _FAR * root, lower * root), min(upper * root, self.drift * time + _FAR * root))
        if high <= low:
            return Walk(self.drift, time, np.zeros(1), np.zeros(1))
        points = 0.5 * (high - low) * _NODES + 0.5 * (high + low)
        density = np.exp(-0.5 * ((points[:, None] - self._mean(time)[None, :]) / sd) ** 2) @ self.weights / (sd * np.sqrt(2.0 * np.pi))
        return Walk(self.drift, time, points, 0.5 * (high - low) * _WEIGHTS * density)

    def _mean(self, time: float) -> Floats:
        return np.asarray(self.scores + self.drift * (time - self.time))


def _checked(fractions: Sequence[float] | Floats) -> Floats:
    found = np.asarray(fractions, dtype=float)
    if not len(found) or not np.all(np.diff(found, prepend=0.0) > 0.0) or found[-1] > 1.0:
        raise InputError(f"information fractions {found.tolist()}; expected rising numbers over 0 and up to 1")
    return found
