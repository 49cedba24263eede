"""Solving many patients of one model: preparation of kernels, chunks and threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.engine import driver
from autologue.engine.arrays import Arrays, checked_parameters, tabulate
from autologue.engine.codes import OK, TAIL_EXTINCT
from autologue.engine.generate import step_cost
from autologue.engine.kernel import Kernel, compile_kernel
from autologue.engine.steady import CYCLES, lead_in, settled
from autologue.engine.summary import Summary
from autologue.engine.system import TAIL_OUTPUT, System, lower
from autologue.engine.terms import with_outcomes
from autologue.errors import InputError
from autologue.model import Model
from autologue.regimen import Regimen

__all__ = ["EXPLICIT", "REASONS", "STIFF", "Prepared", "Solution", "Solver", "prepare", "run", "solve", "threads"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CHUNK = 256
REASONS = (
    "solved",
    "the cap on steps was reached",
    "the step became too small to move the time",
    "the rate of change is not a finite number",
    "a parameter, the initial state, a phase end, a lag or a bioavailability is not a finite number",
    "a state falls below zero and does not say that it may (signed=True)",
)


@dataclass(frozen=True, slots=True)
class Solver:
    """A method and its settings: explicit Tsit5 or Rodas5P, relative tolerance, cap on attempted steps for one patient.

    `rtol` leaves the absolute tolerances that states declare as they are, since a declared amount is one below which nobody
    cares; `absolute` is a factor on them. A solution that is to be a thousand times more precise in every digit has
    `Solver(rtol=1e-9, absolute=1e-3)`.
    """

    explicit: bool = False
    rtol: float = 1e-6
    max_steps: int = 50_000
    absolute: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 1e-13 <= self.rtol <= 1e-1:
            raise InputError(f"relative tolerance {self.rtol!r} is out of range; expected 1e-13 to 0.1")
        if not (0 < self.absolute < np.inf):
            raise InputError(f"the factor on absolute tolerances is {self.absolute!r}; expected a number above zero")
        if not (isinstance(self.max_steps, (int, np.integer)) and self.max_steps >= 1):
            raise InputError(f"the cap on steps is {self.max_steps!r}; expected a whole number of at least one")

    @property
    def method(self) -> str:
        """The method's name."""
        return "Tsit5" if self.explicit else "Rodas5P"


STIFF, EXPLICIT = Solver(), Solver(explicit=True)


@dataclass(frozen=True)
class Prepared:
    """A lowered model and its kernels, compiled when first asked for."""

    model: Model
    system: System
    kernels: dict[tuple[bool, bool], Kernel] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)

    def kernel(self, *, explicit: bool, group: bool = False) -> Kernel:
        """Return the kernel for one method."""
        key = (explicit, group)
        if key not in self.kernels:
            self.kernels[key] = compile_kernel(self.system, explicit=explicit, group=group)
        return self.kernels[key]

    def step_cost(self, *, explicit: bool) -> float:
        """Return the rough cost of one step of a method, computed once."""
        name = f"cost of a step, explicit {explicit}"
        if name not in self.others:
            self.others[name] = step_cost(self.system, explicit=explicit)
        return float(self.others[name])


_prepared: dict[int, Prepared] = {}


def prepare(model: Model) -> Prepared:
    """Return the lowered model with the states and outputs of its outcomes, traced once for each Model value."""
    found = _prepared.get(id(model))
    if found is None or found.model is not model:
        if len(_prepared) > 256:
            _prepared.clear()
        found = _prepared[id(model)] = Prepared(model, lower(with_outcomes(model)))
    return found


@dataclass(frozen=True)
class Solution:
    """What the kernel wrote. Patients that failed keep NaN from the moment of failure, and in all their summaries.

    values: (patients, times, outputs), or (rows, outputs) for ragged times; summaries: (patients, summaries, 2), value
    and time; status: codes into REASONS; failed_at and steps: (patients,); marks: (patients, events) first times of
    phase ends and guards, named in `events`.
    """

    outputs: tuple[str, ...]
    values: Floats
    summaries: Floats
    status: Integers
    failed_at: Floats
    steps: Integers
    marks: Floats
    events: tuple[str, ...]


def threads() -> int:
    """Return the number of threads used by default: AUTOLOGUE_THREADS or the processors available."""
    given = os.environ.get("AUTOLOGUE_THREADS")
    if given is not None:
        if not given.isdigit() or int(given) < 1:
            raise InputError(f"AUTOLOGUE_THREADS is {given!r}; expected a whole number of at least 1")
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def solve(
    model: Model,
    parameters: Floats,
    *,
    times: Floats | Sequence[Floats],
    horizon: float | None = None,
    start: float = 0.0,
    regimens: Sequence[Regimen | None] = (None,),
    visits: Sequence[float] = (),
    outputs: Sequence[str] | None = None,
    summaries: Sequence[Summary] = (),
    chance: Floats | None = None,
    solver: Solver = STIFF,
    workers: int | None = None,
    chunk: int = CHUNK,
    progress: Callable[[int], None] | None = None,
) -> Solution:
    """Solve patients with `parameters` (patients, parameters of the model in its order); times in the model's unit.

    `times` is one ascending array for all, or a sequence with one for each patient. `regimens` has one entry for all or
    one a patient. `outputs` names outputs, or states ("state:x" where an output has the name too). `chance` (patients,)
    holds a uniform number for the birth-death tail; without it extinction happens when it is certain. `progress` is called
    with the number of patients done.
    """
    ready = prepare(model)
    checked = checked_parameters(ready.system, parameters, chance)
    if has_steady(regimens):
        summaries = [replace(s, start=max(s.start, start)) for s in summaries]
        start, regimens = steady(model, parameters, regimens, solver)
    tables = tabulate(
        ready.system, len(checked), times=times, horizon=horizon, start=start, regimens=regimens, visits=visits, outputs=outputs,
        summaries=summaries,
    )  # fmt: skip
    return run(ready.kernel(explicit=solver.explicit), Arrays(tables, checked), solver, workers=workers, chunk=chunk, progress=progress)


def run(
    kernel: Kernel,
    call: Arrays,
    solver: Solver,
    *,
    workers: int | None = None,
    chunk: int = CHUNK,
    progress: Callable[[int], None] | None = None,
) -> Solution:
    """Drive all patients of a call, in chunks and threads, and return what the kernel wrote."""
    _drive(kernel, call, solver, workers=workers, chunk=chunk, progress=progress)
    _fill_probabilities(kernel, call, solver, workers=workers, chunk=chunk)
    return _solution(call)


def _drive(
    kernel: Kernel, call: Arrays, solver: Solver, *, workers: int | None, chunk: int, progress: Callable[[int], None] | None = None
) -> None:
    n = call.tables.count
    if chunk < 1 or (workers is not None and workers < 1):
        raise InputError(f"workers={workers!r}, chunk={chunk!r}; expected whole numbers of at least one")
    todo = [(a, min(a + chunk, n)) for a in range(0, n, chunk)]
    rare = driver.rare(triggers=len(call.tables.guards) > 0, summaries=len(call.tables.kinds) > 0)

    def work(piece: tuple[int, int]) -> int:
        driver.drive(rare, *call.arguments(kernel, solver, *piece))
        return piece[1] - piece[0]

    workers = min(workers or threads(), len(todo))
    if workers > 1:
        first = work(todo[0])  # numba loads the driver once, outside the pool
        with ThreadPoolExecutor(workers) as pool:
            for done in chain([first], pool.map(work, todo[1:])):
                if progress:
                    progress(done)
    else:
        for piece in todo:
            done = work(piece)
            if progress:
                progress(done)


def _fill_probabilities(kernel: Kernel, call: Arrays, solver: Solver, *, workers: int | None, chunk: int) -> None:
    """Give patients who went extinct by chance the probability of extinction that they had, as the others have it.

    Their own course ended, and with it the probability along it; it goes on along the course of those who were spared, so
    these patients are solved again with extinction only when it is certain.
    """
    tables, tail = call.tables, call.tables.system.model.birth_death
    if tail is None:
        return
    number = list(tables.system.outputs).index(TAIL_OUTPUT.format(tail.state))
    columns, sums = np.flatnonzero(tables.chosen == number), np.flatnonzero(tables.kinds[:, 1] == number)
    ended = len(tables.system.model.phases) + [g.action for g in tables.system.guards].index(TAIL_EXTINCT)
    gone = np.flatnonzero((call.status == OK) & ~np.isnan(call.marks[:, ended]) & (call.parameters[:, -1] < 1.0))
    if not len(gone) or not (len(columns) or len(sums)):
        return
    parameters = call.parameters[gone]
    parameters[:, -1] = 1.0
    spared = Arrays(tables.taken(gone), parameters)
    _drive(kernel, spared, solver, workers=workers, chunk=chunk)
    spared.sums[spared.status != OK] = np.nan
    rows = np.flatnonzero(np.isin(np.repeat(np.arange(tables.count), tables.last - tables.first), gone))
    call.out[np.ix_(rows, columns)] = spared.out[:, columns]
    call.sums[np.ix_(gone, sums)] = spared.sums[:, sums]


def _solution(call: Arrays) -> Solution:
    """Return what has been written, named."""
    tables, model = call.tables, call.tables.system.model
    call.sums[call.status != OK] = np.nan
    values = call.out.reshape(tables.count, len(tables.flat), len(tables.names)) if tables.shared else call.out
    events = (*(f"end of phase {k + 1}" for k in range(len(model.phases))), *(g.name for g in tables.system.guards))
    return Solution(tables.names, values, call.sums, call.status, call.failed, call.steps, call.marks, events)


def has_steady(regimens: Sequence[Regimen | None]) -> bool:
    """Return whether a dose is given as if for ever before."""
    return any(getattr(event, "steady_state", False) for r in regimens if r is not None for event in r.events)


def steady(model: Model, parameters: Floats, regimens: Sequence[Regimen | None], solver: Solver) -> tuple[float, Sequence[Regimen | None]]:
    """Return a start and regimens with enough lead-in doses for every steady-state dose to have settled."""
    for cycles in CYCLES:
        start, written, marks = lead_in(model, regimens, cycles)
        times = np.unique([t for time, every in marks for t in (time - every, time)])
        found = solve(
            model, parameters, times=times, start=start, regimens=written, outputs=[f"state:{n}" for n in model.states], solver=solver
        )
        place = {float(t): k for k, t in enumerate(times)}
        if all(settled(found.values[:, place[t - every]], found.values[:, place[t]]) for t, every in marks):
            return start, written
    raise InputError(f"model {model.name}: the doses reach no steady state within {CYCLES[-1]} intervals; give the doses one by one")
