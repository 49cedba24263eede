"""The posterior of one patient against closed forms, and against sums over a grid where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from forecast_models import DRUGGED, LINE, SQUARE, TAIL, seen
from scipy import stats
from scipy.special import logsumexp

from autologue.engine.solve import solve
from autologue.errors import InputError, SolveError
from autologue.forecast import posterior as method
from autologue.forecast.latent import Latent, read_latent
from autologue.forecast.posterior import Posterior, sample_posterior
from autologue.patient import Event, Observations, Patient
from autologue.population import Parametric
from autologue.regimen import Level, Regimen

TIMES = np.array([1.0, 3.0, 6.0])
VALUES = np.array([3.4, 3.1, 6.0])


def sampled(model, patient: Patient, draws: int = 4000, **more) -> Posterior:
    population = model if isinstance(model, Parametric) else Parametric(model=model)
    return sample_posterior(read_latent(population, patient, **more), draws=draws, seed=3)


def conjugate(values, times) -> tuple[np.ndarray, np.ndarray, float]:
    """Posterior mean and covariance of level and slope, and the log-evidence, of the normal linear model."""
    design, prior, error = np.column_stack([np.ones_like(times), times]), np.diag([1.5**2, 0.4**2]), 0.7**2
    middle = np.array([2.0, 0.5])
    covariance = np.linalg.inv(design.T @ design / error + np.linalg.inv(prior))
    mean = covariance @ (design.T @ values / error + np.linalg.inv(prior) @ middle)
    spread = design @ prior @ design.T + error * np.eye(len(times))
    return mean, covariance, float(stats.multivariate_normal(design @ middle, spread).logpdf(values))


def test_a_linear_normal_patient_has_the_posterior_of_the_textbook() -> None:
    mean, covariance, evidence = conjugate(VALUES, TIMES)
    found = sampled(LINE, seen(VALUES, TIMES))
    assert found.quality.method == "importance sampling"
    assert found.parameters.mean(axis=0) == pytest.approx(mean, abs=4 * np.sqrt(covariance.max() / 2000))
    assert np.cov(found.parameters.T) == pytest.approx(covariance, rel=0.12, abs=0.01)
    assert abs(found.log_evidence - evidence) < 4 * found.log_evidence_error < 0.1
    assert found.latent.parameters(found.modes[0].z[None], np.zeros(1, dtype=int))[0] == pytest.approx(mean, abs=1e-3)


def test_chains_find_the_same_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    mean, covariance, _ = conjugate(VALUES, TIMES)
    monkeypatch.setattr(method, "_good", lambda found: False)
    found = sampled(LINE, seen(VALUES, TIMES), 2000)
    assert (found.quality.method, np.isnan(found.log_evidence)) == ("chains", True)
    assert found.quality.rhat < 1.02
    assert found.parameters.mean(axis=0) == pytest.approx(mean, abs=5 * np.sqrt(covariance.max() / 1000))
    assert np.cov(found.parameters.T) == pytest.approx(covariance, rel=0.15, abs=0.015)


@pytest.mark.parametrize("chains", [False, True])
def test_two_modes_stay_two_with_their_shares(chains: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if chains:
        monkeypatch.setattr(method, "_good", lambda found: False)
    found = sampled(SQUARE, seen([2.25], [0.0]))
    grid = np.linspace(-5, 5, 20001)
    weight = stats.norm.pdf(grid, 0.2, 1.0) * stats.norm.pdf(2.25, grid**2, 0.3)
    share = weight[grid > 0].sum() / weight.sum()
    assert len(found.modes) == 2
    assert (found.parameters[:, 0] > 0).mean() == pytest.approx(share, abs=0.04)
    ours = np.sort(found.parameters[:, 0])
    assert np.abs(np.interp(ours, grid, np.cumsum(weight) / weight.sum()) - (np.arange(len(ours)) + 0.5) / len(ours)).max() < 0.04


def test_all_censored_works_and_the_limits_may_change_between_visits() -> None:
    limits = np.array([4.0, 2.0, 5.0])  # a better assay at the second visit
    found = sampled(LINE, seen([-9.0, -9.0, -9.0], TIMES, limit=limits))
    level, slope = np.meshgrid(np.linspace(-8, 8, 401), np.linspace(-2, 2.5, 401), indexing="ij")
    weight = stats.norm.logpdf(level, 2, 1.5) + stats.norm.logpdf(slope, 0.5, 0.4)
    weight += sum(stats.norm.logcdf((limit - level - slope * t) / 0.7) for limit, t in zip(limits, TIMES, strict=True))
    cell = np.log((level[1, 0] - level[0, 0]) * (slope[0, 1] - slope[0, 0]))
    assert abs(found.log_evidence - (logsumexp(weight) + cell)) < 4 * found.log_evidence_error
    share = np.exp(weight - logsumexp(weight))
    assert found.parameters.mean(axis=0) == pytest.approx([(share * level).sum(), (share * slope).sum()], abs=0.08)


def test_without_observations_it_is_the_population() -> None:
    found = sampled(LINE, Patient(id="a"))
    assert (found.quality.method, found.log_evidence) == ("prior", 0.0)
    assert stats.kstest(found.parameters[:, 0], stats.norm(2.0, 1.5).cdf).pvalue > 1e-3


def test_doubt_about_the_population_widens_the_posterior() -> None:
    doubtful = Parametric(model=DRUGGED, uncertainty=dict(rate=0.8))
    patient = Patient(id="a", observations=dict(y=Observations([3.0], [6.0], unit="mg")))
    found = sampled(doubtful, patient, variants=400)
    sharp = sampled(doubtful, patient)
    # log rate ~ N(log 0.2, 0.5^2 + 0.8^2), log 6 ~ N(3 rate, 0.2^2)
    grid = np.linspace(np.log(0.2) - 5, np.log(0.2) + 5, 20001)
    for each, sd in ((found, np.hypot(0.5, 0.8)), (sharp, 0.5)):
        weight = stats.norm.pdf(grid, np.log(0.2), sd) * stats.norm.pdf(np.log(6), 3 * np.exp(grid), 0.2)
        mean = (weight * grid).sum() / weight.sum()
        spread = np.sqrt((weight * (grid - mean) ** 2).sum() / weight.sum())
        assert np.log(each.parameters[:, 0]).mean() == pytest.approx(mean, abs=0.15 * spread)
    with pytest.raises(InputError, match="states no uncertainty"):
        sampled(LINE, patient, variants=5)


def test_what_was_given_counts() -> None:
    """Growth of 0.5 a day less 0.3 from day 4 on: exp(0.5 * 8 - 0.3 * 4) at day 8."""
    y = np.exp([2.0, 0.5 * 8 - 0.3 * 4])
    given = Regimen(Level(4.0, "drug", 1.0))
    with_drug, without = (sampled(DRUGGED, seen(y, [4.0, 8.0], regimen=regimen)).parameters[:, 0].mean() for regimen in (given, Regimen()))
    assert with_drug == pytest.approx(0.5, abs=0.02)
    assert without < 0.4


def test_entry_later_than_the_infusion_says_nothing_where_the_model_has_no_death() -> None:
    late = seen(VALUES, TIMES, events=dict(death=Event(30.0, np.inf, entry=10.0)))
    assert (sampled(LINE, late).parameters == sampled(LINE, seen(VALUES, TIMES)).parameters).all()


def test_the_same_seed_gives_the_same_bits() -> None:
    first, again = (sampled(LINE, seen(VALUES, TIMES), 500) for _ in range(2))
    assert (first.parameters == again.parameters).all()
    other = sample_posterior(first.latent, draws=500, seed=4)
    assert (first.parameters != other.parameters).any()


def chance_posterior(latent: Latent, row: np.ndarray, patient: Patient) -> tuple[np.ndarray, np.ndarray]:
    """Chances on a grid, and the posterior weight of each, by solving the model at each of them."""
    chance = (np.arange(4000) + 0.5) / 4000
    times = patient.observations["marker"].times
    y = solve(latent.population.model, np.tile(row, (4000, 1)), times=times, outputs=["marker"], chance=chance).values[:, :, 0]
    weight = np.exp(stats.norm.logpdf(patient.observations["marker"].lower, y, 4.0).sum(axis=1))
    return chance, weight / weight.sum()


def test_the_fate_of_the_last_cells_is_drawn_from_what_the_data_allow() -> None:
    times = np.array([8.0, 24.0])
    population = Parametric(model=TAIL, variability=dict(scale=None))
    patient = Patient(id="a", observations=dict(marker=Observations(times, [26.0, 8.0], unit="cells")))
    found = sampled(population, patient)
    assert found.chance is not None
    chance, weight = chance_posterior(found.latent, found.parameters[0], patient)
    assert 0.05 < weight[chance > 0.3].sum() < 0.95  # neither fate is excluded
    expected = np.interp(np.sort(found.chance), chance, np.cumsum(weight))
    assert np.abs(expected - (np.arange(4000) + 0.5) / 4000).max() < 0.035  # KS; three nodes stand for an interval


def test_a_tumour_that_is_seen_is_not_dead_and_one_that_is_measured_nowhere_may_be() -> None:
    patient = seen([20.0, 40.0], [10.0, 20.0], "count", "cells")
    found = sampled(TAIL, patient, 500)
    y = solve(TAIL, found.parameters, times=np.array([20.0]), outputs=["count"], chance=found.chance).values[:, 0, 0]
    assert (y > 0).all()
    assert sampled(TAIL, Patient(id="a"), 500).chance is None


def test_impossible_observations_are_refused() -> None:
    with pytest.raises(SolveError, match="could have these observations"):
        sampled(TAIL, seen([1e300], [10.0], "marker", "cells"))
