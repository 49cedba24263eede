"""Estimates as a table: each on the scale on which it is read, with the standard error of that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.fit.estimated import Covariance
from autologue.fit.structure import Structure
from autologue.population import Estimate, Kind, Parametric, Scale

__all__ = ["as_read", "errors_table", "estimates_table"]

Floats = NDArray[np.float64]
Z = 1.959963984540054  # of a 95 % interval
STEP = 1e-5


def estimates_table(structure: Structure, vector: Floats, covariance: Floats) -> pd.DataFrame:
    """Return one row an estimate, by name.

    estimate, se: as read (an omega as standard deviation, a correlation as such), se by the delta method; rse: % of the estimate.
    lower, upper: 95 %, symmetric on the scale of estimation. variance, cv: of random effects; cv: in %, of a log-normal parameter
    sqrt(exp(omega^2) - 1). at_bound: whether the estimate lies on a bound that was set.
    """
    there = structure.write(vector)
    errors = np.sqrt(np.diagonal(covariance))
    rows = []
    for k, e in enumerate(structure.estimates):
        value, slope = _read(structure, there, vector, k)
        ends = [_end(structure, vector, k, side * Z * errors[k]) for side in (-1.0, 1.0)]
        se = abs(slope) * errors[k]
        at_bound = bool((vector[k] <= structure.bounds[k, 0]) | (vector[k] >= structure.bounds[k, 1]))
        variance, cv = _spread(structure, e, value)
        rows.append((e.kind.value, value, se, 100.0 * se / abs(value) if value else np.nan, *ends, e.scale.value, variance, cv, at_bound))
    columns = ["kind", "estimate", "se", "rse", "lower", "upper", "scale", "variance", "cv", "at_bound"]
    return pd.DataFrame(rows, index=pd.Index(structure.names, name="estimate of"), columns=columns)


def errors_table(structure: Structure, covariances: Sequence[Covariance]) -> pd.DataFrame:
    """Return the standard error of each estimate on its scale by each method: a row an estimate, a column a method, and the scale."""
    table = pd.DataFrame(
        {c.method: np.sqrt(np.diagonal(c.matrix)) for c in covariances}, index=pd.Index(structure.names, name="estimate of")
    )
    return table.assign(scale=[e.scale.value for e in structure.estimates])


def as_read(structure: Structure, vector: Floats) -> Floats:
    """Return estimates (p,) as they are read: on the scale of the population, correlations as such."""
    there = structure.write(vector) if any(e.kind.correlation for e in structure.estimates) else None
    pairs = zip(structure.estimates, vector, strict=True)
    return np.array([_correlation(there, e) if there and e.kind.correlation else float(e.scale.back(x)) for e, x in pairs])


def _correlation(there: Parametric, e: Estimate) -> float:
    among = there.correlations if e.kind is Kind.CORRELATION else there.occasion_correlations
    return next(c.value for c in among if (c.first, c.second) == e.of)


def _read(structure: Structure, there: Parametric, vector: Floats, k: int) -> tuple[float, float]:
    """Return an estimate as it is read and its slope by its own number; of a correlation, by the partial one."""
    e = structure.estimates[k]
    if not e.kind.correlation:
        return float(e.scale.back(vector[k])), float(e.scale.slope(vector[k]))
    moved = structure.write(vector + STEP * np.eye(len(vector))[k])
    value = _correlation(there, e)
    return value, (_correlation(moved, e) - value) / STEP


def _end(structure: Structure, vector: Floats, k: int, move: float) -> float:
    e = structure.estimates[k]
    if not np.isfinite(move):
        return np.nan
    if e.kind.correlation:
        return _correlation(structure.write(vector + move * np.eye(len(vector))[k]), e)
    return float(e.scale.back(vector[k] + move))


def _spread(structure: Structure, e: Estimate, value: float) -> tuple[float, float]:
    """Return variance and coefficient of variation (%) of a random effect; NaN where it has none."""
    if not e.kind.deviation:
        return np.nan, np.nan
    order = list(structure.population.model.parameters)
    log = structure.scales[order.index(e.of[0])] is Scale.LOG
    return value**2, 100.0 * float(np.sqrt(np.expm1(value**2))) if log else np.nan
