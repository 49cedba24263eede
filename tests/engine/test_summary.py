"""Summaries computed in the kernel, against what is known."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import ERADICATION, PK, STEIN, SWITCH, Floats, build, stein, typical
from scipy.integrate import quad

from autologue import library
from autologue.engine.closed import closed_form
from autologue.engine.solve import EXPLICIT, STIFF, Solver, solve
from autologue.engine.summary import Area, FirstAbove, FirstBelow, LastAbove, Maximum, Minimum, Summary
from autologue.errors import InputError
from autologue.model import State
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
    found = summarise(
        [Maximum("transgene"), Minimum("transgene"), Maximum("transgene", 20.0, 30.0), Minimum("transgene", 5.5, 20.0)], solver
    )
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
        LastAbove("transgene", 1000.0), FirstAbove("transgene", 1000.0),
        FirstBelow("transgene", 1000.0, 9.0), FirstBelow("transgene", 1000.0),
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
    asked: list[Summary] = [
        Maximum("central"),
        Minimum("central", 1.0, 9.5),
        FirstAbove("central", 5.0),
        LastAbove("central", 5.0, 0.0, 5.5),
    ]
    found = solve(PK, typical(PK), times=NOTHING, horizon=30.0, regimens=[regimen], summaries=asked, solver=solver).summaries[0]
    decay = np.exp(-0.21 * 4)
    np.testing.assert_allclose(found[0], [10 * (1 + decay + decay**2), 9.0], rtol=tolerance(solver))
    np.testing.assert_allclose(found[1], [10 * decay, 5.0], rtol=tolerance(solver))
    assert found[2, 0] == 1.0
    assert found[3, 0] == pytest.approx(5.5)


def test_a_smooth_peak_is_found_within_a_step() -> None:
    model = build(
        "test_peak", dict(x=State("1", absolute=1e-9)), dict(a=0.4), lambda p: dict(x=1.0), lambda t, y, p: dict(x=(p.a - 0.1 * t) * y.x)
    )
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


# --- a whole population --------------------------------------------------------------------------------------------------

LIBRARY = library.load("stein_2019")
PEOPLE = library.populations("stein_2019")["sd"].sample(50, seed=3)
ASKED = (
    Maximum("transgene"),
    Area("transgene", 0.0, 28.0),
    LastAbove("transgene", 50.0),
    FirstAbove("transgene", 1000.0),
    FirstBelow("transgene", 100.0, start=30.0),
    Minimum("transgene", start=40.0, stop=200.0),
    Area("transgene", 3.0, 17.0),
)


@pytest.fixture(scope="module")
def grid() -> tuple[Floats, Floats]:
    times = np.linspace(0.0, 365.0, 365_001)
    return times, closed_form(LIBRARY, PEOPLE.parameters, times=times)[..., 0]


@pytest.mark.parametrize("explicit", [False, True])
def test_summaries_are_those_of_the_closed_form(grid: tuple[Floats, Floats], *, explicit: bool) -> None:
    times, curves = grid
    found = solve(
        LIBRARY, PEOPLE.parameters, times=np.array([]), horizon=365.0, summaries=ASKED, solver=Solver(explicit=explicit, rtol=1e-9)
    ).summaries
    peak = PEOPLE["t_max"] < 365
    np.testing.assert_allclose(found[peak, 0, 0], PEOPLE["c_max"][peak], rtol=1e-6)
    np.testing.assert_allclose(found[peak, 0, 1], PEOPLE["t_max"][peak], rtol=1e-6)
    for column, (a, b) in ((1, (0.0, 28.0)), (6, (3.0, 17.0))):
        inside = (times >= a) & (times <= b)
        np.testing.assert_allclose(found[:, column, 0], np.trapezoid(curves[:, inside], times[inside], axis=1), rtol=1e-5)
    window = (times >= 40) & (times <= 200)
    np.testing.assert_allclose(found[:, 5, 0], curves[:, window].min(axis=1), rtol=1e-5)
    for k, curve in enumerate(curves):
        above = times[curve >= 50.0]
        assert (np.isnan(found[k, 2, 0]) and not len(above)) or found[k, 2, 0] == pytest.approx(above[-1], abs=2e-3)
        first = times[curve >= 1000.0]
        assert (np.isnan(found[k, 3, 0]) and not len(first)) or found[k, 3, 0] == pytest.approx(first[0], abs=2e-3)
        low = times[(curve <= 100.0) & (times >= 30.0)]
        assert (np.isnan(found[k, 4, 0]) and not len(low)) or found[k, 4, 0] == pytest.approx(low[0], abs=2e-3)
