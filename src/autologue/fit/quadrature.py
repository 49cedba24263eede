"""Adaptive Gauss-Hermite quadrature: the marginal likelihood itself, to a precision that the number of nodes sets.

Pinheiro, Bates 1995, J Comput Graph Stat 4:12-35, doi:10.1080/10618600.1995.10474663. Nodes are centred at each patient's mode and scaled
by the first-order curvature, so that one node is FOCEI. With R R' = H^-1, nodes z and weights w of each of q dimensions,

    log L = log sum_k w_k exp(J(m + R z_k) + z_k'z_k / 2) + log|R|.

The gradient moves the nodes with m and R.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.fit.approximation import Approximation
from autologue.fit.conditional import ERROR_STEP, Local, Marginal, expand
from autologue.fit.inner import Predicted, assembled, find_modes, predict
from autologue.fit.problem import Problem
from autologue.population import Kind

__all__ = ["LARGEST", "Quadrature", "quadrature_marginal"]

Floats = NDArray[np.float64]
LARGEST = 20_000  # nodes of a patient
ROWS = 200_000  # rows of data that are predicted at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadrature(Approximation):
    """Maximum likelihood by adaptive Gauss-Hermite quadrature, with so many `nodes` in each dimension of the random effects."""

    nodes: int = 7

    def __post_init__(self) -> None:
        """Check the settings."""
        Approximation.__post_init__(self)
        if isinstance(self.nodes, bool) or not isinstance(self.nodes, int) or self.nodes < 1:
            raise InputError(f"Quadrature(nodes={self.nodes!r}); expected a whole number of at least one")

    @property
    def label(self) -> str:
        return f"adaptive quadrature, {self.nodes} nodes"

    def marginal(self, problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None) -> Marginal:
        return quadrature_marginal(problem, vector, start, metric, nodes=self.nodes)


def quadrature_marginal(problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None, *, nodes: int = 7) -> Marginal:
    """Return the likelihood by `nodes` in each dimension, from the best of random effects `start` (starts, patients, q)."""
    q = problem.varying
    if nodes**q > LARGEST:
        raise InputError(
            f"{nodes} nodes in each of {q} dimensions are {nodes**q:,} for each patient, more than {LARGEST:,}; "
            "take fewer nodes, or importance sampling"
        )
    point = problem.point(vector)
    modes = find_modes(problem, point, start, metric=metric)
    local = expand(problem, vector, point, modes.phi)
    lower = np.linalg.cholesky(local.curve).astype(float)
    root = np.swapaxes(np.linalg.inv(lower).astype(float), 1, 2)
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    z = np.array(list(product(points, repeat=q)))
    offset = np.array(list(product(np.log(weights), repeat=q))).sum(1) + 0.5 * (z**2).sum(1)
    turned_root = _turned(local, lower, root)
    width = max(ROWS // max(len(problem.likelihood.rows), 1), 1)
    pieces = [_nodes(problem, vector, local, z[a : a + width], root, turned_root) for a in range(0, len(z), width)]
    joint = np.concatenate([piece[0] for piece in pieces]) + offset[:, None]
    slope = np.concatenate([piece[1] for piece in pieces])
    top = joint.max(0)
    share = np.exp(joint - top)
    total = share.sum(0)
    value = top + np.log(total) + np.linalg.slogdet(root)[1]
    gradient = np.einsum("kn,knp->np", share / total, slope)
    gradient -= 0.5 * np.einsum("nij,npji->np", np.linalg.inv(local.curve), local.turned)
    return Marginal(value, gradient, modes, local.exact, local.shift)


def _turned(local: Local, lower: Floats, root: Floats) -> Floats:
    """Return the derivative of R by the estimates (patients, p, q, q): that of the Cholesky factor, turned over."""
    inner = np.einsum("nij,npjk,nlk->npil", np.swapaxes(root, 1, 2), local.turned, np.swapaxes(root, 1, 2))
    triangle = np.tril(inner) - 0.5 * np.eye(inner.shape[-1]) * inner
    turned = np.einsum("nij,npjk->npik", lower, triangle)
    found: Floats = -np.einsum("nij,npkj,nkl->npil", root, turned, root)
    return found


def _nodes(problem: Problem, vector: Floats, local: Local, z: Floats, root: Floats, turned_root: Floats) -> tuple[Floats, Floats]:
    """Return the log-joint at nodes (nodes, patients) and its derivative by the estimates, the nodes moving (nodes, patients, p)."""
    q, point = problem.varying, local.point
    phi = np.tile(local.phi, (len(z), 1, 1))
    phi[..., :q] += np.einsum("nij,kj->kni", root, z)
    eta = phi[..., :q] - point.centre[:, :q]
    inverse = np.linalg.inv(point.omega)
    d_omega, d_sigma = problem.moved(vector, point.omega)
    around = predict(problem, phi)
    data = assembled(problem, around, np.tile(point.sigma, (len(z), 1, 1)))
    pull = eta @ inverse
    joint = data.value - 0.5 * (pull * eta).sum(-1) - 0.5 * np.linalg.slogdet(2.0 * np.pi * point.omega)[1]
    moved = local.shift + np.einsum("npij,kj->knip", turned_root, z)  # of the nodes
    slope = np.einsum("knq,knqp->knp", data.slope[..., :q] - pull, moved)
    slope += np.einsum("knc,ncp->knp", data.slope[..., q:], problem.design[:, q:]) + np.einsum("knq,nqp->knp", pull, problem.design[:, :q])
    slope += 0.5 * np.einsum("kni,pij,knj->knp", pull, d_omega, pull) - 0.5 * np.einsum("ij,pji->p", inverse, d_omega)
    for j, e in enumerate(problem.structure.estimates):
        if e.kind is Kind.RESIDUAL:
            plain = Predicted(around.f, around.g[..., :0])
            sides = [np.tile(point.sigma + side * d_sigma[j], (len(z), 1, 1)) for side in (-ERROR_STEP, ERROR_STEP)]
            ends = [assembled(problem, plain, numbers).value for numbers in sides]
            slope[..., j] += (ends[1] - ends[0]) / (2.0 * ERROR_STEP)
    return joint, slope
