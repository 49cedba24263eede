"""Random expressions: evaluated, printed, substituted and differentiated alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autologue.engine.emit import emit
from autologue.engine.evaluate import evaluate
from autologue.engine.graph import Graph, Node
from autologue.functions import exp, hill, log, maximum, minimum, sqrt, where

VARIABLES = ("x", "y", "p")
VALUES = st.fixed_dictionaries({name: st.floats(0.2, 3.0) for name in VARIABLES})
Tree = Any

LEAVES = st.one_of(st.sampled_from(VARIABLES), st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, -3.5, 1e-5]))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "min", "max", "hill", "where", "pow"]), inner, inner, inner),
        st.tuples(st.sampled_from(["exp", "log", "sqrt", "neg", "abs", "square", "cube", "half"]), inner),
    ),
    max_leaves=12,
)


def built(tree: Tree, names: dict[str, Any]) -> Any:
    """The expression of a tree on symbols, numbers or arrays: what a model function would compute."""
    if isinstance(tree, str):
        return names[tree]
    if isinstance(tree, float):
        return tree
    op, *parts = tree
    a, *more = (built(part, names) for part in parts)
    positive = 0.1 + a * a
    if op in ("+", "-", "*", "/"):
        b = more[0]
        return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / (0.5 + b * b)}[op]()
    if op in ("min", "max"):
        return (minimum if op == "min" else maximum)(a, more[0])
    if op == "hill":
        return hill(positive, 0.3 + more[0] * more[0], 1.7)
    if op == "where":
        condition = a < more[0]
        return where(condition if not isinstance(condition, np.bool_) else bool(condition), more[0], more[1])
    if op == "pow":
        return positive ** (0.5 * minimum(maximum(more[0], -2.0), 2.0))
    one = {
        "exp": lambda: exp(minimum(a, 3.0)), "log": lambda: log(positive), "sqrt": lambda: sqrt(positive), "neg": lambda: -a,
        "abs": lambda: abs(a), "square": lambda: a**2, "cube": lambda: (0.2 + positive) ** -3,
        "half": lambda: positive**0.5,
    }  # fmt: skip
    return one[op]()


def traced(tree: Tree) -> tuple[Graph, Node]:
    graph = Graph()
    result = built(tree, {name: graph.variable(name) for name in VARIABLES})
    return graph, result if isinstance(result, Node) else graph.constant(float(result))


def run(lines: list[str], given: dict[str, float]) -> dict[str, Any]:
    """Execute printed code with the functions of kernels in plain Python."""
    functions = {
        "vexp": math.exp, "vlog": math.log, "vsqrt": lambda x: math.sqrt(max(x, 0.0)), "vpow": lambda x, a: x**a if x > 0 else 0.0,
        "vhill": lambda x, k, n: x**n / (k**n + x**n) if x > 0 else 0.0, "INF": math.inf, "NAN": math.nan,
    }  # fmt: skip
    scope: dict[str, Any] = dict(given)
    exec("\n".join(lines), functions, scope)
    return scope


@settings(deadline=None, max_examples=200)
@given(tree=TREES, values=VALUES)
def test_a_traced_expression_has_the_value_that_plain_numbers_give(tree: Tree, values: dict[str, float]) -> None:
    graph, node = traced(tree)
    plain = float(built(tree, values))
    assume(abs(plain) < 1e12)
    found = float(evaluate(graph, [node], values)[0])
    assert math.isclose(found, plain, rel_tol=1e-9, abs_tol=1e-9 * _scale(graph, node, values))


@settings(deadline=None, max_examples=200)
@given(tree=TREES, values=VALUES)
def test_printed_code_has_the_value_of_the_graph(tree: Tree, values: dict[str, float]) -> None:
    graph, node = traced(tree)
    derivative = graph.derivative([node], {"x": graph.constant(1.0)})[0]
    wanted = evaluate(graph, [node, derivative], values)
    assume(all(abs(float(w)) < 1e12 for w in wanted))
    found = run(emit(graph, [("first", node), ("second", derivative)], {}, {}), values)
    for name, want in zip(("first", "second"), wanted, strict=True):
        assert math.isclose(found[name], float(want), rel_tol=1e-9, abs_tol=1e-9 * _scale(graph, node, values))


@settings(deadline=None, max_examples=200)
@given(tree=TREES, values=VALUES, name=st.sampled_from(VARIABLES))
def test_derivatives_agree_with_differences(tree: Tree, values: dict[str, float], name: str) -> None:
    graph, node = traced(tree)
    exact = float(evaluate(graph, graph.derivative([node], {name: graph.constant(1.0)}), values)[0])
    h = 1e-5 * values[name]
    sides = [float(evaluate(graph, [node], {**values, name: values[name] + s * h})[0]) for s in (2, 1, 0, -1, -2)]
    assume(all(math.isfinite(s) and abs(s) < 1e8 for s in sides))
    slopes = [(sides[k] - sides[k + 1]) / h for k in range(4)]
    size = max(1.0, *(abs(s) for s in slopes), _scale(graph, node, values))
    # beside a kink or a jump differences say nothing
    assume(max(slopes) - min(slopes) < 1e-2 * size)
    assert abs(exact - (sides[1] - sides[3]) / (2 * h)) < 1e-2 * size


@settings(deadline=None, max_examples=100)
@given(tree=TREES, values=VALUES)
def test_substitution_is_evaluation_at_another_place(tree: Tree, values: dict[str, float]) -> None:
    graph, node = traced(tree)
    moved = graph.substitute([node], {"x": graph.variable("y") * 0.5, "p": graph.constant(1.25)})
    assert "x" not in graph.variables(moved)
    found = float(evaluate(graph, moved, values)[0])
    wanted = float(evaluate(graph, [node], {**values, "x": values["y"] * 0.5, "p": 1.25})[0])
    assume(abs(wanted) < 1e12)
    assert math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9 * max(_scale(graph, node, values), 1.0))


def _scale(graph: Graph, node: Node, values: dict[str, float]) -> float:
    """The largest magnitude among the terms of an expression: what rounding is relative to."""
    parts = graph.needed([node])
    finite = [abs(float(v)) for v in evaluate(graph, parts, values) if np.isfinite(v).all()]
    return max([1.0, *finite])
