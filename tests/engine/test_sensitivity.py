"""Derivatives through phase ends, state triggers, doses and stiff courses, against closed forms and tight differences."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import ERADICATION, PK, RULED, STEIN, SWITCH, Floats, stein, typical, wide

from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import EXPLICIT, STIFF, Solver, solve
from autologue.errors import InputError, ModelError
from autologue.regimen import Bolus, Infusion, Regimen

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
        sides = [solve(PK, typical(PK, **{name: value + s * h}), times=t, regimens=[regimen], outputs=["central"], solver=tight) for s in (1, -1)]
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


def test_mistakes_are_refused() -> None:
    with pytest.raises(InputError, match="alpha"):
        sensitivities(STEIN, typical(STEIN), wrt=["alhpa"], times=np.array([1.0]))
    with pytest.raises(ModelError, match="rules"):
        sensitivities(RULED, typical(RULED), wrt=["k"], times=np.array([1.0]))


def test_a_parameter_at_zero_is_moved_by_an_absolute_amount() -> None:
    found = sensitivities(PK, typical(PK, k=0.0), wrt=["k"], times=np.array([3.0]), regimens=[Regimen(Bolus(0.0, 10.0, "1", "vein"))],
                          outputs=["central"], solver=Solver(explicit=True, rtol=1e-9))  # fmt: skip
    assert found.gradient[0, 0, 0, 0] == pytest.approx(-30.0, rel=1e-5)
