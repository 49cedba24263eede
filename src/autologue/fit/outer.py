"""The outer problem: the estimates at which the marginal likelihood is highest, its curvature there, and whether that can be believed.

A quasi-Newton search by scipy (BFGS; L-BFGS-B where there are bounds) on the scales of estimation, begun with the sum of the patients'
squared scores as the curvature, is polished by Newton's method on the Hessian of differences of exact gradients. That Hessian is
R of the standard errors, the squared scores are S.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from autologue.fit.conditional import Marginal
from autologue.fit.problem import Problem

__all__ = ["Optimum", "Search", "maximise"]

Floats = NDArray[np.float64]
Evaluate = Callable[[Floats, Floats, Floats | None], Marginal]
HESSIAN_STEP = 1e-3
POLISHED = 1e-9  # of the log-likelihood, still to be gained by a Newton step
CEILING = 1e3


@dataclass(eq=False)
class Search:
    """Evaluations one after another, each begun where the last one ended; the best one is kept."""

    problem: Problem
    evaluate: Evaluate
    at: Floats = field(default_factory=lambda: np.empty(0))
    found: Marginal | None = None
    count: int = 0

    def marginal(self, vector: Floats) -> Marginal:
        """Return the marginal likelihood at a vector."""
        problem, q = self.problem, self.problem.varying
        zero = np.zeros((1, problem.patients, q))
        start, metric = zero, None
        if self.found is not None:
            centre = (problem.offset + problem.design @ vector)[:, :q]
            phi = self.found.modes.phi[:, :q]
            ahead = phi + self.found.shift @ (vector - self.at)
            still = phi - (problem.offset + problem.design @ self.at)[:, :q]
            start, metric = np.stack([ahead - centre, still, zero[0]]), self.found.curvature
        found = self.evaluate(vector, start, metric)
        self.count += 1
        if np.isfinite(found.value).all():
            self.at, self.found = vector.copy(), found
        return found


@dataclass(frozen=True, eq=False)
class Optimum:
    """vector (p,), log-likelihood, R (p, p), the scores of the patients (patients, p), what was found there, and the number of evaluations."""

    vector: Floats
    log_likelihood: float
    information: Floats
    scores: Floats
    marginal: Marginal
    evaluations: int
    message: str


def maximise(problem: Problem, evaluate: Evaluate, start: Floats, *, iterations: int = 200, bounds: Floats | None = None) -> Optimum:
    """Return the optimum that is reached from `start`."""
    search = Search(problem, evaluate)
    first = search.marginal(start)
    lowest = -float(first.value.sum())

    def cost(vector: Floats) -> tuple[float, Floats]:
        nonlocal lowest
        found = search.marginal(vector)
        value = -float(found.value.sum())
        if not np.isfinite(value):
            return lowest + CEILING, np.zeros(len(vector))
        lowest = min(lowest, value)
        return value, -found.gradient.sum(0)

    scores = first.gradient.T @ first.gradient
    ridge = 1e-3 * np.trace(scores) / len(scores)
    inverse = np.linalg.inv(scores + ridge * np.eye(len(scores)))
    done = minimize(
        cost, start, jac=True, method="BFGS", options=dict(maxiter=iterations, hess_inv0=(inverse + inverse.T) / 2, gtol=1e-2)
    )
    return _polish(search, done.x, str(done.message))


def _polish(search: Search, vector: Floats, message: str) -> Optimum:
    here = search.marginal(vector)
    for _ in range(10):
        information = hessian(search, vector, here)
        level, axes = np.linalg.eigh(information)
        uphill = here.gradient.sum(0)
        step = axes @ ((axes.T @ uphill) / np.maximum(np.abs(level), 1e-8 * np.abs(level).max()))
        if 0.5 * uphill @ step < POLISHED:
            break
        here, vector, moved = _line(search, vector, step, here)
        if not moved:
            break
    return Optimum(vector, float(here.value.sum()), information, here.gradient, here, search.count, message)


def _line(search: Search, vector: Floats, step: Floats, here: Marginal) -> tuple[Marginal, Floats, bool]:
    for k in range(12):
        trial = vector + step * 0.5**k
        found = search.marginal(trial)
        if np.isfinite(found.value).all() and found.value.sum() >= here.value.sum():
            return found, trial, True
    return here, vector, False


def hessian(search: Search, vector: Floats, here: Marginal) -> Floats:
    """Return minus the second derivative of the log-likelihood, by central differences of its gradient (p, p)."""
    columns = []
    for e in HESSIAN_STEP * np.eye(len(vector)):
        search.at, search.found = vector, here
        ahead = search.marginal(vector + e).gradient.sum(0)
        search.at, search.found = vector, here
        back = search.marginal(vector - e).gradient.sum(0)
        columns.append((back - ahead) / (2.0 * HESSIAN_STEP))
    search.at, search.found = vector, here
    matrix = np.stack(columns, -1)
    return (matrix + matrix.T) / 2.0
