"""SAEM against the marginal likelihood by quadrature: estimates, standard errors and likelihood, for every error, censoring and condition.

The distance of an estimate from the optimum is a Newton step there, in standard errors: covariance @ gradient, with the gradient of the
likelihood by quadrature. The seeds are fixed; other seeds give distances of up to 0.15 with the default settings.
"""

from __future__ import annotations

from dataclasses import replace

import _designs
import calibration
import fit_models
import numpy as np
import pytest

from autologue.errors import InputError, SolveError
from autologue.fit import FOCEI, SAEM, Fit, Prior, Stop, fit, load_fit
from autologue.fit.estimated import inverse_information
from autologue.fit.problem import pose
from autologue.fit.quadrature import quadrature_marginal
from autologue.fit.structure import read_structure
from autologue.likelihood import Likelihood
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Continuous, Correlation, LinearEffect, Parametric
from autologue.variability import Combined1, Combined2, Constant, LogNormal, Normal, Power, Proportional

NEAR = 0.2  # standard errors


def distances(found: Fit, nodes: int = 9) -> np.ndarray:
    """Return how far each estimate is from the optimum, in standard errors (NaN at a bound)."""
    problem, vector = found.problem, found.estimated.vector
    start = np.nan_to_num(found.individuals.mode, nan=0.0)[None]
    marginal = quadrature_marginal(problem, vector, start, None, nodes=nodes)
    slope = marginal.gradient.sum(axis=0) + problem.log_prior(vector)[1]
    free = np.isfinite(np.diagonal(found.covariance))
    away = np.full(len(vector), np.nan)
    inside = found.covariance[np.ix_(free, free)]
    away[free] = np.abs(inside @ slope[free]) / np.sqrt(np.diagonal(inside))
    return away


@pytest.fixture(scope="module")
def theophylline(shared):
    return fit_models.theophylline(shared)


@pytest.fixture(scope="module")
def censored(shared):
    return fit_models.theophylline(shared, after_zero=True, lloq=2.0)


@pytest.fixture(scope="module")
def found(censored) -> Fit:
    cohort, population = censored
    assert sum(int(p.observations["concentration"].censored.sum()) for p in cohort) == 15
    return fit(cohort, population, seed=1)


def test_censored_theophylline_ends_at_the_optimum(found):
    assert distances(found).max() < NEAR
    assert found.warnings == ()


def test_likelihood_by_importance_sampling(found):
    problem = found.problem
    there = quadrature_marginal(problem, found.estimated.vector, found.individuals.mode[None], None, nodes=15).value.sum()
    sampled = found.estimated.log_likelihoods[0]
    assert 0.0 < sampled.error <= 0.05
    assert sampled.value == pytest.approx(there, abs=4 * sampled.error)


def test_standard_errors_are_those_of_the_observed_information(found):
    problem, vector = found.problem, found.estimated.vector
    columns = []
    for move in 1e-3 * np.eye(len(vector)):
        ends = [
            quadrature_marginal(problem, vector + s * move, found.individuals.mode[None], None, nodes=9).gradient.sum(0) for s in (1, -1)
        ]
        columns.append((ends[1] - ends[0]) / 2e-3)
    exact = np.sqrt(np.diagonal(np.linalg.inv(np.array(columns))))
    assert np.sqrt(np.diagonal(found.covariance)) == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize(
    "error",
    [Proportional(cv=0.2), Combined1(sd=0.5, cv=0.1), Combined2(sd=0.5, cv=0.1), Power(cv=0.3, exponent=0.5), LogNormal(sd=0.3)],
    ids=lambda e: type(e).__name__,
)
def test_every_error_with_censored_rows(shared, error):
    cohort, population = fit_models.theophylline(shared, after_zero=True, lloq=2.0, error=error)
    assert np.nanmax(distances(fit(cohort, population, method=SAEM(samples=600), seed=2))) < NEAR


def test_a_parameter_without_random_effect_a_bound_and_a_prior(censored):
    cohort, population = censored
    flat = replace(population, variability=dict(v=None, cl=LogNormal(sd=0.15)))
    made = fit(cohort, flat, free=["v"], bounds=dict(omega_cl=(0.05, 0.2)), priors=dict(ka=Prior(2.0, 0.1)), seed=3)
    assert made.table.at_bound["omega_cl"]
    assert made.table.estimate["omega_cl"] == pytest.approx(0.2, rel=1e-3)
    assert any("omega_cl" in words and "bound" in words for words in made.warnings)
    away = distances(made)
    assert np.isnan(away[list(made.table.index).index("omega_cl")])
    assert np.nanmax(away) < NEAR


def test_what_is_fixed_stays(censored):
    cohort, population = censored
    made = fit(cohort, population, fixed=["v", "omega_v"], method=SAEM(exploration=20, smoothing=20), seed=4)
    assert "v" not in made.table.index
    assert made.population.typical_values() == pytest.approx([made.table.estimate["ka"], made.table.estimate["cl"], 32.0, 100.0])
    assert made.population.effect_scale("v").sd == pytest.approx(np.sqrt(0.1))


def test_effects_and_blocks_end_at_the_optimum():
    made = fit(*_two_rates(), seed=5)
    assert {"beta_rate_age", "corr_start_rate"} <= set(made.table.index)
    assert distances(made).max() < NEAR


def _two_rates() -> tuple[Cohort, Parametric]:
    """Return a decline whose rate depends on age and is correlated with the start."""
    random = np.random.default_rng(7)
    factor = np.linalg.cholesky([[0.25, 0.09], [0.09, 0.09]])
    times, people = np.array([1.0, 2.0, 4.0, 7.0]), []
    for k in range(60):
        age, eta = random.uniform(20, 80), factor @ random.standard_normal(2)
        start, rate = 100 * np.exp(eta[0]), 0.5 * np.exp(eta[1] + 0.01 * (age - 50))
        y = start * np.exp(-rate * times + 0.3 * random.standard_normal(4))
        low, high = np.where(y < 10, -np.inf, y), np.where(y < 10, 10.0, y)
        people.append(
            Patient(
                id=str(k), observations=dict(level=Observations(times, unit="copies/ug", lower=low, upper=high)), covariates=dict(age=age)
            )
        )
    return Cohort(tuple(people)), replace(
        calibration.POPULATION,
        covariates=dict(age=Continuous(50.0, "1", Normal(sd=10.0))),
        effects=(LinearEffect("rate", "age", 50.0, 0.0),),
        correlations=(Correlation("start", "rate", 0.1),),
    )


def test_a_fault_in_the_scoring_of_censored_rows_is_found():
    """With the limit taken for a measurement, or the side swapped, the simulate-and-refit calibration fails; without a fault it passes."""
    for fault in (calibration.NONE, *calibration.FAULTS):
        cohort = calibration.cohort(0)
        likelihood = Likelihood(cohort, calibration.POPULATION)
        likelihood.rows = fault(likelihood.rows)
        problem = pose(read_structure(cohort, calibration.POPULATION), likelihood)
        made = SAEM(draws=1).estimate(problem, seed=6)
        distance = calibration.distance(made.vector, np.linalg.inv(made.covariances[0].matrix))
        assert calibration.calibrated([distance]) == (fault is calibration.NONE), fault.name


def test_the_same_seed_gives_the_same_bits(censored):
    cohort, population = censored
    short = SAEM(exploration=15, smoothing=15, samples=20, draws=100)
    first, again, other = (fit(cohort, population, method=short, seed=s).estimated for s in (8, 8, 9))
    assert np.array_equal(first.vector, again.vector)
    assert np.array_equal(first.conditional.samples, again.conditional.samples)
    assert first.log_likelihoods == again.log_likelihoods
    assert not np.array_equal(first.vector, other.vector)


def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    """The course is integrated, 90 lanes at once: more than one thread takes at a time."""
    truth = _designs.leon_triana()
    cohort = _designs.study(truth, (3, 14, 28), dict(car_t=1e7, leukaemic=1e8), patients=30, seed=1)
    short = SAEM(chains=3, exploration=3, smoothing=3, samples=12, draws=20)
    found = []
    for count in ("1", "2"):
        monkeypatch.setenv("AUTOLOGUE_THREADS", count)
        found.append(fit(cohort, truth, method=short, seed=10).estimated)
    assert np.array_equal(found[0].vector, found[1].vector)
    assert np.array_equal(found[0].conditional.samples, found[1].conditional.samples)
    assert found[0].log_likelihoods == found[1].log_likelihoods


def test_a_saved_fit_by_saem_comes_back(found, tmp_path):
    found.save(tmp_path / "fit.json")
    again = load_fit(tmp_path / "fit.json", model=found.start.model)
    assert again.method == found.method
    assert np.array_equal(again.trace.values, found.trace.values)
    assert np.array_equal(again.individuals.samples, found.individuals.samples)
    assert again.table.equals(found.table)


def test_samples_have_the_moments_of_each_patient(found):
    given = found.individuals
    assert given.samples.shape == (300, 12, 3)
    assert given.samples.mean(axis=0) == pytest.approx(given.mean, abs=0.02)
    assert (np.abs(given.mode - given.mean) < given.sd).all()


def test_phases_that_end_at_their_limit_say_so(censored):
    cohort, population = censored
    far = replace(population, typical=dict(cl=20.0, v=200.0))
    made = fit(cohort, far, method=SAEM(exploration=10, smoothing=20, samples=20, draws=100, stop=Stop(least=10)), seed=11)
    assert any("exploration ended at its limit" in words for words in made.warnings)
    assert any("smoothing ended at its limit" in words for words in made.warnings)


def test_a_singular_variance_is_told(shared):
    cohort, population = fit_models.theophylline(shared, after_zero=True)
    one = Cohort(tuple(Patient(id=p.id, observations={k: o.until(2.0) for k, o in p.observations.items()}, known=p.known) for p in cohort))
    block = replace(population, correlations=(Correlation("cl", "v", 0.5),))
    made = fit(one, block, method=SAEM(exploration=150, smoothing=50), seed=12)
    assert any("singular" in words or "vanished" in words or "flat" in words or "positive definite" in words for words in made.warnings)


def test_a_start_that_cannot_be_is_told():
    cohort, population = _two_rates()
    beyond = replace(population, errors=dict(level=Constant(sd=1e-300)))
    with pytest.raises(SolveError, match=r"patient 0 \(and 59 more\).*at the starting values start 100"):
        fit(cohort, beyond)


def test_what_saem_cannot_do_is_told(censored):
    cohort, population = censored
    with pytest.raises(InputError, match="no parameter varies"):
        fit(cohort, replace(population, variability=dict(ka=None, cl=None, v=None)), free=["cl"])
    with pytest.raises(InputError, match=r"SAEM\(chains=0\)"):
        SAEM(chains=0)


@pytest.mark.parametrize(
    "wrong",
    [dict(chains=3.5), dict(chains=0), dict(exploration=True), dict(draws="x"), dict(starts=0), dict(annealing=-1), dict(error=0)],
)
def test_settings_that_are_no_numbers_are_refused(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))}=.*expected a"):
        SAEM(**wrong)


def test_what_the_data_do_not_determine_is_left_out_of_the_information():
    information = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, -0.01]])
    free, spare = np.ones(3, dtype=bool), np.array([False, True, True])
    found = inverse_information(information, free, spare=spare)
    np.testing.assert_allclose(found[:2, :2], np.linalg.inv(information[:2, :2]))
    assert np.isnan(found[2]).all()
    assert np.isnan(inverse_information(information, free)).all()
    assert np.isnan(inverse_information(information, free, spare=spare & ~spare)).all()


def test_six_patients_get_the_standard_errors_that_the_data_give(theophylline):
    """A random effect that six patients do not show: it has no standard error, in words, and the others have theirs."""
    cohort, population = theophylline
    few = Cohort(cohort.patients[:6], "six")
    made = fit(few, population, method=SAEM(exploration=150, smoothing=150, stop=None, draws=500), seed=0)
    se = made.table.se
    assert np.isnan(se["omega_ka"])
    assert np.isfinite(se.drop("omega_ka")).all()
    assert any("not positive definite along 'omega_ka'" in words for words in made.warnings)
    held = fit(few, made.population, method=FOCEI(probes=0), fixed=["omega_ka"])
    assert se[["cl", "v", "omega_cl", "sd_concentration"]].to_numpy() == pytest.approx(
        held.table.se[["cl", "v", "omega_cl", "sd_concentration"]].to_numpy(), rel=0.25
    )


def test_a_truncation_that_matters_is_refused_and_one_that_grew_is_said(theophylline):
    cohort, population = theophylline
    cut = replace(population, variability=dict(cl=LogNormal(sd=0.3, lower=2.0)))
    with pytest.raises(InputError, match=r"of the distribution of 'cl' lie outside its truncation at the start"):
        fit(cohort, cut)
    near = replace(population, variability=dict(cl=LogNormal(sd=0.1, lower=2.2)))
    made = fit(cohort, near, method=SAEM(exploration=60, smoothing=30, stop=None, draws=300))
    assert any("of the fitted distribution of 'cl' lie outside its truncation" in words for words in made.warnings)
