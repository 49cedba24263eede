"""Operating characteristics of a group-sequential comparison of two arms on a time to event, from replicates of the whole trial.

Looks come at numbers of events, on the calendar of each replicate. The test is the log-rank test, one-sided, with bounds that spend the
error by information fraction (see `sequential`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.outcomes.arrays.observe import EVENT
from autologue.trial.designs.sequential import obrien_fleming_spent, spending_bounds
from autologue.trial.flow import MONTH
from autologue.trial.statistics import Replicates, endpoint_times

__all__ = ["Characteristics", "SurvivalDesign", "logrank_by_replicate", "operate"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SurvivalDesign:
    """Endpoint, the two arms, events at the last look, looks as fractions of them, and the one-sided error."""

    endpoint: str
    experimental: str
    control: str
    events: int
    looks: tuple[float, ...]
    alpha: float

    def bounds(self) -> Floats:
        """Return the efficacy bounds (looks,) of the standardised log-rank statistic."""
        return spending_bounds(self.looks, obrien_fleming_spent(self.looks, alpha=self.alpha))


@dataclass(frozen=True, eq=False)
class Characteristics:
    """What replicates of a trial do under a design; shares with their Monte-Carlo errors come from `replicates` of them.

    `stopped` (looks,): share that crosses first at each look. `events` and `months`: expected at the end of the trial. `reached`: share in
    which every look could be made before follow-up ended. `hazard_ratio` and `infused_ratio`: medians of the log-rank estimate by
    intention to treat, and with only the infused of the experimental arm. `conditional`: mean success over draws, (draws,).
    """

    replicates: int
    stopped: Floats
    events: float
    months: float
    reached: float
    hazard_ratio: float
    infused_ratio: float
    lost: float
    wait: float
    bridged: float
    crossed: float
    conditional: Floats

    @property
    def success(self) -> float:
        """The share of replicates that cross a bound: power, type I error, or predictive probability, by what was simulated."""
        return float(self.stopped.sum())

    @property
    def error(self) -> float:
        """The Monte-Carlo standard error of `success`: over draws, and at least that of a share with one more success and failure."""
        share = (self.success * self.replicates + 1.0) / (self.replicates + 2.0)
        chance = float(np.sqrt(share * (1.0 - share) / self.replicates))
        count = len(self.conditional)
        return max(chance, float(np.std(self.conditional, ddof=1) / np.sqrt(count)) if count > 1 else 0.0)


def operate(trial: Replicates, design: SurvivalDesign, *, arms: Sequence[str]) -> Characteristics:
    """Apply a design to replicates; `arms` names the arms by their number. Raises InputError for an arm that is not there."""
    for name in (design.experimental, design.control):
        if name not in arms:
            raise InputError(f"arm '{name}' is not in the protocol; expected one of {', '.join(arms)}")
    seen = _seen(trial, design, arms)
    statistic, day, reached = _at_looks(seen, design, trial.cut)
    crossed = statistic >= design.bounds()
    first = np.where(crossed.any(axis=1), np.argmax(crossed, axis=1), len(design.looks))
    end = day[np.arange(trial.count), np.minimum(first, len(design.looks) - 1)]
    cut, happened = _until(seen, end)
    infused = seen.given & np.asarray(trial.grouped(trial.table.infused, 1), bool)
    treated = np.where(infused | seen.other, cut, np.nan)
    wait = np.asarray(trial.grouped(trial.table.infusion - trial.table.randomisation, 1), float)[infused]
    draws, success = np.asarray(trial.grouped(trial.table.draw, 1))[:, 0], (first < len(design.looks)).astype(float)
    return Characteristics(
        replicates=trial.count, stopped=np.array([(first == look).mean() for look in range(len(design.looks))]),
        events=float(happened.sum(axis=1).mean()), months=float(end.mean() / MONTH), reached=reached,
        hazard_ratio=_ratio(cut, happened, seen.given), infused_ratio=_ratio(treated, happened & np.isfinite(treated), seen.given),
        lost=float(1.0 - infused.sum() / max(seen.given.sum(), 1)), wait=float(np.median(wait)) if len(wait) else float("nan"),
        bridged=float(np.asarray(trial.grouped(trial.table.bridged, 1))[seen.given].mean()),
        crossed=float(np.isfinite(np.asarray(trial.grouped(trial.table.crossover, 1), float)[seen.other]).mean()),
        conditional=success if (draws < 0).any() else np.array([success[draws == draw].mean() for draw in np.unique(draws)]),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Seen:
    """Time from randomisation and event, calendar day of randomisation, and membership of the two arms; (replicates, patients)."""

    time: Floats
    event: Flags
    entered: Floats
    given: Flags
    other: Flags


def _seen(trial: Replicates, design: SurvivalDesign, arms: Sequence[str]) -> _Seen:
    number = trial.grouped(trial.table.arm, 1)
    given, other = number == arms.index(design.experimental), number == arms.index(design.control)
    found = endpoint_times(trial, design.endpoint)
    time, event = np.asarray(trial.grouped(found.time, 1), float), np.asarray(trial.grouped(found.status == EVENT, 1), bool)
    entered = np.asarray(trial.grouped(trial.table.entered + np.nan_to_num(trial.table.randomisation), 1), float)
    return _Seen(np.where(given | other, time, np.nan), event & (given | other), entered, given, other)


def _at_looks(seen: _Seen, design: SurvivalDesign, cut: float) -> tuple[Floats, Floats, float]:
    """Return statistic and calendar day (replicates, looks), the data cut where events are too few; and how often all events come."""
    calendar = np.sort(np.where(seen.event & np.isfinite(seen.time), seen.entered + seen.time, np.inf), axis=1)
    statistic, day = np.empty((len(calendar), len(design.looks))), np.empty((len(calendar), len(design.looks)))
    came = np.full(len(calendar), np.inf)
    for look, fraction in enumerate(design.looks):
        needed = max(round(fraction * design.events), 1)
        came = calendar[:, needed - 1] if needed <= calendar.shape[1] else np.full(len(calendar), np.inf)
        day[:, look] = np.where(np.isfinite(came), came, cut)
        time, event = _until(seen, day[:, look])
        statistic[:, look] = logrank_by_replicate(time, event, seen.given)[0]
    return statistic, day, float(np.isfinite(came).mean())


def _until(seen: _Seen, day: Floats) -> tuple[Floats, Flags]:
    """Return time and event as seen on a calendar day of each replicate; NaN for patients who enter later."""
    left = day[:, None] - seen.entered + 1e-6  # the look is the day of an event, which must be seen
    return np.where(left > 0, np.minimum(seen.time, left), np.nan), seen.event & (seen.time <= left)


def _ratio(time: Floats, event: Flags, given: Flags) -> float:
    """Return the median over replicates of exp((O - E) / V), the one-step estimate of the hazard ratio."""
    z, variance = logrank_by_replicate(time, event, given)
    some = variance > 0
    return float(np.median(np.exp(-z[some] / np.sqrt(variance[some])))) if some.any() else float("nan")


def logrank_by_replicate(time: Floats, event: Flags, given: Flags) -> tuple[Floats, Floats]:
    """Return the log-rank statistic and its variance (replicates,): positive where the `given` have fewer events than expected.

    `time`, `event`, `given` are (replicates, subjects); NaN times are left out. Of ties, each event is taken by itself.
    """
    order = np.argsort(np.where(np.isnan(time), np.inf, time), axis=1, kind="stable")
    known = np.isfinite(np.take_along_axis(time, order, axis=1))
    happened = np.take_along_axis(event, order, axis=1) & known
    first = np.take_along_axis(given, order, axis=1) & known
    risk = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
    share = np.cumsum(first[:, ::-1], axis=1)[:, ::-1] / np.maximum(risk, 1)
    excess = np.where(happened, share - first, 0.0).sum(axis=1)
    variance = np.where(happened, share * (1.0 - share), 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > 0, excess / np.sqrt(variance), 0.0), variance
