"""The log-likelihood by importance sampling, with its Monte-Carlo error.

For each patient, p(y) = mean of p(y | phi) N(phi; m, Omega) / t(phi) over draws from a t distribution with 4 degrees of freedom around the
patient's own mean, with the patient's own covariance, as the chains left them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.fit.chains import Chains
from autologue.fit.estimated import LogLikelihood
from autologue.fit.kernels import fill, student, student_density

__all__ = ["importance_sampling"]

Floats = NDArray[np.float64]
LEAST, LANES = 200, 20_000  # draws of a patient before it may end; lanes that are evaluated at once
FIRST = 1 << 23  # attempt of the first draw


@compiled
def _draw(seed: int, attempt: int, mean: Floats, own: Floats, centre: Floats, inverse: Floats, drawn: Floats, weight: Floats) -> None:
    """Fill draws (lanes, q) and the log of prior over proposal (lanes,), but for the constant of the prior."""
    n, q = mean.shape
    for lane in range(drawn.shape[0]):
        i = lane % n
        student(seed, i, (lane // n) * (q + 2), attempt, mean[i], own[i], drawn[lane])
        pull = 0.0
        for j in range(q):
            for k in range(q):
                pull += (drawn[lane, j] - centre[i, j]) * inverse[j, k] * (drawn[lane, k] - centre[i, k])
        weight[lane] = -0.5 * pull - student_density(drawn[lane], mean[i], own[i])


def importance_sampling(chains: Chains, vector: Floats, *, most: int, error: float) -> tuple[LogLikelihood, Floats]:
    """Return the log-likelihood and the effective share of the draws of each patient (patients,)."""
    problem, q, n = chains.problem, chains.problem.varying, chains.problem.patients
    point = problem.point(vector)
    centre = np.ascontiguousarray(point.centre[:, :q])
    copies = max(min(most, LANES // n, LEAST), 1)
    lanes = problem.likelihood.lanes(np.tile(np.arange(n), copies))
    sets = np.tile(problem.base, (copies, 1))
    fill(np.tile(point.centre[:, q:], (copies, 1)), chains.codes[q:], chains.columns[q:], sets)
    drawn, weight, parts = np.empty((n * copies, q)), np.empty(n * copies), []
    constant = -0.5 * float(np.linalg.slogdet(2.0 * math.pi * point.omega)[1])
    for batch in range(-(-most // copies)):
        _draw(chains.seed, FIRST + batch, chains.mean, chains.own, centre, point.inverse, drawn, weight)
        fill(drawn, chains.codes[:q], chains.columns[:q], sets)
        parts.append((lanes.evaluate(sets, point.sigma).log_density + weight).reshape(copies, n))
        value, spread, efficiency = _summary(np.concatenate(parts))
        if len(parts) * copies >= LEAST and spread <= error:
            break
    return LogLikelihood("importance sampling", value + n * constant, spread), efficiency


def _summary(log: Floats) -> tuple[float, float, Floats]:
    """Return sum over patients of log mean exp of (draws, patients), its Monte-Carlo error, and the effective share of the draws."""
    top = log.max(axis=0)
    share = np.exp(log - top)
    mean = share.mean(axis=0)
    variance = share.var(axis=0) / (len(log) * mean**2)
    efficiency: Floats = mean**2 / (share**2).mean(axis=0)
    return float((top + np.log(mean)).sum()), float(np.sqrt(variance.sum())), efficiency
