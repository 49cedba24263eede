"""Modes of the posterior of one patient, and the curvature there: the quick answer, and where importance sampling begins.

Newton steps on finite differences of the log-likelihood: a whole stencil of all starts is one call of the engine, which costs less than a
gradient would, and needs none where the last cells may die out by chance. The prior's part is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.forecast.latent import Latent

__all__ = ["Mode", "find_modes"]

Floats = NDArray[np.float64]
_STEPS = np.array([1.0, 0.5, 0.2, 0.05, 0.01])  # of a Newton step, tried side by side
_ROUNDS = 40
_WIDTH = 0.3  # of a stencil, in standard deviations of the posterior
_FIRST = 0.05  # of the first stencil, in standard deviations of the prior
_FAR = 1e4  # log-density below the middle of a stencil at which a point counts, so that an impossible one leaves the rest finite
_APART = 1.5  # Mahalanobis distance from which two modes are two
_LOWEST = 12.0  # log-density below the best from which a mode does not matter


@dataclass(frozen=True, eq=False, slots=True)
class Mode:
    """Where the posterior density is highest: z (d,), covariance of the normal that has its curvature (d, d), log-density."""

    z: Floats
    covariance: Floats
    log_density: float


def find_modes(latent: Latent, starts: Floats) -> list[Mode]:
    """Return the distinct modes reached from starts (n, d), the best first; at least one."""
    z = np.array(starts, dtype=float)
    n, d = z.shape
    frame = np.tile(_FIRST * np.eye(d), (n, 1, 1))  # columns: the stencil's directions, with their lengths
    value = np.full(n, -np.inf)
    covariance = np.tile(np.eye(d), (n, 1, 1))
    running = np.ones(n, dtype=bool)
    for _ in range(_ROUNDS):
        active = np.flatnonzero(running)
        if not len(active):
            break
        value[active], slope, covariance[active] = _expand(latent, z[active], frame[active])
        step = np.einsum("nij,nj->ni", covariance[active], slope)
        gain = np.einsum("ni,ni->n", step, slope)
        moved = z[active, None] + _STEPS[None, :, None] * step[:, None]
        found = _posterior(latent, moved.reshape(-1, d)).reshape(len(active), len(_STEPS))
        best = found.argmax(axis=1)
        better = found[np.arange(len(active)), best] > value[active]
        z[active[better]] = moved[better, best[better]]
        running[active] = better & (gain > 1e-4)
        roots = np.linalg.cholesky(covariance[active])
        frame[active] = _WIDTH * roots
    value, _, covariance = _expand(latent, z, frame)
    return _distinct(z, covariance, value)


def _posterior(latent: Latent, z: Floats) -> Floats:
    return latent.log_posterior(z, np.zeros(len(z), dtype=np.int64))


def _expand(latent: Latent, z: Floats, frame: Floats) -> tuple[Floats, Floats, Floats]:
    """Return log-posterior (n,), its slope (n, d) and minus its inverse curvature (n, d, d), made positive definite, around points z."""
    n, d = z.shape
    pairs = [(i, j) for i in range(d) for j in range(i)]
    unit = np.eye(d)
    both_ways = [sign * (unit[i] + unit[j])[None] for i, j in pairs for sign in (1, -1)]
    moves = np.vstack([np.zeros((1, d)), unit, -unit, *both_ways])
    points = z[:, None] + np.einsum("mk,nik->nmi", moves, frame)
    found = latent.log_likelihood(points.reshape(-1, d), np.zeros(n * len(moves), dtype=np.int64)).reshape(n, len(moves))
    middle = found[:, 0]
    found = np.maximum(found, np.where(np.isfinite(middle), middle, 0.0)[:, None] - _FAR)
    up, down, base = found[:, 1 : d + 1], found[:, d + 1 : 2 * d + 1], found[:, :1]
    slope, curved = 0.5 * (up - down), np.zeros((n, d, d))
    curved[:, range(d), range(d)] = up + down - 2 * base
    for k, (i, j) in enumerate(pairs):
        both = found[:, 2 * d + 1 + 2 * k] + found[:, 2 * d + 2 + 2 * k]
        mixed = 0.5 * (both - up[:, i] - down[:, i] - up[:, j] - down[:, j] + 2 * base[:, 0])
        curved[:, i, j] = curved[:, j, i] = mixed
    inverse = np.linalg.inv(frame)
    slope = np.einsum("nki,nk->ni", inverse, slope) - z
    precision = np.eye(d) - np.einsum("nki,nkl,nlj->nij", inverse, curved, inverse)
    values, vectors = np.linalg.eigh(0.5 * (precision + np.swapaxes(precision, 1, 2)))
    values = np.clip(np.abs(values), 0.25, 1e8)  # where the data curve it the wrong way, no wider than twice the prior
    covariance = np.einsum("nik,nk,njk->nij", vectors, 1 / values, vectors)
    prior = -0.5 * (z * z).sum(axis=1) - 0.5 * d * np.log(2 * np.pi)
    return middle + prior, slope, covariance


def _distinct(z: Floats, covariance: Floats, value: Floats) -> list[Mode]:
    """Return one mode for each place that several starts may have reached, the best first."""
    kept: list[Mode] = []
    for k in np.argsort(-value, kind="stable"):
        if kept and not value[k] > kept[0].log_density - _LOWEST:
            break
        apart = [(z[k] - m.z) @ np.linalg.solve(m.covariance, z[k] - m.z) > _APART**2 for m in kept]
        if all(apart):
            kept.append(Mode(z[k], covariance[k], float(value[k])))
    return kept
