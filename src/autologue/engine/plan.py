"""A simulation before it is run: everything that is the same for all its blocks, in the model's units."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue import __version__, seeds, units
from autologue.engine.closed import closed_form, solve_closed_form
from autologue.engine.collect import Collector, Labels
from autologue.engine.describe import fingerprint
from autologue.engine.happening import draw_events, draw_values, hazards_of
from autologue.engine.probe import choose_solver
from autologue.engine.solve import Solution, Solver, prepare, solve, threads
from autologue.engine.summary import Area, Summary
from autologue.errors import InputError
from autologue.model import Model
from autologue.population import Drawn, Individuals, Parametric, Population, by_occasion, in_occasions
from autologue.regimen import Regimen
from autologue.variability import ResidualError

__all__ = ["Plan", "Progress", "Regimens", "TooLargeError", "draw_populations", "make_plan"]

Floats = NDArray[np.float64]
Regimens = Regimen | Sequence[Regimen | None] | Callable[[Individuals], Sequence[Regimen | None]] | None
Progress = Callable[[int], None]
POINTS = 101  # times over the horizon where none are given
_PROBED = 64  # patients whose regimens the stiffness probe looks at


class TooLargeError(InputError):
    """Trajectories that would not fit in memory, and can be streamed to a file."""


@dataclass(frozen=True)
class Plan:
    """Everything about a simulation that is the same for all its blocks; times are the model's."""

    model: Model
    population: Population
    individuals: Individuals | None
    regimen: Regimens
    count: int
    seed: int
    times: Floats
    start: float
    horizon: float
    visits: tuple[float, ...]
    summaries: tuple[Summary, ...]
    labels: Labels
    solver: Solver | None  # None: the closed form
    reason: str
    workers: int | None
    event_free: Mapping[str, float]
    occasions: tuple[float, ...] = ()

    def refuse_above(self, limit: float, patients: int, draws: int) -> None:
        """Raise TooLargeError where the trajectories of so many patients need more than `limit` bytes."""
        columns = len(self.labels.outputs) + len(self.labels.measured)
        size = 8.0 * patients * draws * len(self.times) * columns
        if size > limit:
            what = f"{patients} patients" + (f" x {draws} draws" if draws > 1 else "") + f" x {len(self.times)} times x {columns} outputs"
            remedy = "ask for fewer times, for summaries with times=(), or write chunks with simulate_to_parquet"
            raise TooLargeError(f"{what} would fill {size / 1e6:.0f} MB of memory, more than {limit / 1e6:.0f} MB; {remedy}")

    def people(self, population: Population, first: int, count: int) -> Individuals:
        """Return `count` patients from place `first` on."""
        if self.individuals is None:
            return self._told_apart(population).sample(count, seed=self.seed, first=first)
        given, rows = self.individuals, slice(first, first + count)
        chance = None if given.chance is None else given.chance[rows]
        return Individuals(given.model, given.ids[rows], given.parameters[rows], {n: v[rows] for n, v in given.covariates.items()}, chance)

    def _told_apart(self, population: Population) -> Population:
        """Return the population of the model in which occasions are told apart, where there are any."""
        return by_occasion(population, 1 + len(self.occasions)) if self.occasions and isinstance(population, Parametric) else population

    def regimens(self, people: Individuals, first: int) -> Sequence[Regimen | None]:
        """Return one regimen for all of a block, or one for each of its patients."""
        if not callable(self.regimen):
            return self.listed_regimens(first, len(people))
        made = list(self.regimen(people))
        if len(made) != len(people):
            raise InputError(f"the function for regimens returned {len(made)} for {len(people)} patients; expected one a patient")
        return self._timed(made)

    def _timed(self, regimens: Sequence[Regimen | None]) -> Sequence[Regimen | None]:
        """Return regimens that say when each occasion begins."""
        if not self.occasions:
            return regimens
        clocks = [1.0 if r is None or r.time is None else units.convert(1.0, self.model.time, r.time) for r in regimens]
        stated = self.population.model
        return [in_occasions(stated, r, [t * c for t in self.occasions]) for r, c in zip(regimens, clocks, strict=True)]

    def listed_regimens(self, first: int, count: int) -> Sequence[Regimen | None]:
        """Return one regimen for all, or those listed for `count` patients from place `first` on."""
        if isinstance(self.regimen, Sequence):
            return self._timed(self.regimen[first : first + count])
        return self._timed([self.model.regimen if self.regimen is None or callable(self.regimen) else self.regimen])

    def fill(
        self,
        collector: Collector,
        population: Population,
        *,
        first: int,
        count: int,
        place: int,
        draw: int = 0,
        progress: Progress | None = None,
    ) -> None:
        """Solve `count` patients from place `first` of the population on, and store them from `place` of the collector on."""
        people = self.people(population, first, count)
        chance = people.chance
        if chance is None and self.model.birth_death:
            chance = seeds.uniforms(self.seed, seeds.Purpose.EXTINCTION, people.ids, 1)[:, 0]
        if self.solver is None:
            solution = solve_closed_form(self.model, people.parameters, self.times, self.labels.outputs, workers=self.workers)
            if progress:
                progress(count)
        else:
            solution = solve(
                self.model, people.parameters, times=self.times, horizon=self.horizon, start=self.start,
                regimens=self.regimens(people, first), visits=self.visits, outputs=self.labels.outputs, summaries=self.summaries,
                chance=chance, solver=self.solver, workers=self.workers, progress=progress,
            )  # fmt: skip
        solution = self._with_events(solution, people, first, chance)
        predicted = {name: solution.values[:, :, k] for k, name in enumerate(self.labels.outputs)}
        measured = {name: self._measured(name, people, predicted, population) for name in self.labels.measured}
        collector.put(people, solution, measured, first=place, draw=draw)

    def _with_events(self, solution: Solution, people: Individuals, first: int, chance: Floats | None) -> Solution:
        """Return the solution with the times of the events that the model states among its marks."""
        names = hazards_of(self.model)
        if not names:
            return solution
        given = None if self.solver is None else self.regimens(people, first)

        def follow(times: Sequence[Floats], outputs: Sequence[str]) -> Floats:
            if self.solver is None:
                return closed_form(self.model, people.parameters, times=times, outputs=outputs, workers=self.workers or threads())
            assert given is not None
            return solve(
                self.model, people.parameters, times=times, start=self.start, regimens=given, visits=self.visits, outputs=outputs,
                chance=chance, solver=self.solver, workers=self.workers,
            ).values  # fmt: skip

        found = draw_events(
            self.model, follow, people.ids, seed=self.seed, start=self.start, horizon=self.horizon, free=self.event_free
        )  # fmt: skip
        times = np.where(solution.status[:, None] == 0, np.column_stack([found[name] for name in names]), np.nan)
        return replace(
            solution, events=(*solution.events, *(f"time to {name}" for name in names)), marks=np.column_stack([solution.marks, times])
        )

    def _measured(self, name: str, people: Individuals, predicted: Mapping[str, Floats], population: Population) -> Floats:
        if name in self.model.outcomes:
            return draw_values(self.model, name, predicted, people.ids, seed=self.seed)
        return self.measure(name, people, predicted[name], _error(population, name))

    def measure(self, output: str, people: Individuals, values: Floats, error: ResidualError | None) -> Floats:
        """Return measured values (patients, times): the prediction with its residual error, keyed by patient, time and output."""
        names = list(self.model.outputs)
        assert error is not None
        eps = seeds.normals(self.seed, seeds.Purpose.RESIDUAL, people.ids, len(self.times) * len(names))
        measured: Floats = np.asarray(error.observe(values, eps[:, names.index(output) :: len(names)]), dtype=float)
        return measured

    def attributes(self) -> dict[str, Any]:
        """Return what made the simulation."""
        scale = self.solver.absolute if self.solver else 1.0
        return {
            "title": self.model.title or self.model.name,
            "source": f"autologue {__version__}",
            "references": self.model.reference,
            "comment": "Research and simulation, not a medical device.",
            "autologue_version": __version__,
            "model": self.model.name,
            "model_hash": fingerprint(prepare(self.model).system),
            "population": getattr(self.population, "name", "") or "as the model states it",
            "population_hash": _population_hash(self.population, self.individuals),
            "assumed": getattr(self.population, "assumed", ""),
            "patients": self.count,
            "seed": self.seed,
            **({"occasions": self.occasions} if self.occasions else {}),
            "regimen": _say_regimen(self.regimen if self.regimen is not None else self.model.regimen),
            "method": self.solver.method if self.solver else "closed form",
            "method_reason": self.reason,
            "relative_tolerance": self.solver.rtol if self.solver else None,
            "absolute_tolerances": ", ".join(f"{name}: {(s.absolute or 0) * scale:g} {s.unit}" for name, s in self.model.states.items()),
            "max_steps": self.solver.max_steps if self.solver else None,
            "time_unit": self.labels.time_unit,
            "start": self.start / self.labels.scale,
            "horizon": self.horizon / self.labels.scale,
        }


def make_plan(
    population: Population | Model,
    regimen: Regimens,
    times: ArrayLike | None,
    *,
    horizon: float | None,
    patients: int,
    seed: int,
    time_unit: str | None,
    outputs: Sequence[str] | None,
    summaries: Sequence[Summary],
    residual: bool,
    individuals: Individuals | None,
    start: float,
    visits: Sequence[float],
    solver: Solver | None,
    workers: int | None,
    event_free: Mapping[str, float],
    occasions: Sequence[float] = (),
) -> Plan:
    """Check what was asked and return it in the model's units."""
    whole = Parametric(model=population) if isinstance(population, Model) else population
    model = whole.model
    if len(occasions):
        model = _with_occasions(whole, occasions, individuals)
    if individuals is not None and individuals.model is not model:
        raise InputError(f"the individuals are of model {individuals.model.name}, the population of {model.name}; give both of one model")
    count = _count(patients, individuals, regimen)
    unit = time_unit or model.time
    scale = units.convert(1.0, unit, model.time, what="time_unit")
    until = _horizon(model, times, horizon, summaries, start, scale)
    grid = np.linspace(start, until, POINTS) if times is None else np.atleast_1d(np.asarray(times, dtype=float))
    solved = tuple(prepare(model).system.outputs) if outputs is None else tuple(outputs)
    errors = [name for name in solved if name in model.outputs and _error(whole, name) is not None]
    values = [name for name in model.outcomes if name not in hazards_of(model)]
    errors += [name for name in values if all(output in solved for output in model.outcomes[name].outputs(name))]
    if residual and not errors:
        raise InputError(f"model {model.name} states no residual error for {', '.join(solved)}; simulate without residual")
    named = {name: c.unit for name, c in getattr(whole, "covariates", {}).items() if hasattr(c, "unit")}
    labels = Labels(model, unit, scale, grid, solved, tuple(errors) if residual else (), tuple(summaries), named)
    converted = tuple(replace(s, start=s.start * scale, stop=s.stop * scale) for s in summaries)
    plan = Plan(
        model, whole, individuals, regimen, count, seed, grid * scale, start * scale, until * scale, tuple(v * scale for v in visits),
        converted, labels, solver, "chosen by the caller", workers, {name: at * scale for name, at in event_free.items()},
        tuple(t * scale for t in occasions),
    )  # fmt: skip
    return plan if solver is not None else _with_method(plan)


def _with_occasions(population: Population, occasions: Sequence[float], individuals: Individuals | None) -> Model:
    """Return the model in which these occasions are told apart; raises InputError where nothing changes between them."""
    whose = f"the population of {population.model.name}"
    if isinstance(population, Drawn) or not population.occasions:
        raise InputError(f"occasions were given, and in {whose} nothing changes between them; leave them out, or give it occasions=")
    if individuals is not None:
        raise InputError("occasions were given, and individuals, whose parameters are those of one occasion; give one or the other")
    if list(occasions) != sorted(set(occasions)) or not occasions[0] > 0.0:
        raise InputError(f"occasions begin at {tuple(occasions)}; expected times above zero in ascending order, each once")
    return by_occasion(population, 1 + len(occasions)).model


def _count(patients: int, individuals: Individuals | None, regimen: Regimens) -> int:
    count = patients if individuals is None else len(individuals)
    if count < 1:
        raise InputError(f"{count} patients asked for; expected at least one")
    if isinstance(regimen, Sequence) and len(regimen) != count:
        raise InputError(f"{len(regimen)} regimens for {count} patients; expected one a patient, or one Regimen for all")
    return count


def _horizon(
    model: Model, times: ArrayLike | None, horizon: float | None, summaries: Sequence[Summary], start: float, scale: float
) -> float:
    """Return the end of the simulation, in the unit of the times."""
    windows = [s.stop for s in summaries if np.isfinite(s.stop)]
    if horizon is not None:
        if not (np.isfinite(horizon) and horizon > start):
            raise InputError(f"the horizon is {horizon!r}; expected a finite time after the start at {start:g}")
        late = [s for s in summaries if isinstance(s, Area) and s.stop > horizon]
        if late:
            area = f"an area of '{late[0].output}' goes on to {late[0].stop:g}"
            raise InputError(f"{area}, after the horizon at {horizon:g}; give a later horizon")
        return horizon
    last = np.atleast_1d(np.asarray([] if times is None else times, dtype=float))
    return float(max([last.max() if len(last) else model.horizon / scale, *windows]))


def _with_method(plan: Plan) -> Plan:
    """Return the plan with its method: the closed form where the model has one that says all that is asked, else what the probe chooses."""
    treated = plan.regimen is not None or plan.model.regimen is not None or bool(plan.occasions)
    enough = prepare(plan.model).system.closed is not None and plan.model.birth_death is None and not plan.model.rules
    if enough and len(plan.times) and not treated and not plan.summaries and plan.start == 0:
        return replace(plan, solver=None, reason="the model states one, and there are no doses, inputs or summaries")
    sampled = callable(plan.regimen) or plan.individuals is not None
    people = plan.people(plan.population, 0, min(plan.count, _PROBED)) if sampled else None
    given = plan.regimens(people, 0) if callable(plan.regimen) and people is not None else plan.listed_regimens(0, _PROBED)
    horizon = max(plan.horizon, plan.model.horizon)  # not the last time asked for: more times shall not change the method
    chosen, reason = choose_solver(people or plan._told_apart(plan.population), horizon=horizon, start=plan.start, regimens=given)
    return replace(plan, solver=chosen, reason=reason)


def draw_populations(population: Population, draws: int, seed: int) -> Sequence[Population]:
    """Return the population itself (draws 0) or populations drawn from its uncertainty; raises InputError where it states none."""
    if draws < 0:
        raise InputError(f"{draws} draws asked for; expected zero (none) or more")
    if not draws:
        return [population]
    if isinstance(population, Drawn) or not population.uncertainty:
        whose = f"the population '{population.name}' of {population.model.name}"
        raise InputError(f"{whose} states no uncertainty; simulate with draws=0")
    return population.draws(draws, seed=seed)


def _error(population: Population, output: str) -> ResidualError | None:
    """Return the residual error of an output under a population."""
    return population.error(output) if isinstance(population, Parametric) else population.model.outputs[output].error


def _say_regimen(regimen: Regimens) -> str:
    if regimen is None:
        return "none"
    if isinstance(regimen, Regimen):
        return repr(regimen)
    if callable(regimen):
        return f"one a patient, by {getattr(regimen, '__qualname__', type(regimen).__name__)}"
    return f"one a patient, {hashlib.sha256(repr(list(regimen)).encode()).hexdigest()[:16]}"


def _population_hash(population: Population, individuals: Individuals | None) -> str:
    """Return 16 digits that change with any number of the population, or of the individuals where they are given."""
    if individuals is not None:
        said = individuals.ids.tobytes() + individuals.parameters.tobytes()
        said += b"" if individuals.chance is None else individuals.chance.tobytes()
    elif isinstance(population, Drawn):
        said = population.table().tobytes() + (b"" if population.weights is None else population.weights.tobytes())
    else:
        doubt = population.uncertainty
        named = [dict(getattr(population, n)) for n in ("typical", "variability", "covariates")]
        parts = [[*named, dict(doubt) if isinstance(doubt, Mapping) else doubt], population.correlations, population.effects]
        errors = [dict(population.errors)] if population.errors else []
        changing = [dict(population.occasions), population.occasion_correlations] if population.occasions else []
        said = repr([*parts, population.typical_values().tolist(), *errors, *changing]).encode()
    return hashlib.sha256(said).hexdigest()[:16]
