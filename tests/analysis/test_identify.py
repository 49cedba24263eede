"""Identifiability: collinearity in closed form, pairs that act only together, profiles of a linear problem, Kimmel's killing."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_models import DECAY

from autologue.analysis import Design, Observed, collinearity, identify, profile_design
from autologue.analysis.profile import LIMIT
from autologue.errors import InputError
from autologue.library import load
from autologue.variability import Combined1, Combined2, Constant, LogNormal, Power, Proportional

TIMES = (1.0, 2.0, 4.0, 8.0)
OWN = Design((Observed("amount", TIMES),))


def test_collinearity_of_two_columns_is_that_of_their_angle() -> None:
    """The smallest eigenvalue of two unit columns at angle a is 1 - |cos a|."""
    for angle in (0.1, 0.7, 1.5, 3.0):
        matrix = np.array([[1.0, np.cos(angle)], [0.0, np.sin(angle)]]) * np.array([3.0, 0.01])
        assert collinearity(matrix) == pytest.approx(1 / np.sqrt(1 - abs(np.cos(angle))), rel=1e-9)
    assert collinearity(np.eye(3)) == pytest.approx(1.0)
    assert collinearity(np.ones((4, 2))) == np.inf
    assert collinearity(np.array([[1.0, 0.0]])) == np.inf


def test_parameters_that_act_together_are_named() -> None:
    found = identify(DECAY, OWN)
    assert found.rank == 2
    assert found.measurements == 4
    assert any(text.startswith("idle changes nothing") for text in found.invisible)
    (joint,) = [text for text in found.invisible if text.startswith("a joint change")]
    assert "first" in joint
    assert "second" in joint
    assert "start" not in joint
    pair = found.pairs.iloc[0]
    assert {pair["first"], pair["second"]} == {"first", "second"}
    assert pair["cosine"] == pytest.approx(1.0, abs=1e-8)
    assert pair["alike"]
    errors = found.table.set_index("parameter")["rse_percent"]
    assert np.isinf(errors[["first", "second", "idle"]]).all()
    assert found.collinear["parameters"].tolist() == ["first, second"]


def test_standard_errors_are_those_of_linear_regression() -> None:
    """log amount = log start - 0.4 t: with sd 0.2 on the logarithm this is a regression on (1, -0.3 t)."""
    found = identify(DECAY, Design((Observed("amount", TIMES),), patients=4), parameters=["start", "second"])
    x = np.column_stack([np.ones(4), -0.3 * np.array(TIMES)]) / 0.1
    exact = np.linalg.inv(x.T @ x)
    assert found.table["rse_percent"].to_numpy() == pytest.approx(100 * np.sqrt(np.diagonal(exact)), rel=1e-5)
    correlation = exact[0, 1] / np.sqrt(exact[0, 0] * exact[1, 1])
    assert found.pairs["correlation"].iloc[0] == pytest.approx(correlation, rel=1e-5)
    assert found.pairs["cosine"].iloc[0] == pytest.approx(x[:, 0] @ x[:, 1] / np.linalg.norm(x[:, 0]) / np.linalg.norm(x[:, 1]), rel=1e-5)
    assert found.rank == 2


@pytest.mark.parametrize(
    ("error", "sd"),
    [
        (Constant(sd=0.5), lambda f: 0.5 + 0 * f),
        (Proportional(cv=0.1), lambda f: 0.1 * f),
        (Combined1(sd=0.5, cv=0.1), lambda f: 0.5 + 0.1 * f),
        (Combined2(sd=0.5, cv=0.1), lambda f: np.sqrt(0.25 + (0.1 * f) ** 2)),
        (Power(cv=0.3, exponent=0.5), lambda f: 0.3 * np.sqrt(f)),
    ],
)
def test_each_residual_error_weighs_its_measurements(error, sd) -> None:
    found = identify(DECAY, Design((Observed("amount", TIMES, error),)), parameters=["start"])
    values = 10.0 * np.exp(-0.4 * np.array(TIMES))
    assert found.table["rse_percent"].iloc[0] == pytest.approx(100 / np.sqrt(((values / sd(values)) ** 2).sum()), rel=1e-5)


def test_profiles_of_a_linear_problem_are_parabolas() -> None:
    found = profile_design(DECAY, OWN, parameters=["start", "second"], estimated=["start", "second"])
    x = np.column_stack([np.ones(4), -np.array(TIMES)]) / 0.2
    error = np.sqrt(np.diagonal(np.linalg.inv(x.T @ x)))  # of log start, and of the rate itself
    table = found.table.set_index("parameter")
    half = np.sqrt(LIMIT) * error
    assert table.loc["start", ["lower", "upper"]].to_list() == pytest.approx((10 * np.exp([-half[0], half[0]])).tolist(), rel=1e-3)
    assert table.loc["second", "upper"] == pytest.approx(0.3 + half[1], rel=1e-3)
    assert table["verdict"].eq("bounded on both sides").all()
    own = found.curves[found.curves["parameter"] == "start"]
    assert own["deviance"].to_numpy() == pytest.approx((np.log(own["value"] / 10.0) / error[0]) ** 2, abs=2e-3)


def test_a_profile_of_what_cannot_be_told_is_open_or_flat() -> None:
    """first + second is known and both are positive, so each has an upper bound only; idle is flat."""
    found = profile_design(DECAY, OWN, parameters=["first", "idle"], estimated=["start", "first", "second", "idle"])
    verdicts = found.table.set_index("parameter")["verdict"]
    assert verdicts["first"] == "bounded above only"
    assert verdicts["idle"] == "not identifiable: the profile is flat"
    assert np.isnan(found.table["lower"]).all()


def test_noise_moves_the_estimate_by_the_seed_alone() -> None:
    def estimate(seed: int) -> float:
        found = profile_design(DECAY, OWN, parameters=["start"], estimated=["start"], noise=True, seed=seed)
        return float(found.table["estimate"].iloc[0])

    assert estimate(1) == estimate(1) != estimate(2)
    assert abs(np.log(estimate(1) / 10.0)) < 0.5


def test_the_killing_of_kimmel_is_collinear_with_its_half_saturation() -> None:
    imaging = Design((Observed("tumour_volume", (28.0, 90.0, 180.0), LogNormal(sd=0.2)),))
    found = identify(load("kimmel_2021"), imaging, parameters=["kill", "k_kill", "r_tumour"])
    first = found.pairs.iloc[0]
    assert {first["first"], first["second"]} == {"kill", "k_kill"}
    assert first["alike"]
    assert first["cosine"] < -0.95


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: identify(DECAY, Design((Observed("doubled", TIMES),))), "states no residual error; give one"),
        (lambda: identify(DECAY, Design((Observed("x", TIMES),))), "unknown output 'x'"),
        (lambda: identify(DECAY, OWN, parameters=["x"]), "unknown parameter 'x'"),
        (lambda: Design(()), "observes nothing"),
        (lambda: Design((Observed("amount", (1.0,)), Observed("amount", (2.0,)))), "observed twice"),
        (lambda: Observed("amount", ()), "at least one finite time"),
        (lambda: profile_design(DECAY, OWN, parameters=["first"], estimated=["start"]), "profiled but not estimated"),
        (lambda: identify(load("kirouac_2023"), Design((Observed("car_t", (0.0, 7.0), LogNormal(sd=0.3)),))), "is zero at a time"),
    ],
)
def test_designs_that_cannot_be_used_are_refused(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
