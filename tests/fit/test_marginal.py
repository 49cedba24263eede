"""Marginal likelihoods equal those of the oracle, and their gradients are their derivatives, for every error and kind of censoring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import _oracle as oracle
import fit_models as models
import numpy as np
import pytest
from fit_models import pose

from autologue.errors import InputError
from autologue.fit.conditional import conditional_marginal
from autologue.fit.fo import fo_marginal
from autologue.fit.laplace import laplace_marginal
from autologue.fit.problem import Problem
from autologue.fit.quadrature import quadrature_marginal
from autologue.patient import Cohort, Observations, Patient
from autologue.population import LinearEffect, Parametric
from autologue.population.covariates import Continuous
from autologue.population.parametric import Correlation
from autologue.variability import Combined1, Combined2, Constant, LogitNormal, LogNormal, Normal, Power, Proportional

METHODS: dict[str, tuple[Callable[..., object], Callable[..., float]]] = {
    "FOCEI": (conditional_marginal, oracle.focei),
    "FOCE": (partial(conditional_marginal, interaction=False), oracle.foce),
    "Laplace": (laplace_marginal, oracle.laplace),
    "quadrature": (partial(quadrature_marginal, nodes=3), partial(oracle.quadrature, nodes=3, expected=True)),
}


def first_order(problem, vector, start):
    return fo_marginal(problem, vector)


ERRORS = {
    "constant": Constant(sd=0.6),
    "proportional": Proportional(cv=0.25),
    "combined1": Combined1(sd=0.3, cv=0.15),
    "combined2": Combined2(sd=0.4, cv=0.2),
    "power": Power(cv=0.4, exponent=0.7),
    "lognormal": LogNormal(sd=0.3),
}
THETA, OMEGA = dict(ka=1.4, cl=2.5, v=30.0), np.array([[0.3, 0.0, 0.0], [0.0, 0.1, 0.05], [0.0, 0.05, 0.06]])
DOSES = np.array([300.0, 320.0, 280.0, 350.0])
TIMES = np.array([0.3, 1.0, 3.0, 7.0, 12.0, 24.0])


def oral(rows, theta, eta):
    ka, cl, v = (theta[name] * np.exp(eta[..., k]) for k, name in enumerate(("ka", "cl", "v")))
    return rows.known["dose"] * ka / (v * ka - cl) * (np.exp(-cl / v * rows.times) - np.exp(-ka * rows.times))


def data(censoring: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower and upper bounds and conditions (patients, times) of data drawn once and for all."""
    random = np.random.default_rng(5)
    eta = random.multivariate_normal(np.zeros(3), OMEGA, len(DOSES))
    ka, cl, v = (value * np.exp(eta[:, k, None]) for k, value in enumerate(THETA.values()))
    f = DOSES[:, None] * ka / (v * ka - cl) * (np.exp(-cl / v * TIMES) - np.exp(-ka * TIMES))
    y = np.exp(np.log(f) + 0.2 * random.standard_normal(f.shape))
    low, high, above = y.copy(), y.copy(), np.full(y.shape, -np.inf)
    if censoring == "left":
        low[y < 3.0], high[y < 3.0] = -np.inf, 3.0
    elif censoring == "interval":
        low[y < 3.0], high[y < 3.0] = 1.0, 3.0
    elif censoring == "right":
        low[y > 8.0], high[y > 8.0] = 8.0, np.inf
    elif censoring == "M2":
        above[:] = np.minimum(0.6 * y, 1.0)
    elif censoring == "M4":
        low[y < 3.0], high[y < 3.0], above[:] = -np.inf, 3.0, 0.0
    return low, high, above


def posed(error: str, censoring: str) -> tuple[Problem, oracle.Problem]:
    low, high, above = data(censoring)
    patients = tuple(
        Patient(
            id=str(i),
            observations=dict(concentration=Observations(TIMES, unit="mg/L", lower=low[i], upper=high[i], above=above[i])),
            known=dict(dose=dose),
        )
        for i, dose in enumerate(DOSES)
    )
    scale = dict(zip(THETA, np.sqrt(np.diagonal(OMEGA)), strict=True))
    population = Parametric(
        model=models.THEOPHYLLINE,
        typical=THETA,
        variability={name: LogNormal(sd=sd) for name, sd in scale.items()},
        correlations=[Correlation("cl", "v", 0.05 / np.sqrt(0.1 * 0.06))],
        errors=dict(concentration=ERRORS[error]),
    )
    rows = oracle.table(np.repeat(np.arange(4), 6), np.tile(TIMES, 4), low.ravel(), high.ravel(), above.ravel(), dose=DOSES)
    numbers = dict(zip("abc", (getattr(ERRORS[error], f, 0.0) for f in ("sd", "cv", "exponent")), strict=True))
    return pose(Cohort(patients), population), oracle.Problem(rows, oral, THETA, OMEGA, error, **numbers)


def objective(problem: Problem, method: Callable[..., object], vector: np.ndarray) -> float:
    found = method(problem, vector, np.zeros((1, problem.patients, problem.varying)))
    measured = int((~problem.likelihood.rows.censored).sum())
    return float(-2 * found.value.sum() - measured * np.log(2 * np.pi))


CENSORING = ["left", "M4", "right", "M2", "interval", "none"]
PAIRS = [*zip(ERRORS, CENSORING, strict=True), *zip(ERRORS, CENSORING[1:] + CENSORING[:1], strict=True)]


@pytest.mark.parametrize(("error", "censoring"), PAIRS)
@pytest.mark.parametrize("name", METHODS)
def test_objective_is_the_oracles(name: str, error: str, censoring: str) -> None:
    problem, same = posed(error, censoring)
    method, independent = METHODS[name]
    assert objective(problem, method, problem.start) == pytest.approx(float(independent(same)), abs=2e-6)


@pytest.mark.parametrize("error", ERRORS)
def test_first_order_objective_is_the_oracles(error: str) -> None:
    problem, same = posed(error, "none")
    assert objective(problem, first_order, problem.start) == pytest.approx(oracle.fo(same), abs=2e-6)


def differences(problem: Problem, method: Callable[..., object], vector: np.ndarray, step: float) -> np.ndarray:
    ends = [[objective(problem, method, vector + side * e) for side in (1, -1)] for e in step * np.eye(len(vector))]
    return np.array([(ahead - back) / (2 * step) for ahead, back in ends])


@pytest.mark.parametrize("error", ["combined2", "power", "lognormal"])
@pytest.mark.parametrize("censoring", ["left", "M2"])
@pytest.mark.parametrize("name", [*METHODS, "FO"])
def test_gradient_is_the_derivative(name: str, error: str, censoring: str) -> None:
    problem, _ = posed(error, "none" if name == "FO" else censoring)
    method = first_order if name == "FO" else METHODS[name][0]
    gradient = -2 * method(problem, problem.start, np.zeros((1, 4, 3))).gradient.sum(0)
    np.testing.assert_allclose(gradient, differences(problem, method, problem.start, 1e-4), atol=2e-5)


def mixed(*, closed: bool = True) -> Problem:
    """A covariate effect, a logit-normal and a normal parameter, one without variability, one fixed: all kinds of coordinates."""
    problem, _ = posed("combined2", "left")
    model = models.THEOPHYLLINE if closed else replace(models.THEOPHYLLINE, closed_form=None)
    cohort = Cohort(tuple(replace(p, covariates=dict(weight=60.0 + 5 * k)) for k, p in enumerate(problem.likelihood.cohort)))
    population = Parametric(
        model=model,
        typical=dict(ka=0.8, cl=2.5, v=30.0),
        variability=dict(ka=LogitNormal(sd=0.4), cl=Normal(sd=0.5), v=None),
        covariates=dict(weight=Continuous(70.0, "kg", LogNormal(sd=0.2))),
        effects=[LinearEffect("cl", "weight", 70.0, 0.01), LinearEffect("v", "weight", 70.0, 0.005)],
        errors=dict(concentration=Combined2(sd=0.4, cv=0.2)),
    )
    return pose(cohort, population, fixed=["cv_concentration"])


@pytest.mark.parametrize("name", ["FOCEI", "Laplace", "quadrature"])
def test_gradient_with_every_kind_of_coordinate(name: str) -> None:
    problem, method = mixed(), METHODS[name][0]
    assert [e.name for e in problem.structure.estimates] == [
        "ka", "cl", "v", "beta_cl_weight", "beta_v_weight", "omega_ka", "omega_cl", "sd_concentration"
    ]  # fmt: skip
    gradient = -2 * method(problem, problem.start, np.zeros((1, 4, 2))).gradient.sum(0)
    np.testing.assert_allclose(gradient, differences(problem, method, problem.start, 1e-4), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("name", ["FOCEI", "Laplace"])
def test_a_solved_course_gives_what_its_closed_form_gives(name: str) -> None:
    exact, solved = mixed(), mixed(closed=False)
    method = METHODS[name][0]
    assert objective(solved, method, solved.start) == pytest.approx(objective(exact, method, exact.start), abs=2e-3)
    there, here = (method(p, p.start, np.zeros((1, 4, 2))).gradient for p in (exact, solved))
    np.testing.assert_allclose(here, there, rtol=0.01, atol=0.01)


def test_a_patient_without_observations_adds_nothing() -> None:
    problem, _ = posed("combined2", "left")
    more = Cohort((*problem.likelihood.cohort, Patient(id="nobody", known=dict(dose=1.0))))
    larger = pose(more, problem.structure.population)
    for method, _ in METHODS.values():
        before = method(problem, problem.start, np.zeros((1, 4, 3)))
        after = method(larger, larger.start, np.zeros((1, 5, 3)))
        assert after.value[-1] == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_allclose(after.gradient[-1], 0.0, atol=1e-7)
        np.testing.assert_allclose(after.value[:4], before.value, atol=1e-9)


def test_the_first_order_method_refuses_what_is_censored() -> None:
    problem, _ = posed("constant", "left")
    with pytest.raises(InputError, match="patient 0 has a censored observation at time"):
        fo_marginal(problem, problem.start)


def test_too_many_nodes_are_refused() -> None:
    problem, _ = posed("constant", "none")
    with pytest.raises(InputError, match="50 nodes in each of 3 dimensions are 125,000"):
        quadrature_marginal(problem, problem.start, np.zeros((1, 4, 3)), nodes=50)
