"""Group-sequential bounds for standardised statistics with independent increments.

Recursive numerical integration of Armitage, McPherson & Rowe (1969, J R Stat Soc A 132:235-244) as in Jennison & Turnbull (2000), Group
Sequential Methods, chapter 19; spending function of Lan & DeMets (1983, Biometrika 70:659-663) of the O'Brien-Fleming kind.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from autologue.errors import InputError

__all__ = ["crossing_probabilities", "obrien_fleming_bounds", "obrien_fleming_spent", "pocock_bounds", "spending_bounds"]

Floats = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)
_FAR = 8.0  # standard deviations beyond which nothing is left to integrate


def obrien_fleming_spent(fractions: Sequence[float], *, alpha: float) -> Floats:
    """Return the one-sided error spent by each information fraction (looks,).

    >>> obrien_fleming_spent([0.5, 1.0], alpha=0.025).round(5).tolist()
    [0.00153, 0.025]
    """
    return np.asarray(2.0 * ndtr(-ndtri(1.0 - alpha / 2.0) / np.sqrt(_checked(fractions))))


def spending_bounds(fractions: Sequence[float], spent: Floats) -> Floats:
    """Return upper bounds (looks,) of a statistic that spend a one-sided error so (looks,), whatever the looks before."""
    information, bounds = _checked(fractions), np.empty(len(fractions))
    for look in range(len(fractions)):
        target = spent[look] - (spent[look - 1] if look else 0.0)

        def missing(bound: float, look: int = look, target: float = target) -> float:
            bounds[look] = bound
            return float(crossing_probabilities(information[: look + 1], bounds[: look + 1])[look] - target)

        bounds[look] = brentq(missing, -_FAR, _FAR, xtol=1e-10)
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
    t, out = _checked(fractions), np.empty(len(bounds))
    # scores S = Z sqrt(t) have independent increments of variance t_k - t_(k-1) and mean drift times that
    x, weight = np.zeros(1), np.ones(1)
    before = 0.0
    for look, (now, bound) in enumerate(zip(t, bounds, strict=True)):
        step = now - before
        sd, middle, top = np.sqrt(step), x + drift * step, bound * np.sqrt(now)
        out[look] = weight @ ndtr((middle - top) / sd)
        low = drift * now - _FAR * np.sqrt(now)
        if two_sided:
            out[look] += weight @ ndtr((-top - middle) / sd)
            low = max(low, -top)
        high = min(top, drift * now + _FAR * np.sqrt(now))
        if high <= low:
            out[look + 1 :] = 0.0
            return out
        points = 0.5 * (high - low) * _NODES + 0.5 * (high + low)
        density = np.exp(-0.5 * ((points[:, None] - middle[None, :]) / sd) ** 2) @ weight / (sd * np.sqrt(2.0 * np.pi))
        x, weight, before = points, 0.5 * (high - low) * _WEIGHTS * density, now
    return out


def _checked(fractions: Sequence[float] | Floats) -> Floats:
    found = np.asarray(fractions, dtype=float)
    if not len(found) or not np.all(np.diff(found, prepend=0.0) > 0.0) or found[-1] > 1.0:
        raise InputError(f"information fractions {found.tolist()}; expected rising numbers over 0 and up to 1")
    return found
