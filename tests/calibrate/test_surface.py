"""The fitted surface against ordinary least squares and against refits without each point."""

from __future__ import annotations

import numpy as np
import pytest

from autologue.calibrate.surface import PENALTIES, features, fit_surface


def quadratic(z: np.ndarray) -> np.ndarray:
    return np.column_stack([1.0 + 2.0 * z[:, 0] - 0.5 * z[:, 1] ** 2 + 0.3 * z[:, 0] * z[:, 1], 3.0 - z[:, 1]])


def test_a_polynomial_of_second_degree_is_found_again() -> None:
    z = np.random.default_rng(1).normal(size=(60, 2))
    surface = fit_surface(z, quadratic(z), np.arange(60) // 20)
    there = np.random.default_rng(2).normal(size=(50, 2))
    np.testing.assert_allclose(surface.at(there), quadratic(there), atol=1e-4)
    np.testing.assert_allclose(surface.slopes(np.array([0.5, -1.0])), [[1.7, 1.15], [0.0, -1.0]], atol=1e-3)
    assert (surface.explained > 0.999).all()


def test_what_a_block_has_in_common_moves_no_slope() -> None:
    z = np.random.default_rng(3).normal(size=(80, 2))
    block = np.arange(80) // 20
    shifted = quadratic(z) + np.array([5.0, -3.0, 0.5, -2.5])[block][:, None]
    surface = fit_surface(z, shifted, block)
    np.testing.assert_allclose(surface.at(z) - quadratic(z), 0.0, atol=1e-3)  # the shifts have mean zero


@pytest.mark.parametrize("points", [16, 60])
def test_errors_of_points_left_out_are_those_of_refits(points: int) -> None:
    """A ridge by normal equations on blocks and features, fitted again without each point; also with fewer points than features."""
    rng = np.random.default_rng(4)
    z, block = rng.normal(size=(points, 4)), np.arange(points) % 2
    y = rng.normal(size=(points, 1))
    surface = fit_surface(z, y, block)
    phi = features((z - surface.centre) / surface.scale)
    within = phi - np.array([phi[block == b].mean(axis=0) for b in block])
    unit = (within**2).sum() / phi.shape[1]
    x = np.hstack([np.eye(2)[block], phi])
    losses = []
    for penalty in PENALTIES * unit:
        shrink = np.diag([0.0, 0.0] + [penalty] * phi.shape[1])
        missed = []
        for i in range(points):
            keep = np.arange(points) != i
            beta = np.linalg.solve(x[keep].T @ x[keep] + shrink, x[keep].T @ y[keep, 0])
            missed.append(y[i, 0] - x[i] @ beta)
        losses.append(np.mean(np.square(missed)))
    assert surface.left_out[0, 0] == pytest.approx(min(losses), rel=1e-5)


def test_a_summary_that_never_moves_is_explained_by_nothing() -> None:
    z = np.random.default_rng(5).normal(size=(40, 3))
    noise = np.random.default_rng(6).normal(size=(40, 1))
    surface = fit_surface(z, np.hstack([np.ones((40, 1)), noise]), np.arange(40) // 10)
    assert surface.explained[0] == 0.0
    assert surface.explained[1] < 0.05
