"""A panel: one published model's account of the patients, as named variables with one value for each patient of each replicate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, unknown

__all__ = ["STATISTICS", "Panel", "statistic", "statistic_unit"]

_PURE = ("geometric CV", "share", "rank correlation with burden")  # statistics without the variable's unit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Variables by name, each (replicates, patients) in `units`, NaN where a patient has no such value; the paper and population behind."""

    name: str
    population: str
    model: str
    reference: str
    solver: str
    assumed: str
    failed: int
    variables: Mapping[str, Floats]
    units: Mapping[str, str]


def _log(values: Floats) -> Floats:
    """Return logarithms, NaN where a value is not above zero: it has no place in a geometric mean."""
    logs: Floats = np.log(np.where(values > 0, values, np.nan))
    return logs


def _ranks(values: Floats) -> Floats:
    """Return ranks within each replicate, NaN where there is no value."""
    ranks = np.argsort(np.argsort(values, axis=1, kind="stable"), axis=1, kind="stable").astype(float)
    return np.where(np.isfinite(values), ranks, np.nan)


def _rank_correlation(values: Floats, burden: Floats) -> Floats:
    """Return Spearman's correlation with the burden among the patients with a value, replicate by replicate."""
    a, b = _ranks(values), _ranks(np.where(np.isfinite(values), burden, np.nan))
    a, b = (each - np.nanmean(each, axis=1, keepdims=True) for each in (a, b))
    with np.errstate(invalid="ignore"):
        correlation: Floats = np.nansum(a * b, axis=1) / np.sqrt(np.nansum(a * a, axis=1) * np.nansum(b * b, axis=1))
    return correlation


STATISTICS: Mapping[str, Callable[[Floats, Floats], Floats]] = {  # (values, burden), both (replicates, n), to (replicates,)
    "median": lambda v, b: np.nanmedian(v, axis=1),
    "geometric mean": lambda v, b: np.exp(np.nanmean(_log(v), axis=1)),
    "geometric CV": lambda v, b: np.sqrt(np.expm1(np.nanvar(_log(v), axis=1, ddof=1))),
    "share": lambda v, b: np.nanmean(v, axis=1),
    "minimum": lambda v, b: np.nanmin(v, axis=1),
    "rank correlation with burden": _rank_correlation,
}


def statistic_unit(name: str, unit: str) -> str:
    """Return the unit of a statistic of a variable in `unit`.

    >>> statistic_unit("median", "day"), statistic_unit("share", "1")
    ('day', '1')
    """
    return "1" if name in _PURE else unit


def statistic(name: str, values: Floats, burden: Floats) -> Floats:
    """Return a statistic of every replicate (replicates,), NaN where no patient of a replicate has a value.

    >>> statistic("median", np.array([[1.0, 2.0, np.nan], [4.0, 6.0, 5.0]]), np.ones((2, 3)))
    array([1.5, 5. ])
    """
    if name not in STATISTICS:
        raise InputError(unknown("statistic", name, STATISTICS))
    out = np.full(len(values), np.nan)
    known = np.isfinite(values).any(axis=1)
    if known.any():
        out[known] = STATISTICS[name](values[known], burden[known])
    return out
