"""Solving many patients of one model: preparation of kernels, arrays for the driver, chunks and threads."""

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
from autologue.engine.codes import OK
from autologue.engine.events import event_rows, stack_events
from autologue.engine.generate import step_cost
from autologue.engine.kernel import Kernel, compile_kernel
from autologue.engine.steady import CYCLES, lead_in, settled
from autologue.engine.summary import Summary, summary_rows
from autologue.engine.system import System, lower
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.regimen import Regimen

__all__ = ["EXPLICIT", "REASONS", "STIFF", "Arrays", "Prepared", "Solution", "Solver", "prepare", "solve", "threads", "time_tables"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CHUNK = 256
REASONS = (
    "solved",
    "the cap on steps was reached",
    "the step became too small to move the time",
    "the rate of change is not a finite number",
    "a parameter, the initial state, a phase end, a lag or a bioavailability is not a finite number",
)


@dataclass(frozen=True, slots=True)
class Solver:
    """A method and its settings: explicit Tsit5 or Rodas5P, relative tolerance, cap on attempted steps for one patient."""

    explicit: bool = False
    rtol: float = 1e-6
    max_steps: int = 50_000

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 1e-13 <= self.rtol <= 1e-1:
            raise InputError(f"relative tolerance {self.rtol!r} is out of range; expected 1e-13 to 0.1")

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
    """Return the lowered model, traced once for each Model value."""
    found = _prepared.get(id(model))
    if found is None or found.model is not model:
        if len(_prepared) > 256:
            _prepared.clear()
        found = _prepared[id(model)] = Prepared(model, lower(model))
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
    if has_steady(regimens):
        summaries = [replace(s, start=max(s.start, start)) for s in summaries]
        start, regimens = steady(model, parameters, regimens, solver)
    names = tuple(ready.system.outputs) if outputs is None else tuple(outputs)
    call = Arrays(ready, parameters, times, horizon, start, regimens, visits, names, summaries, chance)
    kernel = ready.kernel(explicit=solver.explicit)
    n = call.count
    todo = [(a, min(a + chunk, n)) for a in range(0, n, chunk)]

    def work(piece: tuple[int, int]) -> int:
        driver.drive(*call.arguments(kernel, solver, *piece))
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
    return call.solution()


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


class Arrays:
    """The arrays of one call, in the shapes that the driver reads and writes."""

    def __init__(
        self,
        ready: Prepared,
        parameters: Floats,
        times: Floats | Sequence[Floats],
        horizon: float | None,
        start: float,
        regimens: Sequence[Regimen | None],
        visits: Sequence[float],
        names: tuple[str, ...],
        summaries: Sequence[Summary],
        chance: Floats | None,
    ) -> None:
        self.ready, self.names, self.summaries = ready, names, summaries
        model, system = ready.model, ready.system
        self.parameters = _parameters(ready, parameters, chance)
        self.count = n = len(self.parameters)
        self.flat, self.first, self.last, ends = time_tables(times, n, start)
        self.shared = isinstance(times, np.ndarray) and times.ndim == 1
        self.rows = np.cumsum(self.last - self.first) - (self.last - self.first)
        if horizon is not None and not np.isfinite(horizon):
            raise InputError(f"the horizon is {horizon!r}; a finite number of {model.time}s is expected")
        stop = np.full(n, start) if horizon is None else np.full(n, float(horizon))
        self.span = np.column_stack([np.full(n, start), np.maximum(stop, ends)])
        if len(regimens) not in (1, n):
            raise InputError(f"{len(regimens)} regimens for {n} patients; expected one for all or one a patient")
        tables = [event_rows(model, r, visits) for r in regimens]
        self.events, self.first_event, self.last_event = stack_events(tables, n)
        if len(self.events) and self.events[:, 0].min() < start:
            raise InputError(
                f"an event lies at {self.events[:, 0].min():g} {model.time}, before the start at {start:g}; give start= early enough"
            )
        self.guards = np.array([[g.direction, g.phase, g.action, g.target] for g in system.guards], dtype=np.int64).reshape(-1, 4)
        self.rules = np.array([[r.times, r.at == "visits"] for r in model.rules], dtype=np.int64).reshape(-1, 2)
        self.delays = np.array([[r.delay, min(r.lasting, 1e300)] for r in model.rules], dtype=float).reshape(-1, 2)
        order = list(model.inputs)
        changes = [(float(k), float(order.index(i)), float(v)) for k, r in enumerate(model.rules) for i, v in r.change.items()]
        self.changes = np.array(changes, dtype=float).reshape(-1, 3)
        tail = model.birth_death
        self.tail = np.array([len(model.states), tail.below, tail.below / tail.cells_per_unit] if tail else [0.0, 0.0, 0.0])
        self.kinds, self.limits = summary_rows(system, summaries, start=float(self.span[:, 0].max()), stop=float(self.span[:, 1].min()))
        self.defaults = np.array([i.value for i in model.inputs.values()], dtype=float)
        self.absolute = np.array(system.absolute)
        self.chosen, self.direct = _chosen(system, names)
        self.out = np.full((int((self.last - self.first).sum()), len(names)), np.nan)
        self.sums = np.full((n, len(summaries), 2), np.nan)
        self.status = np.full(n, -1, dtype=np.int64)
        self.failed = np.full(n, np.nan)
        self.steps = np.zeros(n, dtype=np.int64)
        self.marks = np.full((n, len(model.phases) + len(system.guards)), np.nan)

    def arguments(self, kernel: Kernel, solver: Solver, a: int, b: int) -> tuple[Any, ...]:
        """Return what the driver takes for patients a to b - 1."""
        return (
            kernel.step, kernel.aux, kernel.layout, self.parameters, a, b, self.span, self.defaults, self.flat, self.first, self.last,
            self.rows, self.events, self.first_event, self.last_event, self.guards, self.rules, self.delays, self.changes, self.tail,
            self.kinds, self.limits, solver.rtol, self.absolute, solver.max_steps, self.chosen, self.direct, self.out, self.sums,
            self.status, self.failed, self.steps, self.marks,
        )  # fmt: skip

    def group_arguments(self, kernel: Kernel, solver: Solver, sets: Floats, a: int, b: int, out: Floats) -> tuple[Any, ...]:
        """Return what the driver of group mode takes for groups a to b - 1, with parameter sets (groups, 8, parameters)."""
        return (
            kernel.step, kernel.aux, kernel.layout, sets, a, b, self.span, self.defaults, self.flat, self.first, self.last, self.rows,
            self.events, self.first_event, self.last_event, self.guards, self.tail, solver.rtol, self.absolute,
            solver.max_steps, self.chosen, self.direct, out, self.status, self.failed,
        )  # fmt: skip

    def solution(self) -> Solution:
        """Return what has been written, named."""
        model = self.ready.model
        self.sums[self.status != OK] = np.nan
        values = self.out.reshape(self.count, len(self.flat), len(self.names)) if self.shared else self.out
        events = (*(f"end of phase {k + 1}" for k in range(len(model.phases))), *(g.name for g in self.ready.system.guards))
        return Solution(self.names, values, self.sums, self.status, self.failed, self.steps, self.marks, events)


def _parameters(ready: Prepared, parameters: Floats, chance: Floats | None) -> Floats:
    expected = len(ready.model.parameters)
    array = np.ascontiguousarray(parameters, dtype=float)
    if array.ndim != 2 or array.shape[1] != expected or not len(array):
        raise InputError(
            f"model {ready.model.name}: parameters have shape {array.shape}; expected (patients, {expected}) with at least one patient"
        )
    if ready.system.extra_parameters:
        column = np.ones(len(array)) if chance is None else np.asarray(chance, dtype=float)
        if column.shape != (len(array),):
            raise InputError(f"model {ready.model.name}: chance has shape {column.shape}; expected ({len(array)},), a number a patient")
        array = np.column_stack([array, column])
    return array


def time_tables(times: Floats | Sequence[Floats], count: int, start: float) -> tuple[Floats, Integers, Integers, Floats]:
    """Return all times in one array, each patient's first and one-past-last place in it, and each patient's end."""
    shared = isinstance(times, np.ndarray) and times.ndim == 1
    tables = [np.asarray(times, dtype=float)] if shared else [np.asarray(t, dtype=float) for t in times]
    if not shared and len(tables) != count:
        raise InputError(f"{len(tables)} arrays of times for {count} patients; expected one array for all or one a patient")
    for k, table in enumerate(tables):
        who = "" if shared else f" of patient {k}"
        if not np.isfinite(table).all() or (len(table) and table.min() < start):
            raise InputError(f"times{who} must be finite numbers from the start at {start:g} on")
        if (np.diff(table) < 0).any():
            where = int(np.argmax(np.diff(table) < 0)) + 1
            raise InputError(
                f"times{who} are out of order at position {where + 1} ({table[where]:g} after {table[where - 1]:g}); sort them"
            )
    lengths = np.array([len(t) for t in tables], dtype=np.int64)
    ends = np.array([t[-1] if len(t) else start for t in tables])
    if shared:
        first = np.zeros(count, dtype=np.int64)
        return tables[0], first, first + lengths[0], np.full(count, ends[0])
    last = np.cumsum(lengths)
    return np.concatenate(tables), last - lengths, last, ends


def _chosen(system: System, names: Sequence[str]) -> tuple[Integers, Integers]:
    """Return the number of each output, and the number of the state that it is (-1: it must be evaluated)."""
    known, states = list(system.outputs), list(system.model.states)
    chosen, direct = [], []
    for name in names:
        if name in known:
            node = system.outputs[name]
            chosen.append(known.index(name))
            direct.append(int(str(node.value)[1:]) if node.op == "var" and str(node.value)[0] == "y" else -1)
        elif name.removeprefix("state:") in states:
            chosen.append(-1)
            direct.append(states.index(name.removeprefix("state:")))
        else:
            raise InputError(f"model {system.model.name}: {unknown('output', name, [*known, *states])}")
    return np.array(chosen, dtype=np.int64), np.array(direct, dtype=np.int64)
