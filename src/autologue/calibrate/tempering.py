"""Draws from a posterior whose prior is standard normal: particles carried from the prior by tempering.

Sequential Monte Carlo of Del Moral, Doucet & Jasra 2006 (J R Stat Soc B 68:411-436): each power of the likelihood is as far from the last
as half of the particles can follow, then particles are resampled and moved by random walks of Metropolis with their own covariance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autologue import seeds

__all__ = ["temper"]

Floats = NDArray[np.float64]
LogLikelihood = Callable[[Floats], Floats]
_MOVES, _PURPOSE = 1 << 20, seeds.Purpose.ESTIMATION


def temper(likelihood: LogLikelihood, dimension: int, *, particles: int, moves: int, seed: int, power: float = 1.0) -> Floats:
    """Return draws (particles, dimension) of prior times likelihood to the `power`; `likelihood` takes (n, dimension), gives logs (n,).

    >>> found = temper(lambda z: -0.5 * (z[:, 0] - 2.0) ** 2, 1, particles=2000, moves=10, seed=1)
    >>> abs(float(found.mean()) - 1.0) < 0.1, abs(float(found.var()) - 0.5) < 0.1
    (True, True)
    """
    ids = np.arange(particles)
    z = seeds.normals(seeds.child_seed(seed, _PURPOSE, 0), _PURPOSE, ids, dimension)
    logs, reached, step, size = likelihood(z), 0.0, 0, 1.0
    while reached < power:
        step += 1
        following = _next_power(logs, reached, power)
        weight = np.exp((following - reached) * (logs - logs.max()))
        weight /= weight.sum()
        start = seeds.uniforms(seeds.child_seed(seed, _PURPOSE, step), _PURPOSE, [0], 1)[0, 0]
        centre = weight @ z
        covariance = (z - centre).T @ (weight[:, None] * (z - centre)) + 1e-10 * np.eye(dimension)
        rows = np.minimum(np.searchsorted(np.cumsum(weight), (ids + start) / particles), particles - 1)
        z, logs, reached = z[rows], logs[rows], following
        root = np.linalg.cholesky(covariance) * 2.38 / np.sqrt(dimension)
        for k in range(moves):
            z, logs, taken = _move(
                likelihood, z, logs, size * root, power=reached, seed=seeds.child_seed(seed, _PURPOSE, _MOVES * step + k)
            )
            size = float(np.clip(size * np.exp(taken - 0.25), 0.05, 3.0))
    return z


def _next_power(logs: Floats, reached: float, power: float) -> float:
    """Return the power at which half of the particles are left in effect, or the last one."""

    def effective(to: float) -> float:
        weight = np.exp((to - reached) * (logs - logs.max()))
        return float(weight.sum() ** 2 / (weight @ weight)) / len(logs)

    if effective(power) >= 0.5:
        return power
    low, high = reached, power
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective(middle) >= 0.5 else (low, middle)
    return max(low, reached + 1e-12)


def _move(likelihood: LogLikelihood, z: Floats, logs: Floats, root: Floats, *, power: float, seed: int) -> tuple[Floats, Floats, float]:
    """Return particles after one move of each, their logs, and the share that moved."""
    count, dimension = z.shape
    there = z + seeds.normals(seed, _PURPOSE, np.arange(count), dimension) @ root.T
    logs_there = likelihood(there)
    chance = seeds.uniforms(seed, _PURPOSE, np.arange(count), 1, attempt=1)[:, 0]
    gain = power * (logs_there - logs) + 0.5 * ((z * z).sum(axis=1) - (there * there).sum(axis=1))
    taken = np.log(chance) < gain
    return np.where(taken[:, None], there, z), np.where(taken, logs_there, logs), float(taken.mean())
