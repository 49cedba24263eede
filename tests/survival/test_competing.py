"""Aalen-Johansen, Turnbull and Cox against lifelines, hand counts and identities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter, CoxPHFitter
from lifelines.statistics import proportional_hazard_test

from autologue.errors import InputError
from autologue.survival import TimeToEvent, aalen_johansen, fit_cox, interval_censored, kaplan_meier, time_to_event, turnbull

CODES = {0: None, 1: "relapse", 2: "death"}


@pytest.fixture(scope="module")
def rivals() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    return pd.DataFrame({"time": rng.exponential(4, 250), "status": rng.choice([0, 1, 2], 250, p=[0.3, 0.4, 0.3])})


def test_incidence_and_error_are_those_of_lifelines(rivals: pd.DataFrame) -> None:
    found = aalen_johansen(time_to_event(rivals, codes=CODES))
    for code, cause in ((1, "relapse"), (2, "death")):
        peer = AalenJohansenFitter().fit(rivals.time, rivals.status, code)
        at = np.linspace(0.5, 8, 12)
        ours = found.at(at)
        ours = ours[ours.cause == cause]
        assert np.allclose(ours.estimate, peer.predict(at), atol=1e-12)
        spread = np.sqrt(peer.variance_.iloc[np.searchsorted(peer.variance_.index, at, side="right") - 1])
        assert np.allclose(ours.standard_error, spread, rtol=0.01)


def test_incidences_and_survival_add_to_one(rivals: pd.DataFrame) -> None:
    data = time_to_event(rivals, codes=CODES)
    found = aalen_johansen(data)
    assert np.allclose(found.incidence.sum(0) + found.survival, 1.0)
    assert np.allclose(found.survival, kaplan_meier(data).survival)


def test_one_cause_is_kaplan_meier(lung: TimeToEvent) -> None:
    found, km = aalen_johansen(lung), kaplan_meier(lung)
    assert np.allclose(found.incidence[0], 1 - km.survival)
    inner = km.survival > 0
    assert np.allclose(found.error[0][inner], (km.survival * km.log_error)[inner])


def test_turnbull_of_exact_times_is_kaplan_meier(lung: TimeToEvent) -> None:
    table = pd.DataFrame({"lower": lung.lower, "upper": lung.upper})
    found, km = turnbull(interval_censored(table)), kaplan_meier(lung)
    at = np.array([50.5, 100.5, 300.5, 700.5])
    assert np.allclose(found.at(at)[0], km.at(at).estimate, atol=1e-6)
    assert np.allclose(*found.at(at), atol=1e-6)


def test_turnbull_by_hand() -> None:
    """Intervals (0, 2], (1, 3] and (2, inf): the innermost are (1, 2] and (2, 3], and the likelihood a (a + b) b is greatest at a = b."""
    found = turnbull(interval_censored(pd.DataFrame({"lower": [0.0, 1.0, 2.0], "upper": [2.0, 3.0, np.inf]})))
    assert found.lower.tolist() == [1.0, 2.0]
    assert found.upper.tolist() == [2.0, 3.0]
    assert found.mass == pytest.approx([0.5, 0.5], abs=1e-6)


def test_turnbull_meets_the_conditions_of_a_maximum() -> None:
    """No mass moved to any innermost interval would raise the likelihood (Gentleman & Geyer 1994, Biometrika 81:618-623)."""
    rng = np.random.default_rng(5)
    lower = rng.integers(0, 8, 80).astype(float)
    upper = np.where(np.arange(80) < 15, np.inf, lower + rng.integers(1, 4, 80))
    found = turnbull(interval_censored(pd.DataFrame({"lower": lower, "upper": upper})))
    inside = (found.lower >= lower[:, None]) & (found.upper <= upper[:, None])
    gain = (inside / (inside @ found.mass)[:, None]).sum(0)
    assert np.all(gain < 80 + 1e-2)
    assert np.allclose(gain[found.mass > 1e-4], 80, atol=1e-2)
    low, high = found.at(np.linspace(0, 11, 50))
    assert np.all(low <= high)


def test_cox_is_lifelines_and_finds_crossing_hazards(lung: TimeToEvent) -> None:
    found = fit_cox(lung)
    frame = pd.DataFrame({"t": lung.time, "e": lung.event, "sex": lung.arm, "age": lung.covariates.age})
    peer = CoxPHFitter().fit(frame, "t", "e")
    assert np.allclose(found.table.estimate, peer.params_, atol=1e-8)
    assert found.warnings == ()
    for transform in ("rank", "km"):
        test = proportional_hazard_test(peer, frame, time_transform=transform)
        assert np.allclose(found.proportionality[f"chi_square_{transform}"], test.test_statistic, rtol=0.02)
    schoenfeld = peer.compute_residuals(frame, "schoenfeld").sort_index()
    order = np.argsort(lung.time[lung.event], kind="stable")
    assert np.allclose(found.residuals[["arm 2", "age"]], schoenfeld.to_numpy()[order], atol=1e-6)
    assert set(found.residuals.columns) == {"arm 2", "age", "time"}
    rng = np.random.default_rng(3)
    arm = rng.integers(0, 2, 600)
    time = np.where(arm == 1, rng.weibull(3.0, 600), rng.weibull(0.7, 600))
    crossing = time_to_event(pd.DataFrame({"time": time, "status": 1, "arm": arm}), arm="arm")
    assert "changes with time" in fit_cox(crossing, reference="0").warnings[0]


def test_cox_under_late_entry() -> None:
    """Residuals sum to zero at the estimate, whatever the risk sets: they are the score."""
    rng = np.random.default_rng(6)
    entry, arm = rng.uniform(0, 1, 300), rng.integers(0, 2, 300)
    time = entry + rng.exponential(np.where(arm == 1, 2.0, 1.0))
    data = time_to_event(pd.DataFrame({"time": time, "entry": entry, "status": 1, "arm": arm}), arm="arm", entry="entry")
    found = fit_cox(data)
    assert found.table.hazard_ratio.iloc[0] == pytest.approx(0.5, abs=0.15)
    assert found.residuals["arm 1"].sum() == pytest.approx(0.0, abs=1e-4)


def test_cox_needs_something_to_compare(lung: TimeToEvent) -> None:
    with pytest.raises(InputError, match="needs two arms or a covariate"):
        fit_cox(time_to_event(pd.DataFrame({"time": [1, 2], "status": 1})))
    with pytest.raises(InputError, match="arm 'x' is not in the data"):
        fit_cox(lung, reference="x")
