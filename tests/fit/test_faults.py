"""A fault in the scoring of censored rows makes the calibration fail, whatever the estimator; without one it passes."""

from __future__ import annotations

from collections.abc import Callable

import calibration
import pytest
from calibration import FAULTS, NONE, Fault

from autologue.fit.conditional import conditional_marginal
from autologue.fit.laplace import laplace_marginal
from autologue.fit.outer import maximise, polish
from autologue.fit.problem import pose
from autologue.fit.quadrature import quadrature_marginal
from autologue.likelihood.likelihood import Likelihood

METHODS = {"FOCEI": conditional_marginal, "Laplace": laplace_marginal, "quadrature": quadrature_marginal}


def distances(method: Callable[..., object], fault: Fault, cohorts: int) -> list[float]:
    found = []
    for seed in range(cohorts):
        cohort = calibration.cohort(seed)
        likelihood = Likelihood(cohort, calibration.POPULATION)
        likelihood.rows = fault(likelihood.rows)
        problem = pose(cohort, calibration.POPULATION, likelihood=likelihood)
        search = maximise(problem, lambda v, s, m, p=problem: method(p, v, s, m), problem.start, iterations=100)
        optimum = polish(search)
        found.append(calibration.distance(optimum.vector, optimum.information))
    return found


@pytest.mark.parametrize("name", METHODS)
def test_a_right_estimator_is_calibrated(name: str) -> None:
    assert calibration.calibrated(distances(METHODS[name], NONE, calibration.COHORTS))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Fault) -> None:
    assert not calibration.calibrated(distances(conditional_marginal, fault, 1))
