"""The result of a fit: table, criteria, population, and saving exactly; with an estimator that gives known numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import fit_models
import numpy as np
import pytest

from autologue.errors import InputError
from autologue.fit import Conditional, Covariance, Estimated, Estimator, Fit, LogLikelihood, Prior, Trace, fit, load_fit
from autologue.population import Correlation, Uncertainty
from autologue.simulate import simulate


@dataclass(frozen=True)
class Given(Estimator):
    """The start moved by `shift`, each estimate with standard error 0.1 on its scale."""

    shift: float = 0.1

    def estimate(self, problem, *, seed, watch=None):
        q, n, p = problem.varying, problem.patients, len(problem.start)
        eta = np.random.default_rng(seed).standard_normal((n, q))
        return Estimated(
            problem.start + self.shift,
            (Covariance("given", 0.01 * np.eye(p)),),
            (LogLikelihood("given", -100.0, 0.5),),
            Conditional(problem.coordinates[:q], eta, eta, np.ones_like(eta), np.empty((0, n, q))),
            Trace(np.vstack([problem.start, problem.start + self.shift]), (("all", 0),)),
            ("nothing was estimated",),
        )


@pytest.fixture(scope="module")
def theophylline(shared):
    return fit_models.theophylline(shared)


@pytest.fixture(scope="module")
def found(theophylline) -> Fit:
    cohort, population = theophylline
    return fit(cohort, population, method=Given(), seed=3, bounds=dict(cl=(0.1, 100.0)), priors=dict(v=Prior(30.0, 0.5)))


def test_table_states_estimates_as_they_are_read(found):
    row = found.table.loc["omega_cl"]
    omega = np.sqrt(0.1) * np.exp(0.1)
    assert row.estimate == pytest.approx(omega)
    assert row.se == pytest.approx(0.1 * omega)
    assert row.rse == pytest.approx(10.0)
    assert row.variance == pytest.approx(omega**2)
    assert row.cv == pytest.approx(100 * np.sqrt(np.exp(omega**2) - 1))
    assert (row.lower, row.upper) == pytest.approx((omega * np.exp(-0.1959963985), omega * np.exp(0.1959963985)))
    assert list(found.table.index) == ["ka", "cl", "v", "omega_ka", "omega_cl", "omega_v", "sd_concentration"]


def test_criteria_follow_delattre(found):
    assert found.aic == pytest.approx(200 + 2 * 7)
    assert found.bic == pytest.approx(200 + 6 * np.log(12) + np.log(132))


def test_population_carries_the_uncertainty_and_simulates(found):
    assert isinstance(found.population.uncertainty, Uncertainty)
    assert found.population.typical["cl"] == pytest.approx(2.8 * np.exp(0.1))
    assert simulate(found.population, times=[1.0, 4.0], patients=3).data["concentration"].shape == (3, 2)


def test_patients_have_parameters_and_known_numbers(found, theophylline):
    cohort, _ = theophylline
    eta = found.individuals.mode
    assert found.parameters["cl"].to_numpy() == pytest.approx(2.8 * np.exp(0.1 + eta[:, 1]))
    assert found.parameters["dose"].tolist() == [p.known["dose"] for p in cohort]
    assert found.shrinkage["v"] == pytest.approx(1 - np.mean(eta[:, 2] ** 2) / (0.1 * np.exp(0.2)))


def test_correlations_are_read_as_such(theophylline):
    cohort, population = theophylline
    block = (Correlation("ka", "cl", 0.3), Correlation("ka", "v", 0.2), Correlation("cl", "v", 0.5))
    found = fit(cohort, replace(population, correlations=block), method=Given(0.0))
    assert [found.table.loc[f"corr_{a}"].estimate for a in ("ka_cl", "ka_v", "cl_v")] == pytest.approx([0.3, 0.2, 0.5])
    assert found.table.loc["corr_ka_cl"].se == pytest.approx(0.1 * (1 - 0.09), rel=1e-4)


def test_saved_and_loaded_exactly(found, tmp_path: Path):
    found.save(tmp_path / "fit.json")
    again = load_fit(tmp_path / "fit.json", model=found.start.model)
    assert np.array_equal(again.estimated.vector, found.estimated.vector)
    assert np.array_equal(again.covariance, found.covariance)
    assert again.population == found.population
    assert again.table.equals(found.table)
    assert again.method == found.method
    assert (again.seed, again.warnings, dict(again.provenance)) == (found.seed, found.warnings, dict(found.provenance))
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "fit.json").read_bytes()


def test_another_model_or_file_is_refused(found, tmp_path: Path):
    found.save(tmp_path / "fit.json")
    with pytest.raises(InputError, match="not in the library"):
        load_fit(tmp_path / "fit.json")
    with pytest.raises(InputError, match="not the one that was fitted"):
        load_fit(tmp_path / "fit.json", model=fit_models.WARFARIN)
    for text in ("", "[]", '{"format": 1}', '{"format": 1, "fit": {"type": "Nobody", "fields": {}}}', '{"format": 1, "fit": 3}'):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InputError, match=r"bad\.json"):
            load_fit(tmp_path / "bad.json")


def test_a_seed_outside_its_range_is_refused(theophylline):
    cohort, population = theophylline
    with pytest.raises(InputError, match="seed must be"):
        fit(cohort, population, method=Given(), seed=-1)
