"""NUTS: its density is the oracle's, its gradient the derivative, its draws those of a posterior in closed form; what it says and keeps."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace

import _oracle as oracle
import fit_models
import numpy as np
import pytest
from _outcomes import LINK, falling, joint_cohort, numbers
from scipy import stats
from test_approximation import LINEAR, line
from test_marginal import PAIRS, THETA, mixed, posed

from autologue.errors import InputError, ModelError, SolveError
from autologue.fit import NUTS, Fit, Prior, fit, hamiltonian, load_fit
from autologue.fit.hamiltonian import sample_density
from autologue.fit.joint import Joint, join
from autologue.fit.weights import chain_quality
from autologue.functions import exp, log
from autologue.library import load
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Correlation, Parametric, PosteriorDraws
from autologue.simulate import simulate
from autologue.terms import Exponential
from autologue.variability import Constant, LogNormal, Normal

JOINT = falling(dict(relapse=Exponential(rate="rate", links=[LINK])), numbers("rate", "beta"))
SHORT = NUTS(draws=40, tune=60, chains=2, samples=30)


def points(joint: Joint, count: int, spread: float = 0.3) -> np.ndarray:
    """Return fixed points around the start (count, dimension)."""
    return joint.start + spread * np.random.default_rng(4).standard_normal((count, joint.dimension))


def differences(joint: Joint, u: np.ndarray, step: float) -> np.ndarray:
    """Return the derivative of the log-density at u, by fourth-order central differences."""
    moves = step * np.eye(len(u))
    ends = [joint(u + k * moves)[0] for k in (-2, -1, 1, 2)]
    return (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * step)


def expected(joint: Joint, same: oracle.Problem, u: np.ndarray) -> float:
    """Return the log-density at u by the oracle and scipy: rows and effects there, priors by their names, no bounds."""
    population = joint.problem.structure.write(joint.estimates(u[None, : len(joint.origin)])[0][0])
    sd = np.sqrt(np.diagonal(population.covariance()))
    r = next(c.value for c in population.correlations)
    error = next(iter(population.errors.values()))
    numbers = {letter: getattr(error, field, 0.0) for letter, field in zip("abc", ("sd", "cv", "exponent"), strict=True)}
    theta = dict(zip(population.model.parameters, population.typical_values(), strict=True))
    there = replace(same, theta=theta, omega=population.covariance(), **numbers)
    eta = u[len(joint.origin) :].reshape(-1, 3) @ np.linalg.cholesky(population.covariance()).T
    measured = int(same.rows.measured.sum())
    total = there.joint(eta).sum() - 0.5 * measured * np.log(2 * np.pi)
    total += 0.5 * len(eta) * np.linalg.slogdet(population.covariance())[1]  # of eta to z
    total += sum(stats.norm.logpdf(np.log(theta[name] / start), scale=np.log(10)) for name, start in THETA.items())
    total += sum(stats.t.logpdf(s, 3) + np.log(2 * s) for s in sd)  # half-t of sd, as a density of its logarithm
    total += stats.beta.logpdf((r + 1) / 2, 2, 2) - np.log(2) + np.log(1 - r * r)
    values = joint.problem.likelihood.rows
    scale = 1.0 if same.error == "lognormal" else values.lower[~values.censored].std()
    for field in ("sd", "cv"):
        if hasattr(error, field):
            x, s = getattr(error, field), scale if field == "sd" else 1.0
            total += stats.t.logpdf(x / s, 3) + np.log(2 / s) + np.log(x)
    return float(total + (stats.norm.logpdf(error.exponent, 1, 0.5) if hasattr(error, "exponent") else 0.0))


@pytest.mark.parametrize(("error", "censoring"), PAIRS)
def test_density_is_the_oracles(error: str, censoring: str) -> None:
    problem, same = posed(error, censoring)
    joint = join(problem)
    for u in points(joint, 3):
        assert joint(u[None])[0][0] == pytest.approx(expected(joint, same, u), abs=2e-8)


def test_density_of_censored_theophylline_is_the_oracles(shared) -> None:
    cohort, population = fit_models.theophylline(shared, after_zero=True, lloq=2.0)
    population = replace(population, correlations=[Correlation("cl", "v", 0.3)])
    problem = fit_models.pose(cohort, population, fixed=["corr_cl_v"])
    joint, rows = join(problem), problem.likelihood.rows
    assert int(rows.censored.sum()) == 15
    for u in points(joint, 3):
        vector = joint.estimates(u[None, : len(joint.origin)])[0][0]
        there = problem.structure.write(vector)
        same = fit_models.oracle_of(cohort, there)
        eta = u[len(vector) :].reshape(-1, 3) @ np.linalg.cholesky(there.covariance()).T
        prior = stats.norm.logpdf(vector[:3] - joint.origin[:3], scale=np.log(10)).sum()
        sd, wide = np.exp(vector[3:]), np.array([1, 1, 1, rows.lower[~rows.censored].std()])
        prior += (stats.t.logpdf(sd / wide, 3) + np.log(2 * sd / wide)).sum()
        data = same.joint(eta).sum() - 0.5 * 105 * np.log(2 * np.pi) + 6 * np.linalg.slogdet(there.covariance())[1]
        assert joint(u[None])[0][0] == pytest.approx(data + prior, abs=2e-8)


@pytest.mark.parametrize(("error", "censoring"), PAIRS[:6])
def test_gradient_is_the_derivative(error: str, censoring: str) -> None:
    joint = join(posed(error, censoring)[0])
    (u,) = points(joint, 1)
    np.testing.assert_allclose(joint(u[None])[1][0], differences(joint, u, 1e-3), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("closed", [True, False])
def test_gradient_with_every_kind_of_coordinate(closed: bool) -> None:
    """Covariate effects, logit-normal and normal parameters, one without variability, one fixed; closed, and by the solver."""
    joint = join(mixed(closed=closed))
    (u,) = points(joint, 1, spread=0.1)
    step, tolerance = (1e-3, 1e-6) if closed else (2e-2, 5e-3)
    np.testing.assert_allclose(joint(u[None])[1][0], differences(joint, u, step), rtol=tolerance, atol=100 * tolerance)


def test_gradient_with_bounds_priors_and_a_block() -> None:
    problem, _ = posed("combined1", "left")
    limits = dict(ka=(0.2, 5.0), v=(10.0, np.inf), omega_cl=(0.0, 2.0), corr_cl_v=(-0.9, 0.95))
    beliefs = dict(cl=Prior(3.0, 0.2), omega_ka=Prior(0.4, 0.3))
    structure = problem.structure
    correlated = replace(structure.population, correlations=[*structure.population.correlations, Correlation("ka", "cl", -0.3)])
    joint = join(fit_models.pose(problem.likelihood.cohort, correlated, bounds=limits, priors=beliefs, fixed=["corr_ka_v"]))
    many = points(joint, 4)
    values, gradients = joint(many)
    for k, u in enumerate(many):
        np.testing.assert_allclose(gradients[k], differences(joint, u, 1e-3), rtol=2e-5, atol=1e-4)
        value, gradient = joint(u[None])
        assert value[0] == values[k]  # to the bit, whatever stands beside it
        assert np.array_equal(gradient[0], gradients[k])
    inside = joint.estimates(many[:, : len(joint.origin)])[0]
    low, high = joint.problem.structure.bounds.T
    assert ((inside > low) & (inside < high)).all()


def test_a_bounded_density_has_the_jacobian_of_its_map() -> None:
    """The integral over the line of exp(density) is that over the interval of the density without bounds."""
    problem, _ = posed("constant", "none")
    everything = [e.name for e in problem.structure.estimates if e.name != "cl"]
    free, bounded = (
        join(fit_models.pose(problem.likelihood.cohort, problem.structure.population, fixed=everything, bounds=b))
        for b in ({}, dict(cl=(2.0, 4.0)))
    )
    w, x = np.linspace(-25, 25, 4001), np.linspace(np.log(2.0), np.log(4.0), 2001)
    top = free(free.start[None])[0][0]
    on_line = np.exp(bounded(np.column_stack([w, np.zeros((len(w), 12))]))[0] - top)
    inside = np.exp(free(np.column_stack([x - free.origin, np.zeros((len(x), 12))]))[0] - top)
    assert np.trapezoid(on_line, w) == pytest.approx(np.trapezoid(inside, x), rel=1e-6)


KNOWN = dict(a=Prior(0.0, 1.0), b=Prior(1.0, 2.0))


@pytest.fixture(scope="module")
def linear() -> Fit:
    population = Parametric(
        model=LINEAR,
        variability=dict(a=Normal(sd=1.0), b=Normal(sd=0.5)),
        correlations=[Correlation("a", "b", 0.6)],
        errors=dict(x=Constant(sd=0.5)),
    )
    held = ["omega_a", "omega_b", "corr_a_b", "sd_x"]
    return fit(line(patients=12), population, method=NUTS(draws=1000, tune=400), seed=3, priors=KNOWN, fixed=held)


def test_a_linear_model_has_the_posterior_known_in_closed_form(linear: Fit) -> None:
    """Typical values and a patient's effects are jointly normal: means and standard deviations within 4 Monte-Carlo errors."""
    omega = linear.start.covariance()
    precision, pull = np.diag([1.0, 0.25]), np.array([0.0, 0.25])
    parts = []
    for patient in linear.cohort:
        seen = patient.observations["x"]
        z = np.column_stack([np.ones(len(seen)), seen.times])
        inverse = np.linalg.inv(z @ omega @ z.T + 0.25 * np.eye(len(seen)))
        precision, pull = precision + z.T @ inverse @ z, pull + z.T @ inverse @ seen.lower
        parts.append(omega @ z.T @ inverse @ np.column_stack([seen.lower, -z]))  # eta = first - rest @ typical, given typical
    spread = np.linalg.inv(precision)
    mean = spread @ pull
    drawn = linear.trace.values
    chains = drawn.reshape(4, 1000, 2)
    rhat, bulk, _ = chain_quality(chains)
    assert rhat.max() < 1.01
    sd = np.sqrt(np.diagonal(spread))
    assert (np.abs(drawn.mean(axis=0) - mean) < 4 * sd / np.sqrt(bulk)).all()
    squares = (chains - mean) ** 2 / sd**2
    assert (np.abs(squares.mean(axis=(0, 1)) - 1) < 4 * np.sqrt(2 / chain_quality(squares)[1])).all()
    products = ((chains - mean) / sd).prod(axis=2, keepdims=True)
    r = spread[0, 1] / sd.prod()
    assert abs(products.mean() - r) < 4 * np.sqrt((1 + r * r) / chain_quality(products)[1][0])
    first = np.array([part[:, 0] + part[:, 1:] @ mean for part in parts])
    assert np.abs(linear.individuals.mean - first).max() < 0.05 * np.sqrt(np.diagonal(omega)).min()
    np.testing.assert_allclose(linear.table.estimate, mean, atol=0.02)
    np.testing.assert_allclose(linear.table[["lower", "upper"]], np.quantile(drawn, [0.025, 0.975], axis=0).T)
    assert np.isnan(linear.aic)
    assert not [words for words in linear.warnings if "chains" in words or "diverged" in words]


@pytest.fixture(scope="module")
def theophylline(shared):
    return fit_models.theophylline(shared, after_zero=True, lloq=2.0)


@pytest.fixture(scope="module")
def short(theophylline) -> Fit:
    return fit(*theophylline, method=SHORT, seed=7)


def test_the_same_seed_gives_the_same_draws_however_the_chains_meet(theophylline, short: Fit, monkeypatch) -> None:
    monkeypatch.setattr(hamiltonian, "PATIENCE", 0.0)  # nobody waits for anybody
    again = fit(*theophylline, method=SHORT, seed=7)
    assert np.array_equal(again.trace.values, short.trace.values)
    assert np.array_equal(again.individuals.samples, short.individuals.samples)
    other = fit(*theophylline, method=SHORT, seed=8)
    assert not np.array_equal(other.trace.values, short.trace.values)


def test_draws_are_kept_saved_and_carried_on(short: Fit, tmp_path) -> None:
    short.save(tmp_path / "fit.json")
    back = load_fit(tmp_path / "fit.json", model=fit_models.THEOPHYLLINE)
    assert np.array_equal(back.trace.values, short.trace.values)
    assert back.table.equals(short.table)
    assert back.population == short.population
    assert isinstance(short.population.uncertainty, PosteriorDraws)
    people = short.population.draws(80, seed=1)
    seen = np.array([short.structure.read(each) for each in people])
    order = np.lexsort(seen.T)
    np.testing.assert_allclose(seen[order], short.trace.values[np.lexsort(short.trace.values.T)], rtol=1e-12)
    np.testing.assert_array_equal(seen[:3], [short.structure.read(each) for each in short.population.draws(3, seed=1)])
    found = simulate(short.population, times=[1.0, 5.0], patients=2, draws=3, seed=2)
    assert found.data.sizes["draw"] == 3
    assert short.individuals.samples.shape == (30, 12, 3)
    assert short.individuals.mean.shape == (12, 3)


def test_priors_are_said_and_short_chains_speak_against_themselves(short: Fit) -> None:
    said = dict(short.estimated.settings)
    assert said["prior of cl"] == "normal on the log scale around 2.8, sd 2.303"
    assert said["prior of omega_v"] == "half-t, 3 degrees of freedom, scale 1"
    assert "prior of sd_concentration: half-t" in str(short)
    assert "AIC" not in str(short)
    assert any("effective draws, fewer than 200" in words for words in short.warnings)


def test_what_the_data_do_not_tell_is_said(theophylline) -> None:
    cohort, population = theophylline
    found = fit(Cohort(cohort.patients[:2]), population, method=SHORT, priors=dict(v=Prior(32.0, 0.001)))
    assert any("the posterior of 'v' is hardly narrower than its prior" in words for words in found.warnings)


def test_parameters_without_random_effects_alone(theophylline) -> None:
    cohort, population = theophylline
    plain = replace(population, variability=dict(ka=None, cl=None, v=None))
    found = fit(cohort, plain, method=SHORT, free=["ka", "cl", "v"])
    assert found.individuals.mean.shape == (12, 0)
    assert found.estimated.log_likelihoods[0].error == 0.0
    assert found.table.estimate["cl"] == pytest.approx(2.8, rel=0.2)


def test_an_interruption_ends_the_chains(theophylline) -> None:
    def interrupt(iteration: int, most: int, vector: np.ndarray) -> None:
        assert (most, len(vector)) == (2 * 100_000, 7)
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        fit(*theophylline, method=replace(SHORT, draws=99_940), watch=interrupt)
    assert threading.active_count() == before


def test_a_failure_inside_the_density_is_told_as_it_is() -> None:
    calls = []

    def failing(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        calls.append(len(u))
        if len(calls) > 50:
            raise ZeroDivisionError("of the density")
        return -0.5 * (u * u).sum(axis=1), -u

    with pytest.raises(ZeroDivisionError, match="of the density"):
        sample_density(failing, np.zeros(2), draws=100, tune=100, chains=2, target_accept=0.8, seed=1)


def test_a_density_that_is_zero_in_places_is_cut_there_and_counted() -> None:
    def half(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(u[:, 0] > 0, -0.5 * (u * u).sum(axis=1), -np.inf), -u

    found = sample_density(half, np.array([1.0]), draws=1500, tune=300, chains=2, target_accept=0.9, seed=2)
    assert found.diverged.sum() > 0
    assert found.draws.min() > 0
    error = found.draws.std() / np.sqrt(chain_quality(found.draws)[1][0])
    assert abs(found.draws.mean() - np.sqrt(2 / np.pi)) < 4 * error


def test_without_the_extra_one_sentence_says_what_to_install(theophylline, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "nutpie", None)
    with pytest.raises(
        InputError, match=r"NUTS needs the package 'nutpie', which is not installed; install the extra with: pip install 'autol"
    ):
        fit(*theophylline, method=SHORT)


@pytest.mark.parametrize("wrong", [dict(draws=0), dict(tune=True), dict(chains=0), dict(samples=0), dict(target_accept=1.0)])
def test_settings_are_checked(wrong) -> None:
    with pytest.raises(InputError, match=rf"NUTS\({next(iter(wrong))}="):
        NUTS(**wrong)


def test_a_patient_that_cannot_be_solved_is_named() -> None:
    broken = replace(fit_models.DECAY, closed_form=lambda t, p: dict(amount=10.0 * exp(-p.ke * t) + log(0.4 - p.ke)))
    people = [Patient(id=name, observations=dict(amount=Observations([1.0], [5.0], unit="mg"))) for name in ("P7", "P8")]
    with pytest.raises(SolveError, match=r"patient P7 \(and 1 more\): .* at the starting values ke 0.5; start from others"):
        fit(Cohort(tuple(people)), Parametric(model=broken), method=SHORT)


def test_cells_that_die_out_by_chance_have_no_derivatives() -> None:
    population = Parametric(
        model=load("kimmel_2021_extinction"), variability=dict(kill=LogNormal(sd=0.3)), errors=dict(car_t=LogNormal(sd=0.3))
    )
    seen = Observations([3.0, 9.0], [10.0, 100.0], unit=population.model.outputs["car_t"].unit)
    with pytest.raises(ModelError, match="cells that die out by chance, where there are no derivatives; use a method that needs none"):
        fit(Cohort((Patient(id="1", observations=dict(car_t=seen)),)), population, method=SHORT)


@pytest.mark.parametrize("values", [np.zeros((0, 1)), np.zeros((2, 2)), np.full((2, 1), np.nan)])
def test_draws_of_another_shape_are_refused(values) -> None:
    with pytest.raises(InputError, match="posterior draws of 1 estimates have shape"):
        PosteriorDraws(("cl",), values)


def test_outcomes_enter_density_and_gradient() -> None:
    """Of a hazard that follows a course: their part is that of the likelihood itself, which is tested elsewhere."""
    seen = joint_cohort(12, seed=4)
    problem = fit_models.pose(seen, Parametric(model=JOINT), free=["k", "rate", "beta"])
    joint = join(problem)
    (u,) = points(joint, 1, spread=0.1)
    np.testing.assert_allclose(joint(u[None])[1][0], differences(joint, u, 1e-3), rtol=1e-5, atol=1e-4)
    vector = joint.estimates(u[None, : len(joint.origin)])[0][0]
    point = problem.point(vector)
    z = u[len(vector) :].reshape(-1, problem.varying)
    phi = point.centre.copy()
    phi[:, : problem.varying] += z @ point.root.T
    found = problem.likelihood.lanes().evaluate(problem.parameters(phi[None])[0], point.sigma)
    assert np.abs(found.outcomes).sum() > 1.0
    prior = joint.beliefs.log_density(vector[None])[0][0] + stats.norm.logpdf(z).sum()
    rate = np.log(np.abs(joint.estimates(u[None, : len(vector)])[1])).sum()
    assert joint(u[None])[0][0] == pytest.approx(found.log_density.sum() + prior + rate, rel=1e-10)
