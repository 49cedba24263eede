"""Published figures beside what replicates of the real size give: predictive interval, width against binomial chance, verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from autologue.trial.families import Family, Published
from autologue.trial.interval import Interval, predictive_interval
from autologue.trial.statistics import Replicates, row_statistic

__all__ = ["Compared", "compare_families", "interval_score"]

SHARES = ("share", "share_by", "survival")
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Compared:
    """A published figure and its prediction (None: not available, `why` says so); `binomial` is the width of chance alone at its n."""

    family: Family
    row: Published
    interval: Interval | None
    binomial: float
    why: str

    @property
    def verdict(self) -> str:
        """Inside or outside the 90 % predictive interval; empty where there is none."""
        if self.interval is None:
            return ""
        return "inside" if self.interval.lower <= self.row.published <= self.interval.upper else "outside"

    @property
    def error(self) -> float:
        """The largest Monte-Carlo standard error of the interval's ends and median; NaN where none is finite."""
        if self.interval is None:
            return math.nan
        known = [e for e in (self.interval.lower_error, self.interval.median_error, self.interval.upper_error) if math.isfinite(e)]
        return max(known, default=math.nan)

    @property
    def width(self) -> float:
        """Width of the predictive interval."""
        return math.nan if self.interval is None else self.interval.upper - self.interval.lower


def compare_families(trial: Replicates, families: Iterable[Family]) -> tuple[Compared, ...]:
    """Return every row of the families, in order, with what the replicates predict for it."""
    return tuple(_compared(trial, family, row) for family in families for row in family.rows)


def _compared(trial: Replicates, family: Family, row: Published) -> Compared:
    if not row.simulated:
        return Compared(family, row, None, math.nan, row.reason)
    values = row_statistic(trial, row)
    if values is None:
        return Compared(family, row, None, math.nan, f"needs {row.n} patients, more than two replicates of this trial have")
    found = _interval(values)
    if found is None:
        return Compared(family, row, None, math.nan, "no replicate has such patients")
    return Compared(family, row, found, _binomial(row, found), "")


def _interval(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Interval | None:
    """Return the interval; a median that is not reached counts as beyond all that are."""
    if not np.isinf(values).any():
        return predictive_interval(values)
    top = np.max(values[np.isfinite(values)], initial=0.0)
    found = predictive_interval(np.where(np.isinf(values), top + 1.0 + np.arange(len(values)), values))
    if found is None:
        return None
    ends = [math.inf if end > top else end for end in (found.lower, found.median, found.upper)]
    errors = [
        math.nan if math.isinf(end) else error
        for end, error in zip(ends, (found.lower_error, found.median_error, found.upper_error), strict=True)
    ]
    return Interval(ends[0], ends[1], ends[2], errors[0], errors[1], errors[2], found.replicates)


def _binomial(row: Published, found: Interval) -> float:
    """Return the width of the 90 % interval of a binomial share at the predicted median, or of a count; NaN for other statistics."""
    if row.statistic in SHARES:
        p, scale = found.median, 1.0 / row.n
    elif row.statistic == "count":
        p, scale = found.median / row.n, 1.0
    else:
        return math.nan
    tail = (1.0 - LEVEL) / 2.0
    low, high = binom.ppf([tail, 1.0 - tail], row.n, min(max(p, 0.0), 1.0))
    return float(high - low) * scale


def interval_score(lower: float, upper: float, published: float) -> float:
    """Return the interval score of a 90 % interval (Gneiting & Raftery 2007, JASA 102:359-378): its width and a penalty for a miss.

    >>> interval_score(0.2, 0.6, 0.5), round(interval_score(0.2, 0.6, 0.7), 6)
    (0.39999999999999997, 2.4)
    """
    missed = max(lower - published, 0.0) + max(published - upper, 0.0)
    return upper - lower + 2.0 / (1.0 - LEVEL) * missed
