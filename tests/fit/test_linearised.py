"""Linearisation: its likelihood is FOCEI's at FOCEI's modes, its information that of finite differences and of closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from _nlme import oracle_of
from _oracle import _bend, gradient
from fit_models import pose, theophylline, warfarin

from autologue.fit import FOCEI, SAEM, Conditional, fit, load_fit
from autologue.fit.conditional import conditional_marginal
from autologue.fit.linearised import linearise
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.variability import Combined1, Combined2, Constant, LogNormal, Normal, Power, Proportional

ERRORS = [Constant(sd=0.7), Proportional(cv=0.15), Combined1(sd=0.3, cv=0.1), Combined2(sd=0.3, cv=0.1), Power(cv=0.3, exponent=0.6),
          LogNormal(sd=0.2)]  # fmt: skip


def at_modes(problem):
    """The marginal likelihood of FOCEI at the start, and the modes as a conditional distribution."""
    found = conditional_marginal(problem, problem.start, np.zeros((1, problem.patients, problem.varying)))
    eta = found.modes.phi[:, : problem.varying] - problem.point(problem.start).centre[:, : problem.varying]
    nothing = np.full_like(eta, np.nan)
    return found, Conditional(problem.coordinates[: problem.varying], eta, nothing, nothing, np.empty((0, *eta.shape)))


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("lloq", [None, 2.0])
def test_at_the_modes_of_focei_the_likelihood_is_focei(shared, error, lloq) -> None:
    problem = pose(*theophylline(shared, after_zero=True, lloq=lloq, error=error))
    found, conditional = at_modes(problem)
    assert linearise(problem, problem.start, conditional).likelihood.value == pytest.approx(found.value.sum(), abs=1e-6)


def test_so_it_is_for_rows_that_are_conditional(shared) -> None:
    cohort, population = theophylline(shared, after_zero=True, lloq=2.0, error=Proportional(cv=0.15))

    def given(o: Observations) -> Observations:
        return Observations(o.times, lower=o.lower, upper=o.upper, above=0.0, limit=o.limit, unit=o.unit)

    people = [replace(p, observations={"concentration": given(p.observations["concentration"])}) for p in cohort]
    problem = pose(Cohort(tuple(people), "M4"), population)
    found, conditional = at_modes(problem)
    assert linearise(problem, problem.start, conditional).likelihood.value == pytest.approx(found.value.sum(), abs=1e-6)


def independent(cohort, population, eta):
    """Expected information and the sum of squared scores, by finite differences of the linearised likelihood, patient by patient.

    By log typical values, log omegas and the log of the error's one number. Nothing of it is computed by autologue.
    """
    problem = oracle_of(cohort, population)
    rows, q = problem.rows, len(problem.omega)
    f, g = problem.f(eta), gradient(problem.f, eta)
    log = problem.error == "lognormal"
    if log:
        g = g / f[..., None]
    s, by = problem.sd(f), gradient(lambda x: problem.sd(problem.f(x)), eta)[..., 0] / np.where(g[..., 0] == 0, 1.0, g[..., 0])
    variance = s**2 / (1.0 + 2.0 * (0.0 if log else by) ** 2)
    censored = rows.used & (rows.lower < rows.upper)
    variance = np.where(censored, -1.0 / np.where(censored, _bend(problem, f, None), -1.0), variance)
    told = rows.used & (np.abs(variance) < 1e8)  # a censored row may be bent upwards
    information, squares = 0.0, 0.0
    for i, own in enumerate(told):
        slope, d, moves = g[i, own], variance[i, own], np.where(censored[i, own], 0.0, 1.0)

        def normal(x, slope=slope, d=d, moves=moves):
            omega = problem.omega * np.exp(x[q : 2 * q])[:, None] * np.exp(x[q : 2 * q])[None, :]
            return slope @ x[:q], slope @ omega @ slope.T + np.diag(d * np.where(moves > 0, np.exp(2.0 * x[2 * q]), 1.0))

        mean0, spread0 = normal(np.zeros(2 * q + 1))

        def expected(x, normal=normal, mean0=mean0, spread0=spread0):
            mean, spread = normal(x)
            inner = spread0 + np.outer(mean - mean0, mean - mean0)
            return -0.5 * (np.linalg.slogdet(spread)[1] + np.trace(np.linalg.solve(spread, inner)))

        def seen(x, normal=normal, i=i):
            mean, spread = normal(x)
            residual = rows.lower[i, told[i]] - f[i, told[i]] + g[i, told[i]] @ eta[i] - mean
            return -0.5 * (np.linalg.slogdet(spread)[1] + residual @ np.linalg.solve(spread, residual))

        size = 1e-3 * np.eye(2 * q + 1)
        information = information - np.array(
            [[(expected(a + b) - expected(a - b) - expected(b - a) + expected(-a - b)) / 4e-6 for b in size] for a in size]
        )
        if not censored.any() and problem.error == "constant":
            score = np.array([(seen(a) - seen(-a)) / 2e-3 for a in size])
            squares = squares + np.outer(score, score)
    return information, squares


@pytest.mark.parametrize("error", [Constant(sd=0.7), Proportional(cv=0.15), LogNormal(sd=0.2)], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("lloq", [None, 2.0])
def test_the_information_is_that_of_finite_differences(shared, error, lloq) -> None:
    cohort, population = theophylline(shared, after_zero=True, lloq=lloq, error=error)
    problem = pose(cohort, population)
    eta = np.random.default_rng(3).normal(0.0, 0.2, (problem.patients, problem.varying))  # anywhere: no mode is needed
    conditional = Conditional(problem.coordinates, eta, eta, eta, np.empty((0, *eta.shape)))
    found = linearise(problem, problem.start, conditional)
    information, squares = independent(cohort, population, eta)
    assert np.linalg.inv(found.covariance.matrix) == pytest.approx(information, rel=2e-4, abs=2e-4 * np.abs(information).max())
    if isinstance(error, Constant) and lloq is None:
        inverse = np.linalg.inv(information)
        assert np.allclose(found.sandwich.matrix, inverse @ squares @ inverse, rtol=2e-3, atol=1e-6)


N, M = 40, 6
LEVEL = Model(
    name="level",
    time="day",
    states=dict(y=State("1")),
    parameters=dict(mu=Parameter(5.0, "1", "the level", Normal(sd=1.0)), slope=Parameter(0.5, "1/day", "the trend", Normal(sd=0.4))),
    initial=lambda p: dict(y=p.mu),
    phases=[Phase(lambda y, p: dict(y=p.slope + 0.0 * y.y))],
    outputs=dict(y=Output(lambda y: y.y, "1", Constant(sd=0.6))),
    closed_form=lambda t, p: dict(y=p.mu + p.slope * t),
    reference="a line for each patient",
)


@pytest.fixture(scope="module")
def lines():
    rng = np.random.default_rng(8)
    times = np.arange(M, dtype=float)
    b = rng.normal(0, 1, (N, 2)) * (1.0, 0.4)
    people = [
        Patient(id=f"{k}", observations={"y": Observations(times, 5 + u + (0.5 + v) * times + rng.normal(0, 0.6, M), unit="1")})
        for k, (u, v) in enumerate(b)
    ]
    return Cohort(tuple(people), "lines")


def test_of_lines_everything_is_exact(lines) -> None:
    """A linear mixed model: likelihood and information of typical values are closed forms, those of SAEM are so within chance."""
    population = Parametric(model=LEVEL)
    found = fit(lines, population, method=FOCEI(probes=0))
    omega, sd = found.population.covariance(), found.population.error("y").sd
    x = np.column_stack([np.ones(M), np.arange(M)])
    spread = x @ omega @ x.T + sd**2 * np.eye(M)
    exact = np.linalg.inv(N * x.T @ np.linalg.solve(spread, x))
    names = found.structure.names
    assert found.estimated.covariances[-2].matrix[:2, :2] == pytest.approx(exact, rel=1e-4)
    y = np.array([p.observations["y"].lower for p in lines]) - x @ found.population.typical_values()
    value = -0.5 * (N * np.linalg.slogdet(2 * np.pi * spread)[1] + np.einsum("ia,ab,ib->", y, np.linalg.inv(spread), y))
    assert [each.value for each in found.estimated.log_likelihoods] == pytest.approx([value, value], abs=1e-5)
    assert found.warnings == ()
    sampled = fit(lines, population, method=SAEM(samples=2000), seed=2)
    table = sampled.standard_errors
    assert list(table.columns)[2:4] == ["linearisation", "linearisation, sandwich"]
    assert table.iloc[:, 0].to_numpy() == pytest.approx(table["linearisation"].to_numpy(), rel=0.2)
    assert list(table.index) == list(names)


def test_where_methods_disagree_it_is_said(shared) -> None:
    """An absorption that the design hardly shows, given short chains: the two standard errors, or the two likelihoods, are apart."""
    cohort, population = warfarin(shared)
    early = [replace(p, observations={"concentration": _late(p.observations["concentration"])}) for p in cohort]
    wide = replace(population, variability=dict(ka=LogNormal(sd=1.5)))
    found = fit(Cohort(tuple(early), "late"), wide, method=SAEM(exploration=30, smoothing=30, annealing=10, samples=20, draws=200), seed=1)
    assert any("disagree" in words for words in found.warnings)


def _late(o: Observations) -> Observations:
    kept = o.times > 20.0
    return Observations(o.times[kept], o.lower[kept], unit=o.unit)


def test_it_is_saved_with_the_fit(shared, tmp_path) -> None:
    found = fit(*theophylline(shared), method=FOCEI(probes=0))
    found.save(tmp_path / "fit.json")
    again = load_fit(tmp_path / "fit.json", model=found.start.model)
    assert again.standard_errors.equals(found.standard_errors)
