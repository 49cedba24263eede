"""The conditional estimators end to end: known optima, restrictions on the estimates, and what they warn of."""

from __future__ import annotations

from dataclasses import replace

import fit_models
import numpy as np
import pytest

from autologue.errors import InputError, SolveError
from autologue.fit import FO, FOCE, FOCEI, Laplace, Prior, Quadrature, fit, load_fit
from autologue.fit.basins import End, distinct_basins
from autologue.functions import exp, log
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import CategoryEffect, Correlation, Parametric
from autologue.population.covariates import Categorical
from autologue.variability import Constant, LogNormal, Normal, Proportional

PLAIN = FOCEI(probes=0)
LINEAR = Model(
    name="line",
    time="h",
    states=dict(x=State("1", signed=True)),
    parameters=dict(a=Parameter(0.5, "1", "intercept", Normal(sd=1.5)), b=Parameter(1.5, "1/h", "slope", Normal(sd=0.5))),
    initial=lambda p: dict(x=p.a),
    phases=[Phase(lambda p: dict(x=p.b))],
    outputs=dict(x=Output(lambda y: y.x, "1", Constant(sd=1.0)), twice=Output(lambda y: 2 * y.x, "1", Constant(sd=1.0))),
    closed_form=lambda t, p: dict(x=p.a + p.b * t),
    reference="a linear mixed model",
)


@pytest.fixture(scope="module")
def theophylline(shared):
    return fit_models.theophylline(shared)


def line(outputs=("x",), patients: int = 40) -> Cohort:
    random = np.random.default_rng(8)
    times = np.array([0.0, 1.0, 2.0, 4.0])
    people = []
    for k in range(patients):
        a, b = random.multivariate_normal([1.0, 2.0], [[1.0, 0.3], [0.3, 0.25]])
        y = {"x": a + b * times + 0.5 * random.standard_normal(4), "twice": 2 * (a + b * times) + 0.8 * random.standard_normal(4)}
        people.append(Patient(id=str(k), observations={name: Observations(times, y[name], unit="1") for name in outputs}))
    return Cohort(tuple(people))


def linear_log_likelihood(cohort: Cohort, found) -> float:
    """Return the exact log-likelihood of a linear mixed model, a multivariate normal density."""
    population = found.population
    mean, omega, total = population.typical_values(), population.covariance(), 0.0
    for patient in cohort:
        blocks, y, variance = [], [], []
        for name, seen in patient.observations.items():
            factor = 2.0 if name == "twice" else 1.0
            blocks.append(factor * np.column_stack([np.ones(len(seen)), seen.times]))
            y.append(seen.lower)
            variance.append(np.full(len(seen), population.error(name).sd ** 2))
        z, y = np.vstack(blocks), np.concatenate(y)
        covariance = z @ omega @ z.T + np.diag(np.concatenate(variance))
        off = y - z @ mean
        total -= 0.5 * (np.linalg.slogdet(2 * np.pi * covariance)[1] + off @ np.linalg.solve(covariance, off))
    return total


@pytest.mark.parametrize("method", [FO(probes=0), FOCE(probes=0), PLAIN, Laplace(probes=0), Quadrature(probes=0, nodes=3)])
def test_a_linear_model_is_fitted_exactly(method) -> None:
    """Every approximation is exact there: the same maximum, also with two outputs and a correlation, which is the likelihood's."""
    cohort = line(("x", "twice"))
    population = Parametric(model=LINEAR, correlations=[Correlation("a", "b", 0.2)])
    found = fit(cohort, population, method=method)
    assert found.log_likelihood == pytest.approx(linear_log_likelihood(cohort, found), abs=1e-6)
    assert found.log_likelihood == pytest.approx(-451.8215953, abs=1e-6)
    assert found.warnings == ()
    eta = found.individuals.mode
    np.testing.assert_allclose(eta, fit(cohort, population, method=PLAIN).individuals.mode, atol=1e-4)


def test_theophylline_is_what_nonmem_finds(theophylline) -> None:
    found = fit(*theophylline, method=FOCEI())
    assert -2 * found.log_likelihood - 132 * np.log(2 * np.pi) == pytest.approx(116.803, abs=1e-3)
    assert dict(found.estimated.settings)["objective"].startswith("116.8034 ")
    assert found.trace.values.shape[1] == 7
    assert found.shrinkage.between(-0.1, 0.3).all()
    assert np.isfinite([c.matrix for c in found.estimated.covariances]).all()


def test_a_fit_is_saved_and_loaded_exactly(theophylline, tmp_path) -> None:
    cohort, population = theophylline
    found = fit(cohort, population, method=Quadrature(nodes=2, probes=0))
    found.save(tmp_path / "fit.json")
    again = load_fit(tmp_path / "fit.json", model=population.model)
    assert again.method == found.method
    assert np.array_equal(again.covariance, found.covariance)


def test_the_same_bits_again_and_with_one_thread(theophylline, monkeypatch) -> None:
    found = fit(*theophylline, method=PLAIN)
    monkeypatch.setenv("AUTOLOGUE_THREADS", "1")
    again = fit(*theophylline, method=PLAIN)
    assert np.array_equal(found.estimated.vector, again.estimated.vector)
    assert np.array_equal(found.covariance, again.covariance)


def test_from_a_start_far_away(theophylline) -> None:
    """That of nlmixr issue 85: typical values wrong by 70 and 90 times, deviations as wide."""
    cohort, population = theophylline
    poor = replace(
        population,
        typical=dict(ka=1.6, cl=0.04, v=0.36),
        variability=dict(ka=LogNormal(variance=2.7), cl=LogNormal(variance=7.4), v=LogNormal(variance=2.7)),
        errors=dict(concentration=Constant(sd=0.1)),
    )
    assert fit(cohort, poor, method=PLAIN).log_likelihood == pytest.approx(-179.7016, abs=1e-3)


def test_a_local_optimum_is_told_by_a_probe(shared) -> None:
    cohort, population = fit_models.warfarin(shared)
    poor = replace(
        population,
        typical=dict(ka=0.025, cl=0.076, v=2.624),
        variability=dict(ka=LogNormal(sd=1.18), cl=LogNormal(sd=0.49), v=LogNormal(sd=0.03)),
        errors=dict(concentration=Proportional(cv=0.09)),
    )
    found = fit(cohort, poor, method=FOCEI(probes=1))
    assert found.log_likelihood < -500
    assert any("this is a local optimum: the log-likelihood is at least" in words for words in found.warnings)


def test_several_starts_report_their_basins(theophylline) -> None:
    found = fit(*theophylline, method=FOCEI(starts=3, probes=0), seed=5)
    basins = [words for name, words in found.estimated.settings if name == "basin"]
    assert sum(int(words.split(" of 3 starts")[0].rsplit(" ", 1)[1]) for words in basins) == 3
    assert found.log_likelihood >= -179.7017
    assert found.basins.starts.sum() == 3
    assert found.basins.log_likelihood[0] == pytest.approx(found.log_likelihood, abs=1e-3)
    assert found.basins.cl[0] == pytest.approx(found.table.estimate.cl, rel=1e-3)


def test_optima_are_distinct_by_height_or_by_place() -> None:
    ends = [End(-10.0, np.array([0.0, 0.0]), 1), End(-10.05, np.array([0.5, 0.0]), 0), End(-10.05, np.array([5.0, 0.0]), 2)]
    ends += [End(-12.0, np.array([0.1, 0.0]), 3), End(-12.2, np.array([0.1, 0.0]), 4, error=0.2)]
    found = distinct_basins(ends, np.eye(2))
    assert [(b.value, b.count, b.given) for b in found] == [(-10.0, 2, True), (-10.05, 1, False), (-12.0, 2, False)]


def test_absorption_and_elimination_that_change_places_are_two_optima_of_one_height() -> None:
    found = fit(*_flip_flop(), method=FOCEI(starts=6, probes=0), seed=1)
    best = found.basins[found.basins.below < 0.1]
    assert len(best) == 2
    assert best.ka.iloc[0] == pytest.approx(best.ke.iloc[1], rel=0.05)
    assert any("another optimum is as good" in words for words in found.warnings)


def _flip_flop() -> tuple[Cohort, Parametric]:
    """Return data of two exponentials that either parameter may be the rate of."""

    def course(t, p):
        return dict(amount=10.0 * (exp(-p.ke * t) - exp(-p.ka * t)) / (p.ka - p.ke))

    model = Model(
        name="flip_flop",
        time="h",
        states=dict(amount=State("mg")),
        parameters=dict(ka=Parameter(0.7, "1/h", "one rate", LogNormal(sd=0.2)), ke=Parameter(0.5, "1/h", "the other", LogNormal(sd=0.2))),
        initial=lambda: dict(amount=0.0),
        phases=[Phase(lambda t, p: dict(amount=10.0 * (p.ka * exp(-p.ka * t) - p.ke * exp(-p.ke * t)) / (p.ka - p.ke)))],
        outputs=dict(amount=Output(lambda y: y.amount, "mg", Constant(sd=0.5))),
        closed_form=course,
        reference="none",
    )
    random, times, people = np.random.default_rng(2), np.array([0.5, 1.0, 2.0, 4.0, 8.0, 12.0]), []
    for k in range(20):
        ka, ke = np.array([1.5, 0.25]) * np.exp(0.2 * random.standard_normal(2))
        y = 10.0 * (np.exp(-ke * times) - np.exp(-ka * times)) / (ka - ke) + 0.3 * random.standard_normal(6)
        people.append(Patient(id=str(k), observations=dict(amount=Observations(times, y, unit="mg"))))
    return Cohort(tuple(people)), Parametric(model=model)


def test_fixed_and_bounded(theophylline) -> None:
    cohort, population = theophylline
    found = fit(cohort, population, method=PLAIN, fixed=["omega_v"], bounds=dict(ka=(0.1, 1.55)))
    assert "omega_v" not in found.table.index
    assert found.table.loc["ka"].estimate == pytest.approx(1.55, rel=1e-9)
    assert np.isnan(found.table.loc["ka"].se)
    assert np.isfinite(found.table.loc["cl"].se)
    assert any("'ka' ended at its upper bound" in words for words in found.warnings)


def test_a_prior_pulls_and_is_the_posterior(theophylline) -> None:
    cohort, population = theophylline
    free, held = fit(cohort, population, method=PLAIN), fit(cohort, population, method=PLAIN, priors=dict(ka=Prior(1.2, 0.1)))
    assert 1.2 < held.table.loc["ka"].estimate < free.table.loc["ka"].estimate
    assert held.log_likelihood < free.log_likelihood
    precision = np.linalg.inv(held.covariance)[0, 0] - 1 / 0.1**2  # what the data add to the prior
    assert precision == pytest.approx(np.linalg.inv(free.covariance)[0, 0], rel=0.3)


def test_a_parameter_without_random_effect(theophylline) -> None:
    cohort, population = theophylline
    found = fit(cohort, replace(population, variability=dict(v=None)), method=PLAIN, free=["v"])
    assert "omega_v" not in found.table.index
    assert found.table.loc["v"].estimate == pytest.approx(31.5, rel=0.03)
    everything = fit(cohort, population, method=PLAIN)
    assert found.log_likelihood < everything.log_likelihood


def test_a_covariate_effect_is_estimated() -> None:
    random = np.random.default_rng(3)
    people = []
    for k in range(60):
        group = "treated" if k % 2 else "control"
        ke = 0.5 * np.exp(0.2 * random.standard_normal() + (0.4 if k % 2 else 0.0))
        times = np.array([0.5, 1.0, 2.0, 4.0])
        y = 10 * np.exp(-ke * times) * (1 + 0.1 * random.standard_normal(4))
        people.append(Patient(id=str(k), observations=dict(amount=Observations(times, y, unit="mg")), covariates=dict(group=group)))
    population = Parametric(
        model=fit_models.DECAY,
        covariates=dict(group=Categorical(dict(treated=0.5, control=0.5))),
        effects=[CategoryEffect("ke", "group", "treated", 0.0)],
    )
    found = fit(Cohort(tuple(people)), population, method=PLAIN)
    row = found.table.loc["beta_ke_group_treated"]
    assert abs(row.estimate - 0.4) < 3 * row.se < 0.3


def test_what_the_data_do_not_tell_is_said() -> None:
    redundant = replace(
        fit_models.DECAY,
        parameters=dict(
            ke=Parameter(0.5, "1/h", "rate", LogNormal(sd=0.2)), one=Parameter(1.0, "1", "factor"), two=Parameter(1.0, "1", "factor")
        ),
        closed_form=lambda t, p: dict(amount=10.0 * p.one * p.two * exp(-p.ke * t)),
        phases=[Phase(lambda y, p: dict(amount=-p.ke * y.amount))],
        initial=lambda p: dict(amount=10.0 * p.one * p.two),
    )
    times, random, people = np.array([0.0, 1.0, 2.0]), np.random.default_rng(4), []
    for k in range(8):
        y = 9 * np.exp(-0.1 * (k + 2) * times + 0.1 * random.standard_normal(3))
        people.append(Patient(id=str(k), observations=dict(amount=Observations(times, y, unit="mg"))))
    found = fit(Cohort(tuple(people)), Parametric(model=redundant), method=PLAIN, free=["one", "two"])
    words = " ".join(found.warnings)
    assert "one" in words
    assert "two" in words
    assert "flat" in words or "dependent" in words or "not positive definite" in words


def test_a_patient_that_cannot_be_solved_is_named() -> None:
    broken = replace(fit_models.DECAY, closed_form=lambda t, p: dict(amount=10.0 * exp(-p.ke * t) + log(0.4 - p.ke)))
    people = [Patient(id="P7", observations=dict(amount=Observations([1.0], [5.0], unit="mg")))]
    with pytest.raises(SolveError, match="patient P7: the course cannot be solved"):
        fit(Cohort(tuple(people)), Parametric(model=broken), method=PLAIN)


def test_every_row_censored_and_one_patient() -> None:
    times = np.array([1.0, 2.0])
    low = Observations(times, unit="mg", lower=-np.inf, upper=20.0)
    found = fit(Cohort((Patient(id="1", observations=dict(amount=low)),)), Parametric(model=fit_models.DECAY), method=PLAIN)
    assert found.warnings  # nothing is told by such data


@pytest.mark.parametrize("wrong", [dict(iterations=0), dict(starts=0), dict(starts=True), dict(probes=-1), dict(nodes=0)])
def test_settings_are_checked(wrong) -> None:
    with pytest.raises(InputError, match="expected a whole number of at least"):
        (Quadrature if "nodes" in wrong else FOCEI)(**wrong)


def test_iterations_are_watched(theophylline) -> None:
    seen = []
    fit(*theophylline, method=PLAIN, watch=lambda count, limit, vector: seen.append((count, limit, vector.copy())))
    assert [each[0] for each in seen] == list(range(1, len(seen) + 1))
    assert all(each[1] == 300 for each in seen)
