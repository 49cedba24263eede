"""What speaks against trusting an optimum, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.fit.basins import Basin
from autologue.fit.inner import REASONS
from autologue.fit.outer import Optimum
from autologue.fit.problem import Problem
from autologue.population import Kind

__all__ = ["suspicions"]

Floats = NDArray[np.float64]
GAIN = 0.01  # of the log-likelihood
CONDITION = 1e4  # of the correlation matrix of the estimates
SHARE = 0.3  # of a flat direction, for an estimate to be named
TOLD = 1.0  # standard error of log omega above which it is not told from zero
DISAGREE = 3.0  # ratio of two standard errors
EXTREME = 0.99


def suspicions(problem: Problem, optimum: Optimum, basins: tuple[Basin, ...], better: Basin | None) -> tuple[str, ...]:
    """Return one sentence for each doubt; basins: where several starts ended, best first; better: what a probe found."""
    return (
        *_of_basins(problem, optimum, basins, better), *_of_patients(problem, optimum), *_of_bounds(problem, optimum),
        *_of_curvature(problem, optimum),
    )  # fmt: skip


def _of_basins(problem: Problem, optimum: Optimum, basins: tuple[Basin, ...], better: Basin | None) -> list[str]:
    found, total = [], sum(b.count for b in basins)
    if better is not None:
        pairs = zip(problem.structure.estimates, better.vector, strict=True)
        there = ", ".join(f"{e.name} {e.scale.back(x):.3g}" for e, x in pairs if e.kind is Kind.TYPICAL)
        gain = better.value - optimum.log_posterior
        found.append(
            f"this is a local optimum: the log-likelihood is at least {gain:.1f} higher near {there}; start there, or give more starts"
        )
    if not basins[0].given:
        own = next((b for b in basins if b.given), None)
        worse = "" if own is None else f", {basins[0].value - own.value:.1f} log-units below"
        found.append(f"the given starting values lead to another optimum{worse}; the best of {total} starts is reported")
    elif len(basins) > 1:
        others = ", ".join(f"{basins[0].value - b.value:.1f} below ({b.count})" for b in basins[1:])
        found.append(f"of {total} starts {total - basins[0].count} ended in other optima of the likelihood, {others}: look at more starts")
    if optimum.gain > GAIN:
        found.append(f"the search did not converge: another Newton step promises {optimum.gain:.2g} of the log-likelihood")
    return found


def _of_patients(problem: Problem, optimum: Optimum) -> list[str]:
    modes, cohort, found = optimum.marginal.modes, problem.likelihood.cohort.patients, []
    concave = np.linalg.eigvalsh(optimum.marginal.curvature)[:, 0] > 0.0 if problem.varying else np.ones(len(cohort), dtype=bool)
    for reason, who in [(REASONS[1], np.flatnonzero(modes.status == 1)), (REASONS[3], np.flatnonzero((modes.status == 0) & ~concave))]:
        if len(who):
            some = ", ".join(cohort[k].id for k in who[:5]) + (f" and {len(who) - 5} more" if len(who) > 5 else "")
            found.append(f"patient {some}: {reason}")
    return found


def _of_bounds(problem: Problem, optimum: Optimum) -> list[str]:
    found = []
    for e, x, free in zip(problem.structure.estimates, optimum.vector, optimum.free, strict=True):
        if not free:
            found.append(f"'{e.name}' ends at its bound {e.scale.back(x):.4g}, where it has no standard error; widen the bound or fix it")
        elif e.kind is Kind.CORRELATION and abs(np.tanh(x)) > EXTREME:
            found.append(f"'{e.name}' is at the boundary ({np.tanh(x):.4f}): the covariance of the random effects is nearly singular")
    return found


def _of_curvature(problem: Problem, optimum: Optimum) -> list[str]:
    names = [e.name for e, free in zip(problem.structure.estimates, optimum.free, strict=True) if free]
    kinds = [e.kind for e, free in zip(problem.structure.estimates, optimum.free, strict=True) if free]
    inside = optimum.information[np.ix_(optimum.free, optimum.free)]
    if not len(inside):
        return []
    level, axes = np.linalg.eigh(inside)
    if level[0] <= 1e-12 * abs(level).max():
        where = _direction(axes[:, 0], names)
        return [f"the likelihood has no maximum here, it is flat or rises along {where}: fix or drop what is not identified"]
    inverse, found = np.linalg.inv(inside), []
    error = np.sqrt(np.diagonal(inverse))
    level, axes = np.linalg.eigh(inverse / error[:, None] / error[None, :])
    if level[-1] / level[0] > CONDITION:
        where = _direction(axes[:, 0], names)
        found.append(f"the estimates are nearly dependent (condition number {level[-1] / level[0]:.2g}), along {where}")
    for name, kind, se in zip(names, kinds, error, strict=True):
        if kind is Kind.DEVIATION and se > TOLD:
            found.append(f"'{name}' is not told from zero (standard error of its logarithm {se:.1f}); drop the random effect or fix it")
    scores = optimum.marginal.gradient[:, optimum.free]
    robust = np.sqrt(np.diagonal(inverse @ scores.T @ scores @ inverse))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(robust > error, robust / error, error / robust)
    if problem.patients > 2 * len(names) and not problem.structure.prior_precision.any():
        found += [
            f"the standard errors of '{name}' by curvature ({a:.3g}) and by the sandwich ({b:.3g}) disagree: the model may not fit"
            for name, a, b, r in zip(names, error, robust, ratio, strict=True)
            if r > DISAGREE
        ]
    return found


def _direction(axis: Floats, names: list[str]) -> str:
    named = [k for k in np.argsort(-np.abs(axis)) if abs(axis[k]) > SHARE]
    return ", ".join(f"{names[k]} ({axis[k]:+.2f})" for k in named)
