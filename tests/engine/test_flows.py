"""Flows read from the graph: transfers, gains, losses, and the sign of what drives them."""

from __future__ import annotations

import pytest
from engine_models import build

from autologue.engine.flows import Flow, flows
from autologue.library import load, names
from autologue.model import Phase, State

CHAIN = build(
    "test_chain",
    dict(a=State("1"), b=State("1"), c=State("1"), d=State("1")),
    dict(supply=1.0, move=0.2, burst=3.0, brake=2.0, die=0.1, grow=0.3, cap=50.0, out=0.5, other=0.7),
    lambda p: dict(a=1.0, b=1.0, c=1.0, d=1.0),
    lambda y, p: dict(
        a=p.supply - p.move * y.a / (1 + y.c / p.brake),
        b=p.burst * (p.move * y.a / (1 + y.c / p.brake)) - p.die * y.c * y.b,
        c=p.grow * y.c * (1 - y.c / p.cap) + p.out * y.d,
        d=-(p.out + p.other) * y.d,
    ),
)


def test_the_terms_of_a_chain() -> None:
    found = flows(CHAIN)
    assert Flow(None, "a", False, ("supply",), (), ()) in found
    assert Flow("a", "b", False, ("move", "burst", "brake"), (), (("c", -1),)) in found  # arrives multiplied, braked by c
    assert Flow("b", None, False, ("die",), (), (("c", 1),)) in found
    assert Flow(None, "c", True, ("grow", "cap"), (), ()) in found
    assert Flow("d", "c", False, ("out",), (), ()) in found  # taken out of the sum of rates
    assert Flow("d", None, False, ("other",), (), ()) in found
    assert len(found) == 6


def test_phases_and_resets_are_told() -> None:
    found = flows(load("stein_2019"))
    (reset,) = [f for f in found if f.at_end]
    assert (reset.source, reset.target, reset.phases) == ("effector", "memory", (1,))
    (growth,) = [f for f in found if f.grows]
    assert growth.phases == (1,)
    assert growth.inputs == ("tocilizumab", "steroid")


def test_growth_that_turns_into_decline_is_net() -> None:
    found = [f for f in flows(load("kimmel_2021")) if "car" in (f.source, f.target)]
    assert found
    for flow in found:
        assert flow.net
        assert flow.grows
        assert flow.drivers == (("normal", -1),)


@pytest.mark.parametrize("name", names())
def test_every_state_of_the_library_has_a_flow(name: str) -> None:
    found = flows(load(name))
    for state in load(name).states:
        assert any(state in (f.source, f.target) for f in found), state


def test_a_model_of_one_state() -> None:
    one = build("test_one", dict(x=State("1")), dict(k=0.1), lambda p: dict(x=1.0), [Phase(lambda y, p: dict(x=-p.k * y.x))])
    assert flows(one) == [Flow("x", None, False, ("k",), (), ())]
