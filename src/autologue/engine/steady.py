"""Steady state: a dose given as if for ever before becomes a row of lead-in doses, as many as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.errors import InputError
from autologue.model import Model
from autologue.regimen import Bolus, Infusion, Level, Regimen

__all__ = ["CYCLES", "lead_in", "settled"]

CYCLES = (16, 64, 256, 1024)
TOLERANCE = 1e-6


def lead_in(model: Model, regimens: Sequence[Regimen | None], cycles: int) -> tuple[float, list[Regimen | None], list[tuple[float, float]]]:
    """Return the earlier start, the regimens with `cycles` doses before each steady-state one, and (time, interval) of each.

    Times are in the model's unit.
    """
    if len(model.phases) > 1:
        raise InputError(f"model {model.name} has phases, so it has no steady state of repeated doses; give the doses one by one")
    start, marks, written = 0.0, [], []
    for regimen in regimens:
        events: list[Bolus | Infusion | Level] = []
        for event in regimen.events if regimen is not None else ():
            if isinstance(event, Level) or not event.steady_state:
                events.append(event)
                continue
            first = event.time - cycles * event.every
            events.append(replace(event, time=first, additional=cycles + event.additional, steady_state=False))
            scale = units.convert(1.0, regimen.time, model.time) if regimen is not None and regimen.time else 1.0
            start = min(start, first * scale)
            marks.append((event.time * scale, event.every * scale))
        written.append(Regimen(*events, time=regimen.time) if regimen is not None else None)
    return start, written, marks


def settled(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    """Return whether two states one interval apart (patients, states) agree."""
    scale = np.maximum(np.maximum(np.abs(before), np.abs(after)).max(axis=0, keepdims=True), 1e-300)
    return bool(np.nanmax(np.abs(after - before) / scale) <= TOLERANCE)
