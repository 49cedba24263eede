"""Predictive intervals over replicates, with the Monte-Carlo error of their ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "predictive_interval"]

LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Interval:
    """Median and 90 % predictive interval of a statistic over replicates, each with its Monte-Carlo standard error.

    `replicates` counts the replicates in which the statistic could be computed.
    """

    lower: float
    median: float
    upper: float
    lower_error: float
    median_error: float
    upper_error: float
    replicates: int


def predictive_interval(values: NDArray[np.float64]) -> Interval | None:
    """Return the interval of a statistic's replicates (replicates,), or None where no replicate has one.

    The standard error of a quantile comes from order statistics: the number of replicates under it is binomial, and the values one
    binomial standard deviation of ranks to either side are one standard error away.

    >>> found = predictive_interval(np.arange(1001.0))
    >>> found.lower, found.median, found.upper, round(found.median_error, 1)
    (50.0, 500.0, 950.0, 15.8)
    """
    known = np.sort(values[np.isfinite(values)])
    count = len(known)
    if not count:
        return None
    ends = np.quantile(known, LEVELS)
    errors = []
    for level in LEVELS:
        away = math.sqrt(level * (1.0 - level) / count)
        below, above = np.quantile(known, [max(level - away, 0.0), min(level + away, 1.0)])
        errors.append(float(above - below) / 2.0)
    return Interval(float(ends[0]), float(ends[1]), float(ends[2]), errors[0], errors[1], errors[2], count)
