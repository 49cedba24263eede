"""What if: the same draws of the patient under another future, where the model has the mechanism.

An effect that was estimated from comedication given because cells were expanding is an association, not a mechanism: the model says so
(`Input.association`), and it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.errors import InputError, ModelError
from autologue.forecast.forecast import Forecast
from autologue.model import Model
from autologue.regimen import Level, Regimen
from autologue.results import Simulation

__all__ = ["WhatIf", "what_if"]


@dataclass(frozen=True, eq=False)
class WhatIf:
    """The course as it is expected and under the other future, draw by draw the same patient. Research, not a recommendation."""

    change: Regimen
    expected: Simulation
    changed: Simulation

    def ratio(self, output: str) -> NDArray[np.float64]:
        """Return changed over expected of an output, (draws, times); NaN where both are zero."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: NDArray[np.float64] = self.changed.data[output].to_numpy() / self.expected.data[output].to_numpy()
        return found


def what_if(forecast: Forecast, change: Regimen) -> WhatIf:
    """Return the forecast with `change` added to what the patient is given; its times are the patient's unless it says otherwise.

    Raises ModelError for a treatment that the model has no mechanism for, InputError for one in the past.
    """
    model, unit = forecast.prior.model, forecast.time_unit
    added = change if change.time else Regimen(*change.events, time=unit)
    clock = units.convert(1.0, added.time or unit, unit)
    for event in added.events:
        _check_mechanism(model, event)
        if event.time * clock < forecast.now:
            what = f"a change at {unit} {event.time * clock:g} lies before the last observation at {forecast.now:g}"
            raise InputError(f"{what}; what was given is part of the patient")
    start = forecast.regimen if forecast.regimen is not None else model.regimen
    both = added if start is None else _timed(start, model.time) + _in(added, start.time or model.time)
    times = forecast.simulation.data["time"].to_numpy()
    return WhatIf(added, forecast.simulation, forecast.follow(times=times, regimen=both))


def _check_mechanism(model: Model, event: object) -> None:
    if isinstance(event, Level):
        if event.input not in model.inputs:
            known = ", ".join(model.inputs) or "none"
            raise ModelError(f"model {model.name} has no mechanism for '{event.input}' (its inputs: {known}); ask a model that has one")
        if association := model.inputs[event.input].association:
            what = f"the coefficient of '{event.input}' in model {model.name} is {association}"
            raise ModelError(f"{what}: it is no mechanism, and what would follow cannot be read from it")
        return
    into = getattr(event, "into", "")
    if into not in model.dosing:
        known = ", ".join(model.dosing) or "none: its course starts from its initial state"
        raise ModelError(f"model {model.name} has no mechanism for a dose into '{into}' (its routes: {known}); ask a model that has one")


def _timed(given: Regimen, unit: str) -> Regimen:
    return given if given.time else Regimen(*given.events, time=unit)


def _in(given: Regimen, unit: str) -> Regimen:
    """Return a regimen in another time unit; raises InputError where that is not the same unit, since durations would change with it."""
    if given.time != unit:
        raise InputError(f"the change is in '{given.time}' and the patient's regimen in '{unit}'; give both in one time unit")
    return given
