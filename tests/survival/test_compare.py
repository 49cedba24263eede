"""Restricted means, milestones and log-rank tests against lifelines, R's figures and hand counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time

from autologue.errors import InputError
from autologue.survival import (
    FlemingHarrington,
    TimeToEvent,
    aalen_johansen,
    fit_cox,
    kaplan_meier,
    log_rank,
    milestone,
    milestone_difference,
    restricted_mean,
    restricted_mean_difference,
    time_to_event,
)


def test_log_rank_of_lung_by_sex_as_r_prints_it(lung: TimeToEvent) -> None:
    """survdiff(Surv(time, status) ~ sex, data = lung), as printed in a published R cookbook."""
    found = log_rank(lung)
    assert found.statistic == pytest.approx(10.3267, abs=5e-5)
    assert found.p_value == pytest.approx(0.00131116, abs=5e-9)
    assert found.table.observed.tolist() == [112, 53]
    assert found.table.expected.round(4).tolist() == [91.5817, 73.4183]


@pytest.mark.parametrize(("rho", "gamma"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
def test_weighted_log_rank_is_that_of_lifelines(lung: TimeToEvent, rho: float, gamma: float) -> None:
    thirds = lung.covariates.age.rank(method="first").to_numpy() // 76
    data = time_to_event(pd.DataFrame({"time": lung.time, "status": lung.event.astype(int), "arm": thirds}), arm="arm")
    peer = multivariate_logrank_test(lung.time, thirds, lung.event, weightings="fleming-harrington", p=rho, q=gamma)
    ours = log_rank(data, weight=FlemingHarrington(rho, gamma))
    assert ours.statistic == pytest.approx(peer.test_statistic, rel=1e-9)
    assert ours.p_value == pytest.approx(peer.p_value, rel=1e-8)


def test_restricted_mean_is_that_of_lifelines(lung: TimeToEvent) -> None:
    ours = restricted_mean(lung, 500.0)
    for arm, part in lung.by_arm():
        peer = restricted_mean_survival_time(KaplanMeierFitter().fit(part.time, part.event), t=500)
        assert ours.estimate[arm] == pytest.approx(peer, rel=1e-9)


def test_restricted_mean_without_censoring_is_the_mean_and_its_error() -> None:
    """Uncensored: the area is the mean of min(T, horizon), and Greenwood's error is that of a mean with divisor n."""
    times = np.random.default_rng(0).exponential(3, 200)
    data = time_to_event(pd.DataFrame({"time": times, "status": 1}))
    found = restricted_mean(data, 4.0).loc["all"]
    held = np.minimum(times, 4.0)
    assert found.estimate == pytest.approx(held.mean(), rel=1e-12)
    assert found.standard_error == pytest.approx(held.std() / np.sqrt(held.size), rel=1e-9)


def test_differences(lung: TimeToEvent) -> None:
    means = restricted_mean(lung, 365.0)
    gap = restricted_mean_difference(lung, 365.0, reference="1").loc["2"]
    assert gap.estimate == pytest.approx(means.estimate["2"] - means.estimate["1"])
    assert gap.standard_error == pytest.approx(np.hypot(*means.standard_error))
    assert gap.p_value < 0.01
    year = milestone(lung, 365.0)
    assert milestone_difference(lung, 365.0, reference="1").estimate["2"] == pytest.approx(year.estimate["2"] - year.estimate["1"])
    with pytest.raises(InputError, match="unknown arm '3'"):
        milestone_difference(lung, 365.0, reference="3")


def test_a_horizon_beyond_follow_up_is_refused(lung: TimeToEvent) -> None:
    with pytest.raises(InputError, match="followed to 965 days, less than the horizon 1000"):
        restricted_mean(lung, 1000.0)


def test_one_arm_cannot_be_compared(lung: TimeToEvent) -> None:
    with pytest.raises(InputError, match="needs two arms"):
        log_rank(dict(lung.by_arm())["1"])


@pytest.mark.parametrize("value", [-1.0, 0.0, float("nan"), float("inf")])
def test_times_that_are_none_are_refused(lung: TimeToEvent, value: float) -> None:
    with pytest.raises(InputError, match=r"the horizon is .*; expected a time above zero"):
        restricted_mean(lung, value)
    with pytest.raises(InputError, match=r"the milestone is .*; expected a time above zero"):
        milestone(lung, value)


def test_a_percentage_is_no_level(lung: TimeToEvent) -> None:
    for call in (
        lambda: restricted_mean(lung, 300.0, level=95),
        lambda: kaplan_meier(lung, level=95),
        lambda: fit_cox(lung, level=0),
        lambda: aalen_johansen(lung, level=1),
    ):
        with pytest.raises(InputError, match=r"expected a fraction between 0 and 1, like 0\.95"):
            call()


def test_a_difference_needs_two_arms(lung: TimeToEvent) -> None:
    with pytest.raises(InputError, match="a difference needs two arms"):
        restricted_mean_difference(dict(lung.by_arm())["1"], 300.0, reference="1")
