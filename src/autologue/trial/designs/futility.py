"""Futility bounds that spend the error of the second kind, and what is left to hope for at an interim look.

Beta spending of Pampallona, Tsiatis & Kim (2001, Drug Inf J 35:1113-1121): the lower bound of each look leaves below it, where the
alternative is true, what the spending function gives it. The drift of the alternative is the one with which both bounds meet at the last
look, so that power is one less beta. Bounds that bind count on being obeyed, and ask less of the upper ones; those that do not leave the
upper bounds as they are without, and the error of the first kind safe whether obeyed or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from autologue.errors import InputError
from autologue.trial.designs.sequential import Walk

__all__ = ["Bounds", "bounds_with_futility", "conditional_power", "predictive_power"]

Floats = NDArray[np.float64]
_FAR = 8.0  # standard deviations
_LARGEST = 30.0  # drift beyond which no trial is planned


@dataclass(frozen=True, eq=False)
class Bounds:
    """Upper and lower bounds (looks,) of the standardised statistic, and the drift at full information of the alternative."""

    upper: Floats
    lower: Floats
    drift: float


def bounds_with_futility(fractions: Sequence[float], alpha_spent: Floats, beta_spent: Floats, *, binding: bool) -> Bounds:
    """Return bounds that spend both errors (looks,) by information fraction; those of the last look meet.

    >>> found = bounds_with_futility([1.0], np.array([0.025]), np.array([0.1]), binding=False)
    >>> round(float(found.upper[0]), 4), round(found.drift, 4)
    (1.96, 3.2415)
    """

    def gap(drift: float) -> float:
        upper, lower = _both(fractions, alpha_spent, beta_spent, drift=drift, binding=binding)
        return float(np.clip(np.append(np.maximum((lower - upper)[:-1], 0.0), (lower - upper)[-1]).sum(), -_FAR, _FAR))

    if gap(_LARGEST) < 0.0:
        raise InputError(f"errors {alpha_spent[-1]:g} and {beta_spent[-1]:g} have no bounds that meet; expected errors below one half")
    drift = float(brentq(gap, 1e-3, _LARGEST, xtol=1e-10))
    upper, lower = _both(fractions, alpha_spent, beta_spent, drift=drift, binding=binding)
    return Bounds(upper, np.minimum(lower, upper), drift)


def _both(fractions: Sequence[float], alpha: Floats, beta: Floats, *, drift: float, binding: bool) -> tuple[Floats, Floats]:
    """Return upper and lower bounds for one drift, look by look: the upper ones under no effect, the lower ones under the drift."""
    upper, lower = np.empty(len(fractions)), np.empty(len(fractions))
    null, other = Walk(0.0), Walk(drift)
    for look, now in enumerate(fractions):
        first, second = (spent[look] - (spent[look - 1] if look else 0.0) for spent in (alpha, beta))
        upper[look] = _falling(partial(_excess, null, now, first))
        lower[look] = _falling(partial(_lack, other, now, second))
        null = null.onward(now, min(lower[look], upper[look]) if binding else -np.inf, upper[look])
        other = other.onward(now, min(lower[look], upper[look]), upper[look])
    return upper, lower


def _excess(walk: Walk, time: float, wanted: float, bound: float) -> float:
    return walk.above(time, bound) - wanted


def _lack(walk: Walk, time: float, wanted: float, bound: float) -> float:
    return wanted - walk.below(time, bound)


def _falling(missing: Callable[[float], float]) -> float:
    """Return the bound at which a falling function passes zero, plus or minus infinity where it never does."""
    if missing(-_FAR) <= 0.0:
        return -np.inf
    if missing(5.0 * _FAR) >= 0.0:
        return np.inf
    return float(brentq(missing, -_FAR, 5.0 * _FAR, xtol=1e-10))


def conditional_power(statistic: float, fraction: float, *, bound: float, drift: float) -> float:
    """Return the probability that the last look passes `bound`, given the statistic at a fraction of the information, under a drift.

    >>> round(conditional_power(1.0, 0.5, bound=1.96, drift=3.24), 3)
    0.698
    """
    left = 1.0 - fraction
    return float(ndtr((statistic * np.sqrt(fraction) + drift * left - bound) / np.sqrt(left)))


def predictive_power(statistic: float, fraction: float, *, bound: float) -> float:
    """Return the same averaged over what the data so far say of the drift, with no prior opinion.

    Spiegelhalter, Freedman & Blackburn (1986, Control Clin Trials 7:8-17).

    >>> round(predictive_power(1.0, 0.5, bound=1.96), 3)
    0.293
    """
    return float(ndtr((statistic - bound * np.sqrt(fraction)) / np.sqrt(1.0 - fraction)))
