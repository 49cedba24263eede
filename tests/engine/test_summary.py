"""Summaries computed in the kernel and the closed form, against what is known."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import ERADICATION, PK, STEIN, SWITCH, Floats, build, stein, typical
from scipy.integrate import quad

from autologue.engine import solve as engine_solve
from autologue.engine.closed import closed_form
from autologue.engine.solve import EXPLICIT, STIFF, Solver, solve
from autologue.engine.summary import Area, FirstAbove, FirstBelow, LastAbove, Maximum, Minimum, Summary
from autologue.errors import InputError, ModelError
from autologue.functions import exp
from autologue.model import Input, Model, Output, State
from autologue.regimen import Bolus, Regimen

BOTH = pytest.mark.parametrize("solver", [Solver(rtol=1e-9), Solver(explicit=True, rtol=1e-9), STIFF, EXPLICIT])
NOTHING = np.array([])


def summarise(summaries: list[Summary], solver: Solver, horizon: float = 100.0) -> Floats:
    return solve(STEIN, typical(STEIN), times=NOTHING, horizon=horizon, summaries=summaries, solver=solver).summaries[0]


def tolerance(solver: Solver) -> float:
    return 1e-6 if solver.rtol < 1e-7 else 3e-4


P = np.array([20.0, 3900.0, 9.3, 0.16, 0.0032, 0.0079])


def course(t: float) -> float:
    return float(stein(P, np.array([t]))[0])


@BOTH
def test_maximum_and_minimum_with_their_times(solver: Solver) -> None:
    found = summarise([Maximum("transgene"), Minimum("transgene"), Maximum("transgene", 20.0, 30.0), Minimum("transgene", 5.5, 20.0)], solver)
    np.testing.assert_allclose(found[0], [78000.0, 9.3], rtol=tolerance(solver))
    np.testing.assert_allclose(found[1], [20.0, 0.0], rtol=tolerance(solver))
    np.testing.assert_allclose(found[2], [course(20.0), 20.0], rtol=tolerance(solver))
    np.testing.assert_allclose(found[3], [course(5.5), 5.5], rtol=tolerance(solver))


@BOTH
def test_areas_over_windows_that_cut_steps(solver: Solver) -> None:
    windows = [(0.0, 28.0), (0.0, 84.0), (3.3, 9.9), (60.01, 60.02), (28.0, 100.0), (0.0, 100.0)]
    found = summarise([Area("transgene", a, b) for a, b in windows], solver)[:, 0]
    want = [quad(course, a, b, points=[9.3] if a < 9.3 < b else None, epsrel=1e-11)[0] for a, b in windows]
    np.testing.assert_allclose(found, want, rtol=tolerance(solver))


def _falls_to(limit: float) -> float:
    low, high = 9.3, 1000.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if course(middle) > limit else (low, middle)
    return low


@BOTH
def test_first_and_last_crossings(solver: Solver) -> None:
    rise = 9.3 * np.log(1000.0 / 20.0) / np.log(3900.0)
    fall = _falls_to(1000.0)
    asked: list[Summary] = [
        LastAbove("transgene", 1000.0), FirstAbove("transgene", 1000.0), FirstBelow("transgene", 1000.0, 9.0), FirstBelow("transgene", 1000.0),
        LastAbove("transgene", 1e9), FirstAbove("transgene", 1e9), FirstBelow("transgene", 1.0), FirstAbove("transgene", 1000.0, 5.0),
        LastAbove("transgene", 1000.0, 0.0, 17.7), FirstAbove("transgene", 1000.0, 60.0), LastAbove("transgene", 1000.0, 60.0),
        FirstBelow("transgene", 1000.0, 70.3),
    ]  # fmt: skip
    found = summarise(asked, solver)[:, 0]
    want = [fall, rise, fall, 0.0, np.nan, np.nan, np.nan, max(rise, 5.0), 17.7, np.nan, np.nan, 70.3]
    np.testing.assert_allclose(found, want, rtol=tolerance(solver))


@BOTH
def test_peaks_that_are_boluses_and_troughs_before_them(solver: Solver) -> None:
    regimen = Regimen(Bolus(1.0, 10.0, "1", "vein", every=4.0, additional=2))
    asked: list[Summary] = [Maximum("central"), Minimum("central", 1.0, 9.5), FirstAbove("central", 5.0), LastAbove("central", 5.0, 0.0, 5.5)]
    found = solve(PK, typical(PK), times=NOTHING, horizon=30.0, regimens=[regimen], summaries=asked, solver=solver).summaries[0]
    decay = np.exp(-0.21 * 4)
    np.testing.assert_allclose(found[0], [10 * (1 + decay + decay**2), 9.0], rtol=tolerance(solver))
    np.testing.assert_allclose(found[1], [10 * decay, 5.0], rtol=tolerance(solver))
    assert found[2, 0] == 1.0
    assert found[3, 0] == pytest.approx(5.5)


def test_a_smooth_peak_is_found_within_a_step() -> None:
    model = build("test_peak", dict(x=State("1", absolute=1e-9)), dict(a=0.4), lambda p: dict(x=1.0), lambda t, y, p: dict(x=(p.a - 0.1 * t) * y.x))
    found = solve(model, typical(model), times=NOTHING, horizon=12.0, summaries=[Maximum("x")], solver=EXPLICIT).summaries[0, 0]
    np.testing.assert_allclose(found[0], np.exp(0.8), rtol=1e-5)
    np.testing.assert_allclose(found[1], 4.0, rtol=1e-3)


def test_summaries_do_not_depend_on_saved_times() -> None:
    asked: list[Summary] = [Maximum("x"), Area("x", 1.0, 9.0), FirstBelow("x", 2.0, 5.0)]
    few = solve(SWITCH, typical(SWITCH), times=NOTHING, horizon=12.0, summaries=asked)
    many = solve(SWITCH, typical(SWITCH), times=np.linspace(0, 12, 500), summaries=asked)
    np.testing.assert_array_equal(few.summaries, many.summaries)


def test_an_area_beyond_the_horizon_is_refused_rather_than_cut() -> None:
    with pytest.raises(InputError, match=r"horizon=84.*shorter window"):
        summarise([Area("transgene", 0.0, 84.0)], STIFF, horizon=28.0)
    with pytest.raises(InputError, match="end must come after"):
        summarise([Area("transgene", 5.0, 5.0)], STIFF)
    with pytest.raises(InputError, match="transgene"):
        summarise([Maximum("transgen")], STIFF)


def test_a_failed_patient_has_no_summaries() -> None:
    p = np.repeat(typical(ERADICATION), 2, axis=0)
    found = solve(ERADICATION, p, times=NOTHING, horizon=100.0, summaries=[Maximum("e"), Area("e", 0.0, 50.0)], solver=Solver(max_steps=15))
    assert (found.status > 0).all()
    assert np.isnan(found.summaries).all()


# --- closed forms --------------------------------------------------------------------------------------------------------


def test_a_closed_form_is_the_solution() -> None:
    p = typical(STEIN, t_max=np.linspace(2, 20, 40), fold=np.geomspace(5, 1e6, 40))
    times = np.linspace(0, 100, 41)
    exact = closed_form(STEIN, p, times=times)
    np.testing.assert_allclose(exact[..., 0], [stein(row, times) for row in p], rtol=2e-14)
    np.testing.assert_allclose(solve(STEIN, p, times=times, solver=Solver(rtol=1e-9)).values, exact, rtol=2e-6)


def test_a_closed_form_by_rows_and_by_threads_is_the_same_bits() -> None:
    p = typical(STEIN, t_max=np.linspace(2, 20, 9000))
    times = np.array([0.0, 9.3, 28.0])
    whole = closed_form(STEIN, p, times=times)
    np.testing.assert_array_equal(closed_form(STEIN, p, times=times, workers=2), whole)
    ragged = closed_form(STEIN, p[:3], times=[times[:1], times[1:], times])
    np.testing.assert_array_equal(ragged[:, 0], np.concatenate([whole[0, :1, 0], whole[1, 1:, 0], whole[2, :, 0]]))


def _numbered(k: int) -> Model:
    return build(
        f"test_closed_{k}", dict(x=State("1")), dict(a=1.0), lambda p: dict(x=1.0), lambda y, p: dict(x=-p.a * y.x),
        closed_form=lambda t, p: dict(x=(k + 1) * exp(-p.a * t)),
    )  # fmt: skip


def test_closed_forms_of_models_made_in_a_row_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(3):
        monkeypatch.setattr(engine_solve, "_prepared", {})  # as after many models, so that memory may be used again
        model = _numbered(k)
        assert closed_form(model, typical(model), times=np.array([0.0]))[0, 0, 0] == k + 1.0
        del model


def test_a_closed_form_takes_the_default_of_an_input() -> None:
    model = build(
        "test_closed_input", dict(x=State("1")), dict(a=1.0), lambda p: dict(x=1.0), lambda y, p: dict(x=-p.a * y.x),
        inputs=dict(scale=Input(3.0, "1")), outputs=dict(seen=Output(lambda y, u: u.scale * y.x, "1")),
        closed_form=lambda t, p: dict(x=exp(-p.a * t)),
    )  # fmt: skip
    np.testing.assert_allclose(closed_form(model, typical(model), times=np.array([0.0, 2.0]))[0, :, 0], [3.0, 3 * np.exp(-2)], rtol=1e-14)


def test_a_model_without_closed_form_and_an_unknown_output_are_refused() -> None:
    with pytest.raises(ModelError, match="no closed form"):
        closed_form(PK, typical(PK), times=np.array([1.0]))
    with pytest.raises(InputError, match="did you mean transgene"):
        closed_form(STEIN, typical(STEIN), times=np.array([1.0]), outputs=["transgen"])
