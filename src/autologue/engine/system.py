"""Lowering: a `Model` becomes a `System`, graphs of everything that a kernel evaluates, on one common right-hand side.

Phases are selected by a lane's phase number; terms that phases share are shared nodes and cost nothing twice. A
birth-death tail adds five states: the number of cells at its start (zero: no tail), the integrated net death rate, the
odds integral of Kendall, the probability of having survived earlier tails, and the patient's chance (a uniform number;
at one, extinction happens when it is certain).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

from autologue.engine.codes import AT_VISITS, END_PHASE, EXTINCTION, FAR, RULE, TAIL_EXTINCT, TAIL_LEAVE, TAIL_START
from autologue.engine.graph import Graph, Node
from autologue.errors import ModelError
from autologue.model import Crossing, Model, Names, call

__all__ = ["TAIL_OUTPUT", "Guard", "System", "lower", "tail_names"]

CERTAIN = 1.0 - 1e-12
TAIL_OUTPUT = "{}_extinction_probability"  # the output that a birth-death tail of a state adds


@dataclass(frozen=True, slots=True)
class Guard:
    """A watched function: fires when `value` passes zero in `direction` (+1 or -1), in `phase` (-1: any, AT_VISITS: only
    looked at when there is a visit), not before `after`.
    """

    name: str
    value: Node
    direction: int
    phase: int
    after: Node
    action: int
    target: int


@dataclass(frozen=True)
class System:
    """All graphs of a model: variables are y0.., p0.., u0.., r0.. (infusion rates), t and ph (phase number)."""

    model: Model
    graph: Graph
    states: tuple[str, ...]
    rhs: list[Node]
    initial: list[Node]
    phase_ends: list[Node]
    resets: list[list[Node] | None]
    guards: list[Guard]
    outputs: dict[str, Node]
    routes: dict[str, tuple[int, Node, Node]]
    absolute: list[float]
    signed: list[bool]
    closed: list[Node] | None
    extra_parameters: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters of the kernel: those of the model, then the extra ones."""
        return (*self.model.parameters, *self.extra_parameters)

    @cached_property
    def jacobian(self) -> list[list[Node]]:
        """The derivative of each rate (rows) with respect to each state (columns)."""
        one = self.graph.constant(1.0)
        columns = [self.graph.derivative(self.rhs, {f"y{j}": one}) for j in range(len(self.states))]
        return [[column[i] for column in columns] for i in range(len(self.states))]

    def state_of(self, output: str) -> int:
        """Return the number of the state that an output is, -1 where it is computed from states."""
        node = self.outputs[output]
        return int(str(node.value)[1:]) if node.op == "var" and str(node.value)[0] == "y" else -1

    def autonomous(self) -> bool:
        """Whether the right-hand side does not name the time."""
        return "t" not in self.graph.variables(self.rhs)


def tail_names(model: Model) -> tuple[str, ...]:
    """Return the names of the states that a birth-death tail adds."""
    return ("_tail", "_net_death", "_odds", "_survived", "_chance") if model.birth_death else ()


class _Tracer:
    """Calls the functions of one model with symbols and checks what comes back."""

    def __init__(self, model: Model, graph: Graph) -> None:
        self.model, self.graph = model, graph
        self.y = {n: graph.variable(f"y{i}") for i, n in enumerate([*model.states, *tail_names(model)])}
        self.p = {n: graph.variable(f"p{i}") for i, n in enumerate(model.parameters)}
        self.u = {n: graph.variable(f"u{i}") for i, n in enumerate(model.inputs)}
        self.t = graph.variable("t")
        for group in (self.y, self.p, self.u):
            graph.names |= {str(node.value): name for name, node in group.items()}

    def value(self, function: Callable[..., Any] | float, what: str, **allowed: Any) -> Node:
        if isinstance(function, (int, float)):
            return self.graph.constant(float(function))
        return self.number(self._call(function, what, allowed), what)

    def mapping(self, function: Callable[..., Any], what: str, names: Sequence[str], **allowed: Any) -> list[Node]:
        result = self._call(function, what, allowed)
        if not isinstance(result, Mapping):
            raise ModelError(f"model {self.model.name}, {what}: returned {type(result).__name__}; expected dict({', '.join(names)})")
        missing = [n for n in names if n not in result] or [n for n in result if n not in names]
        if missing:
            raise ModelError(f"model {self.model.name}, {what}: '{missing[0]}' is missing or unknown; expected exactly {', '.join(names)}")
        return [self.number(result[n], f"{what}, '{n}'") for n in names]

    def number(self, value: Any, what: str) -> Node:
        if isinstance(value, Node):
            return value
        if isinstance(value, Real):
            return self.graph.constant(float(value))
        raise ModelError(f"model {self.model.name}, {what}: is {type(value).__name__}; expected a number")

    def _call(self, function: Callable[..., Any], what: str, allowed: Mapping[str, Any]) -> Any:
        given = {k: Names({"y": "state", "p": "parameter", "u": "input"}[k], v) if isinstance(v, dict) else v for k, v in allowed.items()}
        try:
            return call(function, **given)
        except ModelError as problem:
            raise ModelError(f"model {self.model.name}, {what}: {problem}") from None
        except Exception as problem:
            raise ModelError(f"model {self.model.name}, {what}: {type(problem).__name__}: {problem}") from problem

    def everything(self) -> dict[str, Any]:
        return {"t": self.t, "y": self.y, "p": self.p, "u": self.u}


def lower(model: Model) -> System:
    """Trace a model; raises ModelError where a function breaks a rule of the language."""
    graph = Graph()
    tracer = _Tracer(model, graph)
    states = list(model.states)
    phase = graph.variable("ph")
    pieces = [tracer.mapping(ph.rhs, f"phase {k + 1}", states, **tracer.everything()) for k, ph in enumerate(model.phases)]
    _refuse_conditionals(model, graph, [n for piece in pieces for n in piece])
    rhs = list(pieces[-1])
    for k in range(len(pieces) - 2, -1, -1):
        here = graph.make("eq", phase, graph.constant(float(k)))
        rhs = [graph.make("sel", here, a, b) for a, b in zip(pieces[k], rhs, strict=True)]
    routes = _routes(model, tracer)
    for state in sorted({r[0] for r in routes.values()}):
        rhs[state] = rhs[state] + graph.variable(f"r{state}")
    _refuse_inflow(model, graph, pieces, routes)
    initial = tracer.mapping(model.initial, "initial", states, p=tracer.p, u=tracer.u)
    outputs = {n: tracer.value(o.function, f"output '{n}'", **tracer.everything()) for n, o in model.outputs.items()}
    guards = [*_phase_guards(model, tracer), *_extinction_guards(model, tracer), *_rule_guards(model, tracer)]
    extra: tuple[str, ...] = ()
    if model.birth_death is not None:
        rhs, initial, outputs, more = _tail(model, tracer, rhs, initial, outputs)
        guards += more
        extra = ("_chance",)
    closed = None
    if model.closed_form is not None:
        values = tracer.mapping(model.closed_form, "closed_form", states, t=tracer.t, p=tracer.p)
        known = {f"y{i}": v for i, v in enumerate(values)} | {f"u{i}": graph.constant(u.value) for i, u in enumerate(model.inputs.values())}
        closed = graph.substitute(list(outputs.values()), known)
    added = len(tail_names(model))
    return System(
        model=model,
        graph=graph,
        states=(*states, *tail_names(model)),
        rhs=rhs,
        initial=initial,
        phase_ends=_phase_ends(model, tracer),
        resets=[None if ph.reset is None else _reset(model, tracer, k) for k, ph in enumerate(model.phases)],
        guards=guards,
        outputs=outputs,
        routes=routes,
        absolute=[s.absolute or 1e-100 for s in model.states.values()] + [1e-9] * added,
        signed=[s.signed for s in model.states.values()] + [True] * added,
        closed=closed,
        extra_parameters=extra,
    )


def _refuse_conditionals(model: Model, graph: Graph, rhs: Sequence[Node]) -> None:
    for node in graph.needed(rhs):
        if node.op in ("sel", "lt", "eq"):
            condition = node.args[0] if node.op == "sel" else node
            named = graph.variables([condition])
            if "t" in named or any(n.startswith("y") for n in named):
                what = "time" if "t" in named else "a state"
                raise ModelError(
                    f"model {model.name}: a right-hand side has a conditional on {what} ({graph.describe(condition)}); "
                    "declare phases with until=, or use minimum or maximum for a continuous kink"
                )


def _refuse_inflow(model: Model, graph: Graph, pieces: Sequence[Sequence[Node]], routes: Mapping[str, tuple[int, Node, Node]]) -> None:
    for i, (name, state) in enumerate(model.states.items()):
        tail = model.birth_death is not None and model.birth_death.state == name
        if state.extinct_below is None and not tail:
            continue
        if tail and i in {state for state, _, _ in routes.values()}:
            raise ModelError(f"model {model.name}: state '{name}' has a birth-death tail and takes doses; use extinct_below instead")
        for k, piece in enumerate(pieces):
            left = graph.substitute([piece[i]], {f"y{i}": graph.constant(0.0)})[0]
            if left.op != "const" or left.value != 0:
                raise ModelError(
                    f"model {model.name}: state '{name}' cannot go extinct because it has inflow in phase {k + 1} "
                    f"(at zero its rate is {graph.describe(left)}); remove extinct_below or birth_death"
                )


def _routes(model: Model, tracer: _Tracer) -> dict[str, tuple[int, Node, Node]]:
    order = list(model.states)
    return {
        route: (
            order.index(d.state),
            tracer.value(d.bioavailability, f"bioavailability of '{route}'", p=tracer.p),
            tracer.value(d.lag, f"lag of '{route}'", p=tracer.p),
        )
        for route, d in model.dosing.items()
    }


def _phase_ends(model: Model, tracer: _Tracer) -> list[Node]:
    ends = []
    for k, phase in enumerate(model.phases):
        if phase.until is None or isinstance(phase.until, Crossing):
            ends.append(tracer.graph.constant(FAR))
        else:
            ends.append(tracer.value(phase.until, f"end of phase {k + 1}", p=tracer.p))
    return ends


def _reset(model: Model, tracer: _Tracer, k: int) -> list[Node]:
    function = model.phases[k].reset
    assert function is not None
    given = tracer._call(function, f"reset of phase {k + 1}", tracer.everything())
    unknown = [n for n in given if n not in model.states]
    if unknown:
        raise ModelError(f"model {model.name}, reset of phase {k + 1}: '{unknown[0]}' is not a state")
    values = {**tracer.y, **given}
    return [tracer.number(v, f"reset of phase {k + 1}, '{n}'") for n, v in values.items()]


def _crossing(tracer: _Tracer, crossing: Crossing, what: str, **action: Any) -> Guard:
    return Guard(
        name=what,
        value=tracer.value(crossing.function, what, **tracer.everything()),
        direction=1 if crossing.direction == "rising" else -1,
        after=tracer.value(crossing.after, f"after of {what}", p=tracer.p),
        **action,
    )


def _phase_guards(model: Model, tracer: _Tracer) -> list[Guard]:
    return [
        _crossing(tracer, ph.until, f"end of phase {k + 1}", phase=k, action=END_PHASE, target=k)
        for k, ph in enumerate(model.phases)
        if isinstance(ph.until, Crossing)
    ]


def _extinction_guards(model: Model, tracer: _Tracer) -> list[Guard]:
    start = tracer.graph.constant(-FAR)
    return [
        Guard(f"extinction of {n}", tracer.y[n] - s.extinct_below, -1, -1, start, EXTINCTION, i)
        for i, (n, s) in enumerate(model.states.items())
        if s.extinct_below is not None
    ]


def _rule_guards(model: Model, tracer: _Tracer) -> list[Guard]:
    return [
        _crossing(tracer, r.when, f"rule {r.name}", phase=AT_VISITS if r.at == "visits" else -1, action=RULE, target=k)
        for k, r in enumerate(model.rules)
    ]


def _tail(
    model: Model, tracer: _Tracer, rhs: list[Node], initial: list[Node], outputs: dict[str, Node]
) -> tuple[list[Node], list[Node], dict[str, Node], list[Guard]]:
    """Add the birth-death tail: exact extinction probability (odds / (1 + odds)) ** n, with odds' = death * exp(net death)."""
    declared = model.birth_death
    assert declared is not None
    g, i = tracer.graph, list(model.states).index(declared.state)
    birth = tracer.value(declared.birth, "birth of the tail", **tracer.everything())
    death = tracer.value(declared.death, "death of the tail", **tracer.everything())
    cells, net, odds, survived, chance = (tracer.y[n] for n in tail_names(model))
    drawn = g.variable(f"p{len(model.parameters)}")
    level = declared.below / declared.cells_per_unit
    inside = g.make("lt", g.constant(0.0), cells)
    extinct = (odds / (1.0 + odds)) ** cells
    mean = tracer.y[declared.state] / g.make("max", 1.0 - extinct, g.constant(1e-12))
    shown = g.make("sel", inside, mean, tracer.y[declared.state])
    outputs = dict(zip(outputs, g.substitute(list(outputs.values()), {f"y{i}": shown}), strict=True))
    outputs[TAIL_OUTPUT.format(declared.state)] = 1.0 - survived * (1.0 - extinct)
    none = g.constant(0.0)
    rates = [g.make("sel", inside, rate, none) for rate in (death - birth, death * net._exp())]
    rhs = [*rhs, none, *rates, none, none]
    initial = [*initial, *(g.constant(v) for v in (0.0, 0.0, 0.0, 1.0)), g.make("min", drawn, g.constant(CERTAIN))]
    always = g.constant(-FAR)
    below = g.make("sel", inside, g.constant(1.0), tracer.y[declared.state] - level)
    above = g.make("sel", inside, mean - level, g.constant(-1.0))
    limit = f"{declared.below:g} cells"
    guards = [
        Guard(f"{declared.state} below {limit}", below, -1, -1, always, TAIL_START, i),
        Guard(f"extinction of {declared.state}", extinct - chance, 1, -1, always, TAIL_EXTINCT, i),
        Guard(f"{declared.state} back above {limit}", above, 1, -1, always, TAIL_LEAVE, i),
    ]
    return rhs, initial, outputs, guards
