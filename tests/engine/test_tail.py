"""The last cells as chance events: exact extinction probability, sampled times, and a tail that is left again."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import TAIL, Floats, typical
from scipy import stats

from autologue.engine.solve import EXPLICIT, STIFF, Solver, solve
from autologue.engine.summary import Maximum
from autologue.errors import InputError
from autologue.regimen import Level, Regimen

TIGHT = Solver(explicit=True, rtol=1e-9)
SHOWN = ["cells", "cells_extinction_probability"]


def extinct_by(t: Floats, b: float, d: float, n: float) -> Floats:
    """Probability that n cells with constant birth and death rates have all died by time t (Kendall 1948)."""
    grown = np.exp((b - d) * np.maximum(t, 0.0))
    return (d * (grown - 1) / (b * grown - d)) ** n


def uniforms(count: int) -> Floats:
    return (np.random.default_rng(5).permutation(count) + 0.5) / count


@pytest.mark.parametrize(("b", "d"), [(0.5, 0.8), (0.0, 1.3), (0.2, 0.25)])
@pytest.mark.parametrize("solver", [TIGHT, Solver(rtol=1e-8), STIFF, EXPLICIT])
def test_extinction_probability_from_a_hundred_cells(solver: Solver, b: float, d: float) -> None:
    enter = np.log(1000 / 100) / (d - b)
    times = np.concatenate([[0.0], enter + np.linspace(0.0, 25.0, 51) / (d - b) / 3])
    found = solve(TAIL, typical(TAIL, b=b, d=d), times=times, outputs=SHOWN, solver=solver)
    tolerance = 1e-6 if solver.rtol < 1e-7 else 2e-3
    want = np.where(times >= enter, extinct_by(times - enter, b, d, 100.0), 0.0)
    certain = want < 1 - 1e-9
    np.testing.assert_allclose(found.values[0, certain, 1], want[certain], atol=tolerance)
    mean = np.where(
        times >= enter, 100 * np.exp((b - d) * (times - enter)) / (1 - np.minimum(want, 1 - 1e-9)), 1000 * np.exp((b - d) * times)
    )
    sure = want < 0.999
    np.testing.assert_allclose(found.values[0, sure, 0], mean[sure], rtol=2 * tolerance if tolerance < 1e-4 else 2e-2)


@pytest.mark.parametrize("n0", [1.0, 7.0, 30.0, 99.0])
def test_a_tail_that_starts_with_fewer_cells_counts_those(n0: float) -> None:
    times = np.linspace(0.0, 12.0, 13)
    found = solve(TAIL, typical(TAIL, n0=n0), times=times, outputs=SHOWN, solver=TIGHT)
    np.testing.assert_allclose(found.values[0, :, 1], extinct_by(times, 0.5, 0.8, n0), rtol=1e-6, atol=1e-9)


def test_sampled_extinction_times_follow_the_exact_distribution() -> None:
    found = solve(TAIL, np.repeat(typical(TAIL), 5000, axis=0), times=np.array([0.0, 200.0]), chance=uniforms(5000), outputs=SHOWN)
    assert (found.status == 0).all()
    when = found.marks[:, list(found.events).index("extinction of cells")]
    assert not np.isnan(when).any()
    enter = np.log(10) / 0.3
    distance = stats.kstest(when, lambda t: np.where(t > enter, extinct_by(t - enter, 0.5, 0.8, 100.0), 0.0)).statistic
    assert distance < 1.5e-3, "the uniform numbers are evenly spaced, so only solver error is left"
    assert (found.values[:, 1, 0] == 0.0).all()


def test_a_supercritical_handful_may_die_or_grow_and_leaves_the_tail_once() -> None:
    n, count = 3.0, 2000
    p = np.repeat(typical(TAIL, b=0.8, d=0.5, n0=n), count, axis=0)
    found = solve(TAIL, p, times=np.array([0.0, 5.0, 40.0]), chance=uniforms(count), outputs=SHOWN)
    assert (found.status == 0).all()
    when = found.marks[:, list(found.events).index("extinction of cells")]
    # it returns above 100 cells when the mean given survival does; until then the exact probability holds
    died = np.sort(when[~np.isnan(when)])
    left = found.marks[:, list(found.events).index("cells back above 100 cells")]
    assert np.isnan(left[~np.isnan(when)]).all()
    assert len(died) / count == pytest.approx(float(extinct_by(np.array([np.nanmin(left)]), 0.8, 0.5, n)[0]), abs=2e-3)
    alive = np.isnan(when)
    np.testing.assert_allclose(left[alive], left[alive][0], rtol=1e-9)
    grown = 100.0 * np.exp(0.3 * (40.0 - left[alive][0]))
    np.testing.assert_allclose(found.values[alive, 2, 0], grown, rtol=1e-3)
    assert (found.values[~alive, 2, 0] == 0.0).all()
    # the mean over the dead and the living is that of the deterministic model
    assert found.values[:, 1, 0].mean() == pytest.approx(n * np.exp(0.3 * 5), rel=0.02)


def test_a_tail_is_left_and_entered_again_with_conditional_chances() -> None:
    """Killing, a pause with growth, killing again: survival is the product over the two tails."""
    regimen = Regimen(Level(14.0, "feeding", 3.0, until=26.0))
    count = 2000
    found = solve(
        TAIL, np.repeat(typical(TAIL), count, axis=0), times=np.array([13.9, 26.0, 60.0]), regimens=[regimen], chance=uniforms(count)
    )
    assert (found.status == 0).all()
    assert found.steps.max() < 500
    when = found.marks[:, list(found.events).index("extinction of cells")]
    enter = np.log(10) / 0.3
    early = float(extinct_by(np.array([14.0 - enter]), 0.5, 0.8, 100.0)[0])
    assert (when <= 14.0).mean() == pytest.approx(early, abs=2e-3)
    assert (found.values[np.isnan(when) | (when > 14), 1, 0] > 100.0).any()


def test_without_chance_extinction_waits_until_it_is_certain() -> None:
    found = solve(TAIL, typical(TAIL), times=np.array([10.0, 30.0, 200.0]), outputs=SHOWN)
    assert found.values[0, 1, 0] >= 1.0
    assert found.values[0, 2, 0] == 0.0
    assert found.values[0, 2, 1] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("ragged", [False, True])
def test_the_probability_is_that_of_the_patient_whether_the_cells_die_or_not(ragged: bool) -> None:
    regimen = Regimen(Level(14.0, "feeding", 3.0, until=26.0))
    count, times = 50, np.linspace(0.0, 60.0, 13)
    p = np.repeat(typical(TAIL), count, axis=0)
    given = [times[: 4 + k % 10] for k in range(count)] if ragged else times
    asked = [Maximum("cells_extinction_probability"), Maximum("cells")]
    found = solve(
        TAIL, p, times=given, horizon=60.0, regimens=[regimen], chance=uniforms(count), outputs=SHOWN, summaries=asked, workers=2, chunk=7
    )
    when = found.marks[:, list(found.events).index("extinction of cells")]
    assert 5 < np.isfinite(when).sum() < count
    spared = solve(TAIL, p, times=given, horizon=60.0, regimens=[regimen], outputs=SHOWN, summaries=asked)
    np.testing.assert_array_equal(found.values[..., 1], spared.values[..., 1])
    np.testing.assert_array_equal(found.summaries[:, 0], spared.summaries[:, 0])
    np.testing.assert_array_equal(found.status, spared.status)
    alone = found.values[..., 0] if not ragged else np.split(found.values[:, 0], np.cumsum([len(t) for t in given])[:-1])
    for k in np.flatnonzero(np.isfinite(when)):
        its = given[k] if ragged else times
        assert (alone[k][its > when[k]] == 0.0).all()


def test_a_chance_outside_zero_to_one_is_refused() -> None:
    for chance in (np.array([1.5]), np.array([np.nan]), np.array([0.1, 0.2])):
        with pytest.raises(InputError, match="expected"):
            solve(TAIL, typical(TAIL), times=np.array([1.0]), chance=chance)
