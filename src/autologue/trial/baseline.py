"""A meta-analytic baseline for shares: what one would predict for a new trial from the calibrating figures alone, without any model.

Random effects on the logit scale by the estimator of DerSimonian & Laird (1986, Control Clin Trials 7:177-188,
doi:10.1016/0197-2456(86)90046-2), one figure a trial. Quantiles are normal, which favours the baseline: with two or three trials those of
Student would be far wider.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.special import expit, ndtri

from autologue.trial.families import Family, Published

__all__ = ["Pooled", "as_share", "baseline_interval", "pool_shares", "pooled_for"]

SHARES = ("share", "share_by", "survival", "count")
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Pooled:
    """Mean of logits over trials, its standard error, the variance between trials, and the number of trials."""

    mean: float
    error: float
    between: float
    trials: int


def as_share(row: Published) -> float:
    """Return the published figure as a share; NaN for statistics that are none."""
    if row.statistic not in SHARES:
        return math.nan
    return row.published / row.n if row.statistic == "count" else row.published


def pool_shares(shares: Sequence[float], sizes: Sequence[int]) -> Pooled:
    """Pool shares of trials with these numbers of patients; half a patient is added to events and to others, so that 0 and 1 have logits.

    >>> found = pool_shares([0.5, 0.5], [100, 100])
    >>> round(found.mean, 6), found.between, found.trials
    (0.0, 0.0, 2)
    """
    events = [(share * size + 0.5, size - share * size + 0.5) for share, size in zip(shares, sizes, strict=True)]
    values = [math.log(yes / no) for yes, no in events]
    variances = [1.0 / yes + 1.0 / no for yes, no in events]
    weights = [1.0 / variance for variance in variances]
    fixed = _mean(values, weights)
    heterogeneity = sum(w * (value - fixed) ** 2 for w, value in zip(weights, values, strict=True))
    scale = sum(weights) - sum(w * w for w in weights) / sum(weights)
    between = max(0.0, (heterogeneity - (len(values) - 1)) / scale) if len(values) > 1 else 0.0
    weights = [1.0 / (variance + between) for variance in variances]
    return Pooled(_mean(values, weights), math.sqrt(1.0 / sum(weights)), between, len(values))


def baseline_interval(pooled: Pooled, n: int) -> tuple[float, float]:
    """Return the 90 % interval of a share in a new trial of `n` patients: between-trial variance, error of the mean, and chance at n."""
    middle = float(expit(pooled.mean))
    sd = math.sqrt(pooled.between + pooled.error**2 + 1.0 / (n * middle * (1.0 - middle)))
    away = float(ndtri(0.5 + LEVEL / 2.0)) * sd
    return float(expit(pooled.mean - away)), float(expit(pooled.mean + away))


def pooled_for(row: Published, families: Iterable[Family]) -> Pooled | None:
    """Pool the calibrating figures of a row's endpoint, the largest n of each trial; None with fewer than two trials."""
    largest: dict[str, Published] = {}
    for family in families:
        for other in family.rows if family.use == "calibrate" else ():
            if _endpoint(other) != _endpoint(row) or math.isnan(as_share(other)):
                continue
            if family.protocol not in largest or other.n > largest[family.protocol].n:
                largest[family.protocol] = other
    if len(largest) < 2:
        return None
    return pool_shares([as_share(other) for other in largest.values()], [other.n for other in largest.values()])


def _endpoint(row: Published) -> tuple[str, str, float]:
    return row.of, row.among, -1.0 if math.isnan(row.months) else row.months


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(w * value for w, value in zip(weights, values, strict=True)) / sum(weights)
