"""The outer problem: the estimates at which the marginal likelihood (times the priors) is highest, and its curvature there.

A quasi-Newton search by scipy (L-BFGS-B with the estimates scaled by the patients' squared scores, or BFGS begun from these where nothing
is bounded) is polished by Newton's method on differences of exact gradients. Every evaluation begins where the last one ended,
its modes carried ahead by their own derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from autologue.errors import SolveError
from autologue.fit.conditional import Marginal
from autologue.fit.estimated import Watch
from autologue.fit.inner import LOST, REASONS
from autologue.fit.problem import Problem

__all__ = ["Evaluate", "Optimum", "Search", "maximise", "polish"]

Floats = NDArray[np.float64]
Evaluate = Callable[[Floats, Floats, Floats | None], Marginal]
HESSIAN_STEP = 1e-3
POLISHED = 1e-9  # of the log-likelihood, still to be gained by a Newton step
SETTLED = 1e-4  # squared standard errors moved since the Hessian was computed
LONGEST, STRIDE = 1.0, 3.0  # step of any estimate in Newton's method, and in a line search
RESTARTS, LEFT = 10, 0.01  # of a search that stopped early, while it gains as much
REACH = 20.0  # how far from its start an estimate may be tried
TOUCHING = 1e-9  # distance from a bound, of an estimate's width
CEILING = 1e3  # how much worse than the best a vector is taken to be at which a patient cannot be solved


@dataclass(eq=False)
class Search:
    """Evaluations one after another, each begun at the modes of the last one that succeeded."""

    problem: Problem
    evaluate: Evaluate
    at: Floats = field(default_factory=lambda: np.empty(0))
    found: Marginal | None = None
    count: int = 0
    path: list[Floats] = field(default_factory=list)

    def marginal(self, vector: Floats) -> Marginal:
        """Return the marginal likelihood at a vector."""
        problem, q = self.problem, self.problem.varying
        start, metric = np.zeros((1, problem.patients, q)), None
        if self.found is not None:
            before, now = ((problem.offset + problem.design @ v)[:, :q] for v in (self.at, vector))
            phi = self.found.modes.phi[:, :q]
            ahead = phi + self.found.shift @ (vector - self.at)
            start, metric = np.stack([ahead - now, phi - before, start[0]]), self.found.curvature
        found = self.evaluate(vector, start, metric)
        self.count += 1
        if np.isfinite(found.value).all():
            self.at, self.found = vector.copy(), found
        return found

    def cost(self, vector: Floats) -> tuple[float, Floats]:
        """Return minus the log-posterior and its gradient; infinite far from all reason, where numbers overflow."""
        if (np.abs(vector - self.problem.start) > REACH * self.problem.widths).any():
            return np.inf, np.zeros(len(vector))
        found = self.marginal(vector)
        prior, slope = self.problem.log_prior(vector)
        return -float(found.value.sum()) - prior, -found.gradient.sum(0) - slope

    def back_to(self, vector: Floats, found: Marginal) -> None:
        """Begin the next evaluation from here."""
        self.at, self.found = vector.copy(), found


@dataclass(frozen=True, eq=False)
class Optimum:
    """What a search ended at.

    vector (p,). log_likelihood: of the data; log_posterior: with the priors. information R (p, p): minus the second derivative of
    the log-posterior, NaN for an estimate at its bound. free (p,): not at a bound. marginal: at the vector. gain: of the log-posterior,
    still expected of a Newton step.
    """

    vector: Floats
    log_likelihood: float
    log_posterior: float
    information: Floats
    free: NDArray[np.bool_]
    marginal: Marginal
    gain: float


def maximise(
    problem: Problem,
    evaluate: Evaluate,
    start: Floats,
    *,
    iterations: int,
    tolerance: float,
    watch: Watch | None = None,
    enough: Callable[[Floats, float], bool] | None = None,
) -> Search:
    """Search from `start` and return the search where it ended; raises SolveError where a patient cannot be solved at the start.

    enough: of a vector and its log-posterior, whether the search may end there.
    """
    search, (low, high) = Search(problem, evaluate), problem.structure.bounds.T
    start = np.clip(start, low, high)
    first = search.marginal(start)
    _check_start(problem, first)
    lowest, place = search.cost(start)[0], start

    def cost(vector: Floats) -> tuple[float, Floats]:
        nonlocal lowest
        too_far = (np.abs(vector - place) > STRIDE * problem.widths).any()
        value, slope = (np.inf, start) if too_far else search.cost(vector)
        if not np.isfinite(value):
            return lowest + CEILING, np.zeros(len(vector))
        lowest = min(lowest, value)
        return value, slope

    def follow(vector: Floats) -> None:
        nonlocal place
        place = np.array(vector)
        search.path.append(place)
        if watch is not None:
            watch(len(search.path), iterations, place)
        if enough is not None and enough(place, -lowest):
            raise StopIteration

    reached, ended = np.inf, start
    for _ in range(RESTARTS):
        left = iterations - len(search.path)
        ended = _quasi_newton(problem, cost, search, ended, iterations=left, tolerance=tolerance, follow=follow)
        value, slope = search.cost(ended)
        inside = ((ended > low) | (slope < 0.0)) & ((ended < high) | (slope > 0.0))
        if np.abs(slope[inside]).max(initial=0.0) < tolerance or reached - value < LEFT or len(search.path) >= iterations:
            break
        if enough is not None and enough(ended, -value):
            break
        reached, place = value, ended
    return search


def _quasi_newton(
    problem: Problem, cost: Callable[[Floats], tuple[float, Floats]], search: Search, start: Floats, *, iterations: int, tolerance: float,
    follow: Callable[[Floats], None],
) -> Floats:  # fmt: skip
    """Return where a search from `start` ends, its metric begun with the squared scores there."""
    assert search.found is not None
    scores = _metric(search)
    low, high = problem.structure.bounds.T
    if not (np.isfinite(low).any() or np.isfinite(high).any()):
        inverse = np.linalg.inv(scores)
        options = dict(maxiter=iterations, hess_inv0=(inverse + inverse.T) / 2.0, gtol=tolerance)
        found: Floats = minimize(cost, start, jac=True, method="BFGS", options=options, callback=follow).x
        return found
    scale = 1.0 / np.sqrt(np.diagonal(scores))

    def scaled(x: Floats) -> tuple[float, Floats]:
        value, slope = cost(x * scale)
        return value, slope * scale

    limits, options = list(zip(low / scale, high / scale, strict=True)), dict(maxiter=iterations, gtol=tolerance, ftol=1e-12)
    done = minimize(
        scaled, start / scale, jac=True, method="L-BFGS-B", bounds=limits, options=options, callback=lambda x: follow(x * scale)
    )
    ended: Floats = np.clip(done.x * scale, low, high)
    for bound in (low, high):  # scaling there and back leaves one that ended on its bound a rounding error away from it
        ended = np.where(np.abs(ended - bound) < TOUCHING * problem.widths, bound, ended)
    return ended


def _metric(search: Search) -> Floats:
    """Return a positive definite curvature to begin with: the squared scores, or with few patients the Hessian, each level positive."""
    problem, found = search.problem, search.found
    assert found is not None
    width = problem.widths
    if problem.patients > 2 * len(width):
        curve = found.gradient.T @ found.gradient + np.diag(problem.structure.prior_precision)
    else:
        curve = _information(search, np.ones(len(width), dtype=bool))
    level, axes = np.linalg.eigh(curve * width[:, None] * width[None, :])
    level = np.maximum(np.abs(level), 1e-3 * max(np.abs(level).mean(), 1e-6))
    found_metric: Floats = (axes * level) @ axes.T / width[:, None] / width[None, :]
    return found_metric


def _check_start(problem: Problem, first: Marginal) -> None:
    lost = np.flatnonzero(first.modes.status == LOST)
    if len(lost):
        who = problem.likelihood.cohort.patients[lost[0]].id
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        values = ", ".join(f"{e.name} {e.scale.back(x):.4g}" for e, x in zip(problem.structure.estimates, problem.start, strict=True))
        raise SolveError(f"patient {who}{more}: {REASONS[LOST]} {values}; start the fit from other values")


def polish(search: Search, *, limit: int = 10) -> Optimum:
    """Return the optimum that Newton steps reach from where a search ended, with the information there."""
    low, high = search.problem.structure.bounds.T
    for _ in range(limit):
        vector, (value, slope) = search.at, search.cost(search.at)
        free = ~(((vector <= low) & (slope > 0.0)) | ((vector >= high) & (slope < 0.0)))
        information = _information(search, free)
        gain, last = _newton(search, information, free, value, slope)
        moved = np.where(free, search.at - vector, 0.0)[free]
        if gain < POLISHED and moved @ information[np.ix_(free, free)] @ moved < SETTLED:
            break
        if last:
            break
    assert search.found is not None
    log_likelihood = float(search.found.value.sum())
    prior = search.problem.log_prior(search.at)[0]
    return Optimum(search.at, log_likelihood, log_likelihood + prior, information, free, search.found, gain)


def _newton(search: Search, information: Floats, free: NDArray[np.bool_], value: float, slope: Floats) -> tuple[float, bool]:
    """Take steps with one Hessian while they gain; return what is still to be gained, and whether no step leads lower."""
    level, axes = np.linalg.eigh(information[np.ix_(free, free)])
    level = np.maximum(np.abs(level), 1e-8 * np.abs(level).max(initial=1e-300))
    gain = np.inf
    for _ in range(5):
        step = np.zeros(len(slope))
        step[free] = -axes @ ((axes.T @ slope[free]) / level)
        step *= min(1.0, LONGEST / max((np.abs(step) / search.problem.widths).max(), 1e-300))
        gain = -0.5 * float(slope @ step)
        if gain < POLISHED:
            break
        if not _stepped(search, step, value):
            return gain, True
        value, slope = search.cost(search.at)
    return gain, False


def _stepped(search: Search, step: Floats, value: float) -> bool:
    """Take the longest of the halved steps that leads lower; return whether one does."""
    (low, high), vector, here = search.problem.structure.bounds.T, search.at, search.found
    assert here is not None
    for k in range(12):
        trial = np.clip(vector + step * 0.5**k, low, high)
        if search.cost(trial)[0] < value:
            return True
        search.back_to(vector, here)
    return False


def _information(search: Search, free: NDArray[np.bool_]) -> Floats:
    """Return the second derivative of the cost by central differences of its gradient, NaN for what is not free."""
    vector, here = search.at, search.found
    assert here is not None
    matrix = np.full((len(vector), len(vector)), np.nan)
    columns = []
    for e in np.diag(HESSIAN_STEP * search.problem.widths)[free]:
        ends = []
        for side in (vector + e, vector - e):
            search.back_to(vector, here)
            ends.append(search.cost(side)[1][free])
        columns.append((ends[0] - ends[1]) / (2.0 * e.max()))
    search.back_to(vector, here)
    second = np.array(columns)
    matrix[np.ix_(free, free)] = (second + second.T) / 2.0
    return matrix
