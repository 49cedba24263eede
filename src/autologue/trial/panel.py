"""A panel: one published model's account of the patients, as named variables with one value for each patient of each replicate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, unknown

__all__ = ["STATISTICS", "Panel", "statistic"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Variables by name, each (replicates, patients), NaN where a patient has no such value; the paper, model and population behind."""

    name: str
    population: str
    model: str
    reference: str
    solver: str
    assumed: str
    failed: int
    variables: Mapping[str, Floats]


def _log(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(values)


def _rank_correlation(values: Floats, burden: Floats) -> Floats:
    """Return Spearman's correlation with the burden, replicate by replicate."""
    a, b = (np.argsort(np.argsort(each, axis=1, kind="stable"), axis=1, kind="stable").astype(float) for each in (values, burden))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    correlation: Floats = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return correlation


STATISTICS: Mapping[str, Callable[[Floats, Floats], Floats]] = {  # (values, burden), both (replicates, n), to (replicates,)
    "median": lambda v, b: np.nanmedian(v, axis=1),
    "geometric mean": lambda v, b: np.exp(np.nanmean(_log(v), axis=1)),
    "geometric CV": lambda v, b: 100.0 * np.sqrt(np.expm1(np.nanvar(_log(v), axis=1, ddof=1))),
    "share": lambda v, b: np.nanmean(v, axis=1),
    "minimum": lambda v, b: np.nanmin(v, axis=1),
    "rank correlation with burden": _rank_correlation,
}


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
