"""Calibration of toys with closed-form posteriors, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import betaincinv, ndtr
from scipy.stats import beta, binom

from autologue import seeds
from autologue.calibrate import Calibration, SyntheticLikelihood, Target, calibrate, work
from autologue.errors import InputError

METHOD = SyntheticLikelihood(points=80, replicates=40, block=8, powers=(0.0, 0.5, 0.5), particles=2000, moves=20, draws=1000)
DESIGN = np.array([[1.0, 0.0, 0.0], [0.5, 1.0, 0.0]])
ERRORS = np.array([0.5, 0.3])


def normal_means(z: np.ndarray, *, first: int, count: int) -> np.ndarray:
    return DESIGN @ z + ERRORS * seeds.normals(11, seeds.Purpose.TRIAL, np.arange(first, first + count), 2)


def conjugate(y: np.ndarray, errors: np.ndarray = ERRORS) -> tuple[np.ndarray, np.ndarray]:
    covariance = np.linalg.inv(np.eye(3) + DESIGN.T @ np.diag(errors**-2) @ DESIGN)
    return covariance @ DESIGN.T @ (y / errors**2), covariance


@pytest.fixture(scope="module")
def found() -> Calibration:
    targets = [Target("first", 1.0, "normal"), Target("second", -0.5, "normal")]
    return calibrate(normal_means, targets, parameters=["a", "b", "idle"], method=METHOD, seed=4)


def test_normal_means_have_the_conjugate_posterior(found: Calibration) -> None:
    mean, covariance = conjugate(np.array([1.0, -0.5]))
    sd = np.sqrt(np.diag(covariance))
    assert np.abs((found.draws.mean(axis=0) - mean) / sd).max() < 0.2
    np.testing.assert_allclose(found.draws.std(axis=0), sd, rtol=0.12)
    assert found.correlation[0, 1] == pytest.approx(covariance[0, 1] / (sd[0] * sd[1]), abs=0.1)


def test_contraction_and_slopes_say_what_was_learnt(found: Calibration) -> None:
    _, covariance = conjugate(np.array([1.0, -0.5]))
    for k, name in enumerate(("a", "b")):
        assert found.contraction[name] == pytest.approx(1 - covariance[k, k], abs=0.06)
    assert abs(found.contraction["idle"]) < 0.15
    np.testing.assert_allclose(found.slopes, DESIGN / np.sqrt(np.diag(found.covariance))[:, None], atol=1e-3)
    table = found.identifiability().set_index("parameter")
    assert table.loc["b", "most_informed_by"] == "second"
    assert table.loc["a", "correlated_with"] == "b"


def test_the_spread_of_a_target_widens_the_posterior() -> None:
    targets = [Target("first", 1.0, "normal", spread=1.0), Target("second", -0.5, "normal", spread=0.4)]
    found = calibrate(normal_means, targets, parameters=["a", "b", "idle"], method=METHOD, seed=4)
    mean, covariance = conjugate(np.array([1.0, -0.5]), np.hypot(ERRORS, [1.0, 0.4]))
    np.testing.assert_allclose(found.draws.std(axis=0), np.sqrt(np.diag(covariance)), rtol=0.12)
    assert np.abs((found.draws.mean(axis=0) - mean) / np.sqrt(np.diag(covariance))).max() < 0.2


@pytest.mark.parametrize(("k", "n"), [(3, 60), (30, 60), (57, 60)])
def test_events_under_a_beta_prior(k: int, n: int) -> None:
    def events(z: np.ndarray, *, first: int, count: int) -> np.ndarray:
        u = seeds.uniforms(12, seeds.Purpose.TRIAL, np.arange(first, first + count), 1)
        return np.asarray(binom.ppf(u, n, betaincinv(2.0, 2.0, ndtr(z[0]))) / n)

    found = calibrate(events, [Target("share", k / n, "share", n=n)], parameters=["chance"], method=METHOD, seed=2)
    chance, exact = betaincinv(2.0, 2.0, ndtr(found.draws[:, 0])), beta(2.0 + k, 2.0 + n - k)
    assert abs(chance.mean() - exact.mean()) < 0.3 * exact.std()
    assert chance.std() == pytest.approx(exact.std(), rel=0.2)


def test_targets_that_contradict_each_other_are_found_out() -> None:
    def twice(z: np.ndarray, *, first: int, count: int) -> np.ndarray:
        return z[0] + 0.2 * seeds.normals(3, seeds.Purpose.TRIAL, np.arange(first, first + count), 2)

    fit = [calibrate(twice, [Target("one", y, "normal"), Target("two", -y, "normal")], parameters=["a"], method=METHOD) for y in (0.1, 1.5)]
    assert fit[0].together() > 0.2
    assert fit[1].together() < 1e-4
    assert (fit[1].fit()["distance"].abs() > 3).all()


def test_a_seed_gives_the_same_bits_and_a_run_is_resumed(tmp_path: Path) -> None:
    calls = list[float]()

    def counted(z: np.ndarray, *, first: int, count: int) -> np.ndarray:
        calls.append(float(z[0]))
        return normal_means(z, first=first, count=count)

    targets = [Target("first", 1.0, "normal"), Target("second", -0.5, "normal")]
    small = SyntheticLikelihood(points=20, replicates=4, block=5, powers=(0.0, 0.5), particles=200, moves=3, draws=50)
    told = list[int]()
    runs = [
        calibrate(counted, targets, parameters=["a", "b", "c"], method=small, parts=tmp_path, fingerprint="x", progress=told.append)
        for _ in range(2)
    ]
    assert len(calls) == 40  # the second run simulated nothing
    assert sum(told) == 2 * work(small)
    alone = calibrate(normal_means, targets, parameters=["a", "b", "c"], method=small)
    for each in runs:
        np.testing.assert_array_equal(each.draws, alone.draws)
    calibrate(counted, targets, parameters=["a", "b", "c"], method=small, parts=tmp_path, fingerprint="y")
    assert len(calls) == 80  # another simulator shares nothing
    for path in tmp_path.glob("*.npy"):
        path.write_bytes(b"not numbers")
    with pytest.raises(InputError, match="cannot be read as a part of a calibration"):
        calibrate(counted, targets, parameters=["a", "b", "c"], method=small, parts=tmp_path, fingerprint="x")


def test_points_without_a_summary_are_left_out() -> None:
    def gaps(z: np.ndarray, *, first: int, count: int) -> np.ndarray:
        made = normal_means(z, first=first, count=count)
        return np.where(z[0] > 0.8, np.nan, made)

    targets = [Target("first", -1.0, "normal"), Target("second", -0.5, "normal")]
    found = calibrate(gaps, targets, parameters=["a", "b", "c"], method=METHOD)
    assert abs(found.draws[:, 0].mean() - conjugate(np.array([-1.0, -0.5]))[0][0]) < 0.15


def never(z: np.ndarray, *, first: int, count: int) -> np.ndarray:
    return np.full((count, 1), np.nan)


def still(z: np.ndarray, *, first: int, count: int) -> np.ndarray:
    return seeds.normals(1, seeds.Purpose.TRIAL, np.arange(first, first + count), 1)


SMALL = SyntheticLikelihood(points=20, replicates=4, block=5, powers=(0.0,), particles=100, moves=2, draws=10)


@pytest.mark.parametrize(
    ("simulator", "targets", "parameters", "sentence"),
    [
        (never, [Target("rate", 0.5, "normal")], ["a"], "target rate is not simulated"),
        (still, [Target("rate", 0.5, "normal")], ["a"], "none of the targets moves with any parameter"),
        (still, [], ["a"], "no target"),
        (still, [Target("rate", 0.5, "normal")], [], "no parameter"),
        (still, [Target("rate", 0.5, "normal")] * 2, ["a"], "'rate' comes twice"),
        (normal_means, [Target("rate", 0.5, "normal")], ["a", "b", "c"], "gave 2 summaries for 1 targets"),
    ],
)
def test_what_cannot_be_calibrated_is_one_sentence(simulator: Any, targets: list[Target], parameters: list[str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        calibrate(simulator, targets, parameters=parameters, method=SMALL)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"published": 0.5, "scale": "share"}, "has no n"),
        ({"published": 1.5, "scale": "share", "n": 10}, "a share from 0 to 1"),
        ({"published": 0.0, "scale": "log"}, "above zero"),
        ({"published": 0.5, "scale": "logarithm"}, "unknown scale"),
        ({"published": 0.5, "scale": "normal", "spread": -1.0}, "spread"),
        ({"published": float("nan"), "scale": "normal"}, "finite"),
    ],
)
def test_a_bad_target_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Target("rate", **given)


@pytest.mark.parametrize("given", [{"points": 2}, {"replicates": 3}, {"powers": (0.5,)}, {"powers": ()}, {"draws": 5000}, {"block": True}])
def test_settings_that_cannot_work_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        SyntheticLikelihood(**given)


def test_scales_go_there_and_back() -> None:
    for target in (Target("a", 0.3, "share", n=40), Target("b", 2.0, "log"), Target("c", -1.0, "normal")):
        assert target.back(np.array([target.observed]))[0] == pytest.approx(target.published)
    share = Target("a", 0.0, "share", n=40)
    spread = [share.at(np.random.default_rng(k).binomial(40, p, 20000) / 40).std() for k, p in enumerate((0.1, 0.5, 0.8))]
    np.testing.assert_allclose(spread, 1 / (2 * np.sqrt(40.5)), rtol=0.05)  # chance of an angle, alike at every share
