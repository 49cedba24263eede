"""Estimation of hazards, counts and categories: against closed forms, direct maximisation by scipy, and quadrature written apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _outcomes import (
    LINK,
    by_quadrature,
    count_cohort,
    count_density,
    falling,
    grade_cohort,
    grade_density,
    joint_cohort,
    joint_density,
    numbers,
    still,
)
from fit_models import pose
from scipy.optimize import approx_fprime, minimize

from autologue import Cohort, Event, LogNormal, Normal, Patient, fit, load_fit
from autologue.errors import InputError
from autologue.fit import FO, FOCE, FOCEI, SAEM, Fit, Laplace, Quadrature
from autologue.fit.laplace import laplace_marginal
from autologue.fit.quadrature import quadrature_marginal
from autologue.population import Parametric
from autologue.terms import Exponential, Gompertz, Ordered, Poisson, Weibull

QUICK = SAEM(chains=3, exploration=150, smoothing=600, draws=3000, samples=100, stop=None)
JOINT = falling(dict(relapse=Exponential(rate="rate", links=[LINK])), numbers("rate", "beta"))
NAMES = ["a", "k", "rate", "beta", "omega_a", "sd_level"]


def spells(count: int, *, seed: int) -> list[Event]:
    """Weibull times (scale 80, shape 1.5): some seen, some censored on the right, some between visits, some entering late."""
    rng = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        time, entry, last = 80.0 * rng.weibull(1.5), float(rng.choice([0.0, 0.0, 30.0])), rng.uniform(40.0, 200.0)
        if time <= entry or last <= entry:
            continue
        kind = rng.integers(3)
        if time > last:
            found.append(Event(last, math.inf, entry=entry))
        elif kind == 0:
            found.append(Event(max(entry, 20.0 * math.floor(time / 20.0)), 20.0 * math.ceil(time / 20.0), entry=entry))
        else:
            found.append(Event(time, time, entry=entry))
    return found


def cohort_of(events: list[Event]) -> Cohort:
    return Cohort(tuple(Patient(id=str(k), events={"relapse": event}) for k, event in enumerate(events)))


def log_likelihood(events: list[Event], hazard: Callable[[float], float], total: Callable[[float], float]) -> float:
    found = 0.0
    for e in events:
        found -= total(e.earliest) - total(e.entry)
        if e.earliest == e.latest:
            found += math.log(hazard(e.latest))
        elif math.isfinite(e.latest):
            found += math.log(-math.expm1(-(total(e.latest) - total(e.earliest))))
    return found


def test_a_constant_hazard_is_events_over_exposure() -> None:
    events = [e for e in spells(120, seed=1) if e.earliest == e.latest or math.isinf(e.latest)]
    found = fit(cohort_of(events), still(dict(relapse=Exponential(rate="rate")), numbers("rate")), method=Laplace(probes=0), free=["rate"])
    count, exposure = sum(math.isfinite(e.latest) for e in events), sum(e.earliest - e.entry for e in events)
    assert found.table.estimate["rate"] == pytest.approx(count / exposure, abs=1e-4 * math.sqrt(count) / exposure)  # of a standard error
    assert found.table.se["rate"] == pytest.approx(math.sqrt(count) / exposure, rel=1e-4)
    assert found.log_likelihood == pytest.approx(count * math.log(count / exposure) - count, abs=1e-8)
    assert found.bic == pytest.approx(-2 * found.log_likelihood + math.log(len(events)))


def weibull(x: Any) -> tuple[Callable[[float], float], Callable[[float], float]]:
    scale, shape = np.exp(x)
    return lambda t: shape / scale * (t / scale) ** (shape - 1), lambda t: (t / scale) ** shape


def gompertz(x: Any) -> tuple[Callable[[float], float], Callable[[float], float]]:
    rate, slope = math.exp(x[0]), x[1]
    return lambda t: rate * math.exp(slope * t), lambda t: rate * math.expm1(slope * t) / slope


@pytest.mark.parametrize("family", ["weibull", "gompertz"])
def test_families_with_every_kind_of_time_against_scipy(family: str) -> None:
    events = spells(200, seed=2)
    outcome: Any = Weibull(scale="scale", shape="shape") if family == "weibull" else Gompertz(rate="rate", slope="slope")
    names = ["scale", "shape"] if family == "weibull" else ["rate", "slope"]
    found = fit(cohort_of(events), still(dict(relapse=outcome), numbers(*names)), method=Laplace(probes=0), free=names)
    parts = weibull if family == "weibull" else gompertz
    start = np.log([80.0, 1.5]) if family == "weibull" else np.array([math.log(0.01), 0.01])
    best = minimize(lambda x: -log_likelihood(events, *parts(x)), start, method="Nelder-Mead", options=dict(xatol=1e-9, fatol=1e-10))
    expected = np.exp(best.x) if family == "weibull" else [math.exp(best.x[0]), best.x[1]]
    np.testing.assert_allclose(found.table.estimate[names], expected, rtol=1e-5)
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-7)


def at(vector: Any) -> dict[str, float]:
    """The estimates of the joint model by name."""
    values = dict(zip(NAMES, vector, strict=True))
    return {n: float(v) if n == "beta" else math.exp(v) for n, v in values.items()}


def joint_oracle(cohort: Cohort, vector: Any) -> np.ndarray:
    there = at(vector)
    return np.array([by_quadrature(joint_density(patient, there), there["omega_a"]) for patient in cohort])


@pytest.fixture(scope="module")
def joint() -> Any:
    cohort = joint_cohort(60, seed=4)
    late = [replace(p, events={"relapse": replace(e, entry=2.0)}) if (e := p.events["relapse"]).earliest > 2.0 else p for p in cohort]
    cohort = Cohort(tuple(late), "joint")
    return cohort, pose(cohort, Parametric(model=JOINT), free=["k", "rate", "beta"])


def test_the_marginal_likelihood_of_a_joint_model_and_its_gradient(joint: Any) -> None:
    cohort, problem = joint
    assert list(problem.structure.names) == NAMES
    vector = problem.start + np.array([0.2, -0.1, 0.15, 0.2, -0.1, 0.1])
    start = np.zeros((1, len(cohort), 1))
    found = quadrature_marginal(problem, vector, start, nodes=15)
    np.testing.assert_allclose(found.value, joint_oracle(cohort, vector), atol=2e-5)
    slope = approx_fprime(vector, lambda x: joint_oracle(cohort, x).sum(), 1e-5)
    np.testing.assert_allclose(found.gradient.sum(axis=0), slope, rtol=5e-3, atol=5e-2)
    laplace = laplace_marginal(problem, vector, start)
    assert np.abs(laplace.value - found.value).max() < 0.02
    by_difference = [
        (laplace_marginal(problem, vector + h, start).value.sum() - laplace_marginal(problem, vector - h, start).value.sum()) / 2e-3
        for h in 1e-3 * np.eye(len(vector))
    ]
    np.testing.assert_allclose(laplace.gradient.sum(axis=0), by_difference, rtol=1e-2, atol=0.1)


def test_saem_of_a_joint_model_ends_at_the_optimum_of_the_quadrature(joint: Any) -> None:
    cohort, problem = joint
    best = minimize(lambda x: -joint_oracle(cohort, x).sum(), problem.start, method="BFGS", options=dict(gtol=1e-2))
    found = fit(cohort, JOINT, method=QUICK, free=["k", "rate", "beta"], seed=3)
    errors = np.sqrt(np.diagonal(found.covariance))
    assert (np.abs(found.estimated.vector - best.x) < 0.15 * errors).all(), (found.estimated.vector - best.x) / errors
    expected = joint_oracle(cohort, found.estimated.vector).sum()
    assert found.log_likelihood == pytest.approx(expected, abs=4 * found.estimated.log_likelihoods[0].error + 1e-3)
    np.testing.assert_allclose(errors, np.sqrt(np.diagonal(np.linalg.inv(_information(cohort, best.x)))), rtol=0.15)


def _information(cohort: Cohort, vector: Any) -> np.ndarray:
    """Minus the second derivative of the oracle."""
    h, p = 1e-3, len(vector)
    total = lambda x: joint_oracle(cohort, x).sum()  # noqa: E731
    found = np.empty((p, p))
    for i in range(p):
        for j in range(i + 1):
            a, b = h * np.eye(p)[i], h * np.eye(p)[j]
            found[i, j] = found[j, i] = -(total(vector + a + b) - total(vector + a - b) - total(vector - a + b) + total(vector - a - b)) / (
                4 * h * h
            )
    return found


def test_a_log_normal_frailty_against_quadrature() -> None:
    events = spells(150, seed=5)
    model = still(dict(relapse=Weibull(scale="scale", shape="shape")), numbers("scale", "shape", scale=LogNormal(sd=0.5)))
    problem = pose(cohort_of(events), Parametric(model=model), free=["shape"])

    def oracle(vector: Any) -> np.ndarray:
        scale, shape, omega = np.exp([vector[0], vector[1], vector[2]])

        def density(event: Event, eta: Any) -> Any:
            total = lambda t: (t / (scale * np.exp(eta))) ** shape  # noqa: E731
            found = -(total(event.earliest) - total(event.entry))
            if event.earliest == event.latest:
                return found + np.log(shape / event.latest * total(event.latest))
            return found if math.isinf(event.latest) else found + np.log(-np.expm1(total(event.earliest) - total(event.latest)))

        return np.array([by_quadrature(partial(density, event), omega) for event in events])

    assert problem.structure.names == ("scale", "shape", "omega_scale")
    for vector in (problem.start, problem.start + np.array([0.1, 0.2, 0.3])):
        found = quadrature_marginal(problem, vector, np.zeros((1, len(events), 1)), nodes=25)
        np.testing.assert_allclose(found.value, oracle(vector), atol=1e-4)
        slope = approx_fprime(vector, lambda x: oracle(x).sum(), 1e-6)
        np.testing.assert_allclose(found.gradient.sum(axis=0), slope, rtol=1e-3, atol=2e-2)


@pytest.mark.parametrize("method", [Quadrature(nodes=15, probes=0), QUICK])
def test_a_mixed_poisson_model_against_quadrature(method: Any) -> None:
    cohort = count_cohort(80, seed=6)
    model = still(dict(lesions=Poisson(mean="mean")), numbers("mean", mean=LogNormal(sd=0.4)))

    def oracle(vector: Any) -> float:
        return sum(by_quadrature(count_density(patient, math.exp(vector[0])), math.exp(vector[1])) for patient in cohort)

    best = minimize(lambda x: -oracle(x), np.log([2.0, 0.5]), method="BFGS", options=dict(gtol=1e-4))
    found = fit(cohort, model, method=method, seed=1)
    errors = np.sqrt(np.diagonal(found.covariance))
    close = 0.15 if isinstance(method, SAEM) else 1e-3
    assert (np.abs(found.estimated.vector - best.x) < close * errors).all()
    error = found.estimated.log_likelihoods[0].error
    assert found.log_likelihood == pytest.approx(oracle(found.estimated.vector), abs=4 * error + 1e-4)
    np.testing.assert_allclose(errors, np.sqrt(np.diagonal(best.hess_inv)), rtol=0.15)


@pytest.mark.parametrize("method", [Quadrature(nodes=9, probes=0), QUICK])
def test_ordered_categories_with_a_random_threshold(method: Any) -> None:
    cohort = grade_cohort(100, seed=7)
    names = ["first", "step_1", "step_2"]
    outcomes = dict(grade=Ordered(first="first", steps=("step_1", "step_2")))
    model = still(outcomes, numbers(*names, first=Normal(sd=0.7)))

    def oracle(x: Any) -> float:
        return sum(by_quadrature(grade_density(p, x[0], (math.exp(x[1]), math.exp(x[2]))), math.exp(x[3])) for p in cohort)

    found = fit(cohort, model, method=method, free=["step_1", "step_2"], seed=1)
    best = minimize(lambda x: -oracle(x), found.estimated.vector + 0.05, method="BFGS", options=dict(gtol=1e-3))
    errors = np.sqrt(np.diagonal(found.covariance))
    close = 0.15 if isinstance(method, SAEM) else 5e-3
    assert (np.abs(found.estimated.vector - best.x) < close * errors).all()
    assert found.log_likelihood == pytest.approx(oracle(found.estimated.vector), abs=4 * found.estimated.log_likelihoods[0].error + 1e-3)


@pytest.mark.parametrize("method", [FOCEI(), FOCE(), FO()])
def test_methods_that_linearise_say_what_to_use(method: Any) -> None:
    with pytest.raises(InputError, match=r"use Laplace\(\), Quadrature\(\) or SAEM\(\)"):
        fit(joint_cohort(10, seed=1), JOINT, method=method)


def test_a_link_that_is_ignored_is_seen() -> None:
    cohort = joint_cohort(120, seed=8)
    right = fit(cohort, JOINT, method=Laplace(probes=0), free=["k", "rate", "beta"])
    start = Parametric(model=JOINT, typical={"beta": 0.0})
    wrong = fit(cohort, start, method=Laplace(probes=0), free=["k", "rate"])
    assert 2 * (right.log_likelihood - wrong.log_likelihood) > 10.8  # chi-squared with one degree of freedom, p = 0.001
    assert right.table.upper["beta"] < 0  # whether intervals cover is asked of many cohorts, in validation/fit_outcomes.py


def test_a_fit_with_outcomes_is_kept_exactly(tmp_path: Path) -> None:
    found = fit(joint_cohort(12, seed=9), JOINT, method=Laplace(probes=0), free=["rate"], fixed=["omega_a"])
    found.save(tmp_path / "fit.json")
    again: Fit = load_fit(tmp_path / "fit.json", model=JOINT)
    assert again.table.equals(found.table)
    assert again.cohort.patients[0].events == found.cohort.patients[0].events
    other = falling(dict(relapse=Exponential(rate="rate")), numbers("rate", "beta"))
    with pytest.raises(InputError, match="is not the one that was fitted"):
        load_fit(tmp_path / "fit.json", model=other)


def test_events_that_cannot_be_fitted() -> None:
    model = still(dict(relapse=Exponential(rate="rate")), numbers("rate"))
    with pytest.raises(InputError, match=r"patient 0 has a time to event 'relapse', for which model falling has no hazard"):
        fit(cohort_of([Event(5.0, 5.0)]), falling({}, {}))
    with pytest.raises(InputError, match="none of the 2 patients followed for 'relapse' had it"):
        fit(cohort_of([Event(5.0, math.inf), Event(7.0, math.inf)]), model, free=["rate"], method=Laplace())
