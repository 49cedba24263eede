"""Linearisation: the model as a line around each patient's own random effects, so that what was observed is normal.

A row's log-density is expanded to second order in its prediction f, with slope b and the curvature w of FOCEI: it is that of a normal
observation at f + b / w with variance 1 / w. With predictions that are lines, of slopes G around the random effects, a patient's rows are
N(f + G (centre - there), V = G Omega G' + 1 / w). From it follow the likelihood (at the modes of FOCEI it is FOCEI's), its scores, and the
expected information mean' V^-1 mean + tr(V^-1 dV V^-1 dV) / 2 (Mentre, Mallet, Baccar 1997, Biometrika 84:429-442,
doi:10.1093/biomet/84.2.429). There is no chance in it, and it is wrong as far as the model is no line across a patient's distribution. Only
w is needed, not its inverse, so that censored rows may have a curvature of zero, or below. They say nothing here of the residual error's
own numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autologue.errors import ModelError
from autologue.fit.assemble import assemble, deviations
from autologue.fit.concerns import inside
from autologue.fit.estimated import Conditional, Covariance, LogLikelihood, inverse_information
from autologue.fit.inner import Predicted, predict
from autologue.fit.problem import Point, Problem
from autologue.population import Kind

__all__ = ["LINEARISED", "SANDWICH", "Linearised", "linearise"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LINEARISED, SANDWICH = "linearisation", "linearisation, sandwich"
STEP = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Linearised:
    """The covariance of the estimates and its sandwich, (p, p) on their scales, and the log-likelihood of the linearised model.

    scores: of each patient, its derivative by the estimates (patients, p).
    """

    covariance: Covariance
    sandwich: Covariance
    likelihood: LogLikelihood
    scores: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Rows:
    """Each row's log-density, its slope by the prediction and curvature (rows,); the prediction's slopes (rows, k).

    share: d log variance / d number of the error (rows, 3), zero where a row is no single value.
    """

    value: Floats
    push: Floats
    weight: Floats
    slope: Floats
    share: Floats


def linearise(problem: Problem, vector: Floats, conditional: Conditional) -> Linearised | None:
    """Return what the linearised model says at a vector; None where predictions have no slopes, or a patient has no random effects.

    None, too, with times to event, counts or categories, which are not linearised.

    conditional: where it is linearised, at the modes of the random effects, at the means of patients without one.
    """
    q, point = problem.varying, problem.point(vector)
    if problem.likelihood.observed > len(problem.likelihood.rows):
        return None
    phi = point.centre.copy()
    phi[:, :q] += np.where(np.isfinite(conditional.mode), conditional.mode, conditional.mean)
    if not np.isfinite(phi).all():
        return None
    try:
        predicted = predict(problem, phi[None])
    except ModelError:  # cells that die out by chance have no derivatives
        return None
    rows = _expanded(problem, predicted, point.sigma)
    d_omega, d_sigma = problem.moved(vector, point.omega)
    share = np.einsum("rc,prc->pr", rows.share, d_sigma[:, problem.likelihood.rows.output])
    value, scores, information = np.zeros(problem.patients), np.zeros((problem.patients, len(vector))), np.zeros((len(vector),) * 2)
    for i, own in enumerate(_own(problem)):
        value[i], inverse, pull = _density(rows, own, point, phi[i], i)
        if not np.isfinite(value[i]):
            return None
        slope = rows.slope[own, :q]
        turned = slope @ d_omega @ slope.T
        turned[:, np.arange(len(own)), np.arange(len(own))] += share[:, own] / np.where(share[:, own] == 0.0, 1.0, rows.weight[own])
        scores[i], added = _derivatives(inverse, pull, rows.slope[own] @ problem.design[i], turned)
        information += added
    for j, e in enumerate(problem.structure.estimates):
        if e.kind is Kind.RESIDUAL:  # by differences: slopes and curvatures follow the errors too
            ends = [_values(problem, predicted, point, point.sigma + side * STEP * d_sigma[j], phi) for side in (1.0, -1.0)]
            scores[:, j] = (ends[0] - ends[1]) / (2.0 * STEP)
    return _summed(problem, vector, float(value.sum()), scores, information)


def _own(problem: Problem) -> list[Integers]:
    """Return the rows of each patient."""
    return [np.arange(a, b) for a, b in pairwise(problem.likelihood.rows.first)]


def _values(problem: Problem, predicted: Predicted, point: Point, sigma: Floats, phi: Floats) -> Floats:
    """Return the log-likelihood of each patient with these numbers of the errors (patients,)."""
    rows = _expanded(problem, predicted, sigma)
    return np.array([_density(rows, own, point, phi[i], i)[0] for i, own in enumerate(_own(problem))])


def _density(rows: _Rows, own: Integers, point: Point, phi: Floats, patient: int) -> tuple[float, Floats, Floats]:
    """Return a patient's log-likelihood, V^-1 (n, n) and V^-1 times the observations less their mean (n,); NaN where V has no inverse."""
    weight, push = rows.weight[own], rows.push[own]
    slope = rows.slope[own, : len(point.omega)]
    ahead = rows.slope[own] @ (point.centre[patient] - phi)
    left = push - weight * ahead
    precision, toward = point.inverse + slope.T @ (weight[:, None] * slope), slope.T @ left
    if not np.isfinite(precision).all() or (np.linalg.eigvalsh(precision) <= 0.0).any():
        return np.nan, np.empty((0, 0)), np.empty(0)
    spread = np.linalg.inv(precision)
    value = rows.value[own].sum() + push @ ahead - 0.5 * ahead @ (weight * ahead) + 0.5 * toward @ spread @ toward
    value -= 0.5 * (np.linalg.slogdet(precision)[1] + np.linalg.slogdet(point.omega)[1])
    scaled = weight[:, None] * slope
    return float(value), np.diag(weight) - scaled @ spread @ scaled.T, left - scaled @ (spread @ toward)


def _summed(problem: Problem, vector: Floats, total: float, scores: Floats, information: Floats) -> Linearised:
    prior, free = np.diag(problem.structure.prior_precision), inside(problem.structure, vector)
    covariance = inverse_information(information + prior, free)
    middle = np.where(np.isfinite(covariance), covariance, 0.0)
    sandwich = np.where(np.isfinite(covariance), middle @ (scores.T @ scores + prior) @ middle, np.nan)
    return Linearised(
        Covariance(LINEARISED, covariance), Covariance(SANDWICH, (sandwich + sandwich.T) / 2.0), LogLikelihood(LINEARISED, total), scores
    )


def _derivatives(inverse: Floats, pull: Floats, by_mean: Floats, by_spread: Floats) -> tuple[Floats, Floats]:
    """Return the score (p,) and the expected information (p, p); by_mean (n, p) and by_spread (p, n, n): derivatives of mean and V."""
    scaled = inverse @ by_spread
    score: Floats = by_mean.T @ pull + 0.5 * (np.einsum("a,pab,b->p", pull, by_spread, pull) - np.einsum("paa->p", scaled))
    information: Floats = by_mean.T @ inverse @ by_mean + 0.5 * np.einsum("pab,rba->pr", scaled, scaled)
    return score, information


def _expanded(problem: Problem, predicted: Predicted, sigma: Floats) -> _Rows:
    """Return the rows expanded in these predictions (one copy)."""
    likelihood, f = problem.likelihood, predicted.f
    rows, n = likelihood.rows, len(likelihood.rows)
    value, by, bend = np.empty((1, n)), np.empty((1, n, 1)), np.empty((1, n, 1, 1))
    assemble(  # each row by itself, along its prediction
        np.arange(n + 1), rows.output, rows.low, rows.high, rows.over, rows.extra, likelihood.kinds, np.ascontiguousarray(sigma[None]),
        np.full((1, n), np.nan), f, np.ones((1, n, 1)), value, by, bend,
    )  # fmt: skip
    share, s = np.zeros((n, sigma.shape[1])), _deviations(problem, sigma, f)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for c in range(sigma.shape[1]):
            ends = [_deviations(problem, sigma + side * STEP * np.eye(sigma.shape[1])[c], f) for side in (1.0, -1.0)]
            share[:, c] = 2.0 * (ends[0] - ends[1]) / (2.0 * STEP * s)
    single = np.isfinite(share).all(axis=1) & ~rows.censored & (rows.over == -math.inf)
    return _Rows(value[0], by[0, :, 0], bend[0, :, 0, 0], predicted.g[0], np.where(single[:, None], share, 0.0))


def _deviations(problem: Problem, sigma: Floats, f: Floats) -> Floats:
    found: Floats = np.empty(f.shape)
    deviations(problem.likelihood.rows.output, problem.likelihood.kinds, np.ascontiguousarray(sigma[None]), f, found)
    one: Floats = found[0]
    return one
