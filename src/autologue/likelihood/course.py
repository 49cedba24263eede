"""The courses of a cohort's patients: the outputs that the terms of a likelihood ask for, for many parameter sets at once.

A patient without doses and inputs is evaluated from the model's closed form, where there is one; any other is solved, patients and
chains side by side. What is asked for is one flat buffer; a term finds its numbers there by `cells`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.engine.arrays import Arrays, Tables, checked_parameters, tabulate
from autologue.engine.closed import closed_kernel
from autologue.engine.probe import choose_solver
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import Prepared, Solver, has_steady, prepare, run, solve
from autologue.errors import InputError, ModelError, unknown
from autologue.model import Model
from autologue.patient import Cohort, Patient
from autologue.population import Parametric
from autologue.regimen import Regimen
from autologue.variability import Normal

__all__ = ["Course", "CourseLanes", "plan_courses"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CHUNK = 64  # lanes that one thread takes at a time


@dataclass(frozen=True, eq=False)
class Course:
    """What is needed of each patient: times (ascending, each once) and, for all, the outputs; how it is computed.

    known: (patients, parameters), NaN where a parameter is not known for the patient. closed: (patients,) evaluated from the
    closed form. solver: for the others. sizes: (parameters,), how large those are that may be near zero by chance, else 0.
    """

    model: Model
    outputs: tuple[str, ...]
    times: tuple[Floats, ...]
    regimens: tuple[Regimen | None, ...]
    known: Floats
    closed: NDArray[np.bool_]
    solver: Solver
    reason: str
    sizes: Floats
    tables: tuple[Tables | None, Tables | None]

    @property
    def ready(self) -> Prepared:
        """The model's kernels."""
        return prepare(self.model)

    def lanes(self, who: Integers) -> CourseLanes:
        """Return the course of these patients, in this order, ready for parameters."""
        return CourseLanes(self, who)


def plan_courses(population: Parametric, cohort: Cohort, times: Sequence[Floats], outputs: Sequence[str], solver: Solver | None) -> Course:
    """Return the courses of a cohort; without a `solver` it is chosen by the probe, once."""
    model = population.model
    given = tuple(_regimen(model, patient) for patient in cohort)
    stated = prepare(model).system.closed is not None and model.birth_death is None and not model.rules
    untreated = np.array([regimen is None or not regimen.events for regimen in given])
    closed: NDArray[np.bool_] = untreated & stated
    reason = "the model states a closed form, and there are no doses or inputs" if closed.all() else "chosen by the caller"
    if solver is None:
        solver = Solver()
        if not closed.all():
            horizon = max([model.horizon, *(float(t[-1]) for t in times if len(t))])
            solver, reason = choose_solver(population, horizon=horizon, regimens=[r for r, c in zip(given, closed, strict=True) if not c])
    system = prepare(model).system
    tables: list[Tables | None] = []
    for chosen, names, plans in ((closed, None, None), (~closed, outputs, given)):
        which = np.flatnonzero(chosen).tolist()
        steady = plans is not None and has_steady([plans[k] for k in which])
        if not len(which) or steady:
            tables.append(None)
            continue
        own = [None if plans is None else plans[k] for k in which]
        tables.append(tabulate(system, len(which), times=[times[k] for k in which], outputs=names, regimens=own))
    known = np.vstack([_known(model, patient) for patient in cohort])
    spreads = [population.effect_scale(name) for name in model.parameters]
    sizes = np.array([spread.sd if isinstance(spread, Normal) else 0.0 for spread in spreads])
    return Course(model, tuple(outputs), tuple(times), given, known, closed, solver, reason, sizes, (tables[0], tables[1]))


def _regimen(model: Model, patient: Patient) -> Regimen | None:
    """Return what the patient is given, the model's own regimen where nothing is said; its times are the patient's where it says none."""
    if patient.regimen is None:
        return model.regimen
    return patient.regimen if patient.regimen.time or not patient.time else Regimen(*patient.regimen.events, time=patient.time)


def _known(model: Model, patient: Patient) -> Floats:
    row = np.full(len(model.parameters), np.nan)
    order = list(model.parameters)
    for name, value in patient.known.items():
        if name not in order:
            raise ModelError(f"patient {patient.id}: model {model.name}: {unknown('parameter', name, order)}")
        if not np.isfinite(value):
            raise InputError(f"patient {patient.id}: the known value of '{name}' is {value!r}; a finite number is expected")
        row[order.index(name)] = value
    return row


class CourseLanes:
    """The courses of patients `who`, one lane a parameter set; made by `Course.lanes`."""

    def __init__(self, course: Course, who: Integers) -> None:
        self.course, self.who = course, who
        place = np.where(course.closed, np.cumsum(course.closed), np.cumsum(~course.closed)) - 1  # among the closed or the solved
        closed = course.closed[who]
        self.closed, self.solved = np.flatnonzero(closed), np.flatnonzero(~closed)
        counts = np.array([len(t) for t in course.times], dtype=np.int64)[who]
        self._length = int(counts[closed].sum())
        self._begin = np.empty(len(who), dtype=np.int64)
        for group in (self.closed, self.solved):
            self._begin[group] = np.cumsum(counts[group]) - counts[group]
        self._names = list(course.ready.system.outputs)
        groups = zip(course.tables, (self.closed, self.solved), strict=True)
        self._tables = [None if t is None or not len(g) else t.taken(place[who[g]]) for t, g in groups]
        known = course.known[who]
        self._known = np.nonzero(~np.isnan(known))
        self._values = known[self._known]

    def cells(self, lane: Integers, time: Integers, output: Integers) -> Integers:
        """Return where the buffer holds output number `output` of a lane at its time number `time`."""
        if not len(self.solved):
            numbers = np.array([self._names.index(name) for name in self.course.outputs], dtype=np.int64)
            return numbers[output] * self._length + self._begin[lane] + time
        width = len(self.course.outputs)
        numbers = np.array([self._names.index(name) for name in self.course.outputs], dtype=np.int64)
        found = len(self._names) * self._length + (self._begin[lane] + time) * width + output
        closed = self.course.closed[self.who[lane]]
        found[closed] = numbers[output[closed]] * self._length + self._begin[lane[closed]] + time[closed]
        return found

    def filled(self, parameters: Floats) -> Floats:
        """Return parameter sets with what is known for the patients in its place."""
        sets = np.ascontiguousarray(parameters, dtype=float)
        if not len(self._values):
            return sets
        if sets is parameters:
            sets = sets.copy()
        sets[self._known] = self._values
        return sets

    def predict(self, parameters: Floats, chance: Floats | None = None) -> tuple[Floats, Integers | None]:
        """Return the buffer for filled parameter sets (lanes, parameters), and the status of each lane (None: all evaluated)."""
        if not len(self.solved):
            return self._evaluated(parameters), None
        status = np.zeros(len(self.who), dtype=np.int64)
        sets = parameters[self.solved]
        values, status[self.solved] = self._solution(sets, None if chance is None else chance[self.solved])
        if not len(self.closed):
            return values.reshape(-1), status
        return np.concatenate([self._evaluated(parameters[self.closed]), values.reshape(-1)]), status

    def _evaluated(self, sets: Floats) -> Floats:
        tables, ready = self._tables[0], self.course.ready
        assert tables is not None
        sets = checked_parameters(ready.system, sets)
        if len(sets) != tables.count:
            raise InputError(f"{len(sets)} parameter sets for {tables.count} patients; expected one for each")
        out = np.empty((len(self._names), self._length))
        closed_kernel(ready)(sets, 0, len(sets), tables.flat, tables.first, tables.last, tables.rows, out)
        return out.reshape(-1)

    def _solution(self, sets: Floats, chance: Floats | None) -> tuple[Floats, Integers]:
        course, tables = self.course, self._tables[1]
        if tables is None:  # doses as if for ever before: how many lead in depends on the parameters
            who = self.who[self.solved]
            found = solve(
                course.model, sets, times=[course.times[k] for k in who], regimens=[course.regimens[k] for k in who],
                outputs=course.outputs, chance=chance, solver=course.solver, chunk=CHUNK,
            )  # fmt: skip
        else:
            arrays = Arrays(tables, checked_parameters(course.ready.system, sets, chance))
            found = run(course.ready.kernel(explicit=course.solver.explicit), arrays, course.solver, chunk=CHUNK)
        return found.values, found.status

    def differentiate(self, parameters: Floats, wrt: Sequence[str]) -> tuple[Floats, Floats, Integers]:
        """Return the buffer, its derivatives by parameters (buffer, wrt), and the status of each lane, for filled parameter sets."""
        values, slopes = [np.empty(0)], [np.empty((0, len(wrt)))]
        status = np.zeros(len(self.who), dtype=np.int64)
        if len(self.closed):
            tables, count = self._tables[0], len(self._names)
            assert tables is not None
            out = np.empty((count * (1 + len(wrt)), self._length))
            sets = parameters[self.closed] if len(self.solved) else parameters
            kernel = closed_kernel(self.course.ready, tuple(wrt))
            kernel(np.ascontiguousarray(sets), 0, len(sets), tables.flat, tables.first, tables.last, tables.rows, out)
            gradient = out[count:].reshape(count, len(wrt), self._length)
            values.append(out[:count].reshape(-1))
            slopes.append(np.moveaxis(gradient, 1, 2).reshape(-1, len(wrt)))
        if len(self.solved):
            who, course = self.who[self.solved], self.course
            found = sensitivities(
                course.model, parameters[self.solved], wrt=wrt, times=[course.times[k] for k in who],
                regimens=[course.regimens[k] for k in who], outputs=course.outputs, logarithmic=False,
                sizes=course.sizes[[list(course.model.parameters).index(name) for name in wrt]], solver=course.solver,
            )  # fmt: skip
            status[self.solved] = found.status
            values.append(found.values.reshape(-1))
            slopes.append(found.gradient.reshape(-1, len(wrt)))
        return np.concatenate(values), np.concatenate(slopes), status
