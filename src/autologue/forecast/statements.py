"""What people say of a course, each true or false in every draw: its share of the draws is a probability, with its Monte-Carlo error.

Levels are in the unit of the output, times in that of the forecast. All speak of the true course, without assay error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from autologue import units
from autologue.engine.collect import summary_names
from autologue.engine.happening import hazards_of
from autologue.engine.summary import FirstAbove, FirstBelow, LastAbove, Maximum, Summary
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.results import Simulation

if TYPE_CHECKING:
    from autologue.forecast.forecast import Forecast

__all__ = [
    "DetectableAt", "FallsBelow", "HappensBefore", "PeakAbove", "Probability", "RisesAgain", "Statement", "StaysBelow", "state",
    "usual_statements",
]  # fmt: skip

Booleans = NDArray[np.bool_]
LANDMARKS = (28.0, 90.0, 180.0, 365.0)  # days at which persistence is reported


@dataclass(frozen=True, slots=True)
class DetectableAt:
    """The output is at or above an assay limit at a time."""

    output: str
    limit: float
    time: float

    def summaries(self) -> tuple[Summary, ...]:
        """Return what the engine shall compute besides the courses."""
        return ()

    def times(self) -> tuple[float, ...]:
        """Return the times at which the course is needed."""
        return (self.time,)

    def holds(self, found: Simulation) -> Booleans:
        """Return in which draws it is true (draws,)."""
        at = int(np.searchsorted(found.data["time"].to_numpy(), self.time))
        return np.asarray(found.data[self.output].to_numpy()[:, at] >= self.limit)

    def text(self, unit: str, time: str) -> str:
        """Return it in words; the unit of the output and that of time."""
        return f"{self.output} detectable (at least {self.limit:g} {unit}) at {time} {self.time:g}"


@dataclass(frozen=True, slots=True)
class _Summarised:
    """A statement that needs summaries only."""

    output: str
    level: float

    def times(self) -> tuple[float, ...]:
        """Return the times at which the course is needed."""
        return ()


@dataclass(frozen=True, slots=True)
class PeakAbove(_Summarised):
    """The peak of the output is above a level; of an inflammation, the level that goes with severe CRS is the caller's to state."""

    until: float = math.inf

    def summaries(self) -> tuple[Summary, ...]:
        """Return what the engine shall compute."""
        return (Maximum(self.output, stop=self.until),)

    def holds(self, found: Simulation) -> Booleans:
        """Return in which draws it is true (draws,)."""
        return np.asarray(_values(found, self.summaries()[0]) > self.level)

    def text(self, unit: str, time: str) -> str:
        """Return it in words."""
        return f"peak of {self.output} above {self.level:g} {unit}" + ("" if math.isinf(self.until) else f" by {time} {self.until:g}")


@dataclass(frozen=True, slots=True)
class FallsBelow(_Summarised):
    """The output falls to a level or below by a time: a tumour below one cell."""

    until: float

    def summaries(self) -> tuple[Summary, ...]:
        """Return what the engine shall compute."""
        return (FirstBelow(self.output, self.level, stop=self.until),)

    def holds(self, found: Simulation) -> Booleans:
        """Return in which draws it is true (draws,)."""
        return np.isfinite(_values(found, self.summaries()[0]))

    def text(self, unit: str, time: str) -> str:
        """Return it in words."""
        return f"{self.output} at {self.level:g} {unit} or below by {time} {self.until:g}"


@dataclass(frozen=True, slots=True)
class RisesAgain(_Summarised):
    """The output was below a level and rises above it before a time: a relapse."""

    before: float

    def summaries(self) -> tuple[Summary, ...]:
        """Return what the engine shall compute."""
        return (FirstBelow(self.output, self.level, stop=self.before), LastAbove(self.output, self.level, stop=self.before))

    def holds(self, found: Simulation) -> Booleans:
        """Return in which draws it is true (draws,)."""
        fell, last = (_values(found, each) for each in self.summaries())
        return np.asarray(last > fell + 1e-6 * self.before)

    def text(self, unit: str, time: str) -> str:
        """Return it in words."""
        return f"{self.output} above {self.level:g} {unit} again before {time} {self.before:g}"


@dataclass(frozen=True, slots=True)
class StaysBelow(_Summarised):
    """The output stays below a level from a time until another: B-cell aplasia."""

    start: float
    until: float

    def summaries(self) -> tuple[Summary, ...]:
        """Return what the engine shall compute."""
        return (FirstAbove(self.output, self.level, start=self.start, stop=self.until),)

    def holds(self, found: Simulation) -> Booleans:
        """Return in which draws it is true (draws,)."""
        return np.isnan(_values(found, self.summaries()[0]))

    def text(self, unit: str, time: str) -> str:
        """Return it in words."""
        return f"{self.output} below {self.level:g} {unit} from {time} {self.start:g} until {time} {self.until:g}"


@dataclass(frozen=True, slots=True)
class HappensBefore:
    """A time to event that the model states comes before a time: a relapse, from its hazard in each draw.

    since: until when it is known not to have come; `state` takes it from the patient.
    """

    event: str
    before: float
    since: float = 0.0

    @property
    def output(self) -> str:
        """The output that says it."""
        return f"cumulative_hazard_{self.event}"

    def summaries(self) -> tuple[Summary, ...]:
        """Return what the engine shall compute besides the courses."""
        return ()

    def times(self) -> tuple[float, ...]:
        """Return the times at which the course is needed."""
        return (0.0, self.since, self.before)

    def holds(self, found: Simulation) -> NDArray[np.float64]:
        """Return its probability in each draw (draws,)."""
        total, times = found.data[self.output].to_numpy(), found.data["time"].to_numpy()
        risk = [total[:, int(np.searchsorted(times, t))] for t in (self.since, self.before)]
        return np.asarray(-np.expm1(risk[0] * (self.since > 0) - risk[1])) if self.before > self.since else np.zeros(len(total))

    def text(self, unit: str, time: str) -> str:
        """Return it in words."""
        return f"{self.event} before {time} {self.before:g}"


Statement = DetectableAt | PeakAbove | FallsBelow | RisesAgain | StaysBelow | HappensBefore


@dataclass(frozen=True, slots=True)
class Probability:
    """A statement with its probability, 95 % limits of its Monte-Carlo error, and its probability before anything was measured."""

    statement: Statement
    text: str
    probability: float
    lower: float
    upper: float
    before: float


def state(forecast: Forecast, statements: Sequence[Statement]) -> list[Probability]:
    """Return the probability of each statement. Raises InputError for an output that the model lacks or a time that is not followed."""
    if not statements:
        return []
    model, unit = forecast.prior.model, forecast.time_unit
    statements = [_known(forecast, each) for each in statements]
    times = sorted({t for each in statements for t in each.times()})
    ends = [getattr(each, name) for each in statements for name in ("until", "before", "time") if hasattr(each, name)]
    late = [t for t in ends if math.isfinite(t) and t > forecast.horizon * (1 + 1e-9)]
    if late:
        raise InputError(f"a statement speaks of {unit} {late[0]:g}, after the horizon at {forecast.horizon:g}; give a later horizon")
    wanted = tuple(dict.fromkeys(s for each in statements for s in each.summaries()))
    after, before = (forecast.follow(times=times, summaries=wanted, conditioned=known) for known in (True, False))
    count = min(forecast.posterior.quality.ess, float(after.data.sizes["patient"]))
    found = []
    for each in statements:
        share = float(each.holds(after)[after.solved].mean())
        text = each.text("" if isinstance(each, HappensBefore) else model.outputs[each.output].unit, unit)
        plain = replace(each, since=0.0) if isinstance(each, HappensBefore) else each
        found.append(Probability(each, text, share, *jeffreys(share, count), float(plain.holds(before)[before.solved].mean())))
    return found


def _known(forecast: Forecast, statement: Statement) -> Statement:
    """Return a statement that can be made; one about an event with the time until which it is known not to have come."""
    model, patient = forecast.prior.model, forecast.patient
    if not isinstance(statement, HappensBefore):
        if statement.output not in model.outputs:
            raise InputError(f"statement: model {model.name}: {unknown('output', statement.output, model.outputs)}")
        return statement
    hazards = hazards_of(model)
    if statement.event not in hazards:
        raise InputError(f"statement: model {model.name}: {unknown('time to event', statement.event, hazards)}")
    event = patient.events.get(statement.event)
    if event is None:
        return statement
    if math.isfinite(event.latest):
        what = f"patient {patient.id} has had '{statement.event}' ({forecast.time_unit} {event.latest:g})"
        raise InputError(f"statement: {what}, and nothing of it is left to be forecast")
    return replace(statement, since=event.earliest)


def jeffreys(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % interval of a probability from the share of `count` independent draws; it reaches 0 or 1 where all agree."""
    hits = share * count
    low = 0.0 if share <= 0 else float(beta.ppf(0.025, hits + 0.5, count - hits + 0.5))
    return low, 1.0 if share >= 1 else float(beta.ppf(0.975, hits + 0.5, count - hits + 0.5))


def usual_statements(forecast: Forecast) -> list[Statement]:
    """Return what can be said without a level of anybody's choice: detection, death of the last tumour cell, events that have a hazard."""
    model, found = forecast.prior.model, list[Statement]()
    day = units.convert(1.0, "day", forecast.time_unit)
    for name, seen in forecast.patient.observations.items():
        limits = seen.limit[np.isfinite(seen.limit)]
        if len(limits) and name in model.outputs:
            limit = units.convert(float(limits[-1]), seen.unit, model.outputs[name].unit)
            found += [DetectableAt(name, limit, t * day) for t in LANDMARKS if forecast.now < t * day <= forecast.horizon]
    tail = _tail_output(model)
    if tail and model.birth_death is not None:
        found.append(FallsBelow(tail, 1.0 / model.birth_death.cells_per_unit, forecast.horizon))
    had = [name for name, event in forecast.patient.events.items() if math.isfinite(event.latest)]
    found += [HappensBefore(name, forecast.horizon) for name in hazards_of(model) if name not in had]
    return found


def _tail_output(model: Model) -> str | None:
    """Return the output that shows the state whose last cells may die out by chance, where it has that unit."""
    if model.birth_death is None:
        return None
    state = model.birth_death.state
    unit = model.states[state].unit
    return next((name for name, out in model.outputs.items() if state in name and out.unit == unit), None)


def _values(found: Simulation, summary: Summary) -> NDArray[np.float64]:
    return np.asarray(found.data[summary_names(summary)[0]].to_numpy(), dtype=float)
