"""Particles against posteriors with a closed form."""

from __future__ import annotations

import numpy as np
from scipy import stats

from autologue.calibrate.tempering import temper


def test_a_normal_posterior_in_six_dimensions() -> None:
    a = np.random.default_rng(1).normal(size=(4, 6))
    y = np.array([2.0, -1.0, 3.0, 0.5])
    precision = np.eye(6) + a.T @ a / 0.09
    covariance = np.linalg.inv(precision)
    mean = covariance @ a.T @ y / 0.09
    found = temper(lambda z: -0.5 * (((y - z @ a.T) / 0.3) ** 2).sum(axis=1), 6, particles=4000, moves=40, seed=3)
    sd = np.sqrt(np.diag(covariance))
    assert np.abs((found.mean(axis=0) - mean) / sd).max() < 5 / np.sqrt(1000)  # particles are worth about a quarter of their number
    np.testing.assert_allclose(np.cov(found.T), covariance, atol=0.12)


def test_a_power_of_the_likelihood_is_a_wider_posterior() -> None:
    found = temper(lambda z: -0.5 * (z[:, 0] - 4.0) ** 2 / 0.01, 1, particles=4000, moves=20, seed=1, power=0.25)[:, 0]
    assert stats.kstest(found[::4], stats.norm(4.0 * 25 / 26, np.sqrt(1 / 26)).cdf).pvalue > 0.001


def test_both_modes_are_kept() -> None:
    found = temper(lambda z: np.logaddexp(-50 * (z[:, 0] - 1) ** 2, -50 * (z[:, 0] + 1) ** 2), 1, particles=4000, moves=20, seed=5)
    assert 0.4 < (found > 0).mean() < 0.6


def test_no_likelihood_leaves_the_prior_and_a_seed_gives_the_same_particles() -> None:
    flat = [temper(lambda z: np.zeros(len(z)), 2, particles=2000, moves=5, seed=7) for _ in range(2)]
    np.testing.assert_array_equal(flat[0], flat[1])
    assert stats.kstest(flat[0][:, 1], "norm").pvalue > 0.001
