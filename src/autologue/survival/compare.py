"""Comparisons without a model: restricted means, milestones and log-rank tests of arms.

Restricted mean: Royston & Parmar (2013), BMC Med Res Methodol 13:152. Log-rank with Fleming-Harrington weights:
Fleming & Harrington (1991), Counting Processes and Survival Analysis, chapter 7.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from autologue.errors import InputError, unknown
from autologue.survival.counts import Counts, counts
from autologue.survival.kaplan_meier import KaplanMeier, kaplan_meier
from autologue.survival.levels import deviate
from autologue.survival.records import Floats, TimeToEvent

__all__ = [
    "Equal",
    "FlemingHarrington",
    "LogRank",
    "TestWeight",
    "log_rank",
    "milestone",
    "milestone_difference",
    "restricted_mean",
    "restricted_mean_difference",
]


class TestWeight(ABC):
    """How much each event time counts in a log-rank test."""

    __test__ = False  # not a test case, whatever its name suggests to a test collector

    @abstractmethod
    def at(self, before: Floats) -> Floats:
        """Return the weight of each event time from the pooled survival just before it, shape (time,)."""


@dataclass(frozen=True)
class Equal(TestWeight):
    """The log-rank test itself."""

    def at(self, before: Floats) -> Floats:
        return np.ones_like(before)


@dataclass(frozen=True)
class FlemingHarrington(TestWeight):
    """S^rho (1 - S)^gamma: rho weighs early differences, gamma late ones (a benefit that appears with time)."""

    rho: float = 0.0
    gamma: float = 1.0

    def at(self, before: Floats) -> Floats:
        return np.asarray(before**self.rho * (1 - before) ** self.gamma)


@dataclass(frozen=True, eq=False)
class LogRank:
    """A log-rank test: chi-square statistic on `degrees` degrees of freedom, and events observed and expected by arm."""

    statistic: float
    degrees: int
    p_value: float
    table: pd.DataFrame


def log_rank(data: TimeToEvent, *, weight: TestWeight = Equal()) -> LogRank:
    """Test equality of the arms' hazards; refuses fewer than two arms.

    >>> from autologue.survival.read import time_to_event
    >>> table = pd.DataFrame({"time": [1, 2, 3, 4], "status": 1, "arm": ["a", "b", "a", "b"]})
    >>> log_rank(time_to_event(table, arm="arm")).degrees
    1
    """
    if len(data.arms) < 2:
        raise InputError(f"a log-rank test needs two arms or more, the data have one ('{data.arms[0]}'); name the arm column.")
    pooled = counts(data)
    happened = pooled.events > 0
    n, d = pooled.at_risk[happened], pooled.events[happened]
    arms = [counts(part) for _, part in data.by_arm()]
    risk = np.stack([arm.risk_at(pooled.time[happened]) for arm in arms])
    events = np.stack([_events_at(arm, pooled.time[happened]) for arm in arms])
    survival = np.cumprod(1 - d / n)
    w = weight.at(np.concatenate([[1.0], survival[:-1]]))
    expected = risk * d / n
    excess = ((events - expected) * w).sum(1)
    spread = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1e-12), 0.0) * w**2
    share = risk / n
    covariance = np.diag((share * spread).sum(1)) - (share * spread) @ share.T
    inverse = np.linalg.pinv(covariance[:-1, :-1])
    statistic = float(excess[:-1] @ inverse @ excess[:-1])
    table = pd.DataFrame({"subjects": [float(arm.exit[1][0]) for arm in arms], "observed": events.sum(1), "expected": expected.sum(1)})
    table.index = pd.Index(data.arms, name="arm")
    degrees = len(data.arms) - 1
    return LogRank(statistic, degrees, float(chi2.sf(statistic, degrees)), table)


def restricted_mean(data: TimeToEvent, horizon: float, *, level: float = 0.95) -> pd.DataFrame:
    """Return the mean time free of the event up to `horizon` by arm, with standard error and normal bounds.

    Raises `InputError` where an arm's follow-up ends before the horizon with subjects still free of the event.
    """
    _check_time(horizon, "horizon", data.unit)
    rows = []
    for arm, part in data.by_arm():
        fit = kaplan_meier(part)
        last = fit.counts.time[-1]
        if horizon > last and fit.survival[-1] > 0:
            raise InputError(f"arm '{arm}' is followed to {last:g} {data.unit}s, less than the horizon {horizon:g}; choose one no later.")
        rows.append(_area(fit, horizon))
    return _with_bounds(pd.DataFrame(rows, index=pd.Index(data.arms, name="arm"), columns=["estimate", "standard_error"]), level)


def restricted_mean_difference(data: TimeToEvent, horizon: float, *, reference: str, level: float = 0.95) -> pd.DataFrame:
    """Return each other arm's restricted mean less the reference's, with standard error, bounds and p-value."""
    return _differences(restricted_mean(data, horizon, level=level), reference, level)


def milestone(data: TimeToEvent, time: float, *, level: float = 0.95) -> pd.DataFrame:
    """Return survival at one time by arm: Kaplan-Meier with standard error and log-log bounds; not-a-number after follow-up has ended."""
    _check_time(time, "milestone", data.unit)
    rows = [kaplan_meier(part, level=level).at(time).iloc[0] for _, part in data.by_arm()]
    return pd.DataFrame(rows).set_index(pd.Index(data.arms, name="arm")).drop(columns="time")


def milestone_difference(data: TimeToEvent, time: float, *, reference: str, level: float = 0.95) -> pd.DataFrame:
    """Return each other arm's survival at one time less the reference's, with standard error, bounds and p-value."""
    return _differences(milestone(data, time, level=level), reference, level)


def _check_time(time: float, what: str, unit: str) -> None:
    if not (np.isfinite(time) and time > 0):
        raise InputError(f"the {what} is {time:g}; expected a time above zero, in {unit}s.")


def _events_at(arm: Counts, times: Floats) -> Floats:
    position = np.minimum(np.searchsorted(arm.time, times), arm.time.size - 1)
    return np.where(arm.time[position] == times, arm.events[position], 0.0)


def _area(fit: KaplanMeier, horizon: float) -> tuple[float, float]:
    """Area under the curve to the horizon and its standard error."""
    inside = fit.counts.time < horizon
    edges = np.concatenate([[0.0], fit.counts.time[inside], [horizon]])
    slices = np.concatenate([[1.0], fit.survival[inside]]) * np.diff(edges)
    after = np.cumsum(slices[::-1])[::-1][1:]  # area from each time to the horizon
    step = np.diff(np.concatenate([[0.0], fit.log_error[inside] ** 2]))
    variance = float(np.sum(after**2 * np.where(np.isfinite(step), step, 0.0)))
    return float(slices.sum()), variance**0.5


def _with_bounds(table: pd.DataFrame, level: float) -> pd.DataFrame:
    error = table.standard_error.where(table.standard_error > 0)  # without a variance, as from one subject, there is no interval
    half = deviate(level) * error
    return table.assign(lower=table.estimate - half, upper=table.estimate + half)


def _differences(table: pd.DataFrame, reference: str, level: float) -> pd.DataFrame:
    if reference not in table.index:
        raise InputError(unknown("arm", reference, [str(arm) for arm in table.index]))
    if len(table) < 2:
        raise InputError(f"a difference needs two arms or more, the data have one ('{reference}'); name the arm column.")
    base, others = table.loc[reference], table.drop(index=reference)
    error = np.hypot(others.standard_error, base.standard_error)
    found = _with_bounds(pd.DataFrame({"estimate": others.estimate - base.estimate, "standard_error": error}), level)
    spread = found.standard_error.where(found.standard_error > 0)
    return found.assign(p_value=2 * norm.sf(np.abs(found.estimate / spread)))
