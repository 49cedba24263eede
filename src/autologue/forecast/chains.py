"""Differential evolution Markov chains: many chains at once, each stepping along the difference of two others.

ter Braak 2006, Stat Comput 16:239-249. All chains of one half move together, along differences of the other half, so that a sweep is two
calls of the engine and detailed balance holds; every fifth takes whole differences, by which a chain can go from one mode to another.
Every other sweep proposes from the mixture that importance sampling has learnt, whose tails are too light but whose middle is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.fit.weights import agreement
from autologue.forecast.latent import Latent
from autologue.forecast.mixture import Mixture
from autologue.seeds import Purpose

__all__ = ["Chains", "run_chains"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_CHAINS = 64
_BLOCK = 150  # sweeps between two looks at the convergence
_BLOCKS = 12
_MIXED = 1.02  # R-hat at which the chains agree


@dataclass(frozen=True, eq=False, slots=True)
class Chains:
    """Draws (draws, d), the population of each, the worst R-hat and effective sample size over effects, share of moves accepted."""

    z: Floats
    which: Integers
    rhat: float
    ess: float
    acceptance: float
    evaluations: int


def run_chains(latent: Latent, mixture: Mixture, z: Floats, weights: Floats, which: Integers, *, draws: int, seed: int) -> Chains:
    """Return draws from chains that begin at weighted points z (n, d); they run until they agree, or for 1,800 sweeps."""
    u = seeds.uniforms(seed, Purpose.FORECAST, [1], _CHAINS, attempt=200)[0]
    cumulated = np.cumsum(weights)
    rows = np.minimum(np.searchsorted(cumulated, u * cumulated[-1], side="right"), len(z) - 1)
    state, population = z[rows].copy(), which[rows].copy()
    state += 0.05 * seeds.normals(seed, Purpose.FORECAST, np.arange(_CHAINS), z.shape[1], attempt=201)
    value = latent.log_posterior(state, population)
    lost = ~np.isfinite(value)
    state[lost], value[lost] = z[rows][lost], latent.log_posterior(z[rows], population)[lost]
    kept, people, moved, sweeps = [], [], 0.0, 0
    for block in range(_BLOCKS):
        history, histories = np.empty((_BLOCK, _CHAINS, z.shape[1])), np.empty((_BLOCK, _CHAINS), dtype=np.int64)
        for k in range(_BLOCK):
            if sweeps % 2:
                moved += _leap(latent, mixture, state, population, value, seed, sweeps)
            else:
                moved += _sweep(latent, state, population, value, seed, sweeps // 2)
            history[k], histories[k] = state, population
            sweeps += 1
        kept.append(history)
        people.append(histories)
        rhat, ess = agreement(np.concatenate(kept[len(kept) // 2 :]))
        if block and rhat < _MIXED and ess > min(draws, 1000):
            break
    half = np.concatenate(kept[len(kept) // 2 :]).reshape(-1, z.shape[1])
    populations = np.concatenate(people[len(people) // 2 :]).reshape(-1)
    places = np.linspace(0, len(half) - 1, draws).round().astype(np.int64)
    return Chains(half[places], populations[places], rhat, ess, moved / sweeps, _CHAINS * (sweeps + 2))


def _sweep(latent: Latent, state: Floats, population: Integers, value: Floats, seed: int, sweep: int) -> float:
    """Move every chain once, in place; return the share that moved."""
    d, half = state.shape[1], len(state) // 2
    u = seeds.uniforms(seed, Purpose.FORECAST, np.arange(len(state)), 4, attempt=1000 + sweep)
    noise = seeds.normals(seed, Purpose.FORECAST, np.arange(len(state)), d, attempt=100_000 + sweep)
    length = 1.0 if sweep % 5 == 4 else 2.38 / np.sqrt(2 * d)
    moved = 0
    for mine, others in ((np.arange(half), np.arange(half, 2 * half)), (np.arange(half, 2 * half), np.arange(half))):
        first = (u[mine, 0] * half).astype(np.int64)
        second = (first + 1 + (u[mine, 1] * (half - 1)).astype(np.int64)) % half
        proposal = state[mine] + length * (state[others[first]] - state[others[second]]) + 0.01 * noise[mine]
        # the population of a set is part of its state: every other sweep proposes another one, at the same effects
        other = population[mine] if sweep % 2 else (u[mine, 2] * latent.variants).astype(np.int64)
        found = latent.log_posterior(proposal, other)
        taken = np.log(u[mine, 3]) < found - value[mine]
        state[mine[taken]], population[mine[taken]], value[mine[taken]] = proposal[taken], other[taken], found[taken]
        moved += int(taken.sum())
    return moved / len(state)


def _leap(latent: Latent, mixture: Mixture, state: Floats, population: Integers, value: Floats, seed: int, sweep: int) -> float:
    """Propose to every chain a point of the mixture, in place; return the share that moved."""
    rows = np.arange(len(state))
    u = seeds.uniforms(seed, Purpose.FORECAST, rows, 4, attempt=200_000 + sweep)
    proposal = mixture.draw(u[:, :2], seeds.normals(seed, Purpose.FORECAST, rows, state.shape[1], attempt=300_000 + sweep))
    other = (u[:, 2] * latent.variants).astype(np.int64)
    found = latent.log_posterior(proposal, other)
    gain = found - value + mixture.log_density(state) - mixture.log_density(proposal)
    taken = np.log(u[:, 3]) < gain
    state[taken], population[taken], value[taken] = proposal[taken], other[taken], found[taken]
    return float(taken.mean())
