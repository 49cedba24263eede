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


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow: from `source` (None: made) to `target` (None: lost).

    `grows` where the target makes more of itself; `parameters` and `inputs` that it names; `drivers`: other states, with +1 (more of it,
    more flow), -1 (less) or 0 (either way); `phases` in which it runs (all: empty).
    """

    source: str | None
    target: str | None
    grows: bool
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    drivers: tuple[tuple[str, int], ...]
    phases: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Term:
    """A signed product in the rate of a state."""

    state: int
    node: Node
    sign: int
    factors: Factors


def flows(model: Model) -> list[Flow]:
    """Return the flows of a model, each once; a birth-death tail is left out.

    >>> from autologue.library import load
    >>> [(f.source, f.target, f.drivers) for f in flows(load("leon_triana_2021"))][-1]
    ('b_cells', None, ())
    """
    system = prepare(replace(model, birth_death=None) if model.birth_death else model).system
    found: dict[Flow, list[int]] = {}
    phases = len(model.phases)
    for phase in range(phases):
        graph = system.graph
        here = graph.substitute(system.rhs, {"ph": graph.constant(float(phase)), **{f"r{i}": graph.constant(0.0) for i in range(len(system.rhs))}})
        course = _course(system, phase)
        terms = [term for i, node in enumerate(here) for term in _terms(graph, i, node)]
        for flow in _matched(system, terms, course):
            found.setdefault(flow, []).append(phase)
    return [replace(f, phases=tuple(k + 1 for k in where)) if len(where) < phases else f for f, where in found.items()]


def _course(system: System, phase: int) -> dict[str, Floats | float]:
    """Return values of all variables along the typical course, disturbed a little so that equal states differ."""
    model = system.model
    parameters = np.array([q.value for q in model.parameters.values()])
    times = np.linspace(0.0, model.horizon, 61)
    found = solve(model, parameters[None], times=times, outputs=[f"state:{n}" for n in model.states], workers=1)
    states = np.where(np.isfinite(found.values[0]), found.values[0], 0.0)
    states = np.maximum(states, 1e-6 * np.maximum(np.abs(states).max(axis=0), 1.0))
    states = states * (1.0 + 0.01 * np.arange(1, len(model.states) + 1))
    values: dict[str, Floats | float] = {f"y{i}": column for i, column in enumerate(states.T)}
    values |= {f"p{i}": v for i, v in enumerate(parameters.tolist())}
    values |= {f"u{i}": u.value for i, u in enumerate(model.inputs.values())}
    return {**values, "t": times, "ph": float(phase), **{f"r{i}": 0.0 for i in range(len(system.rhs))}}


def _terms(graph: Graph, state: int, node: Node) -> list[_Term]:
    """Return the terms of a rate: sums taken apart, and products over sums in which no state occurs."""
    found = []
    for sign, each in _split(graph, node, 1):
        factors: Factors = Counter()
        turned = _gather(each, factors, 1)
        if not (each.op == "const" and each.value == 0):
            found.append(_Term(state, each, sign * turned, factors))
    return found


def _split(graph: Graph, node: Node, sign: int) -> list[tuple[int, Node]]:
    if node.op == "+":
        return [*_split(graph, node.args[0], sign), *_split(graph, node.args[1], sign)]
    if node.op == "-":
        return [*_split(graph, node.args[0], sign), *_split(graph, node.args[1], -sign)]
    if node.op == "*":
        for k, other in ((0, 1), (1, 0)):
            factor, rest = node.args[k], node.args[other]
            negated = factor.op == "-" and factor.args[0].op == "const" and factor.args[0].value == 0
            splits = factor.op in "+-" and (negated or not _states(graph, factor) or factor.op == "*")
            if splits:
                return [pair for s, each in _split(graph, factor, sign) for pair in _split(graph, graph.make("*", each, rest), s)]
            inner = _split(graph, factor, 1) if factor.op == "*" else []
            if len(inner) > 1 or (inner and inner[0][0] < 0):
                return [pair for s, each in inner for pair in _split(graph, graph.make("*", each, rest), sign * s)]
    return [(sign, node)]


def _states(graph: Graph, node: Node) -> set[int]:
    return {int(name[1:]) for name in graph.variables([node]) if name[0] == "y"}


def _gather(node: Node, factors: Factors, sign: int) -> int:
    """Count the factors of a product (below the line: negative) and return its sign."""
    if node.op == "*":
        return _gather(node.args[0], factors, sign) * _gather(node.args[1], factors, sign)
    if node.op == "rcp":
        factors[-node.args[0].index - 1] += 1
        return 1
    if node.op == "const" and isinstance(node.value, float) and node.value < 0:
        factors[node.graph.constant(-node.value).index] += 1
        return -1
    if not (node.op == "const" and node.value == 1):
        factors[node.index] += 1
    return 1


def _matched(system: System, terms: Sequence[_Term], course: dict[str, Floats | float]) -> list[Flow]:
    graph = system.graph
    signs = [_effective(graph, term, course) for term in terms]
    gains = [k for k, s in enumerate(signs) if s > 0]
    losses = [k for k, s in enumerate(signs) if s < 0]
    found, used = list[Flow](), set[int]()
    for k in losses:
        into = [j for j in gains if j not in used and terms[j].state != terms[k].state and _carries(graph, terms[k], terms[j])]
        for j in into:
            used.add(j)
            found.append(_flow(system, terms[j], course, source=terms[k].state, target=terms[j].state))
        if not into:
            found.append(_flow(system, terms[k], course, source=terms[k].state, target=None))
    return found + [_flow(system, terms[j], course, source=None, target=terms[j].state) for j in gains if j not in used]


def _effective(graph: Graph, term: _Term, course: dict[str, Floats | float]) -> int:
    """Return the sign that the term has along most of the course."""
    (value,) = evaluate(graph, [term.node], course)
    known = np.atleast_1d(value)[np.isfinite(np.atleast_1d(value))]
    # the sign gathered from the factors is part of the node already: only that of the sum counts here
    outer = term.sign * _own_sign(term)
    middle = float(np.median(known)) if len(known) else 0.0
    return outer if middle >= 0 else -outer


def _own_sign(term: _Term) -> int:
    factors: Factors = Counter()
    return _gather(term.node, factors, 1)


def _carries(graph: Graph, loss: _Term, gain: _Term) -> bool:
    """Whether a gain is the loss times something in which no state occurs."""
    if loss.factors - gain.factors:
        return False
    return all(not _states(graph, graph.nodes[i if i >= 0 else -i - 1]) for i in (gain.factors - loss.factors))


def _flow(system: System, term: _Term, course: dict[str, Floats | float], *, source: int | None, target: int | None) -> Flow:
    graph, model = system.graph, system.model
    names = graph.variables([term.node])
    state, states = list(model.states), _states(graph, term.node)
    grows = source is None and target in states
    drivers = []
    for j in sorted(states - {source, target}):
        drivers.append((state[j], _drives(graph, term.node, j, course)))
    order = list(model.parameters)
    parameters = [order[k] for k in sorted(int(n[1:]) for n in names if n[0] == "p" and n != "ph")]
    inputs = [list(model.inputs)[k] for k in sorted(int(n[1:]) for n in names if n[0] == "u")]
    return Flow(
        None if source is None else state[source], None if target is None else state[target], grows, tuple(parameters), tuple(inputs),
        tuple(drivers),
    )  # fmt: skip


def _drives(graph: Graph, node: Node, j: int, course: dict[str, Floats | float]) -> int:
    slope = graph.derivative([node], {f"y{j}": graph.constant(1.0)})[0]
    value, change = evaluate(graph, [node, slope], course)
    size = np.sign(value) * change
    known = np.atleast_1d(size)[np.isfinite(np.atleast_1d(size))]
    up, down = bool((known > 0).any()), bool((known < 0).any())
    return 0 if up == down else 1 if up else -1
