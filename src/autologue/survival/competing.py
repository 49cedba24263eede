"""Aalen-Johansen: cumulative incidence of one cause where others can come first.

Aalen & Johansen (1978), Scand J Stat 5:141-150; variance as in Marubini & Valsecchi (1995), chapter 10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from autologue.survival.counts import Counts, counts
from autologue.survival.levels import check_level, deviate
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["CumulativeIncidence", "aalen_johansen"]


@dataclass(frozen=True, eq=False)
class CumulativeIncidence:
    """Cumulative incidence of every cause: `incidence` and `error`, shape (cause, time), at the distinct times."""

    counts: Counts
    causes: tuple[str, ...]
    incidence: Floats
    error: Floats
    survival: Floats
    level: float
    unit: str

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Return incidence at times as a tidy table: cause, time, estimate, standard_error, lower, upper (log-log bounds)."""
        when = np.atleast_1d(np.asarray(times, np.float64))
        position = np.searchsorted(self.counts.time, when, side="right") - 1
        known = (position >= 0) & (when <= self.counts.time[-1])
        tables = []
        for name, incidence, error in zip(self.causes, self.incidence, self.error, strict=True):
            value, spread = np.where(position < 0, 0.0, incidence[position]), np.where(position < 0, 0.0, error[position])
            inner = (value > 0) & (value < 1)
            log = np.log(np.where(inner, value, 0.5))
            half = deviate(self.level) * spread / (np.where(inner, value, 0.5) * log)
            lower = np.where(inner, np.exp(log * np.exp(-half)), value)
            upper = np.where(inner, np.exp(log * np.exp(half)), value)
            table = pd.DataFrame({"cause": name, "time": when, "estimate": value, "standard_error": spread, "lower": lower, "upper": upper})
            table.loc[~known & (when > 0) & (position >= 0), ["estimate", "standard_error", "lower", "upper"]] = np.nan
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def table(self) -> pd.DataFrame:
        """Return incidence at every distinct time."""
        return self.at(self.counts.time)


def aalen_johansen(data: TimeToEvent, *, level: float = 0.95) -> CumulativeIncidence:
    """Return the cumulative incidence of each declared cause, all subjects together.

    >>> from autologue.survival.read import time_to_event
    >>> codes = {0: None, 1: "relapse", 2: "death"}
    >>> table = pd.DataFrame({"time": [1, 2, 3, 4], "status": [1, 2, 0, 1]})
    >>> found = aalen_johansen(time_to_event(table, codes=codes))
    >>> [round(float(v), 4) for v in found.incidence[:, -1]]
    [0.75, 0.25]
    """
    check_level(level)
    found = counts(data)
    d, n = found.events, found.at_risk
    safe = np.where(n > 0, n, 1.0)
    survival: Floats = np.cumprod(1 - d / safe, dtype=np.float64)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * found.by_cause / safe, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.where((n > d) & (d > 0), d / (n * (n - d)), 0.0)
    own = before**2 * (safe - found.by_cause) * found.by_cause / safe**3
    mixed = before * found.by_cause / safe**2
    variance = (
        incidence**2 * np.cumsum(greenwood)
        - 2 * incidence * np.cumsum(incidence * greenwood, axis=1)
        + np.cumsum(incidence**2 * greenwood, axis=1)
        + np.cumsum(own, axis=1)
        - 2 * (incidence * np.cumsum(mixed, axis=1) - np.cumsum(incidence * mixed, axis=1))
    )
    return CumulativeIncidence(found, data.causes, incidence, np.sqrt(np.maximum(variance, 0.0)), survival, level, data.unit)
