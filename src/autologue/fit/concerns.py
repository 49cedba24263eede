"""What speaks against trusting a fit, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.fit.problem import Problem
from autologue.fit.structure import Structure
from autologue.population import Kind, Scale

__all__ = ["concerns", "inside"]

Floats = NDArray[np.float64]

SMALL = 0.01  # standard deviation of a random effect that is all but absent
CLOSE = 3.1  # atanh of a partial correlation of 0.996
FLAT = 1.0  # standard error of a logarithm that says next to nothing
SINGULAR = 1e-3  # eigenvalue of a correlation matrix


def inside(structure: Structure, vector: Floats) -> NDArray[np.bool_]:
    """Return which estimates have a likelihood that is smooth around them: not at a bound, no variance of zero, no correlation of one."""
    free = (vector > structure.bounds[:, 0]) & (vector < structure.bounds[:, 1])
    for k, e in enumerate(structure.estimates):
        free[k] &= not (e.kind is Kind.DEVIATION and vector[k] < np.log(SMALL)) and not (
            e.kind is Kind.CORRELATION and abs(vector[k]) > CLOSE
        )
    return free


def concerns(problem: Problem, vector: Floats, covariance: Floats) -> list[str]:
    """Return one sentence for each concern about estimates: singular variances, bounds, flat directions."""
    return [
        *_variances(problem, vector),
        *_bounds(problem.structure, vector),
        *_flat(problem.structure, vector, covariance),
    ]


def _variances(problem: Problem, vector: Floats) -> list[str]:
    found = []
    omega = problem.structure.write(vector).covariance()
    sd = np.sqrt(np.diagonal(omega))
    names = problem.coordinates[: problem.varying]
    for name, value in zip(names, sd, strict=True):
        if value < SMALL:
            found.append(f"the random effect of '{name}' has all but vanished (sd {value:.2g}): fit without it")
    for block in problem.structure.blocks:
        matrix = (omega / sd[:, None] / sd[None, :])[np.ix_(block, block)]
        level, axes = np.linalg.eigh(matrix)
        if level[0] < SINGULAR:
            most = sorted(np.argsort(-np.abs(axes[:, 0]))[:2])
            who = " and ".join(f"'{names[block[k]]}'" for k in most)
            found.append(
                f"the covariance of the random effects of {who} is nearly singular (eigenvalue of the correlation {level[0]:.1g}): "
                "the data do not tell them apart, standard errors leave their correlation out; fit a smaller block"
            )
    return found


def _bounds(structure: Structure, vector: Floats) -> list[str]:
    low, high = vector <= structure.bounds[:, 0], vector >= structure.bounds[:, 1]
    return [
        f"'{e.name}' ended at its {'lower' if low[k] else 'upper'} bound {e.scale.back(vector[k]):.4g}: it has no standard error, and the "
        "others are given for it held there"
        for k, e in enumerate(structure.estimates)
        if low[k] or high[k]
    ]


def _flat(structure: Structure, vector: Floats, covariance: Floats) -> list[str]:
    error = np.sqrt(np.diagonal(covariance))
    free = inside(structure, vector)
    if free.any() and not np.isfinite(error[free]).all():
        return ["the information is not positive definite and gives no standard errors: the data hardly determine all estimates"]
    found = []
    for k, e in enumerate(structure.estimates):
        if e.scale in (Scale.LOG, Scale.LOGIT) and error[k] > FLAT:
            found.append(
                f"'{e.name}' is flat: a standard error of {error[k]:.2g} on the {e.scale.value} scale; the data hardly determine it"
            )
    return found
