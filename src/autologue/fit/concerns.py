"""What speaks against trusting a fit, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.fit.problem import Problem
from autologue.fit.structure import Structure, shares_outside
from autologue.population import Kind, Scale

__all__ = ["concerns", "inside", "vanished"]

Floats = NDArray[np.float64]

SMALL = 0.01  # standard deviation of a random effect that is all but absent
CLOSE = 3.1  # atanh of a partial correlation of 0.996
FLAT = 1.0  # standard error of a logarithm that says next to nothing
OUTSIDE = 0.01  # share of a fitted distribution beyond its truncation
SINGULAR = 1e-3  # eigenvalue of a correlation matrix


def inside(structure: Structure, vector: Floats) -> NDArray[np.bool_]:
    """Return which estimates have a likelihood that is smooth around them: not at a bound, no variance of zero, no correlation of one."""
    one = np.array([e.kind.correlation for e in structure.estimates]) & (np.abs(vector) > CLOSE)
    free: NDArray[np.bool_] = (vector > structure.bounds[:, 0]) & (vector < structure.bounds[:, 1]) & ~vanished(structure, vector) & ~one
    return free


def vanished(structure: Structure, vector: Floats) -> NDArray[np.bool_]:
    """Return which estimates are deviations of random effects that are all but absent."""
    absent: NDArray[np.bool_] = np.array([e.kind.deviation for e in structure.estimates]) & (vector < np.log(SMALL))
    return absent


def concerns(problem: Problem, vector: Floats, covariance: Floats) -> list[str]:
    """Return one sentence for each concern about estimates: singular variances, bounds, flat directions."""
    return [
        *_variances(problem, vector),
        *_bounds(problem.structure, vector),
        *_truncated(problem.structure, vector),
        *_flat(problem.structure, vector, covariance),
    ]


def _variances(problem: Problem, vector: Floats) -> list[str]:
    found = []
    omega = problem.covariance(problem.structure.write(vector))
    deviations = np.sqrt(np.diagonal(omega))
    for block in problem.blocks:
        places, names = list(block.places[0]), block.names
        sd, what = deviations[places], "the random effect" if block.kind is Kind.DEVIATION else "the variability between occasions"
        for name, value in zip(names, sd, strict=True):
            if value < SMALL:
                found.append(f"{what} of '{name}' has all but vanished (sd {value:.2g}): fit without it")
        level, axes = np.linalg.eigh(omega[np.ix_(places, places)] / sd[:, None] / sd[None, :])
        if level[0] < SINGULAR:
            most = sorted(np.argsort(-np.abs(axes[:, 0]))[:2])
            who = " and ".join(f"'{names[k]}'" for k in most)
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


def _truncated(structure: Structure, vector: Floats) -> list[str]:
    return [
        f"{share:.1%} of the fitted distribution of '{name}' lie outside its truncation, which estimation does not know: simulation draws "
        "these patients again, so that they vary less than was fitted; give it a variability without lower= and upper=, or LogitNormal"
        for name, share in shares_outside(structure.write(vector)).items()
        if share > OUTSIDE
    ]


def _flat(structure: Structure, vector: Floats, covariance: Floats) -> list[str]:
    error = np.sqrt(np.diagonal(covariance))
    free = inside(structure, vector)
    if free.any() and not np.isfinite(error[free]).all():
        if not np.isfinite(error).any():
            return ["the information is not positive definite and gives no standard errors: the data hardly determine all estimates"]
        left = ", ".join(f"'{structure.names[k]}'" for k in np.flatnonzero(free & ~np.isfinite(error)))
        found = [f"the information is not positive definite along {left}: no standard error there, and the others are given for it held"]
    else:
        found = []
    for k, e in enumerate(structure.estimates):
        if e.scale in (Scale.LOG, Scale.LOGIT) and error[k] > FLAT:
            found.append(
                f"'{e.name}' is flat: a standard error of {error[k]:.2g} on the {e.scale.value} scale; the data hardly determine it"
            )
    return found
