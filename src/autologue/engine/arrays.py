"""The arrays of one call in the shapes that the driver reads (`Tables`: the same for any parameters) and writes (`Arrays`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autologue.engine.events import event_rows, stack_events
from autologue.engine.summary import Summary, summary_rows
from autologue.engine.system import System
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.regimen import Regimen

if TYPE_CHECKING:
    from autologue.engine.kernel import Kernel
    from autologue.engine.solve import Solver

__all__ = ["Arrays", "Tables", "checked_parameters", "tabulate", "time_tables"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_EACH = ("span", "first", "last", "first_event", "last_event")  # what has one entry a patient


@dataclass(frozen=True)
class Tables:
    """Times, regimens, rules and summaries of some patients, as the driver reads them; no parameter is in them."""

    system: System
    names: tuple[str, ...]
    shared: bool
    span: Floats
    flat: Floats
    first: Integers
    last: Integers
    events: Floats
    first_event: Integers
    last_event: Integers
    guards: Integers
    rules: Integers
    delays: Floats
    changes: Floats
    tail: Floats
    kinds: Integers
    limits: Floats
    defaults: Floats
    absolute: Floats
    chosen: Integers
    direct: Integers

    @property
    def count(self) -> int:
        """The number of patients."""
        return len(self.first)

    @property
    def length(self) -> int:
        """The number of rows that are written."""
        return int(self.rows[-1] + self.last[-1] - self.first[-1])

    @cached_property
    def rows(self) -> Integers:
        """The first row of each patient in what is written."""
        lengths = self.last - self.first
        begins: Integers = np.cumsum(lengths) - lengths
        return begins

    def stacked(self, copies: int) -> Tables:
        """Return the tables of the patients one after another, `copies` times."""
        return self if copies == 1 else self.taken(np.tile(np.arange(self.count), copies))

    def taken(self, who: Integers) -> Tables:
        """Return the tables of these patients, in this order; a patient may come more than once."""
        chosen: dict[str, Any] = {name: getattr(self, name)[who] for name in _EACH}
        return replace(self, **chosen)


def tabulate(
    system: System,
    count: int,
    *,
    times: Floats | Sequence[Floats],
    horizon: float | None = None,
    start: float = 0.0,
    regimens: Sequence[Regimen | None] = (None,),
    visits: Sequence[float] = (),
    outputs: Sequence[str] | None = None,
    summaries: Sequence[Summary] = (),
) -> Tables:
    """Return the tables of `count` patients; arguments as in `solve`."""
    model = system.model
    names = tuple(system.outputs) if outputs is None else tuple(outputs)
    if not np.isfinite([start, *visits]).all():
        raise InputError(f"start or visits are not finite; expected numbers of {model.time}s")
    flat, first, last, ends = time_tables(times, count, start)
    if horizon is not None and not np.isfinite(horizon):
        raise InputError(f"the horizon is {horizon!r}; a finite number of {model.time}s is expected")
    stop = np.full(count, start if horizon is None else float(horizon))
    span = np.column_stack([np.full(count, start), np.maximum(stop, ends)])
    if len(regimens) not in (1, count):
        raise InputError(f"{len(regimens)} regimens for {count} patients; expected one for all or one a patient")
    events, first_event, last_event = stack_events([event_rows(model, r, visits) for r in regimens], count)
    if len(events) and events[:, 0].min() < start:
        raise InputError(f"an event lies at {events[:, 0].min():g} {model.time}, before the start at {start:g}; give start= early enough")
    kinds, limits = summary_rows(system, summaries, start=float(span[:, 0].max()), stop=float(span[:, 1].min()))
    chosen, direct = _chosen(system, names)
    rules, delays, changes = _rules(model)
    tail = model.birth_death
    return Tables(
        system, names, isinstance(times, np.ndarray) and times.ndim == 1, span, flat, first, last, events, first_event, last_event,
        np.array([[g.direction, g.phase, g.action, g.target] for g in system.guards], dtype=np.int64).reshape(-1, 4),
        rules, delays, changes,
        np.array([len(model.states), tail.below, tail.below / tail.cells_per_unit] if tail else [0.0, 0.0, 0.0]),
        kinds, limits, np.array([i.value for i in model.inputs.values()], dtype=float), np.array(system.absolute), chosen, direct,
    )  # fmt: skip


def _rules(model: Model) -> tuple[Integers, Floats, Floats]:
    """Return (times, at visits) and (delay, lasting) of each rule, and (rule, input, value) of each change."""
    order = list(model.inputs)
    changes = [(float(k), float(order.index(i)), float(v)) for k, r in enumerate(model.rules) for i, v in r.change.items()]
    return (
        np.array([[r.times, r.at == "visits"] for r in model.rules], dtype=np.int64).reshape(-1, 2),
        np.array([[r.delay, min(r.lasting, 1e300)] for r in model.rules], dtype=float).reshape(-1, 2),
        np.array(changes, dtype=float).reshape(-1, 3),
    )


class Arrays:
    """The checked parameters of one call and what the driver writes for them."""

    def __init__(self, tables: Tables, parameters: Floats) -> None:
        self.tables, self.parameters = tables, parameters
        n, system = tables.count, tables.system
        self.out = np.full((tables.length, len(tables.names)), np.nan)
        self.sums = np.full((n, len(tables.kinds), 2), np.nan)
        self.status = np.full(n, -1, dtype=np.int64)
        self.failed = np.full(n, np.nan)
        self.steps = np.zeros(n, dtype=np.int64)
        self.marks = np.full((n, len(system.model.phases) + len(system.guards)), np.nan)

    def arguments(self, kernel: Kernel, solver: Solver, a: int, b: int) -> tuple[Any, ...]:
        """Return what the driver takes for patients a to b - 1."""
        t = self.tables
        return (
            kernel.step, kernel.aux, kernel.layout, self.parameters, a, b, t.span, t.defaults, t.flat, t.first, t.last,
            t.rows, t.events, t.first_event, t.last_event, t.guards, t.rules, t.delays, t.changes, t.tail,
            t.kinds, t.limits, solver.rtol, t.absolute * solver.absolute, solver.max_steps, t.chosen, t.direct, self.out, self.sums,
            self.status, self.failed, self.steps, self.marks,
        )  # fmt: skip

    def group_arguments(self, kernel: Kernel, solver: Solver, sets: Floats, a: int, b: int, out: Floats) -> tuple[Any, ...]:
        """Return what the driver of group mode takes for groups a to b - 1, with parameter sets (groups, 8, parameters)."""
        t = self.tables
        return (
            kernel.step, kernel.aux, kernel.layout, sets, a, b, t.span, t.defaults, t.flat, t.first, t.last, t.rows,
            t.events, t.first_event, t.last_event, t.guards, t.tail, solver.rtol, t.absolute * solver.absolute,
            solver.max_steps, t.chosen, t.direct, out, self.status, self.failed,
        )  # fmt: skip


def checked_parameters(system: System, parameters: Floats, chance: Floats | None = None) -> Floats:
    """Return parameters as the kernels read them, with the chance of a birth-death tail; raises InputError for another shape."""
    expected = len(system.model.parameters)
    try:
        array = np.require(parameters, dtype=float, requirements=["C", "W"])
    except (TypeError, ValueError):
        raise InputError(f"model {system.model.name}: parameters are no array of numbers; expected (patients, {expected})") from None
    if array.ndim != 2 or array.shape[1] != expected or not len(array):
        raise InputError(
            f"model {system.model.name}: parameters have shape {array.shape}; expected (patients, {expected}) with at least one patient"
        )
    if system.extra_parameters:
        column = np.ones(len(array)) if chance is None else np.asarray(chance, dtype=float)
        if column.shape != (len(array),):
            raise InputError(f"model {system.model.name}: chance has shape {column.shape}; expected ({len(array)},), a number a patient")
        if not ((column >= 0) & (column <= 1)).all():
            raise InputError(f"model {system.model.name}: chance holds numbers outside 0 to 1; expected uniform numbers, one a patient")
        array = np.column_stack([array, column])
    return array


def time_tables(times: Floats | Sequence[Floats], count: int, start: float) -> tuple[Floats, Integers, Integers, Floats]:
    """Return all times in one array, each patient's first and one-past-last place in it, and each patient's end."""
    shared = isinstance(times, np.ndarray) and times.ndim == 1
    tables = [np.asarray(times, dtype=float)] if shared else [np.asarray(t, dtype=float) for t in times]
    if not shared and len(tables) != count:
        raise InputError(f"{len(tables)} arrays of times for {count} patients; expected one array for all or one a patient")
    if any(t.ndim != 1 for t in tables):
        raise InputError("times are no array of numbers; expected one ascending array for all, or one for each patient")
    lengths = np.array([len(t) for t in tables], dtype=np.int64)
    flat, last = np.concatenate(tables), np.cumsum(lengths)
    first = last - lengths
    _check_times(flat, first, start, shared=shared)
    ends = np.full(len(tables), start)
    ends[lengths > 0] = flat[last[lengths > 0] - 1]
    if shared:
        first = np.zeros(count, dtype=np.int64)
        return flat, first, first + lengths[0], np.full(count, ends[0])
    return flat, first, last, ends


def _check_times(flat: Floats, first: Integers, start: float, *, shared: bool) -> None:
    bad = ~(np.isfinite(flat) & (flat >= start))
    falls = np.zeros(len(flat), dtype=bool)
    falls[1:] = flat[1:] < flat[:-1]
    falls[first[first < len(flat)]] = False
    if not (bad.any() or falls.any()):
        return
    place = int(np.argmax(bad if bad.any() else falls))
    patient = int(np.searchsorted(first, place, side="right")) - 1
    who = "" if shared else f" of patient {patient}"
    if bad.any():
        raise InputError(f"times{who} must be finite numbers from the start at {start:g} on")
    position = place - int(first[patient]) + 1
    raise InputError(f"times{who} are out of order at position {position} ({flat[place]:g} after {flat[place - 1]:g}); sort them")


def _chosen(system: System, names: Sequence[str]) -> tuple[Integers, Integers]:
    """Return the number of each output, and the number of the state that it is (-1: it must be evaluated)."""
    known, states = list(system.outputs), list(system.model.states)
    chosen, direct = [], []
    for name in names:
        if name in known:
            chosen.append(known.index(name))
            direct.append(system.state_of(name))
        elif name.removeprefix("state:") in states:
            chosen.append(-1)
            direct.append(states.index(name.removeprefix("state:")))
        else:
            raise InputError(f"model {system.model.name}: {unknown('output', name, [*known, *states])}")
    return np.array(chosen, dtype=np.int64), np.array(direct, dtype=np.int64)
