"""How the log-density of the rows depends on the numbers of the residual errors: score and information, with any censoring.

With the predictions given, a row's log-density depends on the errors through its standard deviation s alone. For a measured value
its slope by log s is (r / s)^2 - 1, with r the residual. For a censored one it is that of log(Phi(b) - Phi(a)), with a = (lower - f) / s
and b = (upper - f) / s: nothing is imputed, and no limit is taken for a measurement. A condition (M2, M4) subtracts its own slope.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.likelihood.density import COMBINED1, COMBINED2, LOGNORMAL, POWER, deviation
from autologue.likelihood.normal import NARROW, interval_parts, log_cdf_parts

__all__ = ["error_scores"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def _by_log_sd(f: float, s: float, lower: float, upper: float, above: float) -> float:
    """Return the slope of a row's log-density by the logarithm of its standard deviation."""
    if not s > 0.0:
        return 0.0
    low = max(lower, above) if lower < upper else lower
    middle = 0.5 * (low + upper)
    if lower == upper or (upper - low) / s * max(1.0, abs(middle - f) / s) < NARROW:
        z = (middle - f) / s
        slope = z * z - 1.0
    else:
        a, b = (low - f) / s, (upper - f) / s
        _, da, db, _, _, _ = interval_parts(a, b)
        slope = (-da * a if a > -math.inf else 0.0) + (-db * b if b < math.inf else 0.0)
    if above > -math.inf:
        c = (f - above) / s
        slope += log_cdf_parts(c)[1] * c
    return slope


@compiled
def _share(kind: int, f: float, s: float, field: int, sd: float, cv: float) -> float:
    """Return the derivative of log s by an error's number on its scale: the logarithm of sd (0) and cv (1), the exponent (2) itself."""
    if kind == COMBINED1:
        return (sd if field == 0 else cv * abs(f)) / s
    if kind == COMBINED2:
        return (sd * sd if field == 0 else cv * cv * f * f) / (s * s)
    if kind == POWER and field == 2:
        return math.log(abs(f)) if f != 0.0 else 0.0
    return 1.0


@compiled
def error_scores(
    predicted: Floats, begin: Integers, row: Integers, output: Integers, kinds: Integers, low: Floats, high: Floats, over: Floats,
    numbers: Floats, place: Integers, score: Floats, information: Floats,
) -> None:  # fmt: skip
    """Fill the score of each lane (lanes, r) and the information of all (r, r) for the estimated numbers of the errors.

    predicted: (rows of all lanes); row: their numbers in the table with output, low, high, over. numbers (outputs, 3); place (outputs, 3):
    which of the r estimates each is, or -1. Information: the expected one of a measured value, the squared slope of a censored one.
    """
    score[:] = 0.0
    information[:] = 0.0
    part = np.empty(3)
    for lane in range(len(begin) - 1):
        for k in range(begin[lane], begin[lane + 1]):
            r = row[k]
            o = output[r]
            kind = kinds[o]
            f = predicted[k]
            if kind == LOGNORMAL:
                if not f > 0.0:
                    continue
                f = math.log(f)
            s = deviation(kind, f, numbers[o, 0], numbers[o, 1], numbers[o, 2])[0]
            if not s > 0.0:
                continue
            slope = _by_log_sd(f, s, low[r], high[r], over[r])
            weight = 2.0 if low[r] == high[r] else slope * slope
            for x in range(3):
                part[x] = _share(kind, f, s, x, numbers[o, 0], numbers[o, 1]) if place[o, x] >= 0 else 0.0
                if place[o, x] >= 0:
                    score[lane, place[o, x]] += slope * part[x]
            for x in range(3):
                for y in range(3):
                    if place[o, x] >= 0 and place[o, y] >= 0:
                        information[place[o, x], place[o, y]] += weight * part[x] * part[y]
