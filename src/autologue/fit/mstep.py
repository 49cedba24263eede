"""The maximisation step of SAEM: what the complete data say of the estimates.

Given the moments of the random effects, typical values and effects are a weighted regression, a variance matrix without conditions is a
moment, one with priors, bounds or fixed parts takes a step of Fisher scoring. The numbers of residual errors and of parameters without
random effects take a step of Newton's method on the density of the rows, averaged over the chains. All priors are normal on the
scale of estimation, all bounds are boxes there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.fit.problem import Problem
from autologue.likelihood.residual import NUMBERS
from autologue.population import Kind

__all__ = ["Layout", "Regression", "boxed_step", "floored", "lay_out", "pooled", "spread", "spread_vector"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SMALLEST, SINGULAR = 1e-3, 1e-4  # deviation of a random effect; eigenvalue of a correlation matrix
LARGEST = 1.0  # step of Fisher scoring of a variance, on the log scale
BETWEEN = (Kind.DEVIATION, Kind.CORRELATION)  # of patients, not of occasions


@dataclass(frozen=True, eq=False)
class Layout:
    """Which estimates are what: places in the vector.

    regression: typical values and effects of varying parameters. spread: deviations and correlations; scored: those of blocks with a
    condition (a bound, a prior, a fixed part); cells (q, q): the other blocks. errors: numbers of residual errors; place (outputs, 3):
    which of these each is, or -1. common: typical values and effects of parameters without random effects.
    """

    regression: Integers
    spread: Integers
    scored: Integers
    cells: NDArray[np.bool_]
    errors: Integers
    place: Integers
    common: Integers


def lay_out(problem: Problem) -> Layout:
    """Return the layout of a problem's vector."""
    structure, q = problem.structure, problem.varying
    estimates = structure.estimates
    linear = [j for j, e in enumerate(estimates) if e.kind in (Kind.TYPICAL, Kind.EFFECT)]
    varying = [j for j in linear if problem.design[:, :q, j].any()]
    spreads = [j for j, e in enumerate(estimates) if e.kind.spread]
    conditioned = np.isfinite(structure.bounds).any(axis=1) | (structure.prior_precision > 0.0)
    cells, scored = np.zeros((q, q), dtype=bool), []
    for block in problem.blocks:
        size = len(block.names)
        between = block.kind is Kind.DEVIATION
        own = [j for j in spreads if set(estimates[j].of) <= set(block.names) and (estimates[j].kind in BETWEEN) is between]
        if len(own) == size * (size + 1) // 2 and not conditioned[own].any():
            for places in block.places:
                cells[np.ix_(places, places)] = True
        else:
            scored += own
    errors = [j for j, e in enumerate(estimates) if e.kind is Kind.RESIDUAL]
    place = np.full((len(problem.likelihood.outputs), len(NUMBERS)), -1, dtype=np.int64)
    for r, j in enumerate(errors):
        output, field = estimates[j].of
        place[problem.likelihood.outputs.index(output), NUMBERS.index(field)] = r
    rest = [j for j in linear if j not in varying]
    return Layout(_places(varying), _places(spreads), _places(scored), cells, _places(errors), place, _places(rest))


def _places(numbers: list[int]) -> Integers:
    return np.array(numbers, dtype=np.int64)


def boxed_step(
    problem: Problem, vector: Floats, which: Integers, score: Floats, information: Floats, *, largest: float | Floats = np.inf
) -> Floats:
    """Return the Newton step of `which` estimates with their priors, inside their bounds; no part of it longer than `largest`."""
    structure = problem.structure
    precision = structure.prior_precision[which]
    slope = score - precision * (vector[which] - structure.prior_centre[which])
    curve = information + np.diag(precision)
    np.fill_diagonal(curve, np.diagonal(curve) + 1e-8 * max(np.trace(curve) / max(len(which), 1), 1e-12))
    step = np.asarray(np.linalg.solve(curve, slope), dtype=np.float64)
    low, high = (structure.bounds[which] - vector[which, None]).T
    outside = (step < low) | (step > high)
    free = ~outside
    while outside.any():  # what a bound stops stays there, and the others step again
        step[~free] = np.clip(step[~free], low[~free], high[~free])
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free] - curve[np.ix_(free, ~free)] @ step[~free])
        outside = free & ((step < low) | (step > high))
        free &= ~outside
    return np.clip(step, -largest, largest)


class Regression:
    """Typical values and effects given the means of the coordinates; made once for a problem."""

    def __init__(self, problem: Problem, layout: Layout) -> None:
        q = problem.varying
        self.problem, self.which = problem, layout.regression
        self.design: Floats = np.ascontiguousarray(problem.design[:, :q, layout.regression])
        self._crossed = np.einsum("iaj,ibl->abjl", self.design, self.design)
        self._flat = self.design.reshape(-1, len(layout.regression))

    def information(self, inverse: Floats) -> Floats:
        """Return that of the complete data."""
        found: Floats = np.einsum("ab,abjl->jl", inverse, self._crossed)
        return found

    def step(self, vector: Floats, centre: Floats, mean: Floats, inverse: Floats) -> Floats:
        """Return the step to the optimum, for means (patients, q) around centres (patients, q)."""
        score = ((mean - centre) @ inverse).reshape(-1) @ self._flat
        return boxed_step(self.problem, vector, self.which, score, self.information(inverse))


def floored(omega: Floats) -> Floats:
    """Return a variance matrix with floors: under each deviation, and under the eigenvalues of the correlation."""
    sd = np.sqrt(np.maximum(np.diagonal(omega), SMALLEST**2))
    if not (omega - np.diag(np.diagonal(omega))).any():
        return np.diag(sd**2)
    level, axes = np.linalg.eigh(omega / sd[:, None] / sd[None, :])
    if level[0] > SINGULAR:
        return omega
    matrix = (axes * np.maximum(level, SINGULAR)) @ axes.T
    scale = sd / np.sqrt(np.diagonal(matrix))
    found: Floats = matrix * scale[:, None] * scale[None, :]
    return found


def spread_vector(problem: Problem, layout: Layout, omega: Floats) -> Floats:
    """Return the deviations and correlations of a variance matrix, on their scales, in the order of the layout."""
    estimates = problem.structure.estimates
    partial: dict[tuple[bool, tuple[str, ...]], float] = {}
    for block in problem.blocks:
        places, names, between = block.places[0], block.names, block.kind is Kind.DEVIATION
        matrix = omega[np.ix_(places, places)]
        sd = np.sqrt(np.diagonal(matrix))
        factor = np.linalg.cholesky(matrix / sd[:, None] / sd[None, :]) if len(names) > 1 else np.ones((1, 1))
        for j in range(len(names)):
            partial[between, (names[j],)] = 0.5 * math.log(matrix[j, j])
            left = 1.0
            for i in range(j):
                partial[between, (names[i], names[j])] = float(np.arctanh(factor[j, i] / np.sqrt(left)))
                left -= factor[j, i] ** 2
    return np.array([partial[estimates[j].kind in BETWEEN, estimates[j].of] for j in layout.spread])


def pooled(problem: Problem, moments: Floats) -> Floats:
    """Return the mean of eta eta' over patients and occasions (q, q), within blocks, from that of each patient (patients, q, q)."""
    total, found = moments.sum(axis=0, where=problem.active[:, :, None]), np.zeros(moments.shape[1:])
    for block in problem.blocks:
        cells = [np.ix_(places, places) for places in block.places]
        count = sum(problem.counts[places[0]] for places in block.places)
        mean = sum(total[cell] for cell in cells) / count
        for cell in cells:
            found[cell] = mean
    return found


def spread(problem: Problem, layout: Layout, vector: Floats, omega: Floats, moment: Floats) -> Floats:
    """Return the variance matrix for the `pooled` moment (q, q) of eta eta': blocks without conditions as it is, the others one step."""
    found = np.where(layout.cells, moment, omega)
    if not len(layout.scored):
        return found
    moved = problem.moved(vector, omega)[0][layout.scored]
    inverse, n = np.linalg.inv(omega), problem.counts
    turned = np.einsum("ab,pbc->pac", inverse, moved)
    score = 0.5 * (np.einsum("a,pab,bc,ca->p", n, turned, inverse, moment) - np.einsum("a,paa->p", n, turned))
    information = 0.5 * np.einsum("a,pab,qba->pq", n, turned, turned)
    changed = vector.copy()
    changed[layout.scored] += boxed_step(problem, vector, layout.scored, score, information, largest=LARGEST)
    return np.where(layout.cells, moment, problem.point(changed).omega)
