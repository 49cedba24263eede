"""Derivatives by shared steps: through phase ends, state triggers, lags and stiff courses."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import ERADICATION, PK, STEIN, SWITCH, Floats, stein, typical, wide

from autologue import library
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import EXPLICIT, STIFF, Solver, solve
from autologue.errors import InputError, ModelError
from autologue.model import Crossing, Dosing, Input, Model, Output, Parameter, Phase, Rule, State
from autologue.regimen import Bolus, Infusion, Regimen


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


# --- small models with closed forms --------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("solver", [Solver(rtol=1e-8), Solver(explicit=True, rtol=1e-8)])
T = np.array([3.0, 9.0, 10.0, 28.0, 300.0])


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
def test_the_time_of_the_peak_moves_the_decline(solver: Solver) -> None:
    """At day 28 d log C / d t_max is alpha-like and positive (+0.1396), not the slope of the growth phase (-0.889)."""
    found = sensitivities(STEIN, typical(STEIN), wrt=["t_max"], times=np.array([28.0]), logarithmic=False, solver=solver)
    slope = float(found.gradient[0, 0, 0, 0] / found.values[0, 0, 0])
    alpha, beta, share, after = 0.16, 0.0032, 0.0079, 28 - 9.3
    fast, slow = (1 - share) * np.exp(-alpha * after), share * np.exp(-beta * after)
    assert slope == pytest.approx((alpha * fast + beta * slow) / (fast + slow), rel=1e-4)
    assert slope == pytest.approx(0.1396, abs=5e-4)


@BOTH
def test_every_parameter_of_stein_against_the_closed_form(solver: Solver) -> None:
    p, names = typical(STEIN)[0], list(STEIN.parameters)
    found = sensitivities(STEIN, p[None], wrt=names, times=T, solver=solver)
    np.testing.assert_allclose(found.values[0, :, 0], stein(p, T), rtol=1e-6)
    for k in range(len(names)):
        up, down = p.copy(), p.copy()
        up[k] *= 1 + 1e-5
        down[k] *= 1 - 1e-5
        want = (stein(up, T) - stein(down, T)) / 2e-5
        np.testing.assert_allclose(found.gradient[0, :, 0, k], want, rtol=2e-5, atol=1e-5 * np.abs(found.values[0, :, 0]).max())


def _switch(p: Floats, t: Floats) -> Floats:
    g, d, top = p[:3]
    first = np.log(top / 2) / g
    second = first + np.log(0.1 * top) / d
    low = np.where(t < second, 0.1 * top * np.exp(-d * (t - first)), np.exp(g * (t - second)))
    return np.where(t < first, 2 * np.exp(g * t), low)


@BOTH
def test_phase_ends_by_state_move_with_the_parameters(solver: Solver) -> None:
    p, t = typical(SWITCH)[0], np.array([2.0, 5.0, 6.0, 8.0, 12.0])
    found = sensitivities(SWITCH, p[None], wrt=["g", "d", "top"], times=t, solver=solver)
    np.testing.assert_allclose(found.values[0, :, 0], _switch(p, t), rtol=1e-6)
    for k in range(3):
        up, down = p.copy(), p.copy()
        up[k] *= 1 + 1e-5
        down[k] *= 1 - 1e-5
        np.testing.assert_allclose(found.gradient[0, :, 0, k], (_switch(up, t) - _switch(down, t)) / 2e-5, rtol=1e-4, atol=1e-6)


@BOTH
def test_lag_bioavailability_and_rates_of_doses(solver: Solver) -> None:
    t = np.array([0.5, 1.2, 3.0, 7.5, 20.0])
    regimen = Regimen(Bolus(0.0, 10.0, "1", "oral", every=6.0, additional=2), Infusion(1.0, 4.0, 2.0, "1", "oral"))
    names = ["ka", "k", "share", "lag"]
    found = sensitivities(PK, typical(PK), wrt=names, times=t, regimens=[regimen], outputs=["central"], logarithmic=False, solver=solver)
    tight = Solver(explicit=True, rtol=1e-12)
    for k, name in enumerate(names):
        value, h = PK.parameters[name].value, 1e-4
        sides = [
            solve(PK, typical(PK, **{name: value + s * h}), times=t, regimens=[regimen], outputs=["central"], solver=tight) for s in (1, -1)
        ]
        want = (sides[0].values - sides[1].values)[0, :, 0] / (2 * h)
        np.testing.assert_allclose(found.gradient[0, :, 0, k], want, rtol=2e-4, atol=2e-5)


def test_a_dose_moved_by_its_lag_against_the_closed_form() -> None:
    """A lone bolus: d central / d lag = minus the slope of the absorbed course."""
    found = sensitivities(PK, typical(PK), wrt=["lag"], times=np.array([4.4]), regimens=[Regimen(Bolus(0.0, 10.0, "1", "oral"))],
                          outputs=["central"], logarithmic=False, solver=Solver(explicit=True, rtol=1e-9))  # fmt: skip
    ka, k, s = 1.3, 0.21, 4.0
    want = -7.0 * ka / (ka - k) * (ka * np.exp(-ka * s) - k * np.exp(-k * s))
    assert found.gradient[0, 0, 0, 0] == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
def test_nine_parameters_in_two_groups_on_eradicated_patients(solver: Solver) -> None:
    names = ["rho", "kb", "de", "phi", "mu", "g", "bmax", "kk", "b0"]
    p, t = wide(ERADICATION, 3), np.array([3.0, 10.0, 40.0, 200.0])
    found = sensitivities(ERADICATION, p, wrt=names, times=t, outputs=["e", "b"], solver=solver)
    assert found.gradient.shape == (3, 4, 2, 9)
    order, tight = list(ERADICATION.parameters), Solver(explicit=True, rtol=1e-12)
    for k, name in enumerate(names):
        sides = []
        for factor in (1 + 1e-4, 1 - 1e-4):
            moved = p.copy()
            moved[:, order.index(name)] *= factor
            sides.append(solve(ERADICATION, moved, times=t, outputs=["e", "b"], solver=tight).values)
        want = (sides[0] - sides[1]) / 2e-4
        scale = np.abs(found.values) + np.abs(want)
        assert np.max(np.abs(found.gradient[..., k] - want) / scale) < 1e-3


def test_ragged_times_and_patients_give_the_rows_of_each() -> None:
    p = typical(STEIN, t_max=np.array([5.0, 9.3, 15.0]))
    times = [np.array([1.0, 28.0]), np.array([28.0]), np.array([7.0, 20.0, 28.0])]
    ragged = sensitivities(STEIN, p, wrt=["t_max", "alpha"], times=times)
    assert ragged.gradient.shape == (6, 1, 2)
    together = sensitivities(STEIN, p, wrt=["t_max", "alpha"], times=np.array([28.0]))
    np.testing.assert_allclose(ragged.gradient[[1, 2, 5], 0], together.gradient[:, 0, 0], rtol=1e-3)


def test_a_failed_patient_has_a_status_and_no_numbers() -> None:
    p = np.repeat(typical(STEIN), 3, axis=0)
    p[1, 2] = np.nan
    found = sensitivities(STEIN, p, wrt=["alpha"], times=np.array([28.0]))
    assert found.status[0] == 0
    assert found.status[1] > 0
    assert np.isnan(found.gradient[1]).all()
    np.testing.assert_array_equal(found.gradient[0], found.gradient[2])


def test_a_parameter_at_zero_is_moved_by_an_absolute_amount() -> None:
    found = sensitivities(PK, typical(PK, k=0.0), wrt=["k"], times=np.array([3.0]), regimens=[Regimen(Bolus(0.0, 10.0, "1", "vein"))],
                          outputs=["central"], solver=Solver(explicit=True, rtol=1e-9))  # fmt: skip
    assert found.gradient[0, 0, 0, 0] == pytest.approx(-30.0, rel=1e-5)


def test_doses_at_steady_state_are_differentiated_from_their_lead_in() -> None:
    regimen, t = Regimen(Bolus(0.0, 10.0, "1", "vein", every=2.0, steady_state=True)), np.array([0.0, 1.0])
    tight = Solver(explicit=True, rtol=1e-9)
    found = sensitivities(PK, typical(PK), wrt=["k"], times=t, regimens=[regimen], outputs=["central"], logarithmic=False, solver=tight)

    def settled(k: float) -> Floats:
        return 10 / (1 - np.exp(-2 * k)) * np.exp(-k * t)

    np.testing.assert_allclose(found.values[0, :, 0], settled(0.21), rtol=1e-6)
    np.testing.assert_allclose(found.gradient[0, :, 0, 0], (settled(0.2101) - settled(0.2099)) / 2e-4, rtol=1e-5)
