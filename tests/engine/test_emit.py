"""Printed code: special constants, shared terms and hoisted names."""

from __future__ import annotations

import math

from autologue.engine.emit import emit
from autologue.engine.graph import Graph
from autologue.functions import exp, maximum


def run(lines: list[str], **given: float) -> dict[str, float]:
    scope: dict[str, float] = {"INF": math.inf, "NAN": math.nan, **given}
    exec("\n".join(lines), {"vexp": math.exp}, scope)
    return scope


def test_infinite_and_negative_constants_are_printed_as_code() -> None:
    g = Graph()
    x = g.variable("x")
    targets = [("a", g.constant(math.inf)), ("b", g.constant(-math.inf)), ("c", g.constant(math.nan)), ("d", maximum(x, -math.inf))]
    targets += [("e", x - g.constant(-2.0)), ("f", x + g.constant(-1e-5)), ("g", -2.0 * x - (-3.0 * x))]
    found = run(emit(g, targets, {}, {}), x=1.0)
    assert (found["a"], found["b"], found["d"], found["e"], found["f"], found["g"]) == (math.inf, -math.inf, 1.0, 3.0, 1.0 - 1e-5, 1.0)
    assert math.isnan(found["c"])


def test_a_shared_term_is_computed_once_and_a_ready_one_not_at_all() -> None:
    g = Graph()
    x, p = g.variable("x"), g.variable("p")
    term = exp(p) * x
    lines = emit(g, [("a", term + 1), ("b", term * term)], {"x": "z"}, {exp(p).index: "d0"})
    assert sum("vexp" in line for line in lines) == 0
    assert sum("d0*z" in line or "z*d0" in line for line in lines) == 1
    assert run(lines, z=3.0, d0=2.0)["b"] == 36.0
