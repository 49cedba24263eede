"""Bootstrap, profile likelihood and importance resampling on the one-way random-effects design, whose answers are known in closed form.

Patient i has mean mu + b_i, measured m times with a constant error: the estimate of mu is the mean of the patients' means, its profile
is const - n/2 log(sum (mean_i - mu)^2), and with both variances known the likelihood in mu is normal.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import chi2, norm

from autologue.diagnose import Cases, FromModel, bootstrap, profile_estimates, profile_likelihood, sir
from autologue.errors import InputError
from autologue.fit import FOCEI, fit
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.variability import Constant, Normal

N, M = 12, 4
LEVEL = Model(
    name="level",
    time="day",
    states=dict(y=State("1")),
    parameters=dict(mu=Parameter(5.0, "1", "the level", Normal(sd=1.0))),
    initial=lambda p: dict(y=p.mu),
    phases=[Phase(lambda y, p: dict(y=0.0 * y.y))],
    outputs=dict(y=Output(lambda y: y.y, "1", Constant(sd=0.6))),
    closed_form=lambda t, p: dict(y=p.mu + 0.0 * t),
    reference="one-way random effects",
)
POPULATION = Parametric(model=LEVEL)
METHOD = FOCEI(probes=0)


@pytest.fixture(scope="module")
def means():
    return np.random.default_rng(4).normal(5.0, 1.0, N)


@pytest.fixture(scope="module")
def cohort(means):
    off = np.array([-0.9, -0.3, 0.3, 0.9])
    people = [Patient(id=f"{k}", observations={"y": Observations(np.arange(M), mean + off, unit="1")}) for k, mean in enumerate(means)]
    return Cohort(tuple(people), "one way")


@pytest.fixture(scope="module")
def fitted(cohort):
    return fit(cohort, POPULATION, method=METHOD)


def test_the_profile_has_the_interval_of_the_closed_form(fitted, means):
    found = profile_likelihood(fitted, "mu")
    square = ((means - means.mean()) ** 2).mean()
    half = np.sqrt(square * np.expm1(chi2.ppf(0.95, 1) / N))
    assert found.estimate == pytest.approx(means.mean(), abs=1e-3)
    assert (found.lower, found.upper) == pytest.approx((means.mean() - half, means.mean() + half), abs=0.01 * half)
    exact = -N / 2 * np.log(((means[None] - found.points["value"].to_numpy()[:, None]) ** 2).mean(axis=1))
    assert np.ptp(found.points["log_likelihood"] - exact) < 1e-3
    assert found.warnings == ()
    half = fitted.table.loc["mu", "upper"] - means.mean()
    assert found.upper - found.lower > 2 * half  # it is wider than the symmetric one, which takes the variance for known


def test_a_profile_ends_at_its_bound_and_names_are_checked(cohort):
    found = profile_likelihood(fit(cohort, POPULATION, method=METHOD, bounds={"mu": (4.9, 100.0)}), "mu")
    assert found.lower == pytest.approx(4.9)
    with pytest.raises(InputError, match="did you mean"):
        profile_likelihood(fit(cohort, POPULATION, method=METHOD), "muu")


def test_resampling_of_a_normal_likelihood_counts_every_draw(cohort, means):
    known = fit(cohort, POPULATION, method=METHOD, fixed=["omega_mu", "sd_y"])
    se = np.sqrt((1.0 + 0.36 / M) / N)
    exact = sir(known, draws=300, resamples=100)
    assert exact.effective == pytest.approx(300, rel=1e-3)
    wide = sir(known, draws=800, resamples=200, inflation=2.0, seed=1)
    # of N(0, 2) by N(0, 1): (E w)^2 / E w^2 = sqrt(3) / 2
    assert wide.effective / 800 == pytest.approx(np.sqrt(3) / 2, abs=0.05)
    z = norm.ppf(0.975)
    row = wide.table.loc["mu"]
    assert row["se"] == pytest.approx(se, rel=0.2)
    assert (row["lower"], row["upper"]) == pytest.approx((means.mean() - z * se, means.mean() + z * se), abs=0.5 * se)


def test_few_effective_draws_are_warned_of(fitted):
    assert "draws count" in sir(fitted, draws=60, resamples=40, inflation=30.0).warnings[0]
    with pytest.raises(InputError, match="fewer resamples"):
        sir(fitted, draws=50, resamples=60)


def test_each_case_replicate_is_the_mean_of_the_patients_drawn(fitted, means, tmp_path):
    file = tmp_path / "boot.jsonl"
    found = bootstrap(fitted, replicates=8, seed=2, file=file)
    assert not found.failures
    for k in range(8):
        drawn = Cases().draw(fitted, seed=_seed(2, k))
        expected = np.mean([p.observations["y"].lower.mean() for p in drawn])
        assert found.vectors[k, 0] == pytest.approx(expected, abs=1e-4)
    assert len({p.id for p in Cases().draw(fitted, seed=3)}) == N


def test_an_interrupted_bootstrap_goes_on_as_if_it_had_not_been(fitted, tmp_path):
    file = tmp_path / "boot.jsonl"
    whole = bootstrap(fitted, replicates=4, seed=2)
    bootstrap(fitted, replicates=2, seed=2, file=file)
    with file.open("a") as out:
        out.write('{"piece": 2, "res')
    resumed = bootstrap(fitted, replicates=4, seed=2, file=file)
    assert np.array_equal(whole.vectors, resumed.vectors)
    assert [json.loads(line).get("piece") for line in file.read_text().splitlines()] == [None, 0, 1, 2, 3]
    with pytest.raises(InputError, match="no bootstrap of this fit"):
        bootstrap(fitted, replicates=4, seed=3, file=file)
    file.write_text("nothing\n")
    with pytest.raises(InputError, match="no bootstrap of this fit"):
        bootstrap(fitted, replicates=4, seed=2, file=file)


def test_processes_change_no_bit_and_files_go_on(fitted, tmp_path):
    """A model of this file, which no other process could import, goes along; finished pieces are taken from the file."""
    one, two = (bootstrap(fitted, replicates=4, seed=2, workers=n) for n in (1, 2))
    assert np.array_equal(one.vectors, two.vectors)
    alone, beside = (sir(fitted, draws=60, resamples=30, seed=1, workers=n, file=tmp_path / f"sir{n}.jsonl") for n in (1, 2))
    assert np.array_equal(alone.vectors, beside.vectors)
    assert alone.effective == beside.effective
    file, seen = tmp_path / "profile.jsonl", []
    both = profile_estimates(fitted, ["mu", "sd_y"], file=file, progress=seen.append)
    again = profile_estimates(fitted, ["mu", "sd_y"], workers=2, file=tmp_path / "other.jsonl")
    assert seen == [1, 1]
    assert file.read_text().count("piece") == 2
    kept = profile_estimates(fitted, ["sd_y"], file=file, progress=seen.append)
    for found in (again, kept):
        for name, profile in found.items():
            assert (profile.lower, profile.upper) == (both[name].lower, both[name].upper)
            assert profile.points.equals(both[name].points)
    assert both["mu"].upper == profile_likelihood(fitted, "mu").upper
    with pytest.raises(InputError, match="holds no bootstrap"):
        bootstrap(fitted, replicates=4, file=file)
    with pytest.raises(InputError, match="at least one"):
        bootstrap(fitted, replicates=4, workers=0)


def test_the_parametric_bootstrap_has_the_spread_of_the_model_and_its_limits(fitted, cohort):
    found = bootstrap(fitted, replicates=25, scheme=FromModel(), seed=1)
    omega, sd = (fitted.table.loc[name, "estimate"] for name in ("omega_mu", "sd_y"))
    se = np.sqrt((omega**2 + sd**2 / M) / N)
    assert found.table.loc["mu", "se"] == pytest.approx(se, rel=0.4)
    limited = Cohort(
        tuple(
            Patient(id=p.id, observations={"y": Observations(
                o.times, lower=np.where(o.lower < 5, -np.inf, o.lower), upper=np.maximum(o.lower, 5), limit=5.0, unit="1")})
            for p in cohort for o in [p.observations["y"]]
        ), "limited",
    )  # fmt: skip
    drawn = FromModel().draw(fit(limited, POPULATION, method=METHOD), seed=1)
    seen = [o for p in drawn for o in [p.observations["y"]]]
    assert all((o.upper[o.censored] == 5.0).all() and (o.lower[~o.censored] >= 5.0).all() for o in seen)
    assert 0 < sum(o.censored.sum() for o in seen) < N * M


def _seed(seed, k):
    from autologue import seeds

    return seeds.child_seed(seed, seeds.Purpose.BOOTSTRAP, k)
