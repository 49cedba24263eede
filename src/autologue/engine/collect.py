"""Blocks of solved patients, gathered under labels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from autologue.engine.solve import REASONS, Solution, prepare
from autologue.engine.summary import Area, FirstAbove, FirstBelow, LastAbove, Maximum, Minimum, Summary
from autologue.errors import InputError
from autologue.model import Model
from autologue.population import Individuals

__all__ = ["Collector", "Labels", "failures", "summary_names"]

Floats = NDArray[np.float64]
_RESERVED = ("draw", "patient", "time", "status", "failed_at")
_Variable = tuple[str, tuple[str, ...], Any, dict[str, Any]]
_FLAGS = ("solved", "step_cap_reached", "step_too_small", "rate_not_finite", "start_not_finite", "state_negative")


@dataclass(frozen=True)
class Labels:
    """What the variables of a simulation are called: model, time unit and times as given, summaries as given, all outputs solved."""

    model: Model
    time_unit: str
    scale: float  # model time = scale * time
    times: Floats
    outputs: tuple[str, ...]
    measured: tuple[str, ...]
    summaries: tuple[Summary, ...]
    covariate_units: Mapping[str, str]


def summary_names(summary: Summary) -> tuple[str, ...]:
    """Return the names of the variables that a summary gives: a value, for an extreme also its time.

    >>> summary_names(Maximum("transgene")), summary_names(Area("transgene", 0, 28))
    (('transgene_max', 'transgene_max_time'), ('transgene_auc_0_28',))
    """
    kinds = {Maximum: "max", Minimum: "min", Area: "auc", LastAbove: "last_above", FirstAbove: "first_above", FirstBelow: "first_below"}
    parts = [summary.output, kinds[type(summary)]]
    if isinstance(summary, (LastAbove, FirstAbove, FirstBelow)):
        parts.append(f"{summary.limit:.10g}")
    if np.isfinite(summary.start) or np.isfinite(summary.stop):
        parts += [f"{summary.start:.10g}", f"{summary.stop:.10g}"]
    name = "_".join(parts)
    return (name, f"{name}_time") if isinstance(summary, (Maximum, Minimum)) else (name,)


class _Column:
    """A number for each patient, kept as one number while all are equal."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.value: float | None = None
        self.array: Floats | None = None

    def put(self, place: Any, values: Floats) -> None:
        if self.value is None:
            self.value = float(values[0])
        if self.array is None and not np.array_equal(values, np.broadcast_to(self.value, values.shape), equal_nan=True):
            self.array = np.full(self.shape, self.value)
        if self.array is not None:
            self.array[place] = values

    def whole(self) -> Floats:
        return np.broadcast_to(np.float64(np.nan if self.value is None else self.value), self.shape) if self.array is None else self.array


class Collector:
    """Arrays that are filled block by block, `count` patients for each of `draws` (0: no dimension `draw`)."""

    def __init__(self, labels: Labels, count: int, *, draws: int = 0) -> None:
        self.labels, self.draws, self.count = labels, draws, count
        self.lead = ("draw", "patient") if draws else ("patient",)
        self.shape = (draws, count) if draws else (count,)
        self.ids = np.zeros(count, dtype=np.int64)
        long = (*self.shape, len(labels.times))
        self.outputs = {name: np.empty(long) for name in (*labels.outputs, *(f"{n}_measured" for n in labels.measured))}
        self.parameters = {name: _Column(self.shape) for name in labels.model.parameters}
        self.covariates: dict[str, NDArray[Any]] = {}
        names = [name for summary in labels.summaries for name in summary_names(summary)]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise InputError(f"the summary '{sorted(twice)[0]}' is asked for twice; ask once")
        self.summaries = {name: np.full(self.shape, np.nan) for name in names}
        self.events: dict[str, Floats] = {}
        self.status = np.zeros(self.shape, dtype=np.int8)
        self.failed_at = _Column(self.shape)

    def put(self, people: Individuals, solution: Solution, measured: Mapping[str, Floats], *, first: int, draw: int = 0) -> None:
        """Store a block whose first patient has place `first`."""
        rows = slice(first, first + len(people))
        place = (draw, rows) if self.draws else (rows,)
        self.ids[rows] = people.ids
        for k, name in enumerate(self.labels.outputs):
            self.outputs[name][place] = solution.values[:, :, k]
        for name, values in measured.items():
            self.outputs[f"{name}_measured"][place] = values
        for k, name in enumerate(self.labels.model.parameters):
            self.parameters[name].put(place, people.parameters[:, k])
        for name, covariate in people.covariates.items():
            if name not in self.covariates:
                self.covariates[name] = np.empty(self.count, dtype=covariate.dtype)
            self.covariates[name][rows] = covariate
        self.status[place] = solution.status
        self._put_times(solution, place)

    def _put_times(self, solution: Solution, place: Any) -> None:
        scale, failed = self.labels.scale, solution.status != 0
        self.failed_at.put(place, solution.failed_at / scale)
        sums = np.where(failed[:, None, None], np.nan, solution.summaries)
        for k, summary in enumerate(self.labels.summaries):
            is_time = isinstance(summary, (LastAbove, FirstAbove, FirstBelow))
            in_time = (is_time or isinstance(summary, Area), True)
            for name, values, timed in zip(summary_names(summary), sums[:, k].T, in_time, strict=False):
                self.summaries[name][place] = values / scale if timed else values
        marks: dict[str, Floats] = {}
        for k, name in enumerate(solution.events):
            marks[name] = np.fmin(marks[name], solution.marks[:, k]) if name in marks else solution.marks[:, k]
        for name, values in marks.items():
            self.events.setdefault(name, np.full(self.shape, np.nan))[place] = values / scale

    def dataset(self, attributes: Mapping[str, Any]) -> xr.Dataset:
        """Return everything under its label."""
        variables: dict[str, Any] = {}
        for name, dims, values, said in (*self._trajectories(), *self._statuses(), *self._events(), *self._people()):
            free = name
            while free in variables or (free in _RESERVED and said["role"] != "status"):
                free += f"_{said['role']}"
            variables[free] = (dims, values, said)
        coordinates: dict[str, Any] = {
            "patient": ("patient", self.ids, {"long_name": "number of the patient in the population of this seed"}),
            "time": ("time", self.labels.times, {"units": self.labels.time_unit, "long_name": "time since the model's zero"}),
        }
        if self.draws:
            coordinates["draw"] = ("draw", np.arange(self.draws), {"long_name": "draw of the uncertain population parameters"})
        return xr.Dataset(variables, coordinates, {k: v for k, v in attributes.items() if v is not None})

    def _trajectories(self) -> list[_Variable]:
        model = prepare(self.labels.model).system.model
        found: list[_Variable] = []
        for name, values in self.outputs.items():
            source = name if name in self.labels.outputs else name.removesuffix("_measured")
            output = model.outputs.get(source)
            said = {"role": "output" if source == name else "measured", "units": output.unit if output else "1"}
            said["long_name"] = (output.meaning if output else "") or source.replace("_", " ")
            if source != name:
                said["long_name"] += ", as measured"
            if output and output.matrix:
                said["matrix"] = output.matrix
            found.append((name, (*self.lead, "time"), values, said))
        return found

    def _statuses(self) -> list[_Variable]:
        flags = {"flag_values": np.arange(len(REASONS), dtype=np.int8), "flag_meanings": " ".join(_FLAGS)}
        status = {"role": "status", "long_name": "how the solution of the patient ended", **flags, "reasons": json.dumps(REASONS)}
        failed = {"role": "status", "units": self.labels.time_unit, "long_name": "time at which the solution failed"}
        return [("status", self.lead, self.status, status), ("failed_at", self.lead, self.failed_at.whole(), failed)]

    def _events(self) -> list[_Variable]:
        unit = self.labels.time_unit
        found: list[_Variable] = []
        last = f"end of phase {len(self.labels.model.phases)}" if self.labels.model.phases[-1].until is None else ""
        for event, when in self.events.items():
            if event != last:
                found.append((event.replace(" ", "_"), self.lead, when, {"role": "event", "units": unit, "long_name": f"time: {event}"}))
        for summary in self.labels.summaries:
            output = self.labels.model.outputs.get(summary.output)
            of_output = output.unit if output else "1"
            value = unit if isinstance(summary, (LastAbove, FirstAbove, FirstBelow)) else of_output
            units = (f"{of_output}*{unit}" if isinstance(summary, Area) else value, unit)
            for name, its in zip(summary_names(summary), units, strict=False):
                said = {"role": "summary", "units": its, "long_name": name.replace("_", " ")}
                found.append((name, self.lead, self.summaries[name], said))
        return found

    def _people(self) -> list[_Variable]:
        found: list[_Variable] = []
        for name, column in self.parameters.items():
            quantity = self.labels.model.parameters[name]
            said = {"role": "parameter", "units": quantity.unit, "long_name": quantity.meaning}
            found.append((name, self.lead, column.whole(), said))
        for name, values in self.covariates.items():
            unit = {"units": self.labels.covariate_units[name]} if name in self.labels.covariate_units else {}
            found.append((name, ("patient",), values, {"role": "covariate", **unit, "long_name": name.replace("_", " ")}))
        return found


def failures(status: NDArray[Any]) -> str:
    """Return how many patients failed and why, in words: '3 of 100 (2: the cap on steps was reached; 1: ...)'."""
    codes = status.reshape(-1)
    reasons = [f"{int((codes == k).sum())}: {REASONS[k]}" for k in range(1, len(REASONS)) if (codes == k).any()]
    return f"{int((codes != 0).sum())} of {codes.size} ({'; '.join(reasons)})"
