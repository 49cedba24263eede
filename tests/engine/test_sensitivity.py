"""Derivatives by shared steps: through phase ends, state triggers, lags and stiff courses."""

import numpy as np
import pytest

from autologue import library
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import Solver, solve
from autologue.errors import InputError, ModelError
from autologue.model import Crossing, Dosing, Input, Model, Output, Parameter, Phase, Rule, State
from autologue.regimen import Bolus, Regimen


def model(**changes: object) -> Model:
    """One state that grows until a level, then falls."""
    given: dict[str, object] = dict(
        name="test_trigger",
        time="day",
        states=dict(x=State("cells")),
        parameters={n: Parameter(v, u, n, None, "test") for n, v, u in (("r", 0.3, "1/day"), ("d", 0.7, "1/day"), ("k", 50.0, "cells"))},
        initial=lambda p: dict(x=1.0),
        phases=[
            Phase(lambda y, p: dict(x=p.r * y.x), until=Crossing(lambda y, p: y.x - p.k, "rising")),
            Phase(lambda y, p: dict(x=-p.d * y.x)),
        ],
        outputs=dict(x=Output(lambda y: y.x, "cells")),
        reference="test",
    )
    return Model(**{**given, **changes})  # type: ignore[arg-type]


def test_the_peak_time_of_stein_has_the_sign_of_the_closed_form() -> None:
    stein = library.load("stein_2019")
    p = np.array([list(stein.with_typical().values())])
    found = sensitivities(stein, p, wrt=["t_max"], times=np.array([28.0]), logarithmic=False)
    assert found.gradient[0, 0, 0, 0] / found.values[0, 0, 0] == pytest.approx(0.1396, abs=5e-5)


@pytest.mark.parametrize("explicit", [False, True])
def test_a_phase_that_a_state_ends_moves_with_every_parameter(*, explicit: bool) -> None:
    r, d, k, t = 0.3, 0.7, 50.0, 20.0
    found = sensitivities(
        model(), np.array([[r, d, k]]), wrt=["r", "d", "k"], times=np.array([t]), logarithmic=False, solver=Solver(explicit=explicit)
    )
    end = np.log(k) / r
    exact = np.array([-d * end / r, -(t - end), 1 / k + d / (r * k)])
    np.testing.assert_allclose(found.gradient[0, 0, 0] / found.values[0, 0, 0], exact, rtol=1e-4)


def test_the_lag_of_a_dose_is_differentiated() -> None:
    infused = model(
        name="test_lag",
        states=dict(x=State("mg", absolute=1e-9)),
        parameters={n: Parameter(v, u, n, None, "test") for n, v, u in (("loss", 0.2, "1/day"), ("wait", 1.5, "day"), ("share", 0.4, "1"))},
        initial=lambda p: dict(x=0.0),
        phases=[Phase(lambda y, p: dict(x=-p.loss * y.x))],
        outputs=dict(x=Output(lambda y: y.x, "mg")),
        dosing=dict(vein=Dosing("x", "mg", bioavailability=lambda p: p.share, lag=lambda p: p.wait)),
    )
    regimen = Regimen(Bolus(0.0, 100.0, "mg", "vein"))
    found = sensitivities(
        infused,
        np.array([[0.2, 1.5, 0.4]]),
        wrt=["loss", "wait", "share"],
        times=np.array([1.0, 6.0]),
        regimens=[regimen],
        logarithmic=False,
    )
    assert found.values[0, 0, 0] == 0.0
    assert found.values[0, 1, 0] == pytest.approx(40 * np.exp(-0.9), rel=1e-5)
    np.testing.assert_allclose(found.gradient[0, 1, 0] / found.values[0, 1, 0], [-4.5, 0.2, 2.5], rtol=1e-4)


def test_many_parameters_agree_with_differences_of_tight_solutions() -> None:
    kimmel = library.load("kimmel_2021")
    p = np.array([list(kimmel.with_typical().values())])
    names, times = list(kimmel.parameters), np.array([5.0, 20.0, 60.0])
    found = sensitivities(kimmel, p, wrt=names, times=times)
    tight = Solver(explicit=True, rtol=1e-12)
    for k in range(len(names)):
        up, down = p.copy(), p.copy()
        up[0, k], down[0, k] = p[0, k] * (1 + 1e-5), p[0, k] * (1 - 1e-5)
        slope = (solve(kimmel, up, times=times, solver=tight).values - solve(kimmel, down, times=times, solver=tight).values) / 2e-5
        scale = np.abs(found.values[0]) + np.abs(slope[0])
        assert (np.abs(found.gradient[0, :, :, k] - slope[0]) / scale).max() < 1e-4, names[k]


def test_each_patient_may_have_times_of_its_own_and_more_than_seven_parameters() -> None:
    kimmel = library.load("kimmel_2021")
    p = np.repeat([list(kimmel.with_typical().values())], 2, axis=0)
    names = list(kimmel.parameters)
    ragged = sensitivities(kimmel, p, wrt=names, times=[np.array([5.0, 9.0]), np.array([9.0])])
    shared = sensitivities(kimmel, p[:1], wrt=names, times=np.array([5.0, 9.0]))
    np.testing.assert_allclose(ragged.gradient[:2], shared.gradient[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ragged.gradient[2], shared.gradient[0, 1], rtol=1e-3, atol=1e-6)


def test_what_cannot_be_differentiated_is_refused() -> None:
    rule = Rule("stop", Crossing(lambda y: y.x - 10.0, "rising"), {"block": 1.0})
    ruled = model(inputs=dict(block=Input(0.0, "1")), rules=[rule])
    with pytest.raises(ModelError, match="feedback rules"):
        sensitivities(ruled, np.array([[0.3, 0.7, 50.0]]), wrt=["r"], times=np.array([1.0]))
    with pytest.raises(InputError, match="unknown parameter 'kk'"):
        sensitivities(model(), np.array([[0.3, 0.7, 50.0]]), wrt=["kk"], times=np.array([1.0]))
