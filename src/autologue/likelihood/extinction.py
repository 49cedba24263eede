"""Extinction by chance in the likelihood: a mixture over what the last cells may have done.

The engine follows a patient in whom the cells survive and gives the exact probability P(t) that they have died out by t (Kendall
1948). Between two observation times only when they die is unknown, so the likelihood of a patient is

    (1 - P(last)) L(survived) + sum over intervals of (P(later) - P(earlier)) L(died out within it),

with L averaged over the moment within the interval by Gauss-Legendre quadrature on the probability scale. What dies out leaves nothing to
measure, so within an interval the moment matters only through what the dead cells would still have done to the others: few nodes do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.likelihood.course import Course, CourseLanes
from autologue.model import Model

__all__ = ["Fates", "chosen_fate", "drawn_chance", "fates", "posterior", "probability_name"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_LEAST = 1e-14  # probability of an interval below which it is left out
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(3)
_EDGES = np.concatenate([[0.0], np.cumsum(0.5 * _WEIGHTS)])  # the part of an interval that each node stands for


def probability_name(model: Model) -> str:
    """Return the output in which the engine gives the probability of extinction."""
    assert model.birth_death is not None
    return f"{model.birth_death.state}_extinction_probability"


@dataclass(frozen=True, eq=False, slots=True)
class Fates:
    """survived: logarithm of its probability (sets,). of, chance, probability (fates,): each moment of dying out, the last a logarithm.

    reached: probability that the cells have died out by the last observation (sets,). low, high: the chances a moment stands for (fates,).
    """

    survived: Floats
    of: Integers
    chance: Floats
    probability: Floats
    reached: Floats
    low: Floats
    high: Floats


def fates(course: Course, lanes: CourseLanes, buffer: Floats) -> Fates:
    """Return what may become of the last cells of each set, given the courses in which they survive."""
    counts = np.array([len(course.times[k]) for k in lanes.who], dtype=np.int64)
    begin = np.concatenate([[0], np.cumsum(counts)])
    lane = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(begin[-1]) - begin[lane]
    cells = lanes.cells(lane, place, np.full(len(lane), len(course.outputs) - 1))
    reached = np.clip(np.nan_to_num(buffer[cells]), 0.0, 1.0)
    before = np.where(place == 0, 0.0, np.concatenate([[0.0], reached[:-1]]))
    weight = reached - before
    kept = np.flatnonzero(weight > _LEAST)
    last = np.zeros(len(counts))
    last[counts > 0] = reached[begin[1:][counts > 0] - 1]
    with np.errstate(divide="ignore"):
        survived = np.log1p(-last)
    chance = (before + 0.5 * weight)[kept, None] + 0.5 * weight[kept, None] * _NODES
    share = weight[kept, None] * 0.5 * _WEIGHTS
    edges = before[kept, None] + weight[kept, None] * _EDGES
    low, high = edges[:, :-1].reshape(-1), edges[:, 1:].reshape(-1)
    return Fates(survived, np.repeat(lane[kept], len(_NODES)), chance.reshape(-1), np.log(share).reshape(-1), last, low, high)


def posterior(found: Fates, survived: Floats, died: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the log-density of each set, and the posterior probability of surviving (sets,) and of each other fate (fates,)."""
    alive, other = found.survived + survived, found.probability + died
    top = alive.copy()
    np.maximum.at(top, found.of, other)
    base = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(alive - base)
    np.add.at(total, found.of, np.exp(other - base[found.of]))
    with np.errstate(divide="ignore", invalid="ignore"):
        density = base + np.log(total)
        share, shares = np.exp(alive - base) / total, np.exp(other - base[found.of]) / total[found.of]
    return density, share, shares


def drawn_chance(found: Fates, chosen: Integers, u: Floats) -> Floats:
    """Return a chance for each set that leads to its chosen fate (sets,), by uniform numbers u (sets,)."""
    low, high = found.reached.copy(), np.ones(len(chosen))
    died = chosen >= 0
    low[died], high[died] = found.low[chosen[died]], found.high[chosen[died]]
    return np.clip(low + (high - low) * u, np.finfo(float).tiny, 1.0 - 2.0**-53)


def chosen_fate(found: Fates, share: Floats, shares: Floats, pick: Floats | None) -> Integers:
    """Return the fate of each set, -1 for survival: the most probable one, or the one that a uniform number falls on."""
    chosen = np.full(len(share), -1, dtype=np.int64)
    reached = share.copy()
    for k, s in enumerate(found.of):
        if pick is None:
            if shares[k] > reached[s]:
                chosen[s], reached[s] = k, shares[k]
        else:
            if reached[s] <= pick[s]:
                chosen[s] = k
            reached[s] += shares[k]
    return chosen
