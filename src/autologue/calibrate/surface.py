"""The mean of each summary as a smooth function of the parameters: a ridge regression on polynomials of second degree.

Each summary has its own penalty, the one with the least squared error of points left out, which a ridge gives without refitting
(Golub, Heath & Wahba 1979, Technometrics 21:215-223). Points that share random numbers form a block and differ by their parameters
only, so slopes are taken within blocks and levels from the mean over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Surface", "fit_surface"]

Floats = NDArray[np.float64]
PENALTIES = np.logspace(-6.0, 3.0, 19)  # relative to the mean square of the features


@dataclass(frozen=True, eq=False)
class Surface:
    """Fitted means of summaries; `left_out` (summaries, summaries) is the covariance of errors of points left out.

    `explained` (summaries,) is the share of the variance between points of one block that left-out predictions explain: zero or less
    where a summary does not move with any parameter.
    """

    centre: Floats
    scale: Floats
    level: Floats
    coefficients: Floats
    left_out: Floats
    explained: Floats

    def at(self, z: Floats) -> Floats:
        """Return the means (points, summaries) at parameters z (points, parameters)."""
        return np.asarray(self.level + features((z - self.centre) / self.scale) @ self.coefficients)

    def slopes(self, z: Floats) -> Floats:
        """Return the derivative of each mean by each parameter at one point z (parameters,): (summaries, parameters)."""
        step = 1e-4 * np.eye(len(z))
        return np.asarray((self.at(z + step) - self.at(z - step)).T / 2e-4)


def features(u: Floats) -> Floats:
    """Return first powers, squares and products of columns, scaled to one variance under a standard normal: (points, features)."""
    one, two = np.triu_indices(u.shape[1], 1)
    return np.hstack([u, (u * u - 1.0) / np.sqrt(2.0), u[:, one] * u[:, two]])


def fit_surface(z: Floats, means: Floats, block: NDArray[np.int64]) -> Surface:
    """Fit the means (points, summaries) seen at z (points, parameters); points with the same `block` share their random numbers."""
    centre, scale = z.mean(axis=0), np.maximum(z.std(axis=0), 1e-9)
    phi = features((z - centre) / scale)
    x, y, sizes = _within(phi, block), _within(means, block), np.bincount(block)[block]
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    along = u.T @ y
    best = np.full(means.shape[1], np.inf)
    coefficients, errors = np.zeros((phi.shape[1], means.shape[1])), y.copy()
    for penalty in PENALTIES * max(float((s * s).sum()) / x.shape[1], 1e-300):
        kept = s * s / (s * s + penalty)
        free = np.maximum(1.0 - (u * u) @ kept - 1.0 / sizes, 1e-10)
        missed = (y - u @ (kept[:, None] * along)) / free[:, None]
        loss = (missed**2).mean(axis=0)
        better = loss < best
        best = np.where(better, loss, best)
        coefficients[:, better] = (vt.T @ ((kept / np.maximum(s, 1e-300))[:, None] * along))[:, better]
        errors[:, better] = missed[:, better]
    total = ((y / (1.0 - 1.0 / np.maximum(sizes, 2))[:, None]) ** 2).mean(axis=0)
    flat = total <= 1e-18
    explained = np.where(flat, 0.0, 1.0 - best / np.where(flat, 1.0, total))
    level = (means - phi @ coefficients).mean(axis=0)
    return Surface(centre, scale, level, coefficients, errors.T @ errors / len(errors), explained)


def _within(values: Floats, block: NDArray[np.int64]) -> Floats:
    """Return values less the mean of their block."""
    count = np.bincount(block)
    sums = np.zeros((len(count), values.shape[1]))
    np.add.at(sums, block, values)
    return np.asarray(values - (sums / np.maximum(count, 1)[:, None])[block])
