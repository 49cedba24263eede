"""Individual data rebuilt from a curve: round trips, and refusal of curves and risk tables that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.survival import TimeToEvent, kaplan_meier, log_rank, reconstruct, restricted_mean, time_to_event


def published(data: TimeToEvent, every: float, digits: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a paper shows of data: the curve at its steps, rounded as a digitiser reads it, and numbers at risk."""
    fit = kaplan_meier(data)
    steps = fit.counts.events > 0
    end = fit.counts.time[-1]
    curve = pd.DataFrame({"time": np.append(fit.counts.time[steps], end), "survival": np.append(fit.survival[steps], fit.survival[-1])})
    table = fit.numbers_at_risk(np.arange(0, end, every))[["time", "at_risk"]]
    return curve.drop_duplicates("time").round({"survival": digits}), table


def test_round_trip_of_lung(lung: TimeToEvent) -> None:
    for _, arm in lung.by_arm():
        rebuilt = reconstruct(*published(arm, 150), events=int(arm.event.sum()), unit="day")
        assert len(rebuilt.data) == len(arm)
        assert rebuilt.data.event.sum() == pytest.approx(arm.event.sum(), abs=1)
        assert np.all(np.abs(rebuilt.at_risk.published - rebuilt.at_risk.rebuilt) <= 1)
        assert rebuilt.deviation < 0.02
        ours, theirs = kaplan_meier(rebuilt.data).median(), kaplan_meier(arm).median()
        assert ours["estimate"] == pytest.approx(theirs["estimate"], rel=0.03)
        gap = restricted_mean(rebuilt.data, 700.0).estimate.iloc[0] - restricted_mean(arm, 700.0).estimate.iloc[0]
        assert abs(gap) < 5


def test_the_log_rank_test_survives_the_round_trip(lung: TimeToEvent) -> None:
    parts = []
    for name, arm in lung.by_arm():
        rebuilt = reconstruct(*published(arm, 150), events=int(arm.event.sum())).data
        parts.append(pd.DataFrame({"time": rebuilt.time, "status": rebuilt.event.astype(int), "arm": name}))
    again = log_rank(time_to_event(pd.concat(parts, ignore_index=True), arm="arm"))
    assert again.statistic == pytest.approx(log_rank(lung).statistic, rel=0.06)


def test_without_the_number_of_events_it_is_said() -> None:
    times = np.random.default_rng(1).exponential(10, 120)
    data = time_to_event(pd.DataFrame({"time": np.minimum(times, 20), "status": (times < 20).astype(int)}))
    rebuilt = reconstruct(*published(data, 5))
    assert "No total number of events" in rebuilt.warnings[0]
    assert rebuilt.data.event.sum() == pytest.approx(data.event.sum(), abs=4)


def test_dense_clicks_of_a_digitiser() -> None:
    """Many points on each step, as a program that traces the line gives them."""
    rng = np.random.default_rng(2)
    times, end = rng.exponential(12, 150), rng.uniform(5, 30, 150)
    data = time_to_event(pd.DataFrame({"time": np.minimum(times, end), "status": (times <= end).astype(int)}))
    at = np.linspace(0, data.follow_up, 400)
    curve = pd.DataFrame({"time": at, "survival": kaplan_meier(data).at(at).estimate.round(3)})
    table = kaplan_meier(data).numbers_at_risk(np.arange(0, 28, 4))[["time", "at_risk"]]
    rebuilt = reconstruct(curve, table, events=int(data.event.sum()))
    assert rebuilt.deviation < 0.02
    assert rebuilt.data.event.sum() == pytest.approx(data.event.sum(), abs=2)


CURVE = {"time": [0.0, 1.0, 2.0, 3.0, 4.0], "survival": [1.0, 0.8, 0.6, 0.4, 0.2]}
RISK = {"time": [0.0, 2.5], "at_risk": [10, 6]}


@pytest.mark.parametrize(
    ("curve", "risk", "message"),
    [
        ({"survival": [1.0, 0.8, 0.85, 0.4, 0.2]}, {}, "row 3, column 'survival': the curve rises from 0.8 to 0.85 at 2"),
        ({"survival": [100.0, 80, 60, 40, 20]}, {}, "row 1, column 'survival': 100 is above 1"),
        ({"time": [0.0, 2.0, 1.0, 3.0, 4.0]}, {}, "row 3, column 'time': 1 comes after 2; sort"),
        ({"time": [-1.0, 1.0, 2.0, 3.0, 4.0]}, {}, "row 1, column 'time': -1 is below time zero"),
        ({}, {"at_risk": [10, 11]}, "row 2, column 'at_risk': the number at risk rises from 10 to 11"),
        ({}, {"at_risk": [10, 9]}, "row 2, column 'at_risk': 9 at risk at 2.5 contradict the curve, which leaves at most 6 of the 10"),
        ({}, {"at_risk": [10, 0]}, "row 2, column 'at_risk': nobody is at risk at 2.5, but the curve still falls"),
        ({}, {"time": [1.0, 2.5]}, "the number at time 0 is needed"),
        ({}, {"time": [0.0, 0.0]}, "row 2, column 'time': 0 does not come after 0"),
        ({}, {"time": [0.0, 3.5], "at_risk": [10, 0]}, "nobody is at risk at 3.5, but the curve still falls"),
        ({}, {"at_risk": [10, 5.5]}, "row 2, column 'at_risk': 5.5 is no whole number"),
        ({}, {"at_risk": [0, 0]}, "row 1, column 'at_risk': nobody is at risk at time zero"),
        ({"survival": [1.0, 0.8, 0.6, 0.4, 0.0]}, {"time": [0.0, 6.0]}, "6 at risk at 6 contradict the curve, which is at zero from 4"),
    ],
)
def test_impossible_figures_are_refused(curve: dict[str, list[float]], risk: dict[str, list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        reconstruct(pd.DataFrame({**CURVE, **curve}), pd.DataFrame({**RISK, **risk}))


def test_a_curve_without_a_point_after_zero_is_refused() -> None:
    with pytest.raises(InputError, match="no point after time zero"):
        reconstruct(pd.DataFrame({"time": [0.0], "survival": [1.0]}), pd.DataFrame(RISK))


def test_too_few_at_risk_for_the_steps_of_the_curve_are_said() -> None:
    at = np.arange(1.0, 50)
    curve = pd.DataFrame({"time": at, "survival": np.linspace(0.99, 0.3, at.size)})
    few = reconstruct(curve, pd.DataFrame({"time": [0.0, 10, 20, 30, 40], "at_risk": [100, 5, 4, 3, 2]}))
    assert any("numbers at risk contradict the curve near" in said for said in few.warnings)
    enough = reconstruct(curve, pd.DataFrame({"time": [0.0, 10, 20, 30, 40], "at_risk": [100, 80, 62, 45, 30]}))
    assert not any("contradict" in said for said in enough.warnings)


def test_more_events_than_subjects_are_refused() -> None:
    with pytest.raises(InputError, match="11 events cannot come from 10 subjects"):
        reconstruct(pd.DataFrame(CURVE), pd.DataFrame(RISK), events=11)


@pytest.mark.parametrize("every", [[0, 6, 12], [0, 6, 12, 18, 24]])
def test_a_large_trial_keeps_every_subject(every: list[int]) -> None:
    rng = np.random.default_rng(0)
    times, end = rng.exponential(10, 2000), rng.uniform(5, 30, 2000)
    data = time_to_event(pd.DataFrame({"time": np.minimum(times, end), "status": (times <= end).astype(int)}))
    fit, at = kaplan_meier(data), np.linspace(0, data.follow_up, 800)
    curve = pd.DataFrame({"time": at, "survival": fit.at(at).estimate.round(4)})
    rebuilt = reconstruct(curve, fit.numbers_at_risk(every)[["time", "at_risk"]], events=int(data.event.sum()))
    assert len(rebuilt.data) == 2000
    assert rebuilt.data.event.sum() == data.event.sum()
    assert np.all(np.abs(rebuilt.at_risk.published - rebuilt.at_risk.rebuilt) <= 1)
    early = at[at < every[-1]]
    assert np.allclose(kaplan_meier(rebuilt.data).at(early).estimate, fit.at(early).estimate, atol=0.002)
