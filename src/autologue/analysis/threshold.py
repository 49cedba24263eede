"""Thresholds: the dose, burden or other parameter at which an outcome turns, by bisection, for one patient or for each of many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.analysis.quantity import TIMES, Quantity, check_quantities, evaluate_quantities, quantity_name, quantity_unit
from autologue.engine.probe import choose_solver
from autologue.engine.solve import REASONS, Solver
from autologue.engine.summary import LastAbove
from autologue.errors import InputError, SolveError, unknown
from autologue.model import Model
from autologue.population import Individuals, Parametric, Population
from autologue.regimen import Level, Regimen

__all__ = ["DoseOf", "Outcome", "ParameterOf", "Threshold", "find_threshold"]

Floats = NDArray[np.float64]
SCAN = 17  # values over the range that are looked at before the bisection
LANES = 8  # solutions at once for a single patient


@dataclass(frozen=True, slots=True)
class Outcome:
    """What turns: a quantity at most `limit`, or at least `limit` where `above` is true."""

    quantity: Quantity
    limit: float
    above: bool = False

    def met(self, values: Floats) -> NDArray[np.bool_]:
        """Return where the outcome is met; a time that is never reached counts as later than any (a last time: earlier)."""
        if isinstance(self.quantity, TIMES):
            values = np.where(np.isnan(values), -np.inf if isinstance(self.quantity, LastAbove) else np.inf, values)
        return np.asarray(values >= self.limit if self.above else values <= self.limit)

    def words(self, model: Model) -> str:
        """Return the outcome in words."""
        unit = quantity_unit(model, self.quantity)
        side = "at least" if self.above else "at most"
        return f"{quantity_name(model, self.quantity)} {side} {self.limit:g}" + ("" if unit == "1" else f" {unit}")


@dataclass(frozen=True, slots=True)
class DoseOf:
    """The amount of every dose of a regimen, or of those `into` one route; all get the same amount."""

    regimen: Regimen
    into: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterOf:
    """A parameter, a burden at the infusion for instance; the regimen (None: the model's own) stays."""

    name: str
    regimen: Regimen | None = None


@dataclass(frozen=True)
class Threshold:
    """Where an outcome turns.

    table: patient, lower and upper (the bracket; NaN where there is none), and verdict: "turns", "met over the whole range", "never
    met", "turns more than once" or why the patient could not be solved. rising: the outcome is met above the threshold.
    """

    model: Model
    population: str
    outcome: str
    varied: str
    unit: str
    within: tuple[float, float]
    rising: bool | None
    table: pd.DataFrame
    solutions: int

    @property
    def bracket(self) -> tuple[float, float]:
        """The bracket of the first patient."""
        return float(self.table["lower"].iloc[0]), float(self.table["upper"].iloc[0])


def find_threshold(
    population: Population | Model,
    outcome: Outcome,
    vary: DoseOf | ParameterOf,
    *,
    lower: float,
    upper: float,
    logarithmic: bool = True,
    tolerance: float = 1e-3,
    patients: int | None = None,
    seed: int = 0,
    solver: Solver | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Threshold:
    """Return the bracket in which the outcome turns, as narrow as `tolerance` (relative on the logarithmic scale, else of the range).

    None for `patients` asks the typical patient, and a range that does not bracket a threshold is then an InputError; a number asks so
    many patients of the population, each for a threshold of his or her own, and counts those without.
    """
    whole = Parametric(model=population, name="as the model states it") if isinstance(population, Model) else population
    check_quantities(whole.model, [outcome.quantity])
    _check_range(lower, upper, logarithmic=logarithmic, tolerance=tolerance)
    people = whole.typical_values()[None] if patients is None else whole.sample(patients, seed=seed).parameters
    trial = _Trial(whole, people, outcome, vary, solver, workers)
    scan = np.geomspace(lower, upper, SCAN) if logarithmic else np.linspace(lower, upper, SCAN)
    met, bad = trial.ask(np.broadcast_to(scan, (len(people), SCAN)))
    if progress:
        progress(1)
    changes = (met[:, 1:] != met[:, :-1]).sum(axis=1)
    turns = (changes == 1) & (bad == 0).all(axis=1)
    if patients is None:
        _insist(trial, scan, met[0], bad[0])
    where = np.argmax(met[:, 1:] != met[:, :-1], axis=1)
    low, high = np.where(turns, scan[where], np.nan), np.where(turns, scan[np.minimum(where + 1, SCAN - 1)], np.nan)
    rises = met[:, -1] & ~met[:, 0]
    low[turns], high[turns], spoilt = trial.narrow(
        np.flatnonzero(turns), low, high, rises, logarithmic=logarithmic, tolerance=tolerance, span=scan[-1] - scan[0]
    )
    verdicts = [_verdict(m, b, c) for m, b, c in zip(met, bad, changes, strict=True)]
    for k in spoilt:
        low[k], high[k], verdicts[k] = np.nan, np.nan, "could not be solved near the threshold"
    table = pd.DataFrame({"patient": np.arange(len(people)), "lower": low, "upper": high, "verdict": verdicts})
    kinds = set(rises[turns].tolist())
    return Threshold(
        whole.model, whole.name, outcome.words(whole.model), trial.varied, trial.unit, (lower, upper),
        kinds.pop() if len(kinds) == 1 else None, table, trial.solutions,
    )  # fmt: skip


def _check_range(lower: float, upper: float, *, logarithmic: bool, tolerance: float) -> None:
    if not (np.isfinite(lower) and np.isfinite(upper) and lower < upper):
        raise InputError(f"the range from {lower!r} to {upper!r} is empty; expected two finite numbers, the lower first")
    if logarithmic and lower <= 0:
        raise InputError(f"the range begins at {lower:g}, which has no logarithm; begin above zero, or search on the linear scale")
    if not 1e-12 <= tolerance < 1:
        raise InputError(f"tolerance {tolerance!r} is out of range; expected 1e-12 to 1")


def _insist(trial: _Trial, scan: Floats, met: NDArray[np.bool_], bad: NDArray[np.int64]) -> None:
    """Raise where the typical patient has no single threshold in the range."""
    span = f"{scan[0]:g} to {scan[-1]:g} {trial.unit}"
    model = trial.model.name
    if bad.any():
        where = f"at {trial.varied} {scan[np.argmax(bad != 0)]:g} {trial.unit}"
        raise SolveError(f"model {model}: {where} the patient could not be solved: {REASONS[bad.max()]}")
    turns = np.flatnonzero(met[1:] != met[:-1])
    if not len(turns):
        always = "is met" if met[0] else "is not met"
        raise InputError(
            f"model {model}: '{trial.outcome.words(trial.model)}' {always} at both ends of {trial.varied} {span}, nor does it turn at "
            f"{SCAN} values between; give a range that brackets the threshold"
        )
    if len(turns) > 1:
        places = ", ".join(f"{scan[k]:.4g} to {scan[k + 1]:.4g}" for k in turns)
        raise InputError(f"model {model}: the outcome turns {len(turns)} times over {trial.varied} {span} ({places}); narrow the range")


def _verdict(met: NDArray[np.bool_], bad: NDArray[np.int64], changes: int) -> str:
    if bad.any():
        return f"could not be solved: {REASONS[bad.max()]}"
    if changes == 0:
        return "met over the whole range" if met[0] else "never met"
    return "turns" if changes == 1 else "turns more than once"


class _Trial:
    """Asks patients whether the outcome is met at values of what is varied."""

    def __init__(
        self, population: Population, people: Floats, outcome: Outcome, vary: DoseOf | ParameterOf, solver: Solver | None,
        workers: int | None,
    ) -> None:  # fmt: skip
        self.model, self.people, self.outcome, self.vary, self.workers = population.model, people, outcome, vary, workers
        self.solutions = 0
        if isinstance(vary, ParameterOf):
            if vary.name not in self.model.parameters:
                raise InputError(f"model {self.model.name}: {unknown('parameter', vary.name, self.model.parameters)}")
            self.varied, self.unit = vary.name, self.model.parameters[vary.name].unit
        else:
            doses = [e for e in vary.regimen.events if not isinstance(e, Level) and vary.into in (None, e.into)]
            if not doses:
                into = f" into {vary.into}" if vary.into else ""
                raise InputError(f"model {self.model.name}: the regimen has no dose{into} to vary; give one")
            units = sorted({e.unit for e in doses})
            if len(units) > 1:
                raise InputError(f"model {self.model.name}: the doses to vary are in {' and '.join(units)}; use one unit")
            self.varied, self.unit = f"dose into {doses[0].into}", doses[0].unit
        person = Individuals(self.model, np.zeros(1, dtype=np.int64), people[:1])
        regimen = vary.regimen if vary.regimen is not None else self.model.regimen
        self.solver = solver or choose_solver(person, horizon=self.model.horizon, regimens=(regimen,))[0]

    def ask(self, values: Floats, who: NDArray[np.int64] | None = None) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return whether the outcome is met, and the status, at values (patients, values)."""
        rows = np.arange(len(self.people)) if who is None else who
        sets = np.repeat(self.people[rows], values.shape[1], axis=0)
        regimens: Any = None
        flat = values.reshape(-1)
        if isinstance(self.vary, ParameterOf):
            sets[:, list(self.model.parameters).index(self.vary.name)] = flat
            regimens = None if self.vary.regimen is None else (self.vary.regimen,)
        else:
            known: dict[float, Regimen] = {}
            regimens = [known.setdefault(v, _with_amount(self.vary, v)) if v not in known else known[v] for v in flat.tolist()]
        found = evaluate_quantities(
            self.model, sets, [self.outcome.quantity], regimens=regimens, solver=self.solver, workers=self.workers
        )
        self.solutions += len(sets)
        return self.outcome.met(found.values[:, 0]).reshape(values.shape), found.status.reshape(values.shape)

    def narrow(
        self, who: NDArray[np.int64], low: Floats, high: Floats, rises: NDArray[np.bool_], *, logarithmic: bool, tolerance: float,
        span: float,
    ) -> tuple[Floats, Floats, list[int]]:  # fmt: skip
        """Return narrower brackets of some patients, and those of them that failed on the way."""
        a, b = low[who].copy(), high[who].copy()
        spoilt = np.zeros(len(who), dtype=bool)
        inner = max(1, LANES // max(len(who), 1))
        share = np.arange(1, inner + 1) / (inner + 1)
        while len(who):
            todo = ((b / a - 1 > tolerance) if logarithmic else (b - a > tolerance * span)) & ~spoilt
            if not todo.any():
                break
            left, right = a[todo, None], b[todo, None]
            points = left * (right / left) ** share if logarithmic else left + (right - left) * share
            met, bad = self.ask(points, who[todo])
            spoilt[np.flatnonzero(todo)[(bad != 0).any(axis=1)]] = True
            grid = np.hstack([left, points, right])
            turned = np.hstack([met == rises[who[todo], None], np.ones((len(points), 1), dtype=bool)])
            first = np.argmax(turned, axis=1)
            rows = np.arange(len(points))
            a[todo], b[todo] = grid[rows, first], grid[rows, first + 1]
        return a, b, who[spoilt].tolist()


def _with_amount(vary: DoseOf, amount: float) -> Regimen:
    events = [
        replace(e, amount=amount) if not isinstance(e, Level) and vary.into in (None, e.into) else e for e in vary.regimen.events
    ]
    return Regimen(*events, time=vary.regimen.time)
