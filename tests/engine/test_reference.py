"""The oracle itself, against closed forms that fit in a line."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autologue.engine.reference import observe_reference, solve_reference
from autologue.errors import InputError, ModelError, SolveError
from autologue.model import BirthDeath, Crossing, Dosing, Input, Model, Output, Parameter, Phase, Rule, State
from autologue.regimen import Bolus, Infusion, Level, Regimen

RATE = 0.3


def decay(**changes: Any) -> Model:
    given: dict[str, Any] = dict(
        name="decay",
        time="day",
        states=dict(x=State("mg", absolute=1e-6)),
        parameters=dict(k=Parameter(RATE, "1/day", "loss", None, "assumed"), x_0=Parameter(0.0, "mg", "start", None, "assumed")),
        initial=lambda p: dict(x=p.x_0),
        phases=[Phase(lambda y, p: dict(x=-p.k * y.x))],
        outputs=dict(amount=Output(lambda y: y.x, "mg")),
        dosing=dict(oral=Dosing("x", "mg", bioavailability=0.5, lag=lambda p: 0.3 / p.k), iv=Dosing("x", "mg")),
        reference="none",
    )
    return Model(**{**given, **changes})


def after(t: float, start: float, amount: float) -> float:
    return amount * math.exp(-RATE * (t - start)) if t >= start else 0.0


def test_boluses_repeat_and_values_are_right_continuous() -> None:
    plan = Regimen(Bolus(1.0, 10.0, "mg", "iv", every=2.0, additional=2))
    times = [0.0, 0.999, 1.0, 3.0, 5.0, 9.0]
    expected = [sum(after(t, s, 10.0) for s in (1.0, 3.0, 5.0)) for t in times]
    np.testing.assert_allclose(solve_reference(decay(), {}, times, regimen=plan)["x"], expected, rtol=1e-8)


def test_infusion_lag_bioavailability_and_units() -> None:
    plan = Regimen(Infusion(24.0, 0.012, 48.0, "g", "oral"), time="hour")
    rate, start, end = 12.0 * 0.5 / 2.0, 2.0, 4.0

    def exact(t: float) -> float:
        inside = min(max(t - start, 0.0), end - start)
        return rate / RATE * (1 - math.exp(-RATE * inside)) * math.exp(-RATE * max(t - end, 0.0))

    times = [0.0, 2.0, 2.5, 4.0, 7.0]
    np.testing.assert_allclose(solve_reference(decay(), {}, times, regimen=plan)["x"], [exact(t) for t in times], rtol=1e-8)


def test_the_regimen_of_the_model_is_its_default_and_can_be_left_out() -> None:
    model = decay(regimen=Regimen(Bolus(0.0, 4.0, "mg", "iv")))
    assert solve_reference(model, {}, [0.0])["x"][0] == 4.0
    assert solve_reference(model, {}, [0.0], regimen=Regimen())["x"][0] == 0.0


def test_inputs_hold_until_and_fall_back() -> None:
    model = decay(inputs=dict(rate=Input(1.0, "mg/day")), phases=[Phase(lambda u: dict(x=u.rate))])
    plan = Regimen(Level(2.0, "rate", 5.0, until=4.0), Level(3.0, "rate", 0.0, until=3.5))
    found = solve_reference(model, {}, [2.0, 3.0, 3.5, 4.0, 5.0], regimen=plan)["x"]
    np.testing.assert_allclose(found, [2.0, 7.0, 7.0, 9.5, 10.5], rtol=1e-9)
    outputs = dict(seen=Output(lambda u: u.rate, "mg/day"))
    assert observe_reference(replace(model, outputs=outputs), {}, [1.0, 2.0, 4.0], regimen=plan)["seen"].tolist() == [1.0, 5.0, 1.0]


def test_a_crossing_ends_a_phase_with_direction_after_and_reset() -> None:
    swing = Phase(
        lambda t: dict(x=2.0 * math.pi * math.cos(2.0 * math.pi * t)),
        until=Crossing(lambda y: y.x - 0.5, "falling", after=lambda p: 1.0),
        reset=lambda y: dict(x=y.x + 10.0),
    )
    model = decay(states=dict(x=State("mg", signed=True)), phases=[swing, Phase(lambda: dict(x=-1.0))])
    end = 1.0 + 5.0 / 12.0  # sin(2 pi t) passes 1/2 downward at 5/12; the first one, before day 1, does not count
    found = solve_reference(model, {}, [0.5, 1.25, end + 1.0])["x"]
    np.testing.assert_allclose(found, [0.0, 1.0, 9.5], atol=1e-7)


def test_timed_phases_follow_parameters() -> None:
    model = decay(phases=[Phase(lambda: dict(x=1.0), until=lambda p: 1.0 / p.k), Phase(lambda: dict(x=0.0))])
    np.testing.assert_allclose(solve_reference(model, dict(k=0.5), [1.0, 2.0, 9.0])["x"], [1.0, 2.0, 2.0], rtol=1e-10)


def test_extinction_is_for_good_until_a_dose() -> None:
    model = decay(states=dict(x=State("mg", extinct_below=1.0)), parameters={**decay().parameters, "x_0": Parameter(8.0, "mg", "start")})
    gone = math.log(8.0) / RATE
    found = solve_reference(model, {}, [gone - 1e-6, gone + 1e-6, 20.0, 21.0], regimen=Regimen(Bolus(20.5, 3.0, "mg", "iv")))["x"]
    np.testing.assert_allclose(found, [1.0, 0.0, 0.0, 3.0 * math.exp(-RATE / 2)], rtol=1e-6)


def test_a_purely_relative_state_is_followed_far_below_one() -> None:
    model = decay(states=dict(x=State("mg")), parameters={**decay().parameters, "x_0": Parameter(1e12, "mg", "start")})
    assert solve_reference(model, dict(k=0.6), [100.0])["x"][0] == pytest.approx(1e12 * math.exp(-60.0), rel=1e-6)


@pytest.mark.parametrize("method", ["Radau", "DOP853"])
def test_methods_agree(method: str) -> None:
    plan = Regimen(Bolus(0.0, 10.0, "mg", "iv"))
    assert solve_reference(decay(), {}, [5.0], regimen=plan, method=method)["x"][0] == pytest.approx(after(5.0, 0.0, 10.0), rel=1e-8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(birth_death=BirthDeath("x", lambda p: p.k, lambda p: p.k)), "birth-death tail"),
        (dict(inputs=dict(r=Input(0.0, "1")), rules=[Rule("r", Crossing(lambda y: y.x, "rising"), dict(r=1.0))]), "has rules"),
        (dict(phases=[Phase(lambda y, p: dict(z=0.0))]), "unknown state 'z'"),
        (dict(phases=[Phase(lambda y, p: {})]), "gives no value for state 'x'"),
    ],
)
def test_what_it_does_not_know_is_said(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        solve_reference(decay(**changes), {}, [0.0, 1.0])


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Regimen(Bolus(0.0, 1.0, "mg", "ivv")), "unknown dosing route 'ivv'; did you mean iv"),
        (Regimen(Level(0.0, "drug", 1.0)), "unknown input 'drug'"),
        (Regimen(Bolus(-1.0, 1.0, "mg", "iv")), "before the model's time zero"),
    ],
)
def test_unusable_regimens(plan: Regimen, words: str) -> None:
    with pytest.raises(InputError, match=words):
        solve_reference(decay(), {}, [0.0, 1.0], regimen=plan)


@pytest.mark.parametrize("times", [[], [-1.0], [2.0, 1.0], [float("nan")]])
def test_unusable_times(times: list[float]) -> None:
    with pytest.raises(InputError, match="times must be finite, in order"):
        solve_reference(decay(), {}, times)


def test_a_blow_up_is_a_sentence_with_the_time() -> None:
    model = decay(parameters={**decay().parameters, "x_0": Parameter(1.0, "mg", "start")}, phases=[Phase(lambda y: dict(x=y.x**2))])
    with pytest.raises(SolveError, match=r"cannot be solved beyond time|fails at time"):
        solve_reference(model, {}, [2.0])


def test_the_oracle_does_not_load_numba() -> None:
    code = "import sys, autologue.engine.reference; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
