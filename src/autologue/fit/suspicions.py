"""What speaks against trusting an optimum, in words: what every estimator looks for, and what a search can tell besides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.fit.basins import doubts, whereabouts
from autologue.fit.concerns import concerns
from autologue.fit.estimated import Basin, Covariance
from autologue.fit.inner import FOUND, KINK, NOT_CONCAVE, NOT_FOUND, REASONS, Modes, find_modes
from autologue.fit.outer import Optimum
from autologue.fit.problem import Point, Problem

__all__ = ["gains_elsewhere", "suspicions"]

Floats = NDArray[np.float64]
GAIN = 0.01  # of the log-likelihood
BESIDE = 0.7  # standard deviations of a random effect, from a mode to where another climb begins
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
    found = []
    if better is not None:
        gain, there = better.value - optimum.log_posterior, whereabouts(problem, better.vector)
        found.append(
            f"this is a local optimum: the log-likelihood is at least {gain:.1f} higher near {there}; start there, or give more starts"
        )
    found += doubts(problem, basins)
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
    if problem.varying and len(problem.likelihood.model.phases) > 1:  # the ends of phases are kinks
        who = np.flatnonzero(gains_elsewhere(problem, problem.point(optimum.vector), optimum.marginal.modes) > GAIN)
        if len(who):
            some = ", ".join(cohort[k].id for k in who[:5]) + (f" and {len(who) - 5} more" if len(who) > 5 else "")
            found.append(f"patient {some}: other random effects are more probable than those found (several modes); compare with SAEM")
    return found


def gains_elsewhere(problem: Problem, point: Point, modes: Modes) -> Floats:
    """Return how much higher the log-joint density of each patient is where climbs from the modes and from beside them end (patients,).

    Zero for modes of something else (a linearised model, errors that do not follow the random effects).
    """
    q, sd = problem.varying, np.sqrt(np.diagonal(point.omega))
    eta = modes.phi[:, :q] - point.centre[:, :q]
    own = find_modes(problem, point, eta[None], limit=0).joint
    if not np.allclose(own, modes.joint, atol=1e-6):
        return np.zeros(len(own))
    best = own.copy()
    for move in np.vstack([np.zeros(q), np.diag(sd), -np.diag(sd)]) * BESIDE:
        best = np.fmax(best, find_modes(problem, point, (eta + move)[None]).joint)
    return best - own


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
