"""What speaks against trusting an optimum, in words: what every estimator looks for, and what a search can tell besides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.fit.basins import Basin
from autologue.fit.concerns import concerns
from autologue.fit.estimated import Covariance
from autologue.fit.inner import FOUND, KINK, NOT_CONCAVE, NOT_FOUND, REASONS
from autologue.fit.outer import Optimum
from autologue.fit.problem import Problem
from autologue.population import Kind

__all__ = ["suspicions"]

Floats = NDArray[np.float64]
GAIN = 0.01  # of the log-likelihood
CONDITION = 1e4  # of the correlation matrix of the estimates
SHARE = 0.3  # of a flat direction, for an estimate to be named
DISAGREE = 3.0  # ratio of two standard errors


def suspicions(
    problem: Problem, optimum: Optimum, covariances: tuple[Covariance, ...], basins: tuple[Basin, ...], better: Basin | None
) -> tuple[str, ...]:
    """Return one sentence for each doubt; covariances: R^-1, then the sandwich; basins: of several starts; better: what a probe found."""
    curvature, sandwich = covariances[0].matrix, covariances[1].matrix
    return (
        *_of_basins(problem, optimum, basins, better),
        *_of_patients(problem, optimum),
        *concerns(problem, optimum.vector, curvature),
        *_of_curvature(problem, optimum),
        *_of_scores(problem, curvature, sandwich),
    )


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
    status, cohort, found = optimum.marginal.modes.status, problem.likelihood.cohort.patients, []
    if problem.varying:
        concave = np.linalg.eigvalsh(optimum.marginal.curvature)[:, 0] > 0.0
        status = np.where((status == FOUND) & ~concave, NOT_CONCAVE, status)
    for reason in (NOT_FOUND, NOT_CONCAVE, KINK):
        who = np.flatnonzero(status == reason)
        if len(who):
            some = ", ".join(cohort[k].id for k in who[:5]) + (f" and {len(who) - 5} more" if len(who) > 5 else "")
            found.append(f"patient {some}: {REASONS[reason]}")
    return found


def _of_curvature(problem: Problem, optimum: Optimum) -> list[str]:
    names = [name for name, free in zip(problem.structure.names, optimum.free, strict=True) if free]
    inside = optimum.information[np.ix_(optimum.free, optimum.free)]
    if not len(inside):
        return []
    level, axes = np.linalg.eigh(inside)
    if level[0] <= 1e-12 * np.abs(level).max():
        return [f"the likelihood is flat or still rises along {_direction(axes[:, 0], names)}: fix or drop what the data do not tell"]
    inverse = np.linalg.inv(inside)
    error = np.sqrt(np.diagonal(inverse))
    level, axes = np.linalg.eigh(inverse / error[:, None] / error[None, :])
    if level[-1] / level[0] < CONDITION:
        return []
    where = _direction(axes[:, 0], names)
    return [f"the estimates are nearly dependent (condition number of their correlation {level[-1] / level[0]:.2g}), along {where}"]


def _of_scores(problem: Problem, curvature: Floats, sandwich: Floats) -> list[str]:
    """Compare two standard errors, which are the same for a true model; with few patients, or priors, they say nothing."""
    if problem.patients <= 2 * len(curvature) or problem.structure.prior_precision.any():
        return []
    first, second = np.sqrt(np.diagonal(curvature)), np.sqrt(np.diagonal(sandwich))
    return [
        f"the standard errors of '{name}' by curvature ({a:.3g}) and by the sandwich ({b:.3g}) disagree: the model may not fit"
        for name, a, b in zip(problem.structure.names, first, second, strict=True)
        if a > DISAGREE * b or b > DISAGREE * a
    ]


def _direction(axis: Floats, names: list[str]) -> str:
    named = [k for k in np.argsort(-np.abs(axis)) if abs(axis[k]) > SHARE]
    return ", ".join(f"{names[k]} ({axis[k]:+.2f})" for k in named)
