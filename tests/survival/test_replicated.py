"""Curves of many replicates at once are those of `kaplan_meier` one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autologue.survival import kaplan_meier, time_to_event
from autologue.survival.replicated import at_risk_by_replicate, median_by_replicate, survival_by_replicate


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_curves_medians_and_numbers_at_risk(share: float) -> None:
    rng = np.random.default_rng(3)
    time = rng.integers(1, 20, (60, 25)).astype(float)
    time[rng.uniform(size=time.shape) < 0.1] = np.nan
    event = rng.uniform(size=time.shape) < share
    at = np.array([0.0, 1.0, 5.5, 12.0, 19.0, 30.0])
    curves, medians, risk = survival_by_replicate(time, event, at), median_by_replicate(time, event), at_risk_by_replicate(time, at)
    for k in range(len(time)):
        known = np.isfinite(time[k])
        km = kaplan_meier(time_to_event(pd.DataFrame({"time": time[k][known], "status": event[k][known].astype(int)})))
        np.testing.assert_allclose(curves[k], km.at(at).estimate.to_numpy(), atol=1e-12)
        assert medians[k] == km.median()["estimate"]
        np.testing.assert_array_equal(risk[k], km.numbers_at_risk(at).at_risk.to_numpy())


def test_a_replicate_without_subjects_has_no_curve() -> None:
    time = np.full((2, 3), np.nan)
    time[1] = [1.0, 2.0, 3.0]
    event = np.ones((2, 3), bool)
    assert np.isnan(survival_by_replicate(time, event, np.array([1.0]))[0, 0])
    assert np.isnan(median_by_replicate(time, event)[0])
    assert median_by_replicate(time, event)[1] == 2.0
