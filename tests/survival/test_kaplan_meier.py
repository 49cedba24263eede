"""Kaplan-Meier and Nelson-Aalen against lifelines, hand counts and R's printed figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter, NelsonAalenFitter

from autologue.errors import InputError
from autologue.survival import Log, LogLog, Plain, TimeToEvent, kaplan_meier, time_to_event


def test_curve_and_log_log_bounds_are_those_of_lifelines(lung: TimeToEvent) -> None:
    peer = KaplanMeierFitter().fit(lung.time, lung.event)
    ours = kaplan_meier(lung).at(peer.survival_function_.index.to_numpy()[1:])
    assert np.allclose(ours.estimate, peer.survival_function_.to_numpy()[1:, 0], atol=1e-12)
    assert np.allclose(ours[["lower", "upper"]], peer.confidence_interval_.to_numpy()[1:], atol=1e-10)


def test_late_entry_and_weights_are_those_of_lifelines() -> None:
    rng = np.random.default_rng(4)
    entry = rng.uniform(0, 2, 300) * (rng.random(300) < 0.5)
    time = entry + rng.exponential(5, 300)
    table = pd.DataFrame({"time": time, "entry": entry, "status": rng.integers(0, 2, 300), "w": rng.integers(1, 4, 300)})
    data = time_to_event(table, entry="entry", weight="w")
    peer = KaplanMeierFitter().fit(data.time, data.event, entry=data.entry, weights=data.weight)
    at = np.linspace(0.1, 12, 40)
    assert np.allclose(kaplan_meier(data).at(at).estimate, peer.survival_function_at_times(at), atol=1e-12)


def test_nelson_aalen_is_that_of_lifelines(lung: TimeToEvent) -> None:
    peer = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(lung.time, lung.event)
    ours = kaplan_meier(lung)
    assert np.allclose(ours.hazard, peer.cumulative_hazard_.to_numpy()[1:, 0], atol=1e-12)
    peer_error = np.sqrt(np.cumsum(ours.counts.events / ours.counts.at_risk**2))
    assert np.allclose(ours.hazard_error, peer_error)


def test_lung_as_r_prints_it(lung: TimeToEvent) -> None:
    """survfit(Surv(time, status) ~ sex, data = lung), the first lines of sex=1, as printed in public teaching pages."""
    male = kaplan_meier(dict(lung.by_arm())["1"], interval=Log()).at([11, 12, 13, 15, 26, 131])
    assert male.estimate.round(4).tolist() == [0.9783, 0.9710, 0.9565, 0.9493, 0.9420, 0.7826]
    assert male.standard_error.round(4).tolist() == [0.0124, 0.0143, 0.0174, 0.0187, 0.0199, 0.0351]
    assert male.lower.round(4).tolist() == [0.9542, 0.9434, 0.9231, 0.9134, 0.9038, 0.7167]


def test_numbers_at_risk_by_hand() -> None:
    data = time_to_event(pd.DataFrame({"time": [1, 2, 2, 3, 5], "status": [1, 0, 1, 0, 1]}))
    table = kaplan_meier(data).numbers_at_risk([0, 1, 2, 2.5, 5, 6])
    assert table.at_risk.tolist() == [5, 5, 4, 2, 1, 0]
    assert table.events.tolist() == [0, 1, 2, 2, 3, 3]
    assert table.censored.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("interval", [LogLog(), Log(), Plain()])
def test_bounds_stay_inside_zero_and_one(interval: LogLog | Log | Plain) -> None:
    data = time_to_event(pd.DataFrame({"time": [1, 2, 3, 4], "status": [1, 1, 1, 1]}))
    table = kaplan_meier(data, interval=interval).table()
    assert ((table.lower >= 0) & (table.lower <= table.estimate) & (table.estimate <= table.upper) & (table.upper <= 1)).all()


def test_median_is_infinite_where_not_reached() -> None:
    data = time_to_event(pd.DataFrame({"time": [1, 2, 3, 4], "status": [1, 0, 0, 0]}))
    assert kaplan_meier(data).median()["estimate"] == np.inf


def test_unknown_after_follow_up() -> None:
    fit = kaplan_meier(time_to_event(pd.DataFrame({"time": [1, 2], "status": [1, 0]})))
    assert np.isnan(fit.at(3.0).estimate[0])
    with pytest.raises(InputError, match="after the end of follow-up at 2"):
        fit.curve(np.array([0.0, 3.0]))


def test_an_emptied_risk_set_is_said() -> None:
    table = pd.DataFrame({"time": [1.0, 5.0, 6.0], "entry": [0.0, 2.0, 2.0], "status": [1, 1, 1]})
    assert "start it at a later time" in kaplan_meier(time_to_event(table, entry="entry")).warnings[0]


def test_draws_spread_as_greenwood_says(lung: TimeToEvent) -> None:
    fit = kaplan_meier(lung)
    at = np.array([0.0, 100, 300, 600])
    curve = fit.curve(at, draws=4000, seed=3)
    table = fit.at(at)
    assert np.allclose(curve.draws[:, 0].std(0), table.standard_error, rtol=0.06, atol=1e-12)
    assert np.allclose(curve.draws[:, 0].mean(0), table.estimate, atol=0.003)
    assert np.array_equal(curve.draws, fit.curve(at, draws=4000, seed=3).draws)
