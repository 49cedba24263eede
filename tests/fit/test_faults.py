"""A fault in the scoring of censored rows makes the calibration fail, whatever the estimator; without one it passes."""

from __future__ import annotations

import calibration
import numpy as np
import pytest
from calibration import FAULTS, NONE, Fault

from autologue.fit import FOCEI, Laplace, Quadrature
from autologue.fit.estimated import Estimator
from autologue.fit.problem import pose
from autologue.fit.structure import read_structure
from autologue.likelihood import Likelihood

METHODS = {"FOCEI": FOCEI(probes=0), "Laplace": Laplace(probes=0), "quadrature": Quadrature(probes=0, nodes=5)}


def distances(method: Estimator, fault: Fault, cohorts: int) -> list[float]:
    found = []
    for seed in range(cohorts):
        cohort = calibration.cohort(seed)
        likelihood = Likelihood(cohort, calibration.POPULATION)
        likelihood.rows = fault(likelihood.rows)
        problem = pose(read_structure(cohort, calibration.POPULATION), likelihood)
        estimated = method.estimate(problem, seed=seed)
        found.append(calibration.distance(estimated.vector, np.linalg.inv(estimated.covariances[0].matrix)))
    return found


@pytest.mark.parametrize("name", METHODS)
def test_a_right_estimator_is_calibrated(name: str) -> None:
    assert calibration.calibrated(distances(METHODS[name], NONE, calibration.COHORTS))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Fault) -> None:
    assert not calibration.calibrated(distances(METHODS["FOCEI"], fault, 1))
