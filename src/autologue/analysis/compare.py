"""Several models on one patient and one regimen, side by side, with what each cannot answer.

Models count in different units (copies, cells per microlitre, cells of the whole body), so curves are compared in what needs no unit: CAR-T
cells relative to their own peak, disease relative to its own start. The dose and the burden reach a model through its dosing route or
through the parameter that its start is made of, where units allow; where they do not, the model keeps its own, and the table says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue import units
from autologue.engine.graph import Node
from autologue.engine.probe import choose_solver
from autologue.engine.solve import REASONS, prepare, solve
from autologue.engine.summary import Maximum, Minimum, Summary
from autologue.engine.system import System
from autologue.errors import InputError, SolveError, UnitError
from autologue.model import Model
from autologue.population import Individuals, Parametric, Population
from autologue.regimen import Bolus, Infusion, Level, Regimen

__all__ = ["Burden", "Comparison", "compare_models", "output_of"]

Floats = NDArray[np.float64]
CAR_WORDS = ("car", "transgene")
DISEASE_WORDS = ("tumour", "leukaemi", "myeloma", "lymphoma", "burden", "glioma", "m_protein")
DAYS = (28, 90, 365)
PROGRESSION = 1.2  # times the start, after the minimum


@dataclass(frozen=True, slots=True)
class Burden:
    """Disease at the infusion: an amount and its unit."""

    amount: float
    unit: str


@dataclass(frozen=True)
class Comparison:
    """What each model says, or why it does not.

    - table: one row a model, columns in words (peak day, share of the peak at days 28, 90, 365, minimum of disease, ...), NaN where a
      model does not say.
    - curves: model, quantity ("CAR-T cells" or "disease"), time (day), value (relative to the peak, or to the start).
    - asked: model, dose and burden (how the common patient reached it), and the day to which it was followed: no model beyond its own
      horizon.
    - silent: model and what it cannot answer.
    """

    models: tuple[Model, ...]
    regimen: Regimen | None
    burden: Burden | None
    table: pd.DataFrame
    curves: pd.DataFrame
    asked: pd.DataFrame
    silent: pd.DataFrame


def output_of(model: Model, words: Sequence[str]) -> str | None:
    """Return the first output whose name has one of the words, None where there is none.

    >>> from autologue.library import load
    >>> output_of(load("kimmel_2021"), CAR_WORDS), output_of(load("kimmel_2021"), DISEASE_WORDS)
    ('car_t', 'tumour_volume')
    """
    for name in model.outputs:
        if any(word in name.split("_") or word in name for word in words):
            return name
    return None


def compare_models(
    populations: Sequence[Population | Model],
    *,
    regimen: Regimen | None = None,
    burden: Burden | None = None,
    horizon: float = 365.0,
    points: int = 731,
) -> Comparison:
    """Return the typical patients of several models side by side over `horizon` days, each no longer than its own horizon.

    `regimen` (times in days unless it says another unit) and `burden` are the common patient; None keeps what each model starts with.
    Raises InputError for fewer than two models or a horizon that is no positive number, SolveError where a model cannot be solved.
    """
    wholes = [Parametric(model=p, name="as the model states it") if isinstance(p, Model) else p for p in populations]
    names = [p.model.name for p in wholes]
    if len(wholes) < 2 or len(set(names)) < len(names):
        raise InputError(f"a comparison needs two models or more, each once; got {', '.join(names) or 'none'}")
    if not (np.isfinite(horizon) and horizon > 0):
        raise InputError(f"the horizon is {horizon!r}; expected a positive number of days")
    grid = horizon * np.linspace(0.0, 1.0, points) ** 2  # denser where the course is young
    rows, curves, asked, silent = [], [], [], []
    for whole in wholes:
        given = _Asked(whole, regimen, burden)
        end = min(horizon, units.convert(whole.model.horizon, whole.model.time, "day"))
        asked.append({"model": whole.model.name, "dose": given.dose_words, "burden": given.burden_words, "followed to day": end})
        row, frame = _answers(whole.model, given, np.append(grid[grid < end], end), horizon)
        rows.append(row)
        curves.append(frame)
        silent += [{"model": whole.model.name, "cannot answer": text} for text in _silences(whole.model)]
    return Comparison(
        tuple(p.model for p in wholes), regimen, burden, pd.DataFrame(rows), pd.concat(curves, ignore_index=True), pd.DataFrame(asked),
        pd.DataFrame(silent, columns=["model", "cannot answer"]),
    )  # fmt: skip


def _silences(model: Model) -> list[str]:
    said = list(model.silent_on)
    for words, what in ((CAR_WORDS, "CAR-T cells"), (DISEASE_WORDS, "disease burden")):
        if output_of(model, words) is None:
            said.append(f"{what} (no such output)")
    return said


class _Asked:
    """How the common patient reaches one model: parameters, regimen, and words for both."""

    def __init__(self, population: Population, regimen: Regimen | None, burden: Burden | None) -> None:
        self.model = population.model
        self.system = prepare(self.model).system
        self.parameters = population.typical_values()
        self.regimen = self.model.regimen
        self.dose_words, self.burden_words = "the model's own", "the model's own"
        if regimen is not None:
            self.dose_words = self._dose(regimen)
        if burden is not None:
            self.burden_words = self._burden(burden)

    def _dose(self, regimen: Regimen) -> str:
        doses = [e for e in regimen.events if not isinstance(e, Level)]
        scale = units.convert(1.0, regimen.time or "day", self.model.time)
        routes = {n: d for n, d in self.model.dosing.items() if self._is_car(list(self.model.states).index(d.state))}
        own = "the model keeps its own"
        first = [e for e in doses if e.time == 0 and isinstance(e, Bolus) and not e.additional]
        start = self._start_parameter(CAR_WORDS)
        try:
            if first and start is not None:
                name, unit = start
                value = sum(units.convert(e.amount, e.unit, unit) for e in first)
                self.parameters[list(self.model.parameters).index(name)] = value
                doses = [e for e in doses if e not in first]
                said = [f"{value:.4g} {unit} as {name}"]
            else:
                said = []
            if doses and not routes:
                return "; ".join([*said, f"takes no dose later on: {own}" if said else f"takes no dose: {own}"])
            if doses:
                route, target = next(iter(routes.items()))
                for e in doses:
                    units.convert(e.amount, e.unit, target.unit)
                moved = [replace(e, into=route, **_scaled_times(e, scale)) for e in doses]
                kept = [e for e in self.model.regimen.events if isinstance(e, Level) or e.into not in routes] if self.model.regimen else []
                self.regimen = Regimen(*kept, *moved, time=self.model.time)
                said.append(f"{len(doses)} dose{'s' if len(doses) > 1 else ''} into {route}")
        except UnitError:
            wanted = start[1] if first and start is not None else next(iter(routes.values())).unit
            return f"{doses[0].unit} cannot be put into {wanted}: {own}"
        return "; ".join(said)

    def _burden(self, burden: Burden) -> str:
        start = self._start_parameter(DISEASE_WORDS)
        if start is None:
            return "has no burden at the infusion" if output_of(self.model, DISEASE_WORDS) is None else "its start is no parameter: kept"
        name, unit = start
        try:
            value = units.convert(burden.amount, burden.unit, unit)
        except UnitError:
            return f"{burden.unit} cannot be put into {unit}: the model keeps its own"
        self.parameters[list(self.model.parameters).index(name)] = value
        return f"{value:.4g} {unit} as {name}"

    def _is_car(self, state: int) -> bool:
        output = output_of(self.model, CAR_WORDS)
        named = any(word in list(self.model.states)[state] for word in ("depot", *CAR_WORDS))
        return named or (output is not None and f"y{state}" in self.system.graph.variables([self.system.outputs[output]]))

    def _start_parameter(self, words: Sequence[str]) -> tuple[str, str] | None:
        """Return the parameter that the start of a state is, and its unit: of the CAR-T route, or of the output's state."""
        output = output_of(self.model, words)
        if words is CAR_WORDS:
            places = [list(self.model.states).index(d.state) for d in self.model.dosing.values()]
            places = [k for k in places if self._is_car(k)]
            if not places and output is not None:
                places = _states_of(self.system, self.system.outputs[output])
        else:
            places = [] if output is None else _states_of(self.system, self.system.outputs[output])
        for k in places:
            node = self.system.initial[k]
            if node.op == "var" and str(node.value).startswith("p"):
                name = list(self.model.parameters)[int(str(node.value)[1:])]
                return name, self.model.parameters[name].unit
        return None


def _scaled_times(event: Bolus | Infusion, scale: float) -> dict[str, Any]:
    changed: dict[str, Any] = {"time": event.time * scale, "every": event.every * scale}
    return {**changed, "duration": event.duration * scale} if isinstance(event, Infusion) else changed


def _states_of(system: System, node: Node) -> list[int]:
    return sorted(int(name[1:]) for name in system.graph.variables([node]) if name[0] == "y")


def _answers(model: Model, asked: _Asked, grid: Floats, horizon: float) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the row and the curves of one model."""
    car, disease = output_of(model, CAR_WORDS), output_of(model, DISEASE_WORDS)
    row: dict[str, Any] = {"model": model.name}
    outputs = [o for o in (car, disease) if o is not None]
    frames = [pd.DataFrame({"model": [], "quantity": [], "time": [], "value": []}).astype({"model": str, "quantity": str})]
    course, ends = _course(model, asked, grid, outputs, car, disease) if outputs else ({}, {})
    for output, what in ((car, "CAR-T cells"), (disease, "disease")):
        shown = None
        if output is not None:
            base, when = ends[output] if what == "CAR-T cells" else (float(course[output][0]), ends[output][1])
            shown = np.maximum(course[output], 0.0) / base if base > 0 else None
        if what == "CAR-T cells":
            row |= _car_row(grid, horizon, shown, when if shown is not None else np.nan)
        else:
            lowest = ends[output][0] / base if shown is not None and output else np.nan
            row |= _disease_row(grid, shown, lowest, when if shown is not None else np.nan)
        if shown is not None:
            frames.append(pd.DataFrame({"model": model.name, "quantity": what, "time": grid, "value": shown}))
    return row, pd.concat(frames[1:] or frames, ignore_index=True)


def _course(
    model: Model, asked: _Asked, grid: Floats, outputs: Sequence[str], car: str | None, disease: str | None
) -> tuple[dict[str, Floats], dict[str, tuple[float, float]]]:
    """Return the outputs over the grid, and (value, day) of the peak of CAR-T cells and of the minimum of disease."""
    scale = units.convert(1.0, "day", model.time)
    person = Individuals(model, np.zeros(1, dtype=np.int64), asked.parameters[None])
    solver, _ = choose_solver(person, horizon=float(grid[-1] * scale), regimens=(asked.regimen,))
    wanted: list[Summary] = [Maximum(o) if o == car else Minimum(o) for o in outputs]
    found = solve(
        model, asked.parameters[None], times=grid * scale, regimens=(asked.regimen,), outputs=outputs, summaries=wanted, solver=solver
    )
    if found.status[0]:
        raise SolveError(f"model {model.name}: the patient could not be solved: {REASONS[found.status[0]]}")
    ends = {o: (float(found.summaries[0, k, 0]), float(found.summaries[0, k, 1]) / scale) for k, o in enumerate(outputs)}
    return dict(zip(outputs, found.values[0].T, strict=True)), ends


def _car_row(grid: Floats, horizon: float, relative: Floats | None, peak: float) -> dict[str, float]:
    shares = {}
    for day in (d for d in DAYS if d <= horizon):
        said = relative is not None and day <= grid[-1]
        shares[f"CAR-T day {day}, % of peak"] = 100 * float(np.interp(day, grid, relative)) if said and relative is not None else np.nan
    return {"CAR-T peak, day": peak, **shares}


def _disease_row(grid: Floats, relative: Floats | None, lowest: float, when: float) -> dict[str, float]:
    back = np.nan
    if relative is not None:
        later = np.flatnonzero(grid >= when)
        above = later[relative[later] >= PROGRESSION]
        if len(above):
            span = slice(max(int(above[0]) - 1, 0), int(above[0]) + 1)
            back = float(np.interp(np.log(PROGRESSION), np.log(np.maximum(relative[span], 1e-300)), grid[span]))
    return {"disease minimum, % of start": 100 * lowest, "disease minimum, day": when, "disease over 1.2 x start, day": back}
