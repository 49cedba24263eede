"""Maximum of a log likelihood: BFGS in a metric from the scores, then Newton steps on a differenced gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from autologue.survival.likelihood import Likelihood
from autologue.survival.records import Floats

__all__ = ["Maximum", "maximise"]

STEP = 1e-3  # difference of the gradient, in units of one standard error of the metric
SETTLED = 1e-9  # half the squared Newton step in standard errors, below which the maximum is reached


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a log likelihood is largest; `information` is minus its Hessian there, shape (parameter, parameter)."""

    theta: Floats
    log_likelihood: float
    information: Floats
    converged: bool


def maximise(score: Likelihood, start: Floats, *, newton_first: Floats | None = None) -> Maximum:
    """Return the maximum from a start; with `newton_first`, an information matrix, Newton steps replace BFGS.

    BFGS works on coordinates in which the outer product of the scores at the start is the identity, so that neither the
    unit of time nor correlation between parameters matters. The Hessian is a central difference of the exact gradient.
    """
    theta = np.array(start, np.float64)
    root = _root(newton_first if newton_first is not None else score.information(theta))
    if newton_first is None:
        theta = _bfgs(score, theta, root)
        root = _root(score.information(theta))
    theta, hessian, settled = _newton(score, theta, root)
    if not settled and newton_first is not None:
        return maximise(score, start)
    value, _ = score(theta)
    return Maximum(theta, value, hessian, settled)


def _root(information: Floats) -> Floats:
    """Return B with B' information B = 1: the columns are steps of one standard error."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = np.linalg.eigh(np.nan_to_num(information / np.outer(scale, scale)))
    root: Floats = vectors / np.sqrt(np.maximum(values, 1e-7)) / scale[:, None]
    return root


def _bfgs(score: Likelihood, theta: Floats, root: Floats) -> Floats:
    def loss(z: Floats) -> tuple[float, Floats]:
        value, gradient = score(theta + root @ z)
        return (-value, -(root.T @ gradient)) if np.isfinite(value) else (1e300, np.zeros_like(z))

    found = minimize(loss, np.zeros(theta.size), jac=True, method="BFGS", options={"gtol": 1e-3, "maxiter": 500})
    best: Floats = theta + root @ found.x
    return best


def _hessian(score: Likelihood, theta: Floats, root: Floats) -> Floats:
    """Minus the Hessian in the coordinates of `root`, by central differences of the gradient."""
    columns = []
    for direction in root.T:
        up, down = score(theta + STEP * direction), score(theta - STEP * direction)
        columns.append(root.T @ (down[1] - up[1]) / (2 * STEP))
    matrix = np.stack(columns)
    return 0.5 * (matrix + matrix.T)


def _newton(score: Likelihood, theta: Floats, root: Floats) -> tuple[Floats, Floats, bool]:
    """Newton steps with step halving; returns the point, minus the Hessian in parameters, and whether it settled."""
    value, gradient = score(theta)
    matrix, settled = _hessian(score, theta, root), False
    for turn in range(40):
        values, vectors = np.linalg.eigh(matrix)
        step = vectors @ ((vectors.T @ (root.T @ gradient)) / np.maximum(np.abs(values), 1e-8))
        if 0.5 * abs(float(step @ (root.T @ gradient))) < SETTLED:
            settled = bool(values[0] > 0)
            break
        length = 1.0
        while length > 1e-6:
            trial = score(theta + length * (root @ step))
            if trial[0] >= value:
                break
            length *= 0.5
        if length <= 1e-6:
            settled = bool(values[0] > 0) and float(np.max(np.abs(root.T @ gradient))) < 1e-3
            break
        theta = theta + length * (root @ step)
        value, gradient = trial
        if length < 1 or turn % 3 == 2:
            matrix = _hessian(score, theta, root)
    inverse = np.linalg.inv(root)
    information: Floats = inverse.T @ _hessian(score, theta, root) @ inverse
    return theta, information, settled
