"""Maximum of a log likelihood: BFGS in a metric from the scores, then Newton steps on a differenced gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from autologue.survival.likelihood import Likelihood
from autologue.survival.records import Floats

__all__ = ["Maximum", "maximise", "polish"]

STEP = 1e-3  # difference of the gradient, in standard errors
SETTLED = 1e-9  # half the squared Newton step in standard errors, below which the maximum is reached


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a log likelihood is largest; `information` is minus its Hessian there, shape (parameter, parameter)."""

    theta: Floats
    log_likelihood: float
    information: Floats
    settled: bool


def maximise(score: Likelihood, start: Floats) -> Maximum:
    """Return the maximum from a start.

    BFGS works on coordinates in which the outer product of the scores at the start is the identity, so that neither the
    unit of time nor correlation between parameters matters; Newton steps follow.
    """
    root, _ = _root(score.information(start))

    def loss(z: Floats) -> tuple[float, Floats]:
        value, gradient = score(start + root @ z)
        return (-value, -(root.T @ gradient)) if np.isfinite(value) else (1e300, np.zeros_like(z))

    found = minimize(loss, np.zeros(start.size), jac=True, method="BFGS", options={"gtol": 1e-2, "maxiter": 500})
    theta: Floats = start + root @ found.x
    return polish(score, theta, None)


def polish(score: Likelihood, theta: Floats, information: Floats | None) -> Maximum:
    """Return the maximum near `theta` by Newton steps with step halving.

    The Hessian is a difference of the exact gradient in coordinates of one standard error. A known `information` (from a
    sample of the data, scaled up) is used instead until the maximum is reached, which saves most passes over large data.
    """
    root, inverse = _root(score.information(theta) if information is None else information)
    value, gradient = score(theta)
    matrix = _hessian(score, theta, root, None) if information is None else np.eye(theta.size)
    settled = False
    for turn in range(40):
        slope = root.T @ gradient
        values, vectors = np.linalg.eigh(matrix)
        step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-8))
        if 0.5 * float(step @ slope) < SETTLED:
            settled = True
            break
        length, moved = _halve(score, theta, root @ step, value)
        if moved is None:
            settled = float(np.max(np.abs(slope))) < 1e-3
            break
        theta, (value, gradient) = theta + length * (root @ step), moved
        if length < 1 or turn % 8 == 7 or information is None:
            matrix = _hessian(score, theta, root, None)
    fresh = _hessian(score, theta, root, gradient if information is not None else None)
    return Maximum(theta, value, inverse.T @ fresh @ inverse, settled)


def _halve(score: Likelihood, theta: Floats, step: Floats, value: float) -> tuple[float, tuple[float, Floats] | None]:
    """Return the first of step lengths 1, 1/2, 1/4, ... that does not lower the log likelihood, and the score there."""
    length = 1.0
    while length > 1e-6:
        trial = score(theta + length * step)
        if trial[0] >= value:
            return length, trial
        length *= 0.5
    return 0.0, None


def _root(information: Floats) -> tuple[Floats, Floats]:
    """Return B with B' information B = 1, whose columns are steps of one standard error, and its inverse."""
    scale = np.sqrt(np.maximum(np.nan_to_num(np.diag(information)), 1e-12))
    values, vectors = np.linalg.eigh(np.nan_to_num(information / np.outer(scale, scale)))
    length = np.sqrt(np.maximum(values, 1e-7))
    return vectors / length / scale[:, None], (vectors * length).T * scale


def _hessian(score: Likelihood, theta: Floats, root: Floats, gradient: Floats | None) -> Floats:
    """Minus the Hessian in the coordinates of `root`: central differences, or forward ones from a known gradient."""
    columns = []
    for direction in root.T:
        up = score(theta + STEP * direction)[1]
        if gradient is None:
            columns.append(root.T @ (score(theta - STEP * direction)[1] - up) / (2 * STEP))
        else:
            columns.append(root.T @ (gradient - up) / STEP)
    matrix = np.stack(columns)
    return 0.5 * (matrix + matrix.T)
