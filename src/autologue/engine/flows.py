"""The terms of a traced model as flows: what moves from state to state, what is made and lost, and which states drive it.

A term that one state loses and another gains is a transfer, also where it arrives multiplied by something in which no state occurs (a burst
of divisions). Whether a state drives or brakes a flow is read from derivatives along the typical course.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autologue.engine.evaluate import evaluate
from autologue.engine.graph import Graph, Node
from autologue.engine.solve import prepare, solve
from autologue.engine.system import System
from autologue.model import Model

__all__ = ["Flow", "flows"]

Floats = NDArray[np.float64]
Factors = Counter[int]
TURNS = 1e-3  # of its largest size, that a term must reach on both sides of zero to count as turning
Values = dict[str, Floats | float]


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow: from `source` (None: made) to `target` (None: lost).

    `grows` where the target makes more of itself; `parameters` and `inputs` that it names; `drivers`: other states, with +1 (more of it,
    more flow), -1 (less) or 0 (either way); `phases` in which it runs (all: empty);
    `at_end` for what a reset moves at the end of its phase; `net` for a growth that turns into decline along the course.
    """

    source: str | None
    target: str | None
    grows: bool
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    drivers: tuple[tuple[str, int], ...]
    phases: tuple[int, ...] = ()
    at_end: bool = False
    net: bool = False


@dataclass(frozen=True, eq=False)
class _Term:
    """A signed product in the rate of a state."""

    state: int
    node: Node
    sign: int
    factors: Factors


def flows(model: Model) -> list[Flow]:
    """Return the flows of a model, each once; a birth-death tail is left out.

    >>> from autologue.library import load
    >>> [(f.source, f.target, f.drivers) for f in flows(load("leon_triana_2021")) if f.source == "leukaemia"]
    [('leukaemia', None, (('car', 1),))]
    """
    system = prepare(replace(model, birth_death=None) if model.birth_death else model).system
    found: dict[Flow, list[int]] = {}
    phases = len(model.phases)
    for phase in range(phases):
        graph = system.graph
        undosed = {f"r{i}": graph.constant(0.0) for i in range(len(system.rhs))}
        here = graph.substitute(system.rhs, {"ph": graph.constant(float(phase)), **undosed})
        course, wide = _courses(system, phase)
        terms = [term for i, node in enumerate(here) for term in _terms(graph, i, node)]
        for flow in _matched(system, terms, course, wide):
            found.setdefault(flow, []).append(phase)
        for flow in _resets(system, phase):
            found.setdefault(flow, []).append(phase)
    return [replace(f, phases=tuple(k + 1 for k in where)) if len(where) < phases else f for f, where in found.items()]


def _courses(system: System, phase: int) -> tuple[Values, Values]:
    """Return values of all variables along the typical course, and the same with states scattered around it."""
    model = system.model
    parameters = np.array([q.value for q in model.parameters.values()])
    times = np.linspace(0.0, model.horizon, 61)
    found = solve(model, parameters[None], times=times, outputs=[f"state:{n}" for n in model.states], workers=1)
    states = np.where(np.isfinite(found.values[0]), found.values[0], 0.0)
    states = np.maximum(states, 1e-6 * np.maximum(np.abs(states).max(axis=0), 1.0))
    fixed: Values = {f"p{i}": v for i, v in enumerate(parameters.tolist())}
    fixed |= {f"u{i}": u.value for i, u in enumerate(model.inputs.values())}
    fixed |= {"t": times, "ph": float(phase), **{f"r{i}": 0.0 for i in range(len(system.rhs))}}
    scattered = states * 10 ** np.random.default_rng(0).uniform(-2, 1, states.shape)
    return tuple({**fixed, **{f"y{i}": column for i, column in enumerate(each.T)}} for each in (states, scattered))  # type: ignore[return-value]


def _resets(system: System, phase: int) -> list[Flow]:
    """Return what the reset at the end of a phase moves from state to state."""
    reset = system.resets[phase]
    if reset is None:
        return []
    names, order, found = list(system.model.states), list(system.model.parameters), []
    for i, node in enumerate(reset[: len(names)]):
        for j in sorted(_states(system.graph, node) - {i}):
            named = sorted(int(n[1:]) for n in system.graph.variables([node]) if n[0] == "p" and n != "ph")
            found.append(Flow(names[j], names[i], False, tuple(order[k] for k in named), (), (), at_end=True))
    return found


def _terms(graph: Graph, state: int, node: Node) -> list[_Term]:
    """Return the terms of a rate."""
    return [_term(state, sign, each) for sign, each in _split(graph, node, 1) if not (each.op == "const" and each.value == 0)]


def _term(state: int, sign: int, node: Node) -> _Term:
    factors: Factors = Counter()
    _gather(node, factors)
    return _Term(state, node, sign, factors)


def _split(graph: Graph, node: Node, sign: int, *, apart: bool = False) -> list[tuple[int, Node]]:
    """Return a sum as its terms with signs.

    A product over a sum is multiplied out, unless a number is part of the sum, as in 1 - y / capacity, or several sums over states are
    multiplied: those belong together. `apart` multiplies out sums with numbers, too, where no state occurs in them.
    """
    if node.op in "+-":
        second = -sign if node.op == "-" else sign
        return [*_split(graph, node.args[0], sign, apart=apart), *_split(graph, node.args[1], second, apart=apart)]
    if node.op == "*" and _sums(graph, node) < 2:
        for factor, rest in (node.args, node.args[::-1]):
            inner = [pair for pair in _split(graph, factor, 1, apart=apart) if not (pair[1].op == "const" and pair[1].value == 0)]
            negated = len(inner) == 1 and inner[0][0] < 0
            loose = factor.op == "*" or all(each.op != "const" for _, each in inner) or (apart and not _states(graph, factor))
            if negated or (len(inner) > 1 and loose):
                return [pair for s, each in inner for pair in _split(graph, graph.make("*", each, rest), sign * s, apart=apart)]
    return [(sign, node)]


def _sums(graph: Graph, node: Node) -> int:
    """Return how many sums over states a product holds."""
    if node.op == "*":
        return sum(_sums(graph, each) for each in node.args)
    negation = node.op == "-" and node.args[0].op == "const" and node.args[0].value == 0
    return int(node.op in "+-" and not negation and bool(_states(graph, node)))


def _states(graph: Graph, node: Node) -> set[int]:
    return {int(name[1:]) for name in graph.variables([node]) if name[0] == "y"}


def _gather(node: Node, factors: Factors) -> None:
    """Count the factors of a product, those below the line under negative numbers; signs and ones do not count."""
    if node.op == "*":
        for argument in node.args:
            _gather(argument, factors)
    elif node.op == "rcp":
        factors[-node.args[0].index - 1] += 1
    elif node.op == "const" and isinstance(node.value, float):
        if abs(node.value) != 1:
            factors[node.graph.constant(abs(node.value)).index] += 1
    else:
        factors[node.index] += 1


def _matched(system: System, terms: Sequence[_Term], course: Values, wide: Values) -> list[Flow]:
    """Return the flows: losses joined to the gains that they become, then what is left of both."""
    graph = system.graph
    signs, turning = zip(*(_effective(graph, term, course) for term in terms), strict=True) if terms else ((), ())
    net = {id(term) for term, both in zip(terms, turning, strict=True) if both}
    gains = [term for term, s in zip(terms, signs, strict=True) if s > 0]
    found = list[Flow]()
    for loss in (term for term, s in zip(terms, signs, strict=True) if s < 0):
        pieces = [loss]
        if not any(_carries(graph, loss, gain) for gain in gains):
            apart = [_term(loss.state, s, each) for s, each in _split(graph, loss.node, loss.sign, apart=True)]
            pieces = apart if any(_carries(graph, piece, gain) for piece in apart for gain in gains) else [loss]
        for piece in pieces:
            into = [gain for gain in gains if _carries(graph, piece, gain)]
            found += [_flow(system, gain, 1, wide, source=piece.state, target=gain.state) for gain in into]
            found += [] if into else [_flow(system, piece, -1, wide, source=piece.state, target=None)]
            gains = [gain for gain in gains if gain not in into]
    return found + [replace(_flow(system, gain, 1, wide, source=None, target=gain.state), net=id(gain) in net) for gain in gains]


def _effective(graph: Graph, term: _Term, course: Values) -> tuple[int, bool]:
    """Return the sign of the term along the course, and whether it turns: what turns counts as a gain."""
    (value,) = evaluate(graph, [term.node], course)
    known = np.nan_to_num(np.atleast_1d(value), posinf=0.0, neginf=0.0)
    size = TURNS * np.abs(known).max(initial=0.0)
    if known.min() < -size and known.max() > size:
        return 1, True
    return term.sign * (1 if known[np.argmax(np.abs(known))] >= 0 else -1), False


def _carries(graph: Graph, loss: _Term, gain: _Term) -> bool:
    """Whether a gain of another state, which takes no part in the loss, is the loss times something in which no state occurs."""
    if loss.state == gain.state or gain.state in _states(graph, loss.node) or loss.factors - gain.factors:
        return False
    return all(not _states(graph, graph.nodes[i if i >= 0 else -i - 1]) for i in (gain.factors - loss.factors))


def _flow(system: System, term: _Term, direction: int, wide: Values, *, source: int | None, target: int | None) -> Flow:
    graph, model = system.graph, system.model
    names = graph.variables([term.node])
    state, states = list(model.states), _states(graph, term.node)
    drivers = tuple((state[j], direction * term.sign * _slope(graph, term.node, j, wide)) for j in sorted(states - {source, target}))
    order = list(model.parameters)
    parameters = [order[k] for k in sorted(int(n[1:]) for n in names if n[0] == "p" and n != "ph")]
    inputs = [list(model.inputs)[k] for k in sorted(int(n[1:]) for n in names if n[0] == "u")]
    return Flow(
        None if source is None else state[source], None if target is None else state[target], source is None and target in states,
        tuple(parameters), tuple(inputs), drivers,
    )  # fmt: skip


def _slope(graph: Graph, node: Node, j: int, wide: Values) -> int:
    """Return the sign of the derivative with respect to a state: +1, -1, or 0 where it has both signs."""
    (change,) = evaluate(graph, graph.derivative([node], {f"y{j}": graph.constant(1.0)}), wide)
    size = np.nan_to_num(np.atleast_1d(change) * wide[f"y{j}"], posinf=0.0, neginf=0.0)
    up, down = float(np.maximum(size, 0).sum()), float(np.maximum(-size, 0).sum())
    return 1 if up > 10 * down else -1 if down > 10 * up else 0
