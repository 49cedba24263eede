"""The joint density of estimates and random effects given the data, with its gradient: what a Hamiltonian sampler needs.

Not centred: patient i has coordinates m_i + L z_i, with L the Cholesky factor of Omega and z_i standard normal, so that the posterior
has no funnel where data are few (Betancourt, Girolami 2013, arXiv:1312.0906). An estimate without bounds is its start plus so many widths;
one with bounds is mapped onto the line, and the density has the Jacobian of that. The gradient by the estimates goes through the exact
derivatives of the predictions, those of the rows by their errors, and the derivative of a Cholesky factor: for a deviation its rows of L
themselves, for a correlation by Murray 2016 (arXiv:1602.07527). Several points are lanes beside each other, and bits do not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.errors import ModelError, SolveError
from autologue.fit.beliefs import Beliefs, beliefs_of
from autologue.fit.errorstep import error_scores
from autologue.fit.mstep import Layout, lay_out
from autologue.fit.problem import Problem
from autologue.likelihood import REASONS, Lanes

__all__ = ["Joint", "join"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LOG_2PI = float(np.log(2.0 * np.pi))


@compiled
def _pull_back(by_phi: Floats, design: Floats, root: Floats, z: Floats, by_vector: Floats, by_root: Floats, by_z: Floats) -> None:
    """Add to by_vector (m, p), by_root (m, q, q) and by_z (m, n, q) what by_phi (m, n, k) means for them; phi = design x + root z."""
    m, n, k = by_phi.shape
    q = z.shape[2]
    for c in range(m):
        for i in range(n):
            for a in range(k):
                pull = by_phi[c, i, a]
                for j in range(design.shape[2]):
                    by_vector[c, j] += pull * design[i, a, j]
            for a in range(q):
                pull = by_phi[c, i, a]
                for b in range(a + 1):
                    by_root[c, a, b] += pull * z[c, i, b]
                    by_z[c, i, b] += pull * root[c, a, b]


@compiled
def _spread(root: Floats, z: Floats, phi: Floats) -> None:
    """Add root z to the first coordinates of phi (m, n, k)."""
    m, n, q = z.shape
    for c in range(m):
        for i in range(n):
            for a in range(q):
                for b in range(a + 1):
                    phi[c, i, a] += root[c, a, b] * z[c, i, b]


@dataclass(frozen=True, eq=False)
class Joint:
    """Log-density of u (dimension,): the free coordinates of the estimates (p,), then z of each patient (patients, q)."""

    problem: Problem
    beliefs: Beliefs
    layout: Layout

    @cached_property
    def origin(self) -> Floats:
        """The starting values (p,)."""
        return self.problem.start

    @property
    def dimension(self) -> int:
        """The length of u."""
        return len(self.origin) + self.problem.patients * self.problem.varying

    @cached_property
    def start(self) -> Floats:
        """U at the starting values, no random effects; a start on its bound, which lies at infinity, is a little inside."""
        found = np.zeros(self.dimension)
        (both, low, high), (below, least, _), (above, _, most) = self._bounded
        with np.errstate(divide="ignore"):
            found[both] = np.log((self.origin[both] - low) / (high - self.origin[both]))
            found[below], found[above] = np.log(self.origin[below] - least), np.log(most - self.origin[above])
        return np.clip(found, -4.0, 4.0)

    @cached_property
    def _bounded(self) -> list[tuple[Integers, Floats, Floats]]:
        """Places, lower and upper bounds of estimates with both bounds, a lower one, an upper one."""
        low, high = self.problem.structure.bounds.T
        below, above = np.isfinite(low), np.isfinite(high)
        return [(k := np.flatnonzero(which), low[k], high[k]) for which in (below & above, below & ~above, above & ~below)]

    def estimates(self, w: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return estimates for free coordinates (m, p), their derivative, its logarithm and the slope of that, (m, p) each."""
        widths = self.problem.widths
        vector, rate, bend = self.origin + widths * w, np.broadcast_to(widths, w.shape).copy(), np.zeros_like(w)
        (both, low, high), (below, least, _), (above, _, most) = self._bounded
        if len(both):
            share = 1.0 / (1.0 + np.exp(-w[:, both]))
            vector[:, both], rate[:, both] = low + (high - low) * share, (high - low) * share * (1.0 - share)
            bend[:, both] = 1.0 - 2.0 * share
        for which, end, side in ((below, least, 1.0), (above, most, -1.0)):
            if len(which):
                grown = np.exp(w[:, which])
                vector[:, which], rate[:, which], bend[:, which] = end + side * grown, side * grown, 1.0
        return vector, rate, np.log(np.abs(rate)), bend

    @cached_property
    def _spreading(self) -> tuple[list[tuple[int, Integers]], Integers]:
        """Estimates that stretch some random effects, with the coordinates of these; and the other estimates that change Omega."""
        omega = self.problem.point(self.origin).omega
        deviations, others = [], []
        for j, moved in enumerate(self.problem.moved(self.origin, omega)[0]):
            one = np.diagonal(moved) / np.diagonal(omega) / 2.0
            if moved.any() and one.any() and np.array_equal(moved, omega * (one[:, None] + one[None, :])):
                deviations.append((j, np.flatnonzero(one)))
            elif moved.any():
                others.append(j)
        return deviations, np.array(others, dtype=np.int64)

    def roots(self, vectors: Floats) -> Floats:
        """Return L (m, q, q) for estimates (m, p), NaN where there is none."""
        deviations, others = self._spreading
        if len(others):
            return np.array([self._root(vector) for vector in vectors])
        found = np.tile(self._start_root, (len(vectors), 1, 1))
        for j, places in deviations:
            found[:, places] *= np.exp(vectors[:, j] - self.origin[j])[:, None, None]
        return found

    @cached_property
    def _start_root(self) -> Floats:
        return self.problem.point(self.origin).root

    def _root(self, vector: Floats) -> Floats:
        try:
            return self.problem.point(vector).root
        except (np.linalg.LinAlgError, ModelError):
            return np.full((self.problem.varying,) * 2, np.nan)

    def _sigma(self, vectors: Floats) -> Floats:
        """Return the numbers of the errors (m, outputs, 3)."""
        found = np.tile(self.problem.likelihood.numbers, (len(vectors), 1, 1))
        for r, j in enumerate(self.layout.errors):
            found[:, self.layout.place == r] = self.problem.structure.estimates[j].scale.back(vectors[:, j])[:, None]
        return found

    def __call__(self, u: Floats) -> tuple[Floats, Floats]:
        """Return log-densities (m,) and gradients (m, dimension) at points (m, dimension); -inf where there is none."""
        problem, p, m = self.problem, len(self.origin), len(u)
        n, q = problem.patients, problem.varying
        z = np.ascontiguousarray(u[:, p:]).reshape(m, n, q)
        with np.errstate(all="ignore"):
            vectors, rate, log, bend = self.estimates(u[:, :p])
            roots, sigma = self.roots(vectors), self._sigma(vectors)
            phi = np.array([problem.offset + problem.design @ vector for vector in vectors])
            _spread(roots, z, phi)
            sets, slope = problem.parameters(phi)
            lost = ~np.isfinite(sets).reshape(m, -1).all(axis=1)
            if lost.any():  # solved at the base instead, and thrown away
                sets.reshape(m, n, -1)[lost] = problem.base
            lanes = problem.likelihood.lanes(np.tile(np.arange(n), m))
            found = lanes.gradient(sets, problem.coordinates, np.repeat(sigma, n, axis=0))
            by_phi = found.log_density.reshape(phi.shape) * slope
            by_vector, by_root, by_z = np.zeros((m, p)), np.zeros((m, q, q)), -z
            _pull_back(by_phi, problem.design, roots, z, by_vector, by_root, by_z)
            self._by_errors(lanes, sigma, found.density.prediction, by_vector)
            self._by_spread(vectors, roots, by_root, by_vector)
            prior, pull = self.beliefs.log_density(vectors)
            rows = found.density.log_density.reshape(m, -1).sum(axis=1) + found.outcomes.reshape(m, n).sum(axis=1)
            value = rows - 0.5 * ((z * z).reshape(m, -1).sum(axis=1) + n * q * LOG_2PI) + prior + log.sum(axis=1)
            gradient = np.concatenate([(by_vector + pull) * rate + bend, by_z.reshape(m, -1)], axis=1)
            lost |= found.density.status.reshape(m, n).any(axis=1) | ~np.isfinite(gradient).all(axis=1)
        return np.where(lost | np.isnan(value), -np.inf, value), gradient

    def _by_errors(self, lanes: Lanes, sigma: Floats, predicted: Floats, by_vector: Floats) -> None:
        """Add the scores of the errors' numbers."""
        likelihood, rows, count = self.problem.likelihood, self.problem.likelihood.rows, len(self.layout.errors)
        n = self.problem.patients
        score, information = np.empty((n, count)), np.empty((count, count))
        for c in range(len(sigma)):
            error_scores(
                predicted, lanes.begin[c * n : (c + 1) * n + 1], lanes.row, rows.output, likelihood.kinds, rows.low, rows.high, rows.over,
                sigma[c], self.layout.place, score, information,
            )  # fmt: skip
            by_vector[c, self.layout.errors] += score.sum(axis=0)

    def _by_spread(self, vectors: Floats, roots: Floats, by_root: Floats, by_vector: Floats) -> None:
        """Add the derivatives by deviations and correlations."""
        deviations, others = self._spreading
        by_row = (by_root * roots).sum(axis=2)
        for j, places in deviations:
            by_vector[:, j] += by_row[:, places].sum(axis=1)
        if not len(others):
            return
        for c, (vector, root) in enumerate(zip(vectors, roots, strict=True)):
            if not np.isfinite(root).all():
                continue
            turned = np.tril(np.einsum("ab,ac->bc", root, by_root[c]))
            turned[np.diag_indices(len(root))] *= 0.5
            inverse = np.linalg.inv(root)
            by_omega = np.einsum("ba,bc,cd->ad", inverse, turned, inverse)
            moved = self.problem.moved(vector, np.einsum("ac,bc->ab", root, root))[0][others]
            by_vector[c, others] += np.einsum("sab,ab->s", moved, by_omega)


def join(problem: Problem) -> Joint:
    """Return the joint density of a problem; raises SolveError where a patient has none at the starting values."""
    found = Joint(problem, beliefs_of(problem), lay_out(problem))
    vector = found.estimates(found.start[None, : len(found.origin)])[0][0]
    point = problem.point(vector)
    sets = problem.parameters(point.centre[None])[0]
    status = problem.likelihood.lanes().gradient(sets, problem.coordinates, point.sigma).density.status
    lost = np.flatnonzero(status)
    if len(lost):
        patient = problem.likelihood.cohort.patients[lost[0]].id
        names = problem.likelihood.model.parameters
        values = ", ".join(f"{name} {x:.4g}" for name, x in zip(names, sets[lost[0]], strict=True))
        others = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise SolveError(f"patient {patient}{others}: {REASONS[status[lost[0]]]} at the starting values {values}; start from others")
    return found
