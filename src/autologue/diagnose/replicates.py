"""The cohort of a fit, measured again: new patients of the fitted population with the same covariates, doses, visits and assay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError, SolveError
from autologue.fit import Fit
from autologue.seeds import Purpose
from autologue.variability import LogNormal

__all__ = ["Replicates", "on_scale", "replicate"]

Floats = NDArray[np.float64]
_BLOCK = 50  # replicates in one call of the engine


@dataclass(frozen=True, eq=False, slots=True)
class Replicates:
    """values: (replicates, rows) with residual error, not censored. typical: (rows,) prediction without random effects.

    floor, ceiling: (rows,) limits of quantification of the samples, -inf and inf where there is none: a simulated value beyond them would
    have been reported as such.
    """

    values: Floats
    typical: Floats
    floor: Floats
    ceiling: Floats


def replicate(fit: Fit, count: int, *, seed: int) -> Replicates:
    """Return `count` replicates of the rows of the likelihood of a fit; raises SolveError where a patient could not be solved."""
    if count < 1:
        raise InputError(f"{count} replicates asked for; expected at least one")
    problem = fit.problem
    point, n = problem.point(fit.estimated.vector), problem.patients
    factor = np.linalg.cholesky(point.omega)
    rows = problem.likelihood.rows
    values = np.empty((count, len(rows)))
    inner, outer = (seeds.child_seed(seed, purpose, 0) for purpose in (Purpose.PARAMETERS, Purpose.RESIDUAL))
    for first in range(0, count, _BLOCK):
        size = min(_BLOCK, count - first)
        ids = np.arange(first * n, (first + size) * n)
        eta = seeds.normals(inner, Purpose.PARAMETERS, ids, problem.varying) @ factor.T
        phi = np.repeat(point.centre[None], size, axis=0)
        phi[:, :, : problem.varying] += eta.reshape(size, n, problem.varying)
        values[first : first + size] = _predicted(fit, phi, point.sigma).reshape(size, len(rows))
    typical = _predicted(fit, point.centre[None], point.sigma)
    eps = seeds.normals(outer, Purpose.RESIDUAL, np.arange(count), len(rows))
    for k, name in enumerate(problem.likelihood.outputs):
        error = fit.population.error(name)
        assert error is not None
        columns = rows.output == k
        values[:, columns] = error.observe(values[:, columns], eps[:, columns])
    below, beyond = rows.censored & np.isfinite(rows.upper), rows.censored & ~np.isfinite(rows.upper)
    floor = np.where(np.isfinite(rows.limit), rows.limit, np.where(below, rows.upper, -np.inf))
    return Replicates(values, typical, floor, np.where(beyond, rows.lower, np.inf))


def on_scale(fit: Fit, values: Floats) -> Floats:
    """Return values (..., rows) on the scale on which the errors are normal: logarithms for outputs with a log-normal error."""
    likelihood = fit.problem.likelihood
    logged = np.array([isinstance(fit.population.error(name), LogNormal) for name in likelihood.outputs])[likelihood.rows.output]
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(logged, np.log(np.maximum(values, 0.0)), values))


def _predicted(fit: Fit, phi: Floats, sigma: Floats) -> Floats:
    sets, _ = fit.problem.parameters(phi)
    who = np.tile(np.arange(fit.problem.patients), len(phi))
    found = fit.problem.likelihood.lanes(who).evaluate(sets, sigma)
    if not np.isfinite(found.prediction).all():
        lanes = int((~np.isfinite(found.log_density) & (found.status != 0)).sum())
        raise SolveError(
            f"{lanes} of {len(who)} simulated patients could not be solved; the population reaches where its model cannot follow"
        )
    return found.prediction
