"""Times to event, counts and categories of a cohort as one table, in the units of the model: what the terms of outcomes read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.errors import InputError
from autologue.model import Model
from autologue.patient import Cohort, Event, Patient
from autologue.terms import Hazard
from autologue.terms.categories import Category
from autologue.terms.counts import Count

__all__ = ["CATEGORY", "COUNT", "DISPERSED", "HAZARD", "INTERVAL", "SURVIVAL", "OutcomeRows", "read_outcomes"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
HAZARD, SURVIVAL, INTERVAL, COUNT, DISPERSED, CATEGORY = range(6)
_Number = tuple[str, float] | float  # an output at a time, or a number that is known
_Row = tuple[int, _Number, _Number, float]


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeRows:
    """Rows of outcomes, patient after patient; arrays are (rows,) or, for the two numbers that a row reads, (rows, 2).

    outputs: of the model, that are read; output: numbers among these, -1 where a number is known, which `absent` then holds. time: when.
    kind: as in `happened`; y: the count or category. observed: how many events, counts and categories these are.
    """

    outputs: tuple[str, ...]
    patient: Integers
    kind: Integers
    output: Integers
    time: Floats
    absent: Floats
    y: Floats
    first: Integers
    observed: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.kind)

    def of(self, who: Integers) -> tuple[Integers, Integers]:
        """Return the rows of these patients one after another, and where each patient's begin (patients + 1,)."""
        counts = np.diff(self.first)[who]
        begin = np.concatenate([[0], np.cumsum(counts)])
        return np.repeat(self.first[who] - begin[:-1], counts) + np.arange(begin[-1]), begin


def read_outcomes(model: Model, cohort: Cohort) -> OutcomeRows | None:
    """Return the rows of all outcomes of the model that a cohort has, None where it has none; raises InputError for what cannot be."""
    rows: list[tuple[int, _Row]] = []
    observed = 0
    for number, patient in enumerate(cohort):
        last = _terminal(model, patient)
        for name, outcome in model.outcomes.items():
            if isinstance(outcome, Hazard) and name in patient.events:
                observed += 1
                event = _timed(model, patient, name, last)
                rows += [(number, row) for row in _event(outcome.outputs(name), event)]
            elif not isinstance(outcome, Hazard) and name in patient.observations:
                found = list(_observed(model, patient, name, last))
                observed += len(found)
                rows += [(number, row) for row in found]
    if not rows:
        return None
    names = list(dict.fromkeys(side[0] for _, row in rows for side in row[1:3] if isinstance(side, tuple)))
    sides = [row[1:3] for _, row in rows]
    output = np.array([[names.index(s[0]) if isinstance(s, tuple) else -1 for s in pair] for pair in sides], dtype=np.int64)
    time = np.array([[s[1] if isinstance(s, tuple) else math.nan for s in pair] for pair in sides])
    absent = np.array([[math.nan if isinstance(s, tuple) else s for s in pair] for pair in sides])
    patient_of = np.array([number for number, _ in rows], dtype=np.int64)
    kind = np.array([row[0] for _, row in rows], dtype=np.int64)
    y = np.array([row[3] for _, row in rows])
    first = np.searchsorted(patient_of, np.arange(len(cohort) + 1)).astype(np.int64)
    return OutcomeRows(tuple(names), patient_of, kind, output, time, absent, y, first, observed)


def _terminal(model: Model, patient: Patient) -> tuple[str, float] | None:
    """Return the terminal event that the patient had and when, in the time of the model; two of them cannot be."""
    ends = [name for name, o in model.outcomes.items() if isinstance(o, Hazard) and o.terminal]
    had = [name for name in ends if name in patient.events and math.isfinite(patient.events[name].latest)]
    if len(had) > 1:
        raise InputError(f"patient {patient.id} has two terminal events, '{had[0]}' and '{had[1]}'; keep the one that came first")
    if not had:
        return None
    clock = _clock(model, patient, f"event '{had[0]}'")
    end = had[0], patient.events[had[0]].latest * clock
    for name, seen in patient.observations.items():
        if len(seen) and seen.times[-1] * clock > end[1]:
            raise InputError(
                f"patient {patient.id}: '{name}' is observed at {seen.times[-1]:g}, after '{end[0]}' at {patient.events[end[0]].latest:g}, "
                "which is terminal; correct one of the times"
            )
    return end


def _clock(model: Model, patient: Patient, what: str) -> float:
    return units.convert(1.0, patient.time, model.time, what=f"patient {patient.id}, {what}: time") if patient.time else 1.0


def _timed(model: Model, patient: Patient, name: str, last: tuple[str, float] | None) -> Event:
    """Return an event in the time of the model."""
    given, clock = patient.events[name], _clock(model, patient, f"event '{name}'")
    event = Event(given.earliest * clock, given.latest * clock, entry=given.entry * clock)
    where = f"patient {patient.id}, event '{name}'"
    if event.entry < 0.0:
        raise InputError(f"{where}: followed from {given.entry:g}, before the model's start at 0; shift all times, or follow from 0")
    if event.earliest == event.latest == event.entry:
        raise InputError(f"{where} at {given.earliest:g}, when follow-up begins: nobody was at risk before; give an earlier entry")
    if last is not None and event.earliest > last[1]:
        raise InputError(f"{where}: followed until {given.earliest:g}, after '{last[0]}', which is terminal; end it there")
    return event


def _event(outputs: tuple[str, ...], event: Event) -> Iterator[_Row]:
    """Yield the rows of an event: no event until it may have come, and then when it came."""
    instant, total = outputs
    before: _Number = (total, event.entry) if event.entry > 0.0 else 0.0
    until: _Number = (total, event.earliest) if event.earliest > event.entry else before
    if event.earliest > event.entry:
        yield SURVIVAL, until, before, 0.0
    if event.earliest == event.latest:
        yield HAZARD, (instant, event.latest), 0.0, 0.0
    elif math.isfinite(event.latest):
        yield INTERVAL, (total, event.latest), until, 0.0


def _observed(model: Model, patient: Patient, name: str, last: tuple[str, float] | None) -> Iterator[_Row]:
    """Yield the rows of a count or a category."""
    outcome, seen = model.outcomes[name], patient.observations[name]
    clock, outputs = _clock(model, patient, f"'{name}'"), outcome.outputs(name)
    units.convert(1.0, seen.unit, "1", what=f"patient {patient.id}, '{name}'")
    for t, low, high in zip((seen.times * clock).tolist(), seen.lower.tolist(), seen.upper.tolist(), strict=True):
        where = f"patient {patient.id}, '{name}', time {t / clock:g}"
        if t < 0.0:
            raise InputError(f"{where}: lies before the model's start at 0; drop it, or shift all times")
        top = outcome.highest if isinstance(outcome, Category) else math.inf
        if low != high or low != round(low) or not 0 <= low <= top:
            said = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            expected = f"from 0 to {top:g}" if math.isfinite(top) else "of at least zero"
            raise InputError(f"{where}: the value is {said}; expected a whole number {expected}")
        if isinstance(outcome, Count):
            dispersed = len(outputs) > 1
            yield DISPERSED if dispersed else COUNT, (outputs[0], t), (outputs[1], t) if dispersed else 0.0, low
        else:
            k = int(low)
            upper: _Number = (outputs[k], t) if k < len(outputs) else math.inf
            yield CATEGORY, upper, (outputs[k - 1], t) if k else -math.inf, low
