"""Diagnostics find nothing wrong with the truth, however much is censored, and something wrong with what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from known_truth import cohort, judged
from scipy.stats import kstest, truncnorm

from autologue.diagnose import npde, residuals, visual_check
from autologue.diagnose.residuals import _truncated
from autologue.errors import InputError
from autologue.patient import Cohort, Observations, Patient


def test_prediction_errors_of_the_truth_are_standard_normal(right):
    found = npde(right, simulations=400, seed=1)
    assert right.problem.likelihood.rows.censored.mean() > 0.2
    assert found.tests.loc["global", "p"] > 0.01
    assert kstest(found.table["npde"], "norm").pvalue > 0.01
    assert kstest(found.table["npde"][found.table["censored"]], "norm").pvalue < 1e-6  # they are the low ones


def test_prediction_errors_find_a_wrong_peak():
    found = npde(judged(cohort(80, 200.0, seed=5), c_max=8000.0), simulations=400, seed=1)
    assert found.tests.loc["global", "p"] < 1e-3


def test_prediction_errors_find_a_limit_taken_for_a_measurement(right):
    def measured(patient: Patient) -> Patient:
        seen = patient.observations["transgene"]
        return Patient(id=patient.id, observations=dict(transgene=Observations(seen.times, seen.upper, unit=seen.unit)))

    found = npde(judged(Cohort(tuple(measured(p) for p in right.cohort))), simulations=400, seed=1)
    assert found.tests.loc["global", "p"] < 1e-3


def test_few_simulations_are_refused(right):
    with pytest.raises(InputError, match="at least 100"):
        npde(right, simulations=20)


def test_the_share_below_quantification_lies_where_it_should(right):
    found = visual_check(right, simulations=200, seed=2)
    inside = (found.below["observed"] >= found.below["low"]) & (found.below["observed"] <= found.below["high"])
    assert inside.sum() >= len(inside) - 2
    assert found.below["observed"].max() > 0.4
    measured = found.percentiles[~found.percentiles["censored"]]
    assert ((measured["observed"] >= measured["low"]) & (measured["observed"] <= measured["high"])).mean() > 0.7


def test_a_percentile_among_the_censored_says_so(right):
    found = visual_check(right, simulations=100, seed=2)
    late = found.percentiles.query("time > 100 and level < 0.1")
    assert late["censored"].all()
    assert (late["observed"] == 200.0).all()


def test_correction_by_prediction_changes_nothing_where_all_share_a_design(right):
    plain, corrected = (visual_check(right, simulations=50, corrected=c, seed=2) for c in (False, True))
    assert np.allclose(plain.percentiles["observed"], corrected.percentiles["observed"])


def test_a_check_sees_a_wrong_decline():
    found = visual_check(judged(cohort(80, 200.0, seed=5), alpha=0.6), simulations=200, seed=2)
    below = found.below.query("time > 20 and time < 40")
    assert (below["observed"] < below["low"]).all()


def test_residuals_have_censored_values_drawn_within_their_interval(right):
    table = residuals(right, seed=3)
    hidden = table[table["censored"]]
    assert (hidden["imputed"] <= hidden["upper"]).all()
    assert (table["imputed"][~table["censored"]] == table["lower"][~table["censored"]]).all()
    assert np.isfinite(table[["pred", "ipred", "imputed", "iwres"]]).all().all()
    assert residuals(right, seed=3).equals(table)


@pytest.mark.parametrize(("low", "high"), [(-np.inf, -1.0), (-12.0, -9.0), (9.0, 12.0), (3.0, np.inf), (-0.5, 2.0)])
def test_truncated_draws_follow_their_distribution(low, high):
    u = (np.arange(2000) + 0.5) / 2000
    drawn = _truncated(np.full(2000, low), np.full(2000, high), u)
    assert ((drawn >= low) & (drawn <= high)).all()
    assert kstest(drawn, truncnorm(low, high).cdf).statistic < 1e-3


def test_the_same_seed_gives_the_same_check(right):
    assert npde(right, simulations=100, seed=4).table.equals(npde(right, simulations=100, seed=4).table)
