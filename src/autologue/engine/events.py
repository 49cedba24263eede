"""Regimens as the driver reads them: one row an event (time, kind, target, value, route), in the model's units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.engine.codes import BOLUS, RATE, SET_INPUT, VISIT
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.regimen import Bolus, Infusion, Level, Regimen

__all__ = ["event_rows", "stack_events"]

Floats = NDArray[np.float64]


def event_rows(model: Model, regimen: Regimen | None, visits: Sequence[float] = ()) -> Floats:
    """Return the events of one patient (events, 5), sorted by time; repeated doses are written out."""
    rows: list[tuple[float, float, float, float, float]] = [(float(t), VISIT, -1.0, 0.0, -1.0) for t in visits]
    if regimen is not None:
        scale = units.convert(1.0, regimen.time, model.time, what="the regimen's time") if regimen.time else 1.0
        levels = [event for event in regimen.events if isinstance(event, Level)]
        rows += _levels(model, levels, scale)
        rows += [row for event in regimen.events if not isinstance(event, Level) for row in _dose(model, event, scale)]
    rows.sort(key=lambda row: row[0])
    return np.array(rows, dtype=float).reshape(-1, 5)


def _levels(model: Model, levels: Sequence[Level], scale: float) -> list[tuple[float, float, float, float, float]]:
    """Return a row at every start and end of a level: of those that overlap, the one that began later counts."""
    rows = []
    for level in levels:
        if level.input not in model.inputs:
            raise InputError(f"model {model.name}: {unknown('input', level.input, model.inputs)}")
    for number, (name, usual) in enumerate(model.inputs.items()):
        own = sorted((level for level in levels if level.input == name), key=lambda level: level.time)
        for time in sorted({t for level in own for t in (level.time, level.until) if np.isfinite(t)}):
            held = [level.value for level in own if level.time <= time < level.until]
            rows.append((time * scale, float(SET_INPUT), float(number), held[-1] if held else usual.value, -1.0))
    return rows


def _dose(model: Model, event: Bolus | Infusion, scale: float) -> list[tuple[float, float, float, float, float]]:
    if event.into not in model.dosing:
        known = (
            f"; {unknown('dosing route', event.into, model.dosing)}"
            if model.dosing
            else ", which takes no doses: its course starts from its initial state"
        )
        raise InputError(f"model {model.name}: a dose goes into '{event.into}'{known}")
    dosing = model.dosing[event.into]
    target = float(list(model.states).index(dosing.state))
    route = float(list(model.dosing).index(event.into))
    amount = units.convert(event.amount, event.unit, model.states[dosing.state].unit, what=f"model {model.name}: dose into '{event.into}'")
    rows = []
    for k in range(int(event.additional) + 1):
        start = (event.time + k * event.every) * scale
        if isinstance(event, Bolus):
            rows.append((start, float(BOLUS), target, amount, route))
        else:
            rate, end = amount / (event.duration * scale), start + event.duration * scale
            rows += [(start, float(RATE), target, rate, route), (end, float(RATE), target, -rate, route)]
    return rows


def stack_events(tables: Sequence[Floats], count: int) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Return all events in one table and, for each of `count` patients, its first row and the row after its last.

    One table serves all patients; otherwise there is one a patient.
    """
    if len(tables) == 1:
        first = np.zeros(count, dtype=np.int64)
        return tables[0], first, first + len(tables[0])
    lengths = np.array([len(t) for t in tables], dtype=np.int64)
    ends = np.cumsum(lengths)
    return np.concatenate(tables), ends - lengths, ends
