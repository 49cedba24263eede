"""What one method says beside another: linearisation beside the estimator's own information and likelihood, and where they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autologue.fit.estimated import Covariance, Estimated, LogLikelihood
from autologue.fit.linearised import linearise
from autologue.fit.problem import Problem

__all__ = ["with_linearisation"]

RATIO = 1.5  # of two standard errors
APART = 2.0  # log-likelihoods, beyond three of their Monte-Carlo errors


def with_linearisation(problem: Problem, estimated: Estimated) -> Estimated:
    """Return estimates with what the linearised model says beside what the estimator said, and a warning in words where they disagree."""
    found = linearise(problem, estimated.vector, estimated.conditional)
    if found is None:
        return estimated
    covariances = (*estimated.covariances, found.covariance, found.sandwich)
    likelihoods = (*estimated.log_likelihoods, found.likelihood)
    names = problem.structure.names
    warnings = [*_of_errors(names, estimated.covariances[:1], found.covariance), *_of_likelihoods(likelihoods)]
    return replace(estimated, covariances=covariances, log_likelihoods=likelihoods, warnings=(*estimated.warnings, *warnings))


def _of_errors(names: Sequence[str], own: Sequence[Covariance], other: Covariance) -> list[str]:
    if not own:
        return []
    first, second = (np.sqrt(np.diagonal(c.matrix)) for c in (own[0], other))
    if not np.isfinite(first).any():
        return [f"the standard errors that are reported are those of {other.method}"] if np.isfinite(second).any() else []
    with np.errstate(invalid="ignore"):
        apart = np.flatnonzero((first > RATIO * second) | (second > RATIO * first))
    if not len(apart):
        return []
    pairs = ", ".join(f"'{names[k]}' {first[k]:.3g} and {second[k]:.3g}" for k in apart.tolist())
    remedy = "the likelihood there is no parabola, or the chains were short: trust a profile or a bootstrap instead"
    return [f"standard errors by {own[0].method} and by {other.method} disagree ({pairs}, on the scale of estimation): {remedy}"]


def _of_likelihoods(likelihoods: Sequence[LogLikelihood]) -> list[str]:
    found = []
    for other in likelihoods[1:]:
        first = likelihoods[0]
        gap = abs(first.value - other.value) - 3.0 * float(np.hypot(first.error, other.error))
        if gap > APART:
            values = f"{first.value:.2f} by {first.method}, {other.value:.2f} by {other.method}"
            found.append(
                f"estimates of the log-likelihood disagree ({values}): compare models by one method only, importance sampling best"
            )
    return found
