"""Variability between occasions, held against exact likelihoods: of linear models, and by brute force of one that is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.stats import norm

from autologue.data import NONMEM, Monolix, Nlmixr2
from autologue.diagnose import individual_curves, residuals
from autologue.diagnose.replicates import replicate
from autologue.engine.solve import Solver
from autologue.errors import InputError, ModelError
from autologue.fit import FO, FOCE, FOCEI, SAEM, Fit, Laplace, Prior, Quadrature, export_initials, fit, load_fit
from autologue.fit.importance import importance_sampling
from autologue.fit.kernels import regroup
from autologue.fit.problem import Problem
from autologue.fit.problem import pose as pose_structure
from autologue.fit.saem import Run
from autologue.fit.structure import read_structure
from autologue.functions import exp
from autologue.library import load
from autologue.likelihood import Likelihood
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Correlation, Parametric, by_occasion
from autologue.regimen import Bolus, Regimen
from autologue.terms import Exponential
from autologue.variability import Constant, LogNormal, Normal, Proportional

EXACT = Solver(rtol=1e-10, absolute=1e-3)
LINE = Model(
    name="line",
    time="h",
    states=dict(x=State("1", signed=True)),
    parameters=dict(a=Parameter(0.5, "1", "level", Normal(sd=1.5)), b=Parameter(1.5, "1/h", "slope", Normal(sd=0.5))),
    initial=lambda: dict(x=0.0),
    phases=[Phase(lambda p: dict(x=p.b))],
    outputs=dict(x=Output(lambda y, p: p.a + y.x, "1", Constant(sd=1.0))),
    reference="a linear mixed model",
)
CHANGING = dict(occasions=dict(a=Normal(sd=0.5), b=Normal(sd=0.2)), occasion_correlations=[Correlation("a", "b", 0.1)])
DECAY = Model(
    name="boluses",
    time="h",
    states=dict(amount=State("mg", absolute=1e-12)),
    parameters=dict(
        k=Parameter(0.3, "1/h", "rate", LogNormal(sd=0.3)), f=Parameter(0.5, "1", "share that arrives"), v=Parameter(2.0, "L", "volume")
    ),
    initial=lambda: dict(amount=0.0),
    phases=[Phase(lambda y, p: dict(amount=-p.k * y.amount))],
    outputs=dict(concentration=Output(lambda y, p: y.amount / p.v, "mg/L", Proportional(cv=0.1))),
    dosing=dict(vein=Dosing("amount", "mg", bioavailability=lambda p: p.f)),
    reference="one compartment",
)


def lines(patients: int = 30) -> Cohort:
    """Patients with one, two or three occasions of four hours, states going over from one to the next."""
    random, people = np.random.default_rng(3), []
    for k in range(patients):
        count = 1 + k % 3
        a, b = random.multivariate_normal([1.0, 2.0], [[1.0, 0.3], [0.3, 0.25]])
        da, db = random.normal(0.0, 0.7, count), random.normal(0.0, 0.3, count)
        times = np.arange(0, 4 * count) + 0.5
        level, hours = _occasions(times, [4.0 * j for j in range(1, count)])
        y = a + level @ da + hours @ (b + db) + 0.5 * random.standard_normal(len(times))
        starts = [4.0 * j for j in range(1, count)]
        people.append(Patient(id=str(k), observations=dict(x=Observations(times, y, unit="1")), occasions=starts))
    return Cohort(tuple(people), "lines")


def _occasions(times: np.ndarray, starts) -> tuple[np.ndarray, np.ndarray]:
    """Return for each time which occasion it is, and the hours spent in each so far, (times, occasions)."""
    edges = np.array([0.0, *starts, np.inf])
    hours = np.clip(times[:, None] - edges[:-1], 0.0, np.diff(edges))
    inside = (times[:, None] >= edges[:-1]) & (times[:, None] < edges[1:])
    return inside.astype(float), hours


def variance(patient: Patient, population: Parametric) -> np.ndarray:
    times = patient.observations["x"].times
    level, hours = _occasions(times, patient.occasions)
    own = np.column_stack([np.ones(len(times)), times])
    found = own @ population.covariance() @ own.T + np.eye(len(times)) * population.error("x").sd ** 2
    for inside, spent in zip(level.T, hours.T, strict=True):
        effects = np.column_stack([dict(a=inside, b=spent)[name] for name in population.changing])
        found += effects @ population.occasion_covariance() @ effects.T
    return found


def exact(cohort: Cohort, population: Parametric) -> float:
    """Return the log-likelihood: a multivariate normal density."""
    total, mean = 0.0, population.typical_values()
    for patient in cohort:
        seen, covariance = patient.observations["x"], variance(patient, population)
        off = seen.lower - mean[0] - mean[1] * seen.times
        total -= 0.5 * (np.linalg.slogdet(2 * np.pi * covariance)[1] + off @ np.linalg.solve(covariance, off))
    return total


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return lines()


@pytest.fixture(scope="module")
def found(cohort) -> Fit:
    return fit(cohort, Parametric(model=LINE, correlations=[Correlation("a", "b", 0.2)], **CHANGING), method=FOCEI(probes=0), solver=EXACT)


def test_the_likelihood_is_that_of_a_linear_mixed_model(cohort, found):
    assert found.log_likelihood == pytest.approx(exact(cohort, found.population), abs=1e-5)
    assert found.warnings == ()
    assert list(found.table.index[2:]) == ["omega_a", "omega_b", "corr_a_b", "gamma_a", "gamma_b", "corr_occasion_a_b", "sd_x"]
    assert found.table.kind["gamma_a"] == "standard deviation between occasions"
    assert found.table.variance["gamma_a"] == pytest.approx(found.table.estimate["gamma_a"] ** 2)


@pytest.mark.parametrize("method", [FO(probes=0), FOCE(probes=0), Laplace(probes=0)])
def test_every_approximation_is_exact_there(cohort, found, method):
    made = method.marginal(found.problem, found.estimated.vector, np.zeros((1, len(cohort), found.problem.varying)))
    assert made.value.sum() == pytest.approx(found.log_likelihood, abs=1e-3)
    assert np.abs(made.gradient.sum(axis=0)).max() < 0.05


def test_no_other_estimates_are_more_likely(cohort, found):
    for move in 0.05 * np.eye(len(found.estimated.vector)):
        for side in (-1.0, 1.0):
            assert exact(cohort, found.structure.write(found.estimated.vector + side * move)) < found.log_likelihood


def test_saem_ends_at_the_same_optimum(cohort):
    """One parameter changes; the distance in standard errors is Monte-Carlo error."""
    start = Parametric(model=LINE, occasions=dict(a=Normal(sd=0.5)))
    best, made = fit(cohort, start, method=FOCEI(probes=0)), fit(cohort, start, seed=1)
    assert (np.abs(made.table.estimate - best.table.estimate) / best.table.se).max() < 0.2
    np.testing.assert_allclose(made.table.se, best.table.se, rtol=0.12)
    sampled = made.estimated.log_likelihoods[0]
    assert sampled.value == pytest.approx(exact(cohort, made.population), abs=4 * sampled.error)
    np.testing.assert_allclose(made.individuals.mode, best.individuals.mode, atol=0.05)


def nested(patients: int = 30, occasions: int = 3, samples: int = 4) -> tuple[Cohort, dict[str, float]]:
    """Return a balanced design, and its estimates of maximum likelihood by sums of squares."""
    random = np.random.default_rng(11)
    y = 1.0 + random.normal(0, 0.8, (patients, 1, 1)) + random.normal(0, 0.5, (patients, occasions, 1))
    y = y + random.normal(0, 0.3, (patients, occasions, samples))
    times = np.arange(occasions)[:, None] * 10.0 + np.arange(samples)
    starts = [10.0 * k for k in range(1, occasions)]
    people = [
        Patient(id=str(i), observations=dict(x=Observations(times.ravel(), y[i].ravel(), unit="1")), occasions=starts)
        for i in range(patients)
    ]
    by_occasion, by_patient = y.mean(axis=2), y.mean(axis=(1, 2))
    error = ((y - by_occasion[:, :, None]) ** 2).sum() / (patients * occasions * (samples - 1))
    between = samples * ((by_occasion - by_patient[:, None]) ** 2).sum() / (patients * (occasions - 1))
    across = samples * occasions * ((by_patient - y.mean()) ** 2).sum() / patients
    sds = dict(sd_x=error, gamma_a=(between - error) / samples, omega_a=(across - between) / (samples * occasions))
    return Cohort(tuple(people)), dict(a=y.mean()) | {name: np.sqrt(value) for name, value in sds.items()}


@pytest.mark.parametrize(("method", "near"), [(FOCEI(probes=0), 1e-4), (Laplace(probes=0), 1e-3), (SAEM(), 0.02)])
def test_a_balanced_design_gives_the_sums_of_squares(method, near):
    cohort, expected = nested()
    flat = replace(LINE, phases=[Phase(lambda: dict(x=0.0))])
    start = Parametric(model=flat, variability=dict(b=None), occasions=dict(a=Normal(sd=1.0)))
    made = fit(cohort, start, method=method, seed=2, solver=EXACT)
    assert made.table.estimate.to_dict() == pytest.approx(expected, rel=near)


def boluses(patients: int = 6) -> tuple[Cohort, Parametric]:
    """Two doses, the second of which begins another occasion, in which rate and share have changed."""
    random, people = np.random.default_rng(5), []
    times = np.array([1.0, 4.0, 8.0, 13.0, 16.0, 20.0])
    for k in range(patients):
        rates, shares = 0.3 * np.exp(random.normal(0, 0.3) + random.normal(0, 0.2, 2)), 0.5 * np.exp(random.normal(0, 0.3, 2))
        y = piecewise(times, *rates, *shares) * (1.0 + 0.1 * random.standard_normal(len(times)))
        seen = Observations(times, y, unit="mg/L")
        given = Regimen(Bolus(0.0, 10.0, "mg", "vein", every=12.0, additional=1))
        people.append(Patient(id=str(k), observations=dict(concentration=seen), regimen=given, occasions=(12.0,)))
    return Cohort(tuple(people)), Parametric(model=DECAY, occasions=dict(k=LogNormal(sd=0.2), f=LogNormal(sd=0.3)))


def pose(cohort: Cohort, population: Parametric, **options) -> Problem:
    return pose_structure(read_structure(cohort, population, **options), Likelihood(cohort, population, solver=EXACT))


def piecewise(times, k1, k2, f1, f2):
    late = np.maximum(times - 12.0, 0.0)
    first = 10.0 * f1 * np.exp(-k1 * np.minimum(times, 12.0) - k2 * late)
    return (first + np.where(times >= 12.0, 10.0 * f2 * np.exp(-k2 * late), 0.0)) / 2.0


def test_states_go_over_and_doses_know_their_occasion():
    """Predictions are those of the piecewise course, which a bioavailability that changes between doses belongs to."""
    cohort, start = boluses(1)
    problem = pose(cohort, start, free=["f"])
    assert problem.coordinates == ("k", "k_occasion_1", "f_occasion_1", "k_occasion_2", "f_occasion_2", "f")
    phi = np.log([0.25, 1.0, 1.0, 1.0, 1.0, 0.4]) + np.array([0.0, 0.2, -0.3, -0.1, 0.4, 0.0])
    sets, _ = problem.parameters(phi[None, None])
    expected = piecewise(problem.likelihood.rows.time, *0.25 * np.exp([0.2, -0.1]), *0.4 * np.exp([-0.3, 0.4]))
    np.testing.assert_allclose(problem.likelihood.lanes().evaluate(sets).prediction, expected, rtol=1e-8)


def by_brute_force(cohort: Cohort, population: Parametric, nodes: int = 50) -> np.ndarray:
    """Return each patient's log-likelihood by Gauss-Hermite over the three random effects of the rate."""
    z, w = hermegauss(nodes)
    w = w / w.sum()
    omega, gamma, error = population.effect_scale("k").sd, population.occasions["k"].sd, population.error("concentration").sd
    k, share, _ = population.typical_values()
    found = []
    for patient in cohort:
        seen = patient.observations["concentration"]
        eta, first, second = np.meshgrid(z, z, z, indexing="ij", sparse=True)
        rates = (k * np.exp(omega * eta + gamma * first), k * np.exp(omega * eta + gamma * second))
        total = 0.0
        for t, y in zip(seen.times, seen.lower, strict=True):
            f = piecewise(t, *rates, share, share)
            total = total + norm.logpdf(y, f, error)
        found.append(np.log((np.exp(total) * w[:, None, None] * w[:, None] * w).sum()))
    return np.array(found)


def test_quadrature_and_importance_sampling_against_brute_force():
    cohort, start = boluses(3)
    start = replace(start, occasions=dict(k=LogNormal(sd=0.2)), errors=dict(concentration=Constant(sd=0.3)))
    expected = by_brute_force(cohort, start)
    np.testing.assert_allclose(by_brute_force(cohort, start, 40), expected, atol=1e-6)
    problem = pose(cohort, start)
    quadrature = Quadrature(nodes=9).marginal(problem, problem.start, np.zeros((1, 3, problem.varying))).value
    np.testing.assert_allclose(quadrature, expected, atol=1e-4)
    run = Run(problem, problem.start, count=10, seed=1)
    for k in range(60):
        run.chains.sweep(k, run.point, weight=0.1, moments=1.0 / (k + 1.0))
    sampled, _ = importance_sampling(run.chains, problem.start, most=20_000, error=0.003)
    assert sampled.error < 0.01
    assert sampled.value == pytest.approx(expected.sum(), abs=4 * sampled.error)


def test_what_the_data_do_not_see_is_drawn_from_its_distribution():
    """Given the sums of a patient's and an occasion's effect, the patient's is normal; what is not met is drawn from the population."""
    lanes, sd = 200_000, np.array([1.0, 0.5, 0.5])
    omega = np.diag(sd**2)
    active = np.array([[True, True, False]])
    phi = np.tile([0.3, 0.4, 9.0], (lanes, 1))
    regroup(1, 7, np.array([[0.1, 0.0, 0.0]]), np.linalg.inv(omega), np.diag(sd), np.array([[0, 1, 2]]), active, phi)
    np.testing.assert_allclose(phi[:, 0] + phi[:, 1], 0.7)
    shrunk = 1.0 / (1.0 / 1.0 + 1.0 / 0.25)
    assert phi[:, 0].mean() == pytest.approx(0.1 + shrunk * 0.6 / 0.25, abs=5 * np.sqrt(shrunk / lanes))
    assert phi[:, 0].var() == pytest.approx(shrunk, rel=0.02)
    assert phi[:, 2].mean() == pytest.approx(0.0, abs=5 * 0.5 / np.sqrt(lanes))
    assert phi[:, 2].std() == pytest.approx(0.5, rel=0.02)


def test_diagnostics_draw_and_show_occasions(cohort, found):
    """Replicates have the covariance of the linear model, occasions included; residuals and curves are of each occasion."""
    values = replicate(found, 4000, seed=1).values
    rows = found.problem.likelihood.rows
    own = values[:, rows.first[2] : rows.first[3]]  # a patient with three occasions
    expected = variance(cohort.patients[2], found.population)
    scale = np.sqrt(np.outer(np.diagonal(expected), np.diagonal(expected)))
    np.testing.assert_allclose(np.cov(own.T) / scale, expected / scale, atol=0.08)
    table = residuals(found)
    sd = found.population.error("x").sd
    np.testing.assert_allclose(table.iwres, (table.lower - table.ipred) / sd)
    assert table.ipred.sub(table.lower).std() < 0.9 * sd < 0.5 * table.pred.sub(table.lower).std()
    curves = individual_curves(found, "x", patients=["2"], points=200)
    at = np.interp(table[table.patient == "2"].time, curves.time, curves.ipred)
    np.testing.assert_allclose(at[1:4], table[table.patient == "2"].ipred[1:4], atol=0.05)
    one, three = found.occasions.loc["0"], found.occasions.loc["2"]
    assert (len(one), len(three)) == (1, 3)
    moved = found.individuals.mode[2, list(found.individuals.names).index("a_occasion_3")]
    assert three.a[3] == pytest.approx(found.parameters.a["2"] + moved)


def test_shrinkage_is_that_of_the_patients_who_have_the_occasion(found):
    shrinkage = found.shrinkage
    assert list(shrinkage.index) == ["a", "b", *(f"{name}_occasion_{k}" for k in (1, 2, 3) for name in ("a", "b"))]
    assert shrinkage.between(0.05, 0.8).all()


def test_a_fit_is_saved_with_occasions_and_solver(found, tmp_path):
    found.save(tmp_path / "fit.json")
    again = load_fit(tmp_path / "fit.json", model=LINE)
    assert again.population == found.population
    assert again.solver == EXACT == again.problem.likelihood.course.solver
    assert again.occasions.equals(found.occasions)
    assert again.estimated.basins[0].value == found.estimated.basins[0].value


def test_other_programs_get_what_changes_between_occasions(found):
    gamma = found.population.occasion_covariance()
    nonmem, monolix, nlmixr2 = (export_initials(found, each) for each in (NONMEM(), Monolix(), Nlmixr2()))
    assert nonmem.count("$OMEGA BLOCK(2) SAME") == 2
    assert f"  {gamma[0, 0]:.6g} ; gamma^2 of a between occasions" in nonmem
    assert f"gamma_a = {{value={np.sqrt(gamma[0, 0]):.6g}, method=MLE}}" in monolix
    assert f"iov.a + iov.b ~ c({gamma[0, 0]:.6g}, {gamma[0, 1]:.6g}, {gamma[1, 1]:.6g}) | occ" in nlmixr2


def test_bounds_priors_and_what_is_fixed(cohort):
    start = Parametric(model=LINE, **{**CHANGING, "occasions": dict(a=Normal(sd=0.45), b=Normal(sd=0.2))})
    made = fit(
        cohort, start, method=SAEM(exploration=80, smoothing=60), fixed=["corr_occasion_a_b", "gamma_b"], bounds=dict(gamma_a=(0.1, 0.5)),
        priors=dict(omega_a=Prior(1.0, 0.05)), seed=1,
    )  # fmt: skip
    assert made.table.at_bound["gamma_a"]
    assert made.population.occasions["b"].sd == 0.2
    assert made.table.estimate["omega_a"] == pytest.approx(1.0, abs=0.1)


def test_one_start_after_another(cohort):
    start = Parametric(model=LINE, occasions=dict(a=Normal(sd=0.5)))
    made = fit(cohort, start, method=SAEM(exploration=60, smoothing=60, stop=None, draws=500, starts=3), seed=1)
    assert made.basins.starts.sum() == 3
    assert made.basins.below[0] == 0.0
    assert sum(name == "basin" for name, _ in made.estimated.settings) == len(made.basins)


def test_what_cannot_be_is_refused(cohort):
    changing = dict(a=Normal(sd=0.5))
    with pytest.raises(InputError, match="no patient has a second occasion"):
        fit(Cohort(cohort.patients[:1]), Parametric(model=LINE, occasions=changing))
    with pytest.raises(InputError, match="both need one scale"):
        Parametric(model=LINE, occasions=dict(a=LogNormal(sd=0.5)))
    with pytest.raises(InputError, match="is truncated"):
        Parametric(model=LINE, occasions=dict(a=Normal(sd=0.5, lower=0.0)))
    with pytest.raises(ModelError, match="did you mean"):
        Parametric(model=DECAY, occasions=dict(kk=LogNormal(sd=0.5)))
    with pytest.raises(ModelError, match="no random effect"):
        Parametric(model=LINE, occasions=changing, occasion_correlations=[Correlation("a", "b", 0.1)])
    early = Cohort((replace(cohort.patients[1], occasions=(0.0,)),))
    with pytest.raises(InputError, match="patient 1: an occasion after the first begins at 0"):
        fit(early, Parametric(model=LINE, occasions=changing))
    phases = [Phase(lambda p: dict(x=p.b), until=lambda p: exp(p.a)), Phase(lambda: dict(x=0.0))]
    with pytest.raises(ModelError, match="'a' sets a time at which a phase"):
        fit(cohort, Parametric(model=replace(LINE, phases=phases), occasions=changing))


def test_a_parameter_of_a_hazard_does_not_change_between_occasions() -> None:
    model = load("stein_2019")
    numbers = dict(rate=Parameter(0.01, "1/day", "relapse", LogNormal(sd=0.3)))
    joint = replace(model, parameters={**model.parameters, **numbers}, outcomes=dict(relapse=Exponential(rate="rate")))
    with pytest.raises(ModelError, match="parameter 'rate' of outcome 'relapse' cannot change between occasions; expected"):
        by_occasion(Parametric(model=joint, occasions={"rate": LogNormal(sd=0.2)}), 2)
    by_occasion(Parametric(model=joint, occasions={"alpha": LogNormal(sd=0.2)}), 2)
