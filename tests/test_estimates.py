"""The numbers of a population as a vector: there and back, always a covariance, and drawn with their covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autologue.errors import InputError, ModelError
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.population import (
    Categorical,
    CategoryEffect,
    Continuous,
    Correlation,
    LinearEffect,
    Parametric,
    PowerEffect,
    Scale,
    Uncertainty,
    apply_effects,
    estimates_of,
    read_estimates,
    with_estimates,
)
from autologue.population.estimates import blocks_of
from autologue.simulate import simulate
from autologue.variability import Combined2, Constant, LogitNormal, LogNormal, Normal, Power

MODEL = Model(
    name="four",
    time="day",
    states=dict(x=State("cells")),
    parameters=dict(
        a=Parameter(4.0, "1", "log-normal", LogNormal(sd=0.5)),
        b=Parameter(0.2, "1", "logit-normal", LogitNormal(sd=0.8)),
        c=Parameter(-3.0, "1", "normal", Normal(sd=2.0)),
        d=Parameter(7.0, "1", "does not vary"),
        e=Parameter(-1.0, "1", "does not vary, negative"),
    ),
    initial=lambda p: dict(x=p.a),
    phases=[Phase(lambda: dict(x=0.0))],
    outputs=dict(x=Output(lambda y: y.x, "cells", Constant(sd=0.3)), z=Output(lambda y: 2 * y.x, "cells")),
    reference="none",
)
PEOPLE = Parametric(
    model=MODEL,
    correlations=(Correlation("a", "b", 0.5), Correlation("b", "c", -0.4)),
    covariates=dict(weight=Continuous(70.0, "kg", LogNormal(sd=0.2)), sex=Categorical(dict(f=0.5, m=0.5))),
    effects=(PowerEffect("a", "weight", 70.0, 0.75), CategoryEffect("b", "sex", "m", -0.3), LinearEffect("c", "weight", 70.0, 0.02)),
    errors=dict(z=Combined2(sd=0.5, cv=0.1)),
)
NAMES = [
    *"abcde", "beta_a_weight", "beta_b_sex_m", "beta_c_weight", "omega_a", "omega_b", "omega_c", "corr_a_b", "corr_a_c", "corr_b_c",
    "sd_x", "sd_z", "cv_z",
]  # fmt: skip


def test_names_and_scales() -> None:
    found = {e.name: e.scale for e in estimates_of(PEOPLE)}
    assert list(found) == NAMES
    assert [found[n] for n in "abcde"] == [Scale.LOG, Scale.LOGIT, Scale.VALUE, Scale.LOG, Scale.VALUE]
    assert blocks_of(PEOPLE) == [["a", "b", "c"]]
    assert blocks_of(Parametric(model=MODEL, correlations=(Correlation("a", "c", 0.1),))) == [["a", "c"], ["b"]]


def test_there_and_back() -> None:
    estimates = estimates_of(PEOPLE)
    vector = read_estimates(PEOPLE, estimates)
    again = with_estimates(PEOPLE, estimates, vector)
    np.testing.assert_allclose(read_estimates(again, estimates), vector, atol=1e-12)
    np.testing.assert_allclose(again.covariance(), PEOPLE.covariance(), atol=1e-12)
    np.testing.assert_allclose(again.typical_values(), PEOPLE.typical_values())
    moved = with_estimates(PEOPLE, [e for e in estimates if e.name in ("b", "cv_z", "beta_c_weight")], [0.0, 0.5, math.log(0.4)])
    assert moved.typical["b"] == 0.5
    assert moved.errors["z"] == Combined2(sd=0.5, cv=pytest.approx(0.4))  # type: ignore[arg-type]
    assert moved.effects[2] == LinearEffect("c", "weight", 70.0, 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_any_vector_gives_a_covariance(seed: int) -> None:
    estimates = estimates_of(PEOPLE)
    vector = np.random.default_rng(seed).normal(size=len(estimates), scale=2.0)
    found = with_estimates(PEOPLE, estimates, vector)
    assert np.linalg.eigvalsh(found.covariance())[0] > 0
    np.testing.assert_allclose(read_estimates(found, estimates), vector, rtol=1e-5, atol=1e-6)


def test_effects_are_shifts_on_the_scale_of_the_parameter() -> None:
    centre = np.tile(PEOPLE.typical_values(), (2, 1))
    apply_effects(PEOPLE, centre, dict(weight=np.array([70.0, 90.0]), sex=np.array(["m", "f"])))
    np.testing.assert_allclose(centre[:, 0], 4.0 * np.array([1.0, (90 / 70) ** 0.75]))
    logit = math.log(0.2 / 0.8)
    np.testing.assert_allclose(np.log(centre[:, 1] / (1 - centre[:, 1])), [logit - 0.3, logit])
    np.testing.assert_allclose(centre[:, 2], [-3.0, -3.0 + 0.4])


def test_draws_have_the_covariance_of_all_estimates() -> None:
    names = ("a", "b", "omega_a", "corr_a_b", "cv_z", "beta_c_weight")
    root = np.random.default_rng(0).normal(size=(6, 6)) * 0.05
    uncertain = Parametric(**{**vars(PEOPLE), "uncertainty": Uncertainty(names, root @ root.T)})
    chosen = [next(e for e in estimates_of(PEOPLE) if e.name == n) for n in names]
    drawn = uncertain.draws(4000, seed=3)
    table = np.array([read_estimates(each, chosen) for each in drawn])
    np.testing.assert_allclose(table.mean(axis=0), read_estimates(PEOPLE, chosen), atol=4 * np.sqrt(np.diag(root @ root.T) / 4000).max())
    np.testing.assert_allclose(np.cov(table.T), root @ root.T, atol=2e-3)
    assert drawn[0].covariance()[0, 1] != PEOPLE.covariance()[0, 1]


def test_simulated_measurements_have_the_errors_of_the_population() -> None:
    both = simulate(PEOPLE, times=[1.0], patients=400, seed=1, residual=True).data
    gap = (both["z_measured"] - both["z"]).to_numpy()[:, 0]
    scale = np.hypot(0.5, 0.1 * both["z"].to_numpy()[:, 0])
    assert np.std(gap / scale) == pytest.approx(1.0, abs=0.15)
    assert "x_measured" in both


def test_uncertainty_compares_by_value() -> None:
    one, other = (Uncertainty(("a",), np.array([[0.04]])) for _ in range(2))
    assert one == other
    assert len({one, other}) == 1
    assert not Uncertainty((), np.empty((0, 0)))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (dict(errors=dict(y=Constant(sd=1.0))), ModelError, "unknown output 'y'"),
        (dict(uncertainty=Uncertainty(("omega_d",), np.eye(1))), InputError, "unknown estimate 'omega_d'; did you mean omega_"),
    ],
)
def test_wrong_populations(given: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Parametric(model=MODEL, **given)


@pytest.mark.parametrize(("matrix", "words"), [(np.eye(2), "shape"), (np.array([[-1.0]]), "negative"), (np.array([[math.nan]]), "numbers")])
def test_wrong_covariances(matrix: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Uncertainty(("a",), matrix)


def test_covariates_that_an_effect_cannot_use() -> None:
    with pytest.raises(InputError, match="needs values above zero"):
        apply_effects(PEOPLE, np.tile(PEOPLE.typical_values(), (1, 1)), dict(weight=np.array([0.0]), sex=np.array(["m"])))
    with pytest.raises(InputError, match="no numbers"):
        apply_effects(PEOPLE, np.tile(PEOPLE.typical_values(), (1, 1)), dict(weight=np.array(["?"]), sex=np.array(["m"])))


def test_a_power_error_keeps_its_exponent_on_the_value_scale() -> None:
    people = Parametric(model=MODEL, errors=dict(x=Power(cv=0.2, exponent=0.7)))
    assert {e.name: e.scale for e in estimates_of(people)}["exponent_x"] is Scale.VALUE
