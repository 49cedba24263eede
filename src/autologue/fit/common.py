"""Score and information of parameters without random effects, by central differences along each: any model, with derivatives or not."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.fit.chains import Chains
from autologue.fit.kernels import fill
from autologue.fit.problem import Point
from autologue.likelihood.density import LOGNORMAL, deviation

__all__ = ["common_scores"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
STEP, ROUGH = 1e-4, 3e-3  # on the scale of estimation: closed forms, and courses that are integrated


@compiled
def _information(
    slopes: Floats, predicted: Floats, row: Integers, output: Integers, kinds: Integers, numbers: Floats, found: Floats
) -> None:
    """Fill the first-order information (m, m) of slopes (m, rows of all lanes) of the predictions."""
    found[:] = 0.0
    for k in range(len(row)):
        o = output[row[k]]
        f = predicted[k]
        log = kinds[o] == LOGNORMAL
        if log and not f > 0.0:
            continue
        s = deviation(kinds[o], math.log(f) if log else f, numbers[o, 0], numbers[o, 1], numbers[o, 2])[0] * (f if log else 1.0)
        if not (s > 0.0 and math.isfinite(s)):
            continue
        for i in range(slopes.shape[0]):
            for j in range(slopes.shape[0]):
                found[i, j] += slopes[i, k] * slopes[j, k] / (s * s)


def common_scores(chains: Chains, point: Point, which: Integers) -> tuple[Floats, Floats]:
    """Return the score of each lane (lanes, m) and the information of all lanes (m, m) for the estimates `which`.

    A censored row counts in the information as if it were measured: steps are shorter for it, the optimum is the same. Times to event,
    counts and categories count by their squared scores.
    """
    problem, q = chains.problem, chains.problem.varying
    score, slopes = np.empty((len(chains.phi), len(which))), np.empty((len(which), len(chains.predicted)))
    happened = np.zeros_like(score)
    pick = chains.pick(0)
    fill(chains.phi, chains.codes[:q], chains.columns[:q], chains.sets)
    for m, j in enumerate(which):
        ends, size = [], (STEP if problem.exact else ROUGH) * problem.widths[j]
        for side in (size, -size):
            moved = point.centre[:, q:] + side * problem.design[:, q:, j]
            fill(np.tile(moved, (chains.count, 1)), chains.codes[q:], chains.columns[q:], chains.sets)
            ends.append(chains.lanes.evaluate(chains.sets, point.sigma, pick=pick))
        with np.errstate(invalid="ignore"):
            score[:, m] = (ends[0].log_density - ends[1].log_density) / (2.0 * size)
            slopes[m] = (ends[0].prediction - ends[1].prediction) / (2.0 * size)
            happened[:, m] = (ends[0].outcomes - ends[1].outcomes) / (2.0 * size)
    score, slopes, happened = (np.where(np.isfinite(part), part, 0.0) for part in (score, slopes, happened))
    information = np.empty((len(which), len(which)))
    likelihood = problem.likelihood
    _information(slopes, chains.predicted, chains.lanes.row, likelihood.rows.output, likelihood.kinds, point.sigma, information)
    return score, information + happened.T @ happened
