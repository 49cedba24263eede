"""Covariate screening: an effect that is there is found, and each step is what fits made by hand say."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from _lines import lines, population
from scipy.stats import chi2

from autologue.diagnose import BIC, LikelihoodRatio, screen_covariates
from autologue.errors import InputError
from autologue.fit import FOCEI, SAEM, fit
from autologue.patient import Cohort
from autologue.population import Categorical, CategoryEffect, LinearEffect
from autologue.population.covariates import coefficient

METHOD = FOCEI(probes=0)
TRIED = {"mu": ["x", "w", "g"], "slope": ["x"]}


@pytest.fixture(scope="module")
def base():
    return fit(lines(11, effect=0.8), population(), method=METHOD)


@pytest.fixture(scope="module")
def screened(base, tmp_path_factory):
    file = tmp_path_factory.mktemp("screen") / "steps.jsonl"
    return screen_covariates(base, covariates=TRIED, file=file), file


def test_the_effect_that_is_there_is_found(screened) -> None:
    found, _ = screened
    assert found.chosen == (("mu", "x"),)
    (effect,) = found.fit.start.effects
    assert coefficient(found.fit.population.effects[0]) == pytest.approx(0.8, abs=3 * found.fit.table.loc["beta_mu_x", "se"])
    assert isinstance(effect, LinearEffect)
    assert found.warnings == ()
    steps = found.steps
    assert list(steps["step"]) == [1, 1, 1, 1, 2, 2, 2, 3]
    assert list(steps["direction"]) == ["forward"] * 7 + ["backward"]
    assert steps[steps["chosen"]]["covariate"].tolist() == ["x"]


def test_a_step_is_the_likelihood_ratio_of_two_fits(base, screened) -> None:
    found, _ = screened
    row = found.steps.iloc[2]
    assert (row["parameter"], row["covariate"], row["estimates"]) == ("mu", "g", 6)
    by_hand = replace(population(), covariates={"g": Categorical({"a": 0.5, "b": 0.5})}, effects=[CategoryEffect("mu", "g", "b", 0.0)])
    larger = fit(base.cohort, by_hand, method=METHOD)
    change = 2.0 * (larger.log_likelihood - base.log_likelihood)
    assert -row["change"] == pytest.approx(change, abs=1e-4)
    assert row["p"] == pytest.approx(chi2.sf(change, 1), abs=1e-4)
    assert row["gain"] == pytest.approx(change - chi2.ppf(0.95, 1), abs=1e-4)


def test_an_interrupted_search_goes_on_and_processes_change_no_bit(base, screened) -> None:
    found, file = screened
    whole = file.read_text().splitlines(keepends=True)
    file.write_text("".join(whole[:4]) + whole[4][:20])
    seen: list[int] = []
    again = screen_covariates(base, covariates=TRIED, file=file, workers=2, progress=seen.append)
    assert again.steps.equals(found.steps)
    assert sum(seen) == len(whole) - 1
    assert np.array_equal(again.fit.estimated.vector, found.fit.estimated.vector)
    assert {json.dumps(json.loads(x), sort_keys=True) for x in file.read_text().splitlines()} == {
        json.dumps(json.loads(x), sort_keys=True) for x in whole
    }


def test_backward_takes_out_what_forward_let_in(base) -> None:
    loose = screen_covariates(base, covariates={"mu": ["x", "w"]}, criterion=LikelihoodRatio(forward=0.9999, backward=0.01))
    assert loose.chosen == (("mu", "x"),)
    last = loose.steps[loose.steps["direction"] == "backward"]
    assert last[last["chosen"]]["covariate"].tolist() == ["w"]


def test_bic_is_that_of_the_fits(base) -> None:
    found = screen_covariates(base, covariates={"mu": ["x", "w"]}, criterion=BIC())
    assert found.chosen == (("mu", "x"),)
    assert found.steps.iloc[0]["gain"] == pytest.approx(base.bic - found.fit.bic, abs=1e-6)
    assert np.isnan(found.steps.iloc[0]["p"])


def test_a_decision_within_chance_is_said(base) -> None:
    rough = SAEM(exploration=60, smoothing=60, samples=50, draws=100, error=3.0)
    found = screen_covariates(fit(base.cohort, population(), method=rough, seed=2), covariates={"mu": ["w"]})
    row = found.steps.iloc[0]
    assert row["error"] > 0
    assert any("within the Monte-Carlo error" in words for words in found.warnings) == (abs(row["gain"]) < 4 * row["error"])


def test_refusals(base) -> None:
    for covariates, words in (({"muu": ["x"]}, "did you mean"), ({"mu": ["xx"]}, "xx"), ({}, "no covariate is to be tried")):
        with pytest.raises(InputError, match=words):
            screen_covariates(base, covariates=covariates)
    people = [replace(p, covariates={**p.covariates, "x": 1.0}) for p in base.cohort]
    with pytest.raises(InputError, match="in every patient"):
        screen_covariates(fit(Cohort(tuple(people), "same"), population(), method=METHOD), covariates={"mu": ["x"]})
    people[3] = replace(people[3], covariates={})
    with pytest.raises(InputError, match="patient 3 has no covariate 'x'"):
        screen_covariates(fit(Cohort(tuple(people), "missing"), population(), method=METHOD), covariates={"mu": ["x"]})
    with pytest.raises(InputError, match="backward <= forward"):
        LikelihoodRatio(forward=0.01, backward=0.05)
