"""The posterior of one patient: modes, importance sampling from a mixture that learns, and chains where that is poor.

1. Modes and their curvature (`modes`): the quick answer.
2. Importance sampling (`mixture`): the mixture begins at the modes, learns from weighted points in a few rounds, and gives weights
   smoothed by a Pareto tail (Vehtari et al. 2024, JMLR 25(72)); effective sample size and the tail's shape k are stated.
3. Where k is above 0.7 or hardly any point counts: differential evolution chains, many at once (ter Braak 2006, Stat Comput 16:239).

Two relapses or one, cured or not: several modes stay several, each with its share.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from autologue import seeds
from autologue.errors import SolveError
from autologue.fit.weights import smoothed_weights
from autologue.forecast.chains import run_chains
from autologue.forecast.latent import Latent, log_prior
from autologue.forecast.mixture import Mixture
from autologue.forecast.modes import Mode, find_modes
from autologue.seeds import Purpose

__all__ = ["Posterior", "Quality", "sample_posterior"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
GOOD_K = 0.7  # shape of the tail up to which smoothed importance sampling can be trusted (Vehtari et al. 2024)
_PRIOR = 0.1  # share of the proposal that is the prior
_EXPLORE = 512  # points of the prior that are looked at for starts
_STARTS = 6
_BEST = 48  # of these points, among which the starts are chosen far from each other
_ROUNDS = 5  # of learning, at most
_LEARN = 1024  # points a round
_ENOUGH = 0.4  # share of points that count at which learning ends


@dataclass(frozen=True, slots=True)
class Quality:
    """How the draws were made and how far they can be trusted.

    method: "prior", "importance sampling" or "chains". ess: effective sample size. pareto_k: shape of the tail of the weights, NaN without
    weights. rhat: of chains, NaN otherwise. acceptance: of chains. evaluations: of the likelihood.
    """

    method: str
    ess: float
    pareto_k: float
    rhat: float
    acceptance: float
    evaluations: int


@dataclass(frozen=True, eq=False, slots=True)
class Posterior:
    """Equally weighted draws of one patient's effects.

    z: (draws, d) standard normal effects. which: (draws,) the population of each. parameters: (draws, parameters of the model).
    chance: (draws,), what becomes of the last cells, see `Individuals`; None where the model or the data say nothing of it.
    modes: the best first. log_evidence: logarithm of the probability density of the observations under the population, with its Monte-Carlo
    standard error; NaN from chains.
    """

    latent: Latent
    z: Floats
    which: Integers
    parameters: Floats
    chance: Floats | None
    modes: tuple[Mode, ...]
    log_evidence: float
    log_evidence_error: float
    quality: Quality


def sample_posterior(latent: Latent, *, draws: int, seed: int) -> Posterior:
    """Return `draws` draws of the posterior; the same for a patient in whatever company. Raises SolveError where no point is possible."""
    own = seeds.child_seed(seed, Purpose.FORECAST, crc32(latent.patient.id.encode()))
    d = len(latent.varying)
    if not d or latent.likelihood is None:
        return _from_prior(latent, draws, own)
    z, which = _normal(own, _EXPLORE, d, 0), latent.variant(_EXPLORE)
    weights = latent.log_likelihood(z, which)
    if not np.isfinite(weights).any():
        who = latent.patient.id
        what = f"patient {who}: none of {_EXPLORE} patients of the population could have these observations"
        raise SolveError(f"{what}; check their units and times")
    modes = find_modes(latent, np.vstack([np.zeros((1, d)), _apart(z[np.argsort(-(weights + log_prior(z)), kind="stable")[:_BEST]])]))
    mixture, spent = _learned(latent, modes, own)
    found = _weighted(latent, mixture, max(4 * draws, 2000), own)
    spent += _EXPLORE + len(found.z)
    if not _good(found):  # a tail that one more look, with wider tails and more points, may reach
        learnt = mixture.learn(found.z, found.weights, least=_PRIOR)
        mixture = Mixture(learnt.share, learnt.mean, 1.5 * learnt.scale)
        found = _weighted(latent, mixture, 2 * len(found.z), own, attempt=61)
        spent += len(found.z)
    if _good(found):
        u = seeds.uniforms(own, Purpose.FORECAST, [0], draws, attempt=63)[0]
        rows = np.minimum(np.searchsorted(np.cumsum(found.weights), (np.arange(draws) + u) / draws, side="right"), len(found.z) - 1)
        chosen, population = found.z[rows], found.which[rows]
        quality = Quality("importance sampling", found.ess, found.k, np.nan, np.nan, spent)
        evidence, error = found.evidence, found.error
    else:
        chain = run_chains(latent, mixture, found.z, found.weights, found.which, draws=draws, seed=own)
        chosen, population = chain.z, chain.which
        quality = Quality("chains", chain.ess, found.k, chain.rhat, chain.acceptance, spent + chain.evaluations)
        evidence, error = np.nan, np.nan
    chance = latent.chances(chosen, population, seeds.uniforms(own, Purpose.FORECAST, np.arange(draws), 2, attempt=64))
    return Posterior(latent, chosen, population, latent.parameters(chosen, population), chance, tuple(modes), evidence, error, quality)


def _apart(z: Floats) -> Floats:
    """Return the first of points z (n, d) and those furthest from what is chosen already: another mode may be among them."""
    chosen = [0]
    while len(chosen) < _STARTS - 1:
        away = ((z[:, None] - z[chosen]) ** 2).sum(axis=2).min(axis=1)
        chosen.append(int(away.argmax()))
    return z[chosen]


def _good(found: _Weighted) -> bool:
    return found.k <= GOOD_K and found.ess >= max(100.0, 0.05 * len(found.z))


def _normal(seed: int, count: int, width: int, attempt: int) -> Floats:
    return seeds.normals(seed, Purpose.FORECAST, np.arange(count), width, attempt=attempt)


def _from_prior(latent: Latent, draws: int, seed: int) -> Posterior:
    d, which = len(latent.varying), latent.variant(draws)
    z = _normal(seed, draws, max(d, 1), 0)[:, :d]
    for attempt in range(1, 200):
        sets = latent.parameters(z, which)
        outside = np.flatnonzero(~latent.possible(sets))
        if not len(outside):
            break
        z[outside] = _normal(seed, draws, d, attempt)[outside]
    quality = Quality("prior", float(draws), np.nan, np.nan, np.nan, 0)
    if latent.likelihood is None:
        return Posterior(latent, z, which, latent.parameters(z, which), None, (), 0.0, 0.0, quality)
    density = latent.log_likelihood(z, which)  # nothing varies between patients, and yet something may be learnt of the last cells
    if not np.isfinite(density).all():
        raise SolveError(f"patient {latent.patient.id}: a patient of this population could not have these observations; check their units")
    chance = latent.chances(z, which, seeds.uniforms(seed, Purpose.FORECAST, np.arange(draws), 2, attempt=64))
    evidence = float(logsumexp(density) - np.log(draws))
    return Posterior(latent, z, which, latent.parameters(z, which), chance, (), evidence, 0.0, quality)


@dataclass(frozen=True, eq=False, slots=True)
class _Weighted:
    z: Floats
    which: Integers
    weights: Floats
    ess: float
    k: float
    evidence: float
    error: float


def _weighted(latent: Latent, mixture: Mixture, count: int, seed: int, *, attempt: int = 62) -> _Weighted:
    """Return points of the mixture with smoothed weights that add up to one."""
    u = seeds.uniforms(seed, Purpose.FORECAST, np.arange(count), 2, attempt=attempt + 64)
    z = mixture.draw(u, _normal(seed, count, len(latent.varying), attempt))
    which = latent.variant(count)
    raw = latent.log_likelihood(z, which) + log_prior(z) - mixture.log_density(z)
    usable = np.isfinite(raw)
    evidence = float(logsumexp(raw[usable]) - np.log(count)) if usable.any() else -np.inf
    if usable.sum() < 25:
        return _Weighted(z, which, np.full(count, 1 / count), 0.0, np.inf, evidence, np.inf)
    relative = np.where(usable, np.exp(raw - evidence), 0.0)
    smoothed, k = smoothed_weights(raw[usable])
    weights = np.zeros(count)
    weights[usable] = np.exp(smoothed - logsumexp(smoothed))
    error = float(relative.std() / np.sqrt(count))
    return _Weighted(z, which, weights, float(1 / (weights**2).sum()), float(k), evidence, error)


def _learned(latent: Latent, modes: list[Mode], seed: int) -> tuple[Mixture, int]:
    """Return the mixture that begins at the modes and has learnt the posterior's shape, and how many points that took."""
    heights = np.array([m.log_density + 0.5 * np.linalg.slogdet(m.covariance)[1] for m in modes])
    share = np.maximum(np.exp(heights - logsumexp(heights)), 0.05)
    scale = np.array([m.covariance for m in modes])
    mixture = Mixture((1 - _PRIOR) * share / share.sum(), np.array([m.z for m in modes]), scale)
    spent = 0
    for round_ in range(1, _ROUNDS + 1):
        found = _weighted(latent, mixture, _LEARN, seed, attempt=round_)
        spent += _LEARN
        if not np.isfinite(found.k):
            mixture = Mixture(mixture.share, mixture.mean, 4 * mixture.scale)
            continue
        if found.k < 0.5 and found.ess > _ENOUGH * _LEARN:
            break
        mixture = mixture.learn(found.z, found.weights, least=_PRIOR)
    return mixture, spent
