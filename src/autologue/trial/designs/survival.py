"""Operating characteristics of a group-sequential comparison of two arms on a time to event, from replicates of the whole trial.

Looks come at numbers of events, on the calendar of each replicate. The test is the log-rank test, one-sided, with bounds that spend the
error by information fraction (see `sequential`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.outcomes.arrays.observe import EVENT
from autologue.trial.designs.error import by_draw, success_error
from autologue.trial.designs.futility import Bounds, bounds_with_futility
from autologue.trial.designs.sequential import spending_bounds, spent_error
from autologue.trial.flow import MONTH
from autologue.trial.statistics import Replicates, endpoint_times

__all__ = ["Characteristics", "Futility", "SurvivalDesign", "logrank_by_replicate", "operate"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Futility:
    """The error of the second kind to spend at the looks, how it is spent, and whether the bounds bind (see `futility`)."""

    beta: float
    spending: str | float = "obrien_fleming"
    binding: bool = False


@dataclass(frozen=True, slots=True)
class SurvivalDesign:
    """Endpoint, the two arms, events at the last look, looks as fractions of them, the one-sided error, and futility if there is any."""

    endpoint: str
    experimental: str
    control: str
    events: int
    looks: tuple[float, ...]
    alpha: float
    spending: str | float = "obrien_fleming"
    futility: Futility | None = None

    def bounds(self) -> Bounds:
        """Return the bounds of the standardised log-rank statistic; without futility the lower ones are minus infinity, drift NaN."""
        spent = spent_error(self.looks, self.alpha, spending=self.spending)
        if self.futility is None:
            return Bounds(spending_bounds(self.looks, spent), np.full(len(self.looks), -np.inf), float("nan"))
        lost = spent_error(self.looks, self.futility.beta, spending=self.futility.spending)
        return bounds_with_futility(self.looks, spent, lost, binding=self.futility.binding)

    def hazard_ratio(self, statistic: float, look: int = -1) -> float:
        """Return the hazard ratio at which the statistic of a look is expected to have a value, with arms of the same size."""
        return float(np.exp(-2.0 * statistic / np.sqrt(self.looks[look] * self.events)))


@dataclass(frozen=True, eq=False)
class Characteristics:
    """What replicates of a trial do under a design; shares with their Monte-Carlo errors come from `replicates` of them.

    `stopped` (looks,): share that succeeds at each look; `futile` (looks,): share that stops for futility there. `ignoring`: share that
    would succeed were futility bounds ignored. `events` and `months`: expected at the end of the trial. `reached`: share in which every
    look could be made before follow-up ended. `hazard_ratio` and `infused_ratio`: medians of the log-rank estimate by intention to treat,
    and with only the infused of the experimental arm. `conditional`: mean success over draws, (draws,).
    """

    replicates: int
    stopped: Floats
    futile: Floats
    ignoring: float
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
        return success_error(self.conditional, self.replicates)


def operate(trial: Replicates, design: SurvivalDesign, *, arms: Sequence[str]) -> Characteristics:
    """Apply a design to replicates; `arms` names the arms by their number. Raises InputError for an arm that is not there."""
    for name in (design.experimental, design.control):
        if name not in arms:
            raise InputError(f"arm '{name}' is not in the protocol; expected one of {', '.join(arms)}")
    seen = _seen(trial, design, arms)
    statistic, day, reached = _at_looks(seen, design, trial.cut)
    bounds, last = design.bounds(), len(design.looks) - 1
    above, below = statistic >= bounds.upper, statistic < bounds.lower
    above_first = np.where(above.any(axis=1), np.argmax(above, axis=1), last + 1)
    below_first = np.where(below[:, :last].any(axis=1), np.argmax(below[:, :last], axis=1), last + 1) if last else np.full(len(above), 1)
    first, futile = np.where(below_first < above_first, last + 1, above_first), np.where(below_first < above_first, below_first, last + 1)
    ended = np.minimum(np.minimum(first, futile), last)
    end = day[np.arange(trial.count), ended]
    cut, happened = _until(seen, end)
    infused = seen.given & np.asarray(trial.grouped(trial.table.infused, 1), bool)
    treated = np.where(infused | seen.other, cut, np.nan)
    wait = np.asarray(trial.grouped(trial.table.infusion - trial.table.randomisation, 1), float)[infused]
    draws, success = np.asarray(trial.grouped(trial.table.draw, 1))[:, 0], (first <= last).astype(float)
    return Characteristics(
        replicates=trial.count, stopped=_shares(first, last + 1), futile=_shares(futile, last + 1),
        ignoring=float((above_first <= last).mean()),
        events=float(happened.sum(axis=1).mean()), months=float(end.mean() / MONTH), reached=reached,
        hazard_ratio=_ratio(cut, happened, seen.given), infused_ratio=_ratio(treated, happened & np.isfinite(treated), seen.given),
        lost=float(1.0 - infused.sum() / max(seen.given.sum(), 1)), wait=float(np.median(wait)) if len(wait) else float("nan"),
        bridged=float(np.asarray(trial.grouped(trial.table.bridged, 1))[seen.given].mean()),
        crossed=float(np.isfinite(np.asarray(trial.grouped(trial.table.crossover, 1), float)[seen.other]).mean()),
        conditional=by_draw(success, draws),
    )  # fmt: skip


def _shares(look: NDArray[np.integer[Any]], count: int) -> Floats:
    return np.array([(look == each).mean() for each in range(count)])


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
