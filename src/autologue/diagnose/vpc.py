"""Visual predictive checks: percentiles of the observations in time within those of replicated cohorts, and the share below quantification.

What the assay would not have quantified is censored in the simulated data exactly as in the observed, so that both are read by one rule: a
censored value counts as lower than any measured one, and a percentile that falls among them is given as its limit and said to be censored.
Prediction-corrected: Bergstrand et al. 2011, AAPS J 13:143-151, by the ratio of typical predictions within a bin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.diagnose.replicates import replicate
from autologue.errors import InputError
from autologue.fit import Fit

__all__ = ["VisualCheck", "visual_check"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, eq=False, slots=True)
class VisualCheck:
    """percentiles: output, bin, time, level, n, observed, censored (whether the observed one is), low, middle, high of the simulated.

    below: output, bin, time, n, observed share below quantification, low, middle, high of the simulated. low and high: the interval that
    holds `interval` of the replicates. points: the observations (patient, output, time, value, censored). corrected: by prediction.
    """

    percentiles: pd.DataFrame
    below: pd.DataFrame
    points: pd.DataFrame
    simulations: int
    interval: float
    corrected: bool


def visual_check(
    fit: Fit,
    *,
    simulations: int = 500,
    levels: Sequence[float] = LEVELS,
    bins: int | None = None,
    interval: float = 0.9,
    corrected: bool = False,
    seed: int = 0,
) -> VisualCheck:
    """Return a visual predictive check; `bins` of equally many observations (default: each nominal time, or ten)."""
    if not all(0.0 < q < 1.0 for q in levels) or not 0.0 < interval < 1.0:
        raise InputError(f"levels {tuple(levels)} and interval {interval}: expected numbers between 0 and 1")
    made = replicate(fit, simulations, seed=seed)
    rows = fit.problem.likelihood.rows
    hidden = rows.censored & ~np.isfinite(rows.lower) | (rows.censored & (rows.lower <= 0.0))
    value = np.where(hidden, rows.upper, np.where(rows.censored, 0.5 * (rows.lower + np.minimum(rows.upper, rows.lower * 2)), rows.lower))
    tables: tuple[list[pd.DataFrame], list[pd.DataFrame]] = ([], [])
    points = []
    ids = np.array([p.id for p in fit.cohort], dtype=object)
    for k, output in enumerate(fit.problem.likelihood.outputs):
        own = np.flatnonzero(rows.output == k)
        place, middle = _bins(rows.time[own], bins)
        factor = _correction(made.typical[own], place) if corrected else np.ones(len(own))
        seen, limits = value[own] * factor, made.floor[own] * factor
        drawn = made.values[:, own] * factor
        lost = drawn < limits
        drawn = np.where(lost, limits, drawn)
        tail = ((1 - interval) / 2, 0.5, (1 + interval) / 2)
        for table, piece in zip(tables, _of_output(seen, hidden[own], drawn, lost, place, middle, levels, tail), strict=True):
            table.append(piece.assign(output=output))
        points.append(
            pd.DataFrame(
                {"patient": ids[rows.patient[own]], "output": output, "time": rows.time[own], "value": seen, "censored": rows.censored[own]}
            )
        )
    whole = [pd.concat(table, ignore_index=True) for table in tables]
    return VisualCheck(whole[0], whole[1], pd.concat(points, ignore_index=True), simulations, interval, corrected)


def _bins(time: Floats, count: int | None) -> tuple[Integers, Floats]:
    """Return the bin of each time and the median time of each bin."""
    distinct = np.unique(time)
    if count is None and len(distinct) <= 20:
        place = np.searchsorted(distinct, time)
    else:
        edges = np.unique(np.quantile(time, np.linspace(0, 1, (count or 10) + 1)))
        place = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, max(len(edges) - 2, 0))
    used, place = np.unique(place, return_inverse=True)
    return place.astype(np.int64), np.array([np.median(time[place == k]) for k in range(len(used))])


def _correction(typical: Floats, place: Integers) -> Floats:
    """Return what brings each row to the median typical prediction of its bin; 1 where a prediction is zero."""
    middle = np.array([np.median(typical[place == k]) for k in range(place.max() + 1)])[place]
    return np.where((typical > 0) & (middle > 0), middle / np.where(typical > 0, typical, 1.0), 1.0)


def _of_output(
    seen: Floats, hidden: NDArray[np.bool_], drawn: Floats, lost: NDArray[np.bool_], place: Integers, middle: Floats,
    levels: Sequence[float], tail: tuple[float, float, float],
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    percentiles, below = [], []
    for k, time in enumerate(middle):
        own = place == k
        n = int(own.sum())
        share = np.quantile(lost[:, own].mean(axis=1), tail)
        below.append((k, time, n, hidden[own].mean(), *share))
        for level in levels:
            observed, censored = _percentile(seen[None, own], hidden[None, own], level)
            simulated = np.quantile(_percentile(drawn[:, own], lost[:, own], level)[0], tail)
            percentiles.append((k, time, level, n, observed[0], bool(censored[0]), *simulated))
    ends = ["low", "middle", "high"]
    return (
        pd.DataFrame(percentiles, columns=["bin", "time", "level", "n", "observed", "censored", *ends]),
        pd.DataFrame(below, columns=["bin", "time", "n", "observed", *ends]),
    )


def _percentile(values: Floats, hidden: NDArray[np.bool_], level: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a percentile of each row of values, those hidden counting as lowest, and whether it is one of them."""
    order = np.lexsort((values, ~hidden), axis=1)
    k = min(int(np.ceil(level * values.shape[1])) - 1, values.shape[1] - 1)
    chosen = order[:, max(k, 0)][:, None]
    return np.take_along_axis(values, chosen, axis=1)[:, 0], np.take_along_axis(hidden, chosen, axis=1)[:, 0]
