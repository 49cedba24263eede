"""Correlations by samples of the conditional distribution: found where they are, and at the nominal rate where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from _lines import lines, population
from scipy.stats import binom

from autologue.diagnose import conditional_samples, correlation_tests
from autologue.errors import InputError
from autologue.fit import FOCEI, SAEM, fit

METHOD = FOCEI(probes=0)


def looked(seed, **truth):
    return correlation_tests(fit(lines(seed, **truth), population(), method=METHOD), samples=60, seed=seed)


def test_without_correlation_the_nominal_rate_holds_however_much_is_shrunk() -> None:
    """Forty studies of four tests with nearly full shrinkage of the slopes: p below 0.05 about as often as chance has it."""
    tables = [looked(seed) for seed in range(40)]
    p = np.concatenate([t["p"].to_numpy() for t in tables])
    assert np.isfinite(p).mean() > 0.9
    p = p[np.isfinite(p)]
    low, high = binom.ppf((0.001, 0.999), len(p), 0.05)
    assert low <= (p < 0.05).sum() <= high
    assert 0.42 < np.median(p) < 0.58
    assert all((t["adjusted"] >= t["p"]).all() for t in (t.dropna() for t in tables))


def test_an_effect_and_a_correlation_are_found() -> None:
    found = looked(3, effect=0.8, correlation=0.9, noise=0.3)
    table = found.set_index(["first", "second"])
    assert table.loc[("mu", "x"), "adjusted"] < 0.01
    assert table.loc[("mu", "slope"), "adjusted"] < 0.01
    assert table.loc[("mu", "slope"), "low"] > 0.3
    assert table.loc[("mu", "g = b"), "adjusted"] > 0.05
    assert list(found["p"]) == sorted(found["p"])


def test_a_correlation_that_is_estimated_is_shown_and_not_tested() -> None:
    found = fit(lines(3, correlation=0.5, noise=0.3), population(correlated=True), method=METHOD)
    row = correlation_tests(found, samples=60).set_index(["first", "second"]).loc[("mu", "slope")]
    assert row["model"] == pytest.approx(found.table.loc["corr_mu_slope", "estimate"])
    assert np.isnan(row["p"])


def test_samples_have_the_moments_of_the_conditional_distribution() -> None:
    """Of lines with normal errors it is normal, with mean and variance in closed form."""
    found = fit(lines(5, noise=0.6), population(), method=METHOD)
    eta = conditional_samples(found, samples=2000, seed=1)
    omega, sd = found.population.covariance(), found.population.error("y").sd
    x = np.column_stack([np.ones(4), np.arange(4.0)])
    spread = np.linalg.inv(np.linalg.inv(omega) + x.T @ x / sd**2)
    y = np.array([p.observations["y"].lower for p in found.cohort]) - x @ found.population.typical_values()
    assert eta.mean(axis=0) == pytest.approx(y @ x @ spread / sd**2, abs=0.12)
    assert eta.std(axis=0).mean(axis=0) == pytest.approx(np.sqrt(np.diagonal(spread)), rel=0.05)
    assert np.array_equal(eta[:50], conditional_samples(found, samples=2000, seed=1)[:50])
    assert len(conditional_samples(fit(found.cohort, population(), method=SAEM(exploration=60, smoothing=60)), samples=40)) == 40


def test_refusals() -> None:
    found = fit(lines(1, patients=4), population(), method=METHOD)
    with pytest.raises(InputError, match="five at least"):
        correlation_tests(found)
    with pytest.raises(InputError, match="ten samples"):
        conditional_samples(found, samples=2)
