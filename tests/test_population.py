"""Sampling: moments, truncation, correlation, covariates, the same patients for any chunking."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from autologue.errors import InputError, ModelError
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.population import Categorical, CategoryEffect, Continuous, Correlation, Drawn, Parametric, PowerEffect
from autologue.variability import LogitNormal, LogNormal, Normal

COUNT = 40_000
MODEL = Model(
    name="three",
    time="day",
    states=dict(x=State("cells")),
    parameters=dict(
        fixed=Parameter(7.0, "1", "does not vary"),
        a=Parameter(4.0, "1", "log-normal", LogNormal(sd=0.5)),
        b=Parameter(0.2, "1", "logit-normal", LogitNormal(sd=0.8)),
        c=Parameter(-3.0, "1", "normal", Normal(sd=2.0)),
    ),
    initial=lambda: dict(x=1.0),
    phases=[Phase(lambda: dict(x=0.0))],
    outputs=dict(x=Output(lambda y: y.x, "cells")),
    reference="none",
)


def population(**given: Any) -> Parametric:
    return Parametric(model=MODEL, **given)


def looks_normal(values: np.ndarray, sd: float) -> bool:
    return bool(stats.kstest(values / sd, "norm").pvalue > 1e-4)


def test_each_scale_has_its_distribution() -> None:
    people = population().sample(COUNT, seed=1)
    assert (people["fixed"] == 7.0).all()
    assert looks_normal(np.log(people["a"] / 4.0), 0.5)
    assert looks_normal(np.log(people["b"] / (1 - people["b"])) - math.log(0.25), 0.8)
    assert looks_normal(people["c"] + 3.0, 2.0)


def test_effects_of_the_population_replace_those_of_the_model() -> None:
    people = population(typical=dict(a=9.0), variability=dict(a=LogNormal(variance=0.04), c=None)).sample(COUNT, seed=2)
    assert looks_normal(np.log(people["a"] / 9.0), 0.2)
    assert (people["c"] == -3.0).all()


def test_truncation_is_conditioning_not_clipping() -> None:
    people = population(variability=dict(a=LogNormal(sd=0.5, lower=4.0))).sample(COUNT, seed=3)
    eta = np.log(people["a"] / 4.0)
    assert eta.min() >= 0.0
    assert stats.kstest(eta / 0.5, "halfnorm").pvalue > 1e-4
    assert (eta == 0.0).sum() == 0


def test_correlations_are_those_of_the_random_effects() -> None:
    pairs = (Correlation("a", "c", -0.6), Correlation("a", "b", 0.3))
    people = population(correlations=pairs).sample(COUNT, seed=4)
    eta = np.column_stack([np.log(people["a"]), np.log(people["b"] / (1 - people["b"])), people["c"]])
    np.testing.assert_allclose(np.corrcoef(eta.T), [[1, 0.3, -0.6], [0.3, 1, 0], [-0.6, 0, 1]], atol=4 / math.sqrt(COUNT))
    np.testing.assert_allclose(population(correlations=pairs).covariance()[0], [0.25, 0.3 * 0.5 * 0.8, -0.6 * 0.5 * 2.0])


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_patients_are_the_same_for_any_chunking(chunk: int) -> None:
    covariates = dict(sex=Categorical(dict(f=0.5, m=0.5)), weight=Continuous(40.0, "kg", LogNormal(sd=0.6, lower=14.0, upper=140.0)))
    given = population(
        variability=dict(a=LogNormal(sd=0.5, lower=3.0)), covariates=covariates, effects=(PowerEffect("a", "weight", 40.0, 0.75),)
    )
    whole = given.sample(130, seed=5)
    parts = [given.sample(min(chunk, 130 - first), seed=5, first=first) for first in range(0, 130, chunk)]
    np.testing.assert_array_equal(np.vstack([part.parameters for part in parts]), whole.parameters)
    for name in covariates:
        np.testing.assert_array_equal(np.concatenate([part.covariates[name] for part in parts]), whole.covariates[name])
    assert not np.array_equal(given.sample(130, seed=6).parameters, whole.parameters)


def test_covariates_and_their_effects() -> None:
    given = population(
        variability=dict(a=None),
        covariates=dict(sex=Categorical(dict(f=0.3, m=0.7)), weight=Continuous(40.0, "kg", LogNormal(sd=0.6, lower=14.0, upper=140.0))),
        effects=(PowerEffect("a", "weight", 40.0, 0.75), CategoryEffect("a", "sex", "f", 0.25)),
    )
    people = given.sample(COUNT, seed=7)
    female, weight = people.covariates["sex"] == "f", people.covariates["weight"]
    assert female.mean() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / COUNT))
    assert 14.0 <= weight.min() < weight.max() <= 140.0
    assert np.corrcoef(female, weight)[0, 1] == pytest.approx(0.0, abs=4 / math.sqrt(COUNT))
    np.testing.assert_allclose(people["a"], 4.0 * (weight / 40.0) ** 0.75 * np.where(female, math.exp(0.25), 1.0))


def test_a_further_covariate_leaves_the_others_as_they_were() -> None:
    weight = Continuous(40.0, "kg", LogNormal(sd=0.6))
    one, two = (population(covariates=given).sample(50, seed=8) for given in (dict(w=weight), dict(w=weight, sex=Categorical(dict(f=1.0)))))
    np.testing.assert_array_equal(one.covariates["w"], two.covariates["w"])
    np.testing.assert_array_equal(one.parameters, two.parameters)


def test_draws_of_uncertainty_move_typical_values_only() -> None:
    draws = population(typical=dict(a=5.0), uncertainty=dict(a=0.1)).draws(COUNT // 4, seed=9)
    assert looks_normal(np.log([draw.typical["a"] for draw in draws]) - math.log(5.0), 0.1)
    assert {draw.effect_scale("a") for draw in draws[:5]} == {LogNormal(sd=0.5)}


def test_drawn_gives_its_sets_in_order_then_with_replacement_by_weight() -> None:
    sets = Drawn(model=MODEL, values=dict(a=np.array([1.0, 2.0, 3.0]), b=np.array([0.1, 0.2, 0.3])))
    assert sets.sample(3, seed=1)["a"].tolist() == [1.0, 2.0, 3.0]
    weighted = Drawn(model=MODEL, values=sets.values, weights=np.array([1.0, 0.0, 3.0])).sample(COUNT, seed=1)
    assert set(weighted["a"]) == {1.0, 3.0}
    assert (weighted["a"] == 3.0).mean() == pytest.approx(0.75, abs=4 * math.sqrt(0.1875 / COUNT))
    np.testing.assert_allclose(weighted["b"], weighted["a"] / 10)
    assert (weighted["fixed"] == 7.0).all()


@pytest.mark.parametrize(
    ("values", "weights", "middle"),
    [
        ([3.0, 1.0, 2.0], None, 2.0),
        ([3.0, 1.0, 2.0], [1.0, 1.0, 1.0], 2.0),
        ([4.0, 1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0], 2.5),
        ([1.0, 2.0, 3.0], [6.0, 1.0, 1.0], 1.0),
        ([1.0, 2.0, 3.0], [1.0, 0.0, 1.0], 2.0),
        ([1.0, 5.0], [0.2, 0.8], 5.0),
    ],
)
def test_typical_values_of_draws_are_weighted_medians(values: list[float], weights: list[float] | None, middle: float) -> None:
    given = None if weights is None else np.array(weights)
    drawn = Drawn(model=MODEL, values=dict(a=np.array(values)), weights=given)
    assert drawn.typical_values()[list(MODEL.parameters).index("a")] == middle
    assert drawn.typical_values()[list(MODEL.parameters).index("fixed")] == 7.0


def test_individuals_can_be_given_other_values() -> None:
    people = population().sample(4, seed=1)
    other = people.with_parameters(a=1.0, c=np.arange(4.0))
    assert other["a"].tolist() == [1.0] * 4
    assert other["c"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert not np.array_equal(people["a"], other["a"])
    with pytest.raises(ModelError, match="unknown parameter 'd'"):
        people.with_parameters(d=1.0)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (dict(typical=dict(aa=1.0)), ModelError, "unknown parameter 'aa'; did you mean a"),
        (dict(typical=dict(a=math.nan)), InputError, "typical value of 'a' is nan"),
        (dict(correlations=(Correlation("a", "fixed", 0.1),)), ModelError, "correlation names 'fixed', which has no random effect"),
        (
            dict(correlations=(Correlation("a", "b", 0.9), Correlation("b", "c", 0.9), Correlation("a", "c", -0.9))),
            ModelError,
            "not positive definite together",
        ),
        (dict(effects=(PowerEffect("a", "weight", 40.0, 0.75),)), ModelError, "unknown covariate 'weight'"),
    ],
)
def test_wrong_populations(given: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        population(**given)


def test_wrong_samples_and_draws() -> None:
    with pytest.raises(InputError, match="0 patients asked for; expected at least one"):
        population().sample(0, seed=1)
    with pytest.raises(InputError, match=r"stay outside the truncation; widen lower= and upper="):
        population(variability=dict(a=LogNormal(sd=0.01, lower=100.0))).sample(2, seed=1)
    with pytest.raises(InputError, match="add up to 1"):
        Categorical(dict(f=0.5, m=0.4))
    with pytest.raises(InputError, match="needs the same number of draws"):
        Drawn(model=MODEL, values=dict(a=np.ones(2), b=np.ones(3)))
    with pytest.raises(InputError, match="weights must be 2 numbers of at least zero"):
        Drawn(model=MODEL, values=dict(a=np.ones(2)), weights=np.zeros(2))
