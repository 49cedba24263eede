"""Statistics of a trial replicate by replicate: what a published figure is compared with, for its own n."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, unknown
from autologue.outcomes.arrays.observe import EVENT, Observed, observe_records
from autologue.outcomes.estimands.estimand import Estimand
from autologue.outcomes.estimands.general import OS_INFUSED
from autologue.survival.replicated import median_by_replicate, survival_by_replicate
from autologue.trial.events import CAUSES
from autologue.trial.families import Published
from autologue.trial.flow import MONTH
from autologue.trial.table import Courses
from autologue.trial.variables import SETS, by_time, members, variable

__all__ = ["Replicates", "endpoint_times", "row_statistic"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
DISEASE_SPECIFIC = "disease_specific_survival"


@dataclass(frozen=True, eq=False)
class Replicates:
    """The table of a trial with its endpoints: `size` patients a replicate, data cut in days since the first enrolment."""

    table: Courses
    size: int
    estimands: Mapping[str, Estimand]
    cut: float

    @property
    def count(self) -> int:
        """Number of replicates."""
        return len(self.table) // self.size

    def grouped(self, values: NDArray[np.generic], groups: int) -> NDArray[np.generic]:
        """Return values of patients as (replicates / groups, patients), `groups` replicates that share a draw taken as one."""
        whole = self.count // groups * groups * self.size
        return values[:whole].reshape(-1, groups * self.size)


def endpoint_times(trial: Replicates, name: str, *, cut: float | None = None) -> Observed:
    """Return time and status of every patient under an endpoint of the protocol; disease-specific survival is always there."""
    records = trial.table.records(trial.cut if cut is None else cut)
    if name == DISEASE_SPECIFIC:
        found = observe_records(records, OS_INFUSED)
        other = (found.status == EVENT) & (trial.table.cause != CAUSES.index("disease"))
        return Observed(found.time, np.where(other, 0, found.status).astype(np.int8), found.weight)
    if name not in trial.estimands:
        raise InputError(unknown("endpoint", name, [*trial.estimands, DISEASE_SPECIFIC]))
    return observe_records(records, trial.estimands[name])


def row_statistic(trial: Replicates, row: Published) -> Floats | None:
    """Return the statistic of a published figure for its n in every replicate; None where replicates are too small even in pairs."""
    cut = row.cut * MONTH if np.isfinite(row.cut) else trial.cut
    if row.statistic in ("survival", "median_survival"):
        return _timed(trial, row, endpoint_times(trial, row.of, cut=cut))
    chosen = members(trial.table, row.among)
    groups = _groups(trial, chosen, row.n)
    if groups is None:
        return None
    some = _first(np.asarray(trial.grouped(chosen, groups), bool), row.n)
    value = by_time(trial.table, row.of, months=row.months) if row.statistic == "share_by" else variable(trial.table, row.of, cut=cut)
    return _simple(trial, row, np.asarray(trial.grouped(value, groups), float), some, groups)


def _simple(trial: Replicates, row: Published, value: Floats, some: Flags, groups: int) -> Floats:
    kept = np.where(some, value, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        if row.statistic == "count":
            return np.asarray(np.nansum(kept, axis=1))
        if row.statistic in ("share", "share_by"):
            return np.asarray(np.nansum(kept, axis=1) / np.isfinite(kept).sum(axis=1))
        if row.statistic == "median":
            return _median(kept)
        ln = np.log(np.where(kept > 0, kept, np.nan))
        responded = np.asarray(trial.grouped(members(trial.table, "responders"), groups), bool)
        return np.exp(_mean(np.where(responded, ln, np.nan)) - _mean(np.where(responded, np.nan, ln)))


def _mean(values: Floats) -> Floats:
    return np.asarray(np.nansum(values, axis=1) / np.isfinite(values).sum(axis=1))


def _median(values: Floats) -> Floats:
    """Return the median of each row without its NaN, NaN where nothing is left."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    middle = 0.5 * (ordered[rows, low] + ordered[rows, np.minimum(high, values.shape[1] - 1)])
    return np.where(count > 0, middle, np.nan)


def _timed(trial: Replicates, row: Published, found: Observed) -> Floats | None:
    chosen = found.known & (members(trial.table, row.among) if row.among in SETS and row.among.startswith("dose") else True)
    groups = _groups(trial, chosen, row.n)
    if groups is None:
        return None
    some = _first(np.asarray(trial.grouped(chosen, groups), bool), row.n)
    time = np.where(some, np.asarray(trial.grouped(found.time, groups), float) / MONTH, np.nan)
    event = np.asarray(trial.grouped(found.status == EVENT, groups), bool)
    if row.statistic == "median_survival":
        return median_by_replicate(time, event)
    return survival_by_replicate(time, event, np.array([row.months]))[:, 0]


def _first(chosen: Flags, n: int) -> Flags:
    """Return the first `n` of the chosen in each row."""
    return chosen & (np.cumsum(chosen, axis=1) <= n)


def _groups(trial: Replicates, chosen: Flags, n: int) -> int | None:
    """Return how many replicates together hold about `n` of the chosen: one, or two that share a draw; None where they do not."""
    mean = chosen.sum() / max(trial.count, 1)
    for groups in (1, 2):
        if groups * mean >= 0.97 * n and trial.count >= groups:
            return groups
    return None
