"""The expression graph: what it refuses and with which remedy, what it simplifies, how it names things."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engine_models import build

from autologue.engine.evaluate import evaluate
from autologue.engine.graph import Graph
from autologue.engine.system import lower
from autologue.errors import ModelError
from autologue.functions import exp, hill, maximum, minimum, where
from autologue.model import BirthDeath, Dosing, Model, Output, Phase, State


def with_rhs(rhs: Callable[..., Any], **more: Any) -> Model:
    return build("refused", more.pop("states", dict(x=State("1"))), dict(k=1.0, cut=2.0), lambda p: dict(x=1.0), rhs, **more)


@pytest.mark.parametrize(
    "rhs",
    [
        lambda t, y, p: dict(x=-p.k * y.x if t < 3 else 0.0),
        lambda y, p: dict(x=-p.k * y.x if y.x > p.cut else 0.0),
        lambda y, p: dict(x=-p.k * max(y.x, 0.5)),
        lambda y, p: dict(x=-p.k * min(y.x, p.cut)),
        lambda t, y, p: dict(x=-p.k * y.x * (0.0 if t == 3 else 1.0)),
        lambda y, p: dict(x=-p.k * y.x if y.x != p.cut else 0.0),
        lambda y, p: dict(x=-p.k * y.x if p.k == 1.0 else 0.0),
        lambda t, y, p: dict(x=-p.k * y.x * (t < 3)),
        lambda y, p: dict(x=-p.k * y.x * (y.x >= p.cut)),
        lambda t, y, p: dict(x=where(t < p.cut, -p.k * y.x, 0.0)),
        lambda y, p: dict(x=where(y.x < p.cut, -p.k * y.x, 0.0)),
        lambda y, p: dict(x=where(y.x, -p.k * y.x, 0.0)),
    ],
)
def test_conditionals_in_a_right_hand_side_are_refused_with_the_remedy(rhs: Callable[..., Any]) -> None:
    with pytest.raises(ModelError, match=r"refused.*phases.*until=.*minimum.*maximum"):
        lower(with_rhs(rhs))


@pytest.mark.parametrize(
    "rhs",
    [
        lambda y, p: dict(x=math.exp(y.x)),
        lambda y, p: dict(x=-p.k * float(y.x)),
        lambda y, p: dict(x=math.sqrt(p.k) * y.x),
        lambda y, p: dict(x=math.pow(y.x, 2)),
    ],
)
def test_the_math_module_is_refused_with_the_remedy(rhs: Callable[..., Any]) -> None:
    with pytest.raises(ModelError, match=r"exp, log, sqrt from autologue\.functions"):
        lower(with_rhs(rhs))


def test_a_refusal_names_the_quantity_as_the_model_does() -> None:
    with pytest.raises(ModelError, match="t < cut"):
        lower(with_rhs(lambda t, y, p: dict(x=where(t < p.cut, -p.k * y.x, 0.0))))
    with pytest.raises(ModelError, match="cut < x"):
        lower(with_rhs(lambda y, p: dict(x=-p.k * y.x if y.x > p.cut else 0.0)))


def test_a_refusal_of_a_large_expression_is_short_and_prompt() -> None:
    def rhs(y: Any, p: Any) -> Any:
        x = y.x
        for _ in range(200):
            x = x * x + x
        return dict(x=where(x < 1, 0.0, x))

    with pytest.raises(ModelError) as refusal:
        lower(with_rhs(rhs))
    assert len(str(refusal.value)) < 400


def test_kinks_and_conditionals_on_parameters_are_allowed() -> None:
    system = lower(with_rhs(lambda t, y, p: dict(x=minimum(y.x, p.cut) - maximum(t, 3.0) + abs(y.x) + where(p.k < 1.0, 0.0, y.x))))
    value = evaluate(system.graph, system.rhs, dict(y0=5.0, p0=1.5, p1=2.0, t=1.0))[0]
    assert value == 2.0 - 3.0 + 5.0 + 5.0


def test_where_on_time_is_allowed_in_a_closed_form_and_an_output() -> None:
    model = with_rhs(
        lambda y, p: dict(x=-p.k * y.x),
        closed_form=lambda t, p: dict(x=where(t < 0, 0.0, exp(-p.k * t))),
        outputs=dict(seen=Output(lambda t, y: where(t < 5.0, y.x, 0.0), "1"), high=Output(lambda y: (y.x > 0.5) * 1.0, "1")),
    )
    system = lower(model)
    assert system.closed is not None
    values = evaluate(system.graph, system.closed, dict(p0=0.1, t=np.array([1.0, 6.0, 60.0])))
    np.testing.assert_allclose(values[0], [np.exp(-0.1), 0.0, 0.0])
    np.testing.assert_allclose(values[1], [1.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("rhs", "message"),
    [
        (lambda y, p: dict(x=y.z), "state 'z'"),
        (lambda y, p: dict(x=p.kk * y.x), "did you mean k"),
        (lambda y, p: dict(y=y.x), "'x' is missing"),
        (lambda y, p: 3.0, "expected dict"),
        (lambda y, q: dict(x=0.0), "asks for 'q'"),
        (lambda y, p: dict(x=y.x + "1"), "phase 1"),
        (lambda y, p: dict(x=[y.x]), "phase 1"),
        (lambda y, p: dict(x=None), "phase 1"),
    ],
)
def test_mistakes_in_a_right_hand_side_name_the_place(rhs: Callable[..., Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        lower(with_rhs(rhs))


def test_extinction_is_refused_with_inflow_and_allowed_with_doses() -> None:
    states = dict(x=State("1", extinct_below=1.0))
    with pytest.raises(ModelError, match="inflow in phase 1"):
        lower(with_rhs(lambda y, p: dict(x=p.cut - p.k * y.x), states=states))
    build_two = [Phase(lambda y, p: dict(x=-p.k * y.x), until=2.0), Phase(lambda y, p: dict(x=p.k - y.x))]
    with pytest.raises(ModelError, match="inflow in phase 2"):
        lower(build("refused", states, dict(k=1.0), lambda p: dict(x=1.0), build_two))
    dosed = with_rhs(lambda y, p: dict(x=hill(y.x, p.cut, 2) * y.x - p.k * y.x**1.5), states=states, dosing=dict(x=Dosing("x", "1")))
    assert len(lower(dosed).guards) == 1


def test_a_birth_death_tail_is_refused_with_inflow_doses_and_extinction() -> None:
    tail = BirthDeath("x", birth=lambda p: p.k, death=lambda p: p.cut)
    with pytest.raises(ModelError, match="inflow"):
        lower(with_rhs(lambda y, p: dict(x=p.cut - p.k * y.x), birth_death=tail))
    with pytest.raises(ModelError, match="doses"):
        lower(with_rhs(lambda y, p: dict(x=-p.k * y.x), birth_death=tail, dosing=dict(x=Dosing("x", "1"))))
    with pytest.raises(ModelError, match="one or the other"):
        with_rhs(lambda y, p: dict(x=-p.k * y.x), birth_death=tail, states=dict(x=State("1", extinct_below=1.0)))


def test_equal_expressions_are_one_node_and_constants_fold() -> None:
    g = Graph()
    x, y = g.variable("x"), g.variable("y")
    assert x * y is y * x
    assert x + 0 is x
    assert x - 0.0 is x
    assert 1 * x is x
    assert (x - x).value == 0.0
    assert (g.constant(2.0) ** 3).value == 8.0
    assert (g.constant(1.0) / 4).value == 0.25
    assert where(g.constant(1.0) > 0, x, y) is x
    assert where(x < 1, y, y) is y


def test_hill_is_zero_at_zero_with_a_finite_slope() -> None:
    g = Graph()
    x, n = g.variable("x"), g.variable("n")
    slope = g.derivative([hill(x, 3.0, n)], {"x": g.constant(1.0)})
    for power in (1.0, 0.5, 2.0, 3.7):
        at = evaluate(g, [hill(x, 3.0, n), *slope], {"x": np.array([-1.0, 0.0, 3.0]), "n": power})
        np.testing.assert_allclose(at[0], [0.0, 0.0, 0.5])
        assert np.isfinite(at[1]).all()
        assert at[1][2] == pytest.approx(power / 12)
