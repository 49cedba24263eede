"""Properties of exposure: an independent reference, scaling, shift in time, additivity of windows, chunks."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from autologue.nca import NCA, Trapezoid, Window, nca_profiles

WINDOWS = (Window(0, 28), Window(3.5, 17.25))


class Profile(NamedTuple):
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    blq: NDArray[np.bool_]


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    gaps = draw(st.lists(st.sampled_from([0.25, 1.0, 2.5, 7.0, 14.0]), min_size=1, max_size=14))
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    logs = draw(st.lists(st.floats(-3.0, 12.0), min_size=times.size, max_size=times.size))
    blq = draw(st.lists(st.sampled_from([False, False, True]), min_size=times.size, max_size=times.size))
    return Profile(times, np.exp(logs), np.array([True, *blq[1:]]))


def row(profile: Profile, method: NCA) -> dict[str, float]:
    return nca_profiles(*profile, [0, profile.times.size], method=method).iloc[0].to_dict()


@settings(deadline=None)
@given(profiles())
def test_straight_lines_agree_with_numpy(profile: Profile) -> None:
    found = row(profile, NCA(WINDOWS, Trapezoid.LINEAR, terminal=None))
    if profile.blq.all():
        assert math.isnan(found["auc_last"])
        return
    first = int(np.argmin(profile.blq))
    kept = ~profile.blq | (np.arange(profile.times.size) < first)
    t, c = profile.times[kept], np.where(profile.blq, 0.0, profile.values)[kept]
    assert found["auc_last"] == pytest.approx(np.trapezoid(c, t), rel=1e-12)
    for window in WINDOWS:
        if profile.times[-1] <= window.start:
            assert math.isnan(found[window.name])
            continue
        grid = np.unique(np.clip(np.concatenate([t, [window.start, window.end]]), window.start, min(window.end, t[-1])))
        expected = np.trapezoid(np.interp(grid, t, c), grid) if t[-1] > window.start else 0.0
        assert found[window.name] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(profiles())
def test_the_terminal_slope_agrees_with_least_squares_over_every_choice(profile: Profile) -> None:
    found = row(profile, NCA(()))
    seen = np.flatnonzero(~profile.blq)
    after = seen[seen > seen[np.argmax(profile.values[seen])]] if seen.size else seen
    fits = {}
    for points in range(3, after.size + 1):
        line = stats.linregress(profile.times[after[-points:]], np.log(profile.values[after[-points:]]))
        fits[points] = (1 - (1 - line.rvalue**2) * (points - 1) / (points - 2), -line.slope)
    if not fits:
        assert found["terminal"] in ("too few points", "nothing measurable")
        return
    best = max(r2 for r2, _ in fits.values())
    assume(all(abs(r2 - best + 1e-4) > 1e-9 and abs(rate) > 1e-12 for r2, rate in fits.values()))  # no ties within rounding
    chosen = [points for points, (r2, rate) in fits.items() if r2 > best - 1e-4 and rate > 0]
    assert (found["terminal"] == "fitted") == bool(chosen)
    if chosen:
        assert found["terminal_points"] == max(chosen)
        assert found["lambda_z"] == pytest.approx(fits[max(chosen)][1], rel=1e-8)
        assert found["r2_adjusted"] == pytest.approx(fits[max(chosen)][0], abs=1e-8)
        assert found["auc_inf"] == pytest.approx(found["auc_last"] + found["clast"] / found["lambda_z"], rel=1e-12)


@settings(deadline=None)
@given(profiles(), st.sampled_from([0.125, 4.0, 1024.0]))
def test_values_scale_with_the_values_and_times_do_not(profile: Profile, factor: float) -> None:
    plain, scaled = row(profile, NCA(WINDOWS)), row(profile._replace(values=profile.values * factor), NCA(WINDOWS))
    for name in ("cmax", "clast", "auc_last", "auc_0_28", "auc_3.5_17.25"):
        assert scaled[name] == pytest.approx(factor * plain[name], rel=1e-12, nan_ok=True)
    for name in ("tmax", "tlast", "samples", "measurable", "auc_0_28_reach"):
        assert scaled[name] == pytest.approx(plain[name], nan_ok=True)


@settings(deadline=None)
@given(profiles(), st.sampled_from([0.5, 8.0, 100.0]))
def test_a_later_infusion_moves_times_and_nothing_else(profile: Profile, delay: float) -> None:
    moved_windows = tuple(Window(window.start + delay, window.end + delay) for window in WINDOWS)
    plain = row(profile, NCA(WINDOWS))
    moved = row(profile._replace(times=profile.times + delay), NCA(moved_windows))
    assert moved["tmax"] == pytest.approx(plain["tmax"] + delay, nan_ok=True)
    assert moved["auc_last"] == pytest.approx(plain["auc_last"], rel=1e-9, nan_ok=True)
    for before, after in zip(WINDOWS, moved_windows, strict=True):
        assert moved[after.name] == pytest.approx(plain[before.name], rel=1e-9, abs=1e-9, nan_ok=True)


@settings(deadline=None)
@given(profiles(), st.floats(0.5, 27.5))
def test_areas_of_adjoining_windows_add_up(profile: Profile, cut: float) -> None:
    assume(profile.times[-1] > cut)
    found = row(profile, NCA((Window(0, 28), Window(0, cut), Window(cut, 28)), terminal=None))
    parts = found[Window(0, cut).name] + found[Window(cut, 28).name]
    assert parts == pytest.approx(found["auc_0_28"], rel=1e-9, abs=1e-9, nan_ok=True)


@settings(deadline=None)
@given(st.lists(profiles(), min_size=1, max_size=6))
def test_a_profile_does_not_depend_on_its_neighbours(many: list[Profile]) -> None:
    offsets = np.concatenate([[0], np.cumsum([profile.times.size for profile in many])])
    together = nca_profiles(*(np.concatenate(part) for part in zip(*many, strict=True)), offsets)  # type: ignore[call-arg, misc]
    for i, profile in enumerate(many):
        alone = nca_profiles(*profile, [0, profile.times.size])
        assert alone.iloc[0].drop("terminal").to_numpy(float).tobytes() == together.iloc[i].drop("terminal").to_numpy(float).tobytes()
        assert alone["terminal"][0] == together["terminal"][i]
