"""At the estimates: the conditional distribution of each patient, and the stochastic Fisher information.

Louis 1982 (J R Stat Soc B 44:226-233): the observed information is the expected information of the complete data less the variance of
their score, both given the data. Per patient, so that the scores' means give the sandwich covariance too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import ModelError
from autologue.fit.chains import Chains
from autologue.fit.common import common_scores
from autologue.fit.concerns import inside, vanished
from autologue.fit.errorstep import error_scores
from autologue.fit.estimated import Conditional, Covariance, inverse_information
from autologue.fit.inner import FOUND, find_modes
from autologue.fit.mstep import Layout
from autologue.fit.problem import Point, Problem

__all__ = ["LOUIS", "SANDWICH", "Posterior", "conditional_modes", "explore_posterior"]

Floats = NDArray[np.float64]
LOUIS, SANDWICH = "stochastic approximation (Louis)", "sandwich"
FIRST = 1 << 22  # attempt of the first iteration: numbers that the fit has not used
BURNT = 20  # iterations after the estimates have moved to their mean
EVERY = 5  # iterations from one second derivative to the next
SHOWN = 50  # samples of a patient from which a mode at a kink is sought
STEP, ROUGH = 1e-3, 1e-2  # of second derivatives on the scale of estimation: closed forms, and courses that are integrated


@dataclass(frozen=True, eq=False)
class Posterior:
    """Covariances of the estimates, the conditional distributions, and how far the chains of each random effect agree (q,): R-hat."""

    covariances: tuple[Covariance, ...]
    conditional: Conditional
    agreement: Floats


def explore_posterior(chains: Chains, layout: Layout, vector: Floats, *, samples: int) -> Posterior:
    """Run the chains at the estimates until there are `samples` of each patient."""
    problem, point = chains.problem, chains.problem.point(vector)
    n, q, p = problem.patients, problem.varying, len(vector)
    rounds = max(-(-samples // chains.count), 2 * EVERY)
    moved = problem.moved(vector, point.omega)[0][layout.spread]
    kept, scores = np.empty((rounds, len(chains.phi), q)), np.empty((rounds, len(chains.phi), p))
    second, seconds = np.zeros((p, p)), 0
    for k in range(BURNT + rounds):
        chains.sweep(FIRST + k, point, weight=0.0, moments=1.0 / (20.0 + k))
        if k < BURNT:
            continue
        kept[k - BURNT] = chains.phi - np.tile(point.centre[:, :q], (chains.count, 1))
        scores[k - BURNT] = _scores(chains, layout, point, kept[k - BURNT], moved)
        if k % EVERY == 0:
            second, seconds = second + _data_information(chains, layout, vector), seconds + 1
    eta, by_patient = kept.reshape(-1, n, q), scores.reshape(-1, n, p)
    mean = by_patient.mean(axis=0)
    lost = np.einsum("sip,siq->pq", by_patient - mean, by_patient - mean) / len(by_patient)
    complete = _prior_information(problem, layout, vector, eta) + second / seconds
    covariances = _covariances(problem, vector, complete - lost, mean)
    conditional = Conditional(
        problem.coordinates[:q], conditional_modes(problem, point, eta), eta.mean(axis=0), eta.std(axis=0), eta[:samples]
    )
    return Posterior(covariances, conditional, _agreement(kept.reshape(rounds, chains.count, n, q)))


def _covariances(problem: Problem, vector: Floats, information: Floats, scores: Floats) -> tuple[Covariance, ...]:
    structure = problem.structure
    free = inside(structure, vector)
    spreads = np.array([e.kind.spread for e in structure.estimates])
    louis = inverse_information(information + np.diag(structure.prior_precision), free, spare=spreads)
    if vanished(structure, vector).any():  # complete data would tell its typical value exactly: the difference is nothing but chance
        louis = np.full_like(louis, np.nan)
    middle = np.where(np.isfinite(louis), louis, 0.0)
    sandwich = np.where(np.isfinite(louis), middle @ (scores.T @ scores + np.diag(structure.prior_precision)) @ middle, np.nan)
    return Covariance(LOUIS, louis), Covariance(SANDWICH, (sandwich + sandwich.T) / 2.0)


def _scores(chains: Chains, layout: Layout, point: Point, eta: Floats, moved: Floats) -> Floats:
    """Return the score of the complete data of each lane (lanes, p); moved: derivatives of the variance matrix (spread, q, q)."""
    problem, q = chains.problem, chains.problem.varying
    found = np.empty((len(eta), len(problem.structure.estimates)))
    inverse = point.inverse
    met = np.tile(problem.active, (chains.count, 1)).astype(float)  # an occasion that is not says nothing
    pull = (eta * met) @ inverse
    design = problem.design[:, :q, layout.regression]
    found[:, layout.regression] = np.einsum("ciq,iqp->cip", pull.reshape(-1, problem.patients, q), design).reshape(len(eta), -1)
    found[:, layout.spread] = 0.5 * (np.einsum("la,sab,lb->ls", pull, moved, pull) - met @ np.einsum("ab,sba->as", inverse, moved))
    found[:, layout.errors] = _error_scores(chains, layout, point, chains.predicted)
    if len(layout.common):
        found[:, layout.common] = common_scores(chains, point, layout.common)[0]
    return found


def _error_scores(chains: Chains, layout: Layout, point: Point, predicted: Floats) -> Floats:
    lanes, likelihood = chains.lanes, chains.problem.likelihood
    rows, count = likelihood.rows, len(layout.errors)
    score = np.empty((len(chains.phi), count))
    error_scores(
        predicted, lanes.begin, lanes.row, rows.output, likelihood.kinds, rows.low, rows.high, rows.over, point.sigma, layout.place, score,
        np.empty((count, count)),
    )  # fmt: skip
    return score


def _data_information(chains: Chains, layout: Layout, vector: Floats) -> Floats:
    """Return minus the second derivative of the data's log-density by errors and common estimates where the chains are (p, p)."""
    problem = chains.problem
    found = np.zeros((len(vector), len(vector)))
    which = np.concatenate([layout.errors, layout.common])
    for j in which:
        ends, size = [], (STEP if problem.exact else ROUGH) * problem.widths[j]
        for side in (size, -size):
            point = problem.point(vector + side * np.eye(len(vector))[j])
            if j in layout.common:
                chains.renew(point)
            parts = [_error_scores(chains, layout, point, chains.predicted)]
            if len(layout.common):
                parts.append(common_scores(chains, point, layout.common)[0])
            ends.append(np.concatenate(parts, axis=1).sum(axis=0) / chains.count)
        found[j, which] = (ends[1] - ends[0]) / (2.0 * size)
    return (found + found.T) / 2.0


def _prior_information(problem: Problem, layout: Layout, vector: Floats, eta: Floats) -> Floats:
    """Return minus the second derivative of the expected log-density of the random effects eta (samples, patients, q), by the estimates."""
    q, n = problem.varying, problem.counts
    eta = eta * problem.active
    mean = eta.mean(axis=0)
    spread = np.einsum("sia,sib->iab", eta - mean, eta - mean) / len(eta)
    phi = problem.point(vector).centre[:, :q] + mean

    def score(there: Floats) -> Floats:
        point = problem.point(there)
        inverse, off = point.inverse, phi - point.centre[:, :q]
        total = spread.sum(axis=0) + off.T @ off
        turned = np.einsum("ab,sbc->sac", inverse, problem.moved(there, point.omega)[0][layout.spread])
        found = np.zeros(len(there))
        found[layout.regression] = np.einsum("iq,iqp->p", off @ inverse, problem.design[:, :q, layout.regression])
        found[layout.spread] = 0.5 * (np.einsum("sab,bc,ca->s", turned, inverse, total) - np.einsum("a,saa->s", n, turned))
        return found

    which = np.concatenate([layout.regression, layout.spread])
    found = np.zeros((len(vector), len(vector)))
    for j in which:
        move = STEP * np.eye(len(vector))[j]
        found[j] = (score(vector - move) - score(vector + move)) / (2.0 * STEP)
    return (found + found.T) / 2.0


def conditional_modes(problem: Problem, point: Point, samples: Floats) -> Floats:
    """Return the modes (patients, q) given samples (n, patients, q); NaN where there are none: no derivatives, or nothing solved."""
    start = samples.mean(axis=0)
    try:
        found = find_modes(problem, point, start[None])
        eta = found.phi[:, : problem.varying] - point.centre[:, : problem.varying]
        if (found.status != FOUND).any():  # where the density has a kink no slope leads to its top: the samples show the way
            some = samples[np.linspace(0, len(samples) - 1, min(SHOWN, len(samples))).astype(np.int64)]
            found = find_modes(problem, point, np.concatenate([eta[None], some]))
            eta = found.phi[:, : problem.varying] - point.centre[:, : problem.varying]
    except ModelError:  # cells that die out by chance have no derivatives
        return np.full_like(start, np.nan)
    return np.where(np.isfinite(found.joint)[:, None], eta, np.nan)


def _agreement(eta: Floats) -> Floats:
    """Return R-hat, split, of the worst patient for each random effect; eta (rounds, chains, patients, q).

    Gelman, Rubin 1992, Stat Sci 7:457-472, doi:10.1214/ss/1177011136, each chain cut into halves.
    """
    half = len(eta) // 2
    parts = np.concatenate([eta[:half], eta[half : 2 * half]], axis=1)
    within = parts.var(axis=0, ddof=1).mean(axis=0)
    between = parts.mean(axis=0).var(axis=0, ddof=1)
    worst: Floats = np.sqrt(1.0 - 1.0 / half + between / np.maximum(within, 1e-300)).max(axis=0)
    return worst
