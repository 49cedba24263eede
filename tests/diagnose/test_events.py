"""Times to event beside a fit: residuals against formulas, and a check that knows the right model from one that ignores the course."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from _outcomes import LINK, TRUTH, falling, joint_cohort, numbers, still
from scipy import stats

from autologue import Cohort, Event, Patient, fit
from autologue.diagnose import FromModel, event_check, event_residuals
from autologue.errors import InputError
from autologue.fit import Fit, Laplace
from autologue.fit.estimated import Conditional
from autologue.fit.inner import find_modes
from autologue.fit.problem import pose
from autologue.fit.structure import read_structure
from autologue.likelihood import Likelihood
from autologue.population import Parametric
from autologue.terms import Exponential

JOINT = falling(dict(relapse=Exponential(rate="rate", links=[LINK])), numbers("rate", "beta"))


def judged(cohort: Cohort, population: Parametric) -> Fit:
    """A fit that knows the truth: nothing is searched, and each patient's own parameters are the mode."""
    quick = fit(cohort, population, method=Laplace(probes=0, iterations=1), free=["rate"], fixed=["rate"])
    problem = pose(read_structure(cohort, population), Likelihood(cohort, population))
    vector = problem.start
    modes = find_modes(problem, problem.point(vector), np.zeros((1, len(cohort), 1)))
    eta = modes.phi[:, :1] - problem.point(vector).centre[:, :1]
    conditional = Conditional(("a",), eta, eta, np.zeros_like(eta), np.empty((0, len(cohort), 1)))
    return replace(quick, fixed=(), free=(), estimated=replace(quick.estimated, vector=vector, conditional=conditional))


@pytest.fixture(scope="module")
def right() -> Fit:
    return judged(joint_cohort(150, seed=21), Parametric(model=JOINT))


def test_residuals_are_those_of_the_formula(right: Fit) -> None:
    table = event_residuals(right, "relapse").set_index("patient")
    b = TRUTH["beta"] * TRUTH["k"]
    for patient in right.cohort:
        event, a = patient.events["relapse"], right.parameters.loc[patient.id, "a"]
        total = TRUTH["rate"] * (a / 100.0) ** TRUTH["beta"] * -math.expm1(-b * event.earliest) / b
        row, seen = table.loc[patient.id], math.isfinite(event.latest)
        assert row.cox_snell == pytest.approx(total, rel=1e-4)
        assert row.martingale == pytest.approx(seen - total, rel=1e-3, abs=1e-4)
        deviance = math.copysign(math.sqrt(-2 * (row.martingale + (math.log(row.cox_snell) if seen else 0))), row.martingale)
        assert row.deviance == pytest.approx(deviance, abs=1e-6)


def test_an_event_between_two_times_has_the_mean_there() -> None:
    model = still(dict(relapse=Exponential(rate="rate")), numbers("rate"))
    people = (Patient(id="1", events={"relapse": Event(30.0, 90.0, entry=10.0)}), Patient(id="2", events={"relapse": Event(50.0, 50.0)}))
    found = fit(Cohort(people), model, method=Laplace(probes=0), free=["rate"])
    rate = found.table.estimate["rate"]
    law = stats.truncexpon(60.0 * rate)
    row = event_residuals(found, "relapse").iloc[0]
    assert row.cox_snell == pytest.approx(20.0 * rate + law.mean(), rel=1e-6)


def test_the_check_covers_the_right_model_and_not_one_that_ignores_the_course(right: Fit) -> None:
    good = event_check(right, "relapse", simulations=200, seed=1)
    assert good.outside < 0.35
    blind = Parametric(model=JOINT, typical={"beta": 0.0, "rate": 0.01})
    wrong = event_check(judged(right.cohort, blind), "relapse", simulations=200, seed=1)
    assert wrong.outside > 0.6
    again = event_check(right, "relapse", simulations=200, seed=1)
    assert again.curve.equals(good.curve)


def test_the_share_of_curves_outside_is_what_the_interval_says() -> None:
    shares = [
        event_check(judged(joint_cohort(60, seed=100 + k), Parametric(model=JOINT)), "relapse", simulations=100, seed=k).outside
        for k in range(12)
    ]
    assert 0.0 < np.mean(shares) < 0.25  # 0.1 is expected, each of 12 cohorts goes its own way


def test_what_cannot_be_checked(right: Fit) -> None:
    with pytest.raises(InputError, match=r"use Cases\(\)"):
        FromModel().draw(right, seed=1)
    with pytest.raises(InputError, match="unknown time to event of the fit 'relaps'; did you mean relapse"):
        event_residuals(right, "relaps")
    with pytest.raises(InputError, match="expected 20 at least"):
        event_check(right, "relapse", simulations=3)
