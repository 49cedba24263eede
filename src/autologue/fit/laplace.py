"""Laplace's approximation: the exact curvature of the log-joint density at its mode.

Tierney, Kadane 1986, J Am Stat Assoc 81:82-86, doi:10.1080/01621459.1986.10478240; METHOD=1 LAPLACE of NONMEM. The curvature and its
derivatives are second differences of exact gradients. (nlmixr2's `laplace` takes the first-order curvature, which is FOCEI here.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autologue.fit.approximation import Approximation
from autologue.fit.conditional import ERROR_STEP, Local, Marginal, expand, one_node
from autologue.fit.inner import Predicted, assembled, find_modes, predict, steps
from autologue.fit.problem import Problem
from autologue.population import Kind

__all__ = ["Laplace", "laplace_marginal"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laplace(Approximation):
    """Laplace's approximation, for every kind of row (see the file for its reference)."""

    @property
    def label(self) -> str:
        return "Laplace"

    def marginal(self, problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None) -> Marginal:
        return laplace_marginal(problem, vector, start, metric)


def laplace_marginal(problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None) -> Marginal:
    """Return Laplace's approximation from the best of random effects `start` (starts, patients, q)."""
    point = problem.point(vector)
    modes = find_modes(problem, point, start, metric=metric)
    local = expand(problem, vector, point, modes.phi)
    return one_node(_exactly(problem, vector, local), modes)


def _exactly(problem: Problem, vector: Floats, local: Local) -> Local:
    """Return the log-joint with the exact curvature as the curvature."""
    q = problem.varying
    inverse = np.linalg.inv(local.point.omega)
    d_omega, d_sigma = problem.moved(vector, local.point.omega)
    turned = np.tile(-np.einsum("ij,pjk,kl->pil", inverse, d_omega, inverse), (problem.patients, 1, 1, 1))
    speed = np.concatenate([local.shift, problem.design[:, q:]], axis=1)
    turned -= np.einsum("nijk,nkp->npij", _third(problem, local), speed)
    for j, e in enumerate(problem.structure.estimates):
        if e.kind is Kind.RESIDUAL:
            turned[:, j] -= _second_by_error(problem, local, d_sigma[j])
    return replace(local, curve=local.exact, turned=turned)


def _third(problem: Problem, local: Local) -> Floats:
    """Return the third derivative of the data's log-density: twice by random effects, once by any coordinate (patients, q, q, k)."""
    q, k = problem.varying, len(problem.coordinates)
    h = steps(problem, second=True)
    pairs = [(j, m) for m in range(k) for j in range(min(m, q))]
    moves = [np.zeros(k), *np.diag(h), *-np.diag(h)]
    for j, m in pairs:
        moves += [a * h[j] * np.eye(k)[j] + b * h[m] * np.eye(k)[m] for a in (1, -1) for b in (1, -1)]
    phi = local.phi + np.array(moves)[:, None, :]
    slope = assembled(problem, predict(problem, phi), np.tile(local.point.sigma, (len(phi), 1, 1))).slope[..., :q]
    third = np.zeros((problem.patients, q, q, k))
    for j in range(q):
        third[:, :, j, j] = (slope[1 + j] - 2.0 * slope[0] + slope[1 + k + j]) / h[j] ** 2
    for n, (j, m) in enumerate(pairs):
        corner = slope[1 + 2 * k + 4 * n :]
        mixed = (corner[0] - corner[1] - corner[2] + corner[3]) / (4.0 * h[j] * h[m])
        third[:, :, j, m] = mixed
        if m < q:
            third[:, :, m, j] = mixed
    return (third + np.swapaxes(third, 1, 2)) / 2.0


def _second_by_error(problem: Problem, local: Local, direction: Floats) -> Floats:
    """Return the derivative of the second derivative by an error's number (patients, q, q)."""
    q, h = problem.varying, steps(problem)[: problem.varying]
    moves = np.concatenate([np.diag(h), -np.diag(h)])
    phi = np.tile(local.phi, (2 * q, 1, 1))
    phi[..., :q] += moves[:, None, :]
    around = predict(problem, phi)
    twice = Predicted(np.concatenate([around.f] * 2), np.concatenate([around.g] * 2))
    sides = np.repeat(local.point.sigma + ERROR_STEP * np.array([1.0, -1.0])[:, None, None] * direction, 2 * q, axis=0)
    slope = assembled(problem, twice, sides).slope[..., :q].reshape(2, 2, q, problem.patients, q)
    mixed = (slope[0, 0] - slope[0, 1] - slope[1, 0] + slope[1, 1]) / (4.0 * ERROR_STEP * h[:, None, None])
    second = np.moveaxis(mixed, 0, -1)
    symmetric: Floats = (second + np.swapaxes(second, 1, 2)) / 2.0
    return symmetric
