"""Profiles whose areas and slopes are known in closed form, and the rules for what lies below the limit."""

import math

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.nca import NCA, Below, BelowLimit, Tail, TerminalRule, Trapezoid, Window, nca_profiles

LINEAR = Trapezoid.LINEAR


def one(times: list[float], values: list[float], method: NCA, below: list[int] | None = None) -> pd.Series:
    """Return the only row of one profile; `below` are positions of samples below the limit."""
    marks = np.isin(np.arange(len(times)), below or [])
    return nca_profiles(times, values, marks, [0, len(times)], method=method).iloc[0]


def test_an_exponential_has_its_closed_form_areas_and_half_life() -> None:
    rate, height = 0.05, 4000.0
    times = [0.0, 1.0, 3.5, 7.0, 14.0, 28.0, 60.0]
    windows = (Window(0, 28), Window(5, 41.5), Window(50, 100, tail=Tail.EXTRAPOLATED), Window(70, 90, tail=Tail.EXTRAPOLATED))
    found = one(times, [height * math.exp(-rate * t) for t in times], NCA(windows))

    def area(start: float, end: float) -> float:
        return height * (math.exp(-rate * start) - math.exp(-rate * end)) / rate

    assert found["lambda_z"] == pytest.approx(rate, rel=1e-12)
    assert found["half_life"] == pytest.approx(math.log(2) / rate, rel=1e-12)
    assert found["r2_adjusted"] == pytest.approx(1.0, abs=1e-12)
    assert found[["terminal_points", "terminal_start", "terminal_end"]].tolist() == [6.0, 1.0, 60.0]
    assert found["auc_last"] == pytest.approx(area(0, 60), rel=1e-12)
    assert found["auc_inf"] == pytest.approx(height / rate, rel=1e-12)
    assert found["auc_inf_extrapolated"] == pytest.approx(math.exp(-rate * 60), rel=1e-10)
    for window in windows:
        assert found[window.name] == pytest.approx(area(window.start, window.end), rel=1e-12), window
    assert found["auc_50_100_extrapolated"] == pytest.approx(area(60, 100) / area(50, 100), rel=1e-10)
    assert found["auc_70_90_extrapolated"] == pytest.approx(1.0, rel=1e-12)
    assert found["auc_50_100_reach"] == 60.0


def test_a_triangle_has_its_area_by_straight_lines() -> None:
    found = one([0.0, 10.0, 30.0], [0.0, 20.0, 8.0], NCA((Window(0, 30), Window(5, 20), Window(0, 84)), LINEAR), below=[0])
    assert found["auc_0_30"] == 100 + 280
    assert found["auc_5_20"] == 75 + 170
    assert found["auc_0_84"] == 380
    assert found["auc_0_84_reach"] == 30.0
    assert found[["cmax", "tmax", "clast", "tlast"]].tolist() == [20.0, 10.0, 8.0, 30.0]


def test_log_down_is_used_on_falling_segments_only() -> None:
    found = one([0.0, 2.0, 4.0, 6.0], [1.0, 3.0, 3.0, 1.5], NCA((Window(0, 6),)))
    assert found["auc_0_6"] == pytest.approx(4.0 + 6.0 + 2 * 1.5 / math.log(2), rel=1e-14)


def test_neighbouring_values_do_not_lose_the_area() -> None:
    high = 1000.0
    found = one([0.0, 1.0], [high, float(np.nextafter(high, 0.0))], NCA((Window(0, 1),)))
    assert found["auc_0_1"] == pytest.approx(high, rel=1e-14)


def test_time_zero_is_zero_unless_sampled_and_earlier_samples_are_left_out() -> None:
    assert one([2.0, 4.0], [10.0, 10.0], NCA((Window(0, 4), Window(1, 4)), LINEAR))[["auc_0_4", "auc_1_4"]].tolist() == [30.0, 27.5]
    early = one([-7.0, 2.0, 4.0], [99.0, 10.0, 10.0], NCA((Window(0, 4),), LINEAR))
    assert early[["samples", "measurable", "cmax", "auc_0_4"]].tolist() == [2, 2, 10.0, 30.0]


def test_each_limit_rule_gives_its_own_area() -> None:
    times, values, below = [0.0, 2.0, 4.0, 6.0, 8.0], [6.0, 10.0, 6.0, 10.0, 6.0], [0, 2, 4]

    def area(**rules: Below) -> float:
        return float(one(times, values, NCA((Window(0, 8),), LINEAR, BelowLimit(**rules)), below)["auc_0_8"])

    assert area() == 10 + 40  # zero before, dropped between and after
    assert area(first=Below.HALF) == 13 + 40
    assert area(middle=Below.ZERO) == 10 + 20
    assert area(middle=Below.HALF) == 10 + 26
    assert area(last=Below.ZERO) == 10 + 40 + 10
    assert area(last=Below.HALF) == 10 + 40 + 13
    assert area(first=Below.DROP) == 10 + 40  # without a sample at time 0 the value there is zero


def test_the_limit_rules_leave_the_peak_the_slope_and_auclast_alone() -> None:
    times, values, below = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [64.0, 32.0, 16.0, 8.0, 50.0, 50.0], [4, 5]
    for last in Below:
        found = one(times, values, NCA((), below=BelowLimit(last=last)), below)
        assert found["half_life"] == pytest.approx(1.0, rel=1e-12)
        assert found["auc_last"] == pytest.approx(56 / math.log(2), rel=1e-12)
        assert found["tlast"] == 3.0


def test_a_measured_window_stops_at_its_last_measurable_sample() -> None:
    window = Window(0, 24, tail=Tail.MEASURED)
    found = one([0.0, 12.0, 20.0, 30.0], [10.0, 10.0, 1.0, 10.0], NCA((window,), LINEAR), below=[2])
    assert found[["auc_0_24", "auc_0_24_reach"]].tolist() == [120.0, 12.0]


def test_a_window_that_follow_up_did_not_reach_is_not_a_number() -> None:
    found = one([0.0, 10.0], [5.0, 5.0], NCA((Window(10, 20), Window(0, 20), Window(0, 20.5, tail=Tail.EXTRAPOLATED)), LINEAR))
    assert math.isnan(found["auc_10_20"])
    assert found[["auc_0_20", "auc_0_20_reach"]].tolist() == [50.0, 10.0]
    assert math.isnan(found["auc_0_20.5"])  # two points give no terminal slope
    followed = one([0.0, 10.0, 30.0], [5.0, 5.0, 1.0], NCA((Window(12, 20),), LINEAR), below=[2])
    assert followed[["auc_12_20", "auc_12_20_reach"]].tolist() == [0.0, 20.0]


@pytest.mark.parametrize(
    ("values", "below", "terminal", "verdict"),
    [
        ([0.0, 8.0, 4.0, 2.0, 1.0], [0], TerminalRule(), "fitted"),
        ([0.0, 8.0, 4.0, 2.0, 1.0], [0], TerminalRule(points=4), "too few points"),
        ([0.0, 8.0, 4.0, 2.0, 0.5], [0, 4], TerminalRule(), "too few points"),
        ([0.0, 8.0, 1.0, 2.0, 4.0], [0], TerminalRule(), "not declining"),
        ([0.0, 8.0, 4.0, 4.0, 4.0], [0], TerminalRule(), "not declining"),
        ([0.5, 0.5, 0.5, 0.5, 0.5], [0, 1, 2, 3, 4], TerminalRule(), "nothing measurable"),
        ([0.0, 8.0, 4.0, 2.0, 1.0], [0], None, "not asked"),
    ],
)
def test_the_verdict_says_why_there_is_no_slope(values: list[float], below: list[int], terminal: TerminalRule | None, verdict: str) -> None:
    found = one([0.0, 1.0, 2.0, 3.0, 4.0], values, NCA((), terminal=terminal), below)
    assert found["terminal"] == verdict
    assert math.isfinite(found["lambda_z"]) == math.isfinite(found["auc_inf"]) == (verdict == "fitted")


def test_the_tolerance_prefers_more_points() -> None:
    times = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    values = [10.0 * math.exp(-0.3 * t) for t in times]
    values[3] *= 1.005
    assert one(times, values, NCA((), terminal=TerminalRule(tolerance=0.0)))["terminal_points"] == 3
    assert one(times, values, NCA((), terminal=TerminalRule(tolerance=1e-3)))["terminal_points"] == 6


def test_profiles_without_samples_are_rows_of_nothing() -> None:
    found = nca_profiles([1.0], [5.0], [False], [0, 0, 1, 1])
    assert found["samples"].tolist() == [0, 1, 0]
    assert found["terminal"].tolist() == ["nothing measurable", "too few points", "nothing measurable"]
    assert nca_profiles([], [], [], [0]).empty


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [1, 1], [False], [0, 2]), "of one length"),
        (([0, 1], [1, 1], [False] * 2, [0, 1]), "offsets must rise from 0 to the number of samples, 2"),
        (([0, 1, 2], [1, 1, 1], [False] * 3, [0, 2, 1, 3]), "offsets must rise"),
        (([0, 1, 0, 0], [1] * 4, [False] * 4, [0, 2, 4]), "profile 1, sample 1: times must rise strictly within a profile, not 0"),
        (([0, math.nan], [1, 1], [False] * 2, [0, 2]), "profile 0, sample 1: a time must be a finite number, not nan"),
        (([0, 1], [1, -1], [False] * 2, [0, 2]), "profile 0, sample 1: a value must be a finite number, zero or more, not -1"),
        (([0, 1], [0, 1], [False] * 2, [0, 0, 2]), "profile 1, sample 0: a measurable value must be above zero"),
    ],
)
def test_arrays_that_are_no_profiles_are_named(arguments: tuple[list[float], list[float], list[bool], list[int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        nca_profiles(*arguments)


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="0 <= start < end"):
        Window(28, 0)
    with pytest.raises(InputError, match="at least 3 points"):
        TerminalRule(points=2)
    with pytest.raises(InputError, match="tolerance"):
        TerminalRule(tolerance=1.0)
    with pytest.raises(InputError, match="once, not auc_0_28, auc_0_28"):
        NCA((Window(0, 28), Window(0, 28, tail=Tail.MEASURED)))
    with pytest.raises(InputError, match="needs a terminal slope"):
        NCA((Window(0, 28, tail=Tail.EXTRAPOLATED),), terminal=None)
