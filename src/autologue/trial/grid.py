"""Peaks and crossings of curves that are known on a grid of times: several times cheaper than following every step of the solver."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_above", "highest"]

Floats = NDArray[np.float64]


def highest(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the highest value of each curve (curves,) and its time, from the parabola through the logarithms of three neighbours.

    `times` (times,) rise, `values` (curves, times) are above zero; a curve with NaN gives
    NaN. At either end of the grid the value there counts.

    >>> t = np.arange(0.0, 6.0)
    >>> value, time = highest(t, 7 * np.exp(-0.5 * (t[None, :] - 2.3) ** 2))
    >>> round(float(value[0]), 9), round(float(time[0]), 9)
    (7.0, 2.3)
    """
    whole: NDArray[np.bool_] = np.all(np.isfinite(values), axis=1)
    logs = np.log(np.where(whole[:, None], values, 1.0))
    top = np.argmax(logs, axis=1)
    middle = np.clip(top, 1, len(times) - 2)
    rows = np.arange(len(values))
    (t0, y0), (t1, y1), (t2, y2) = ((times[middle + k], logs[rows, middle + k]) for k in (-1, 0, 1))
    rise, fall = (y1 - y0) / (t1 - t0), (y2 - y1) / (t2 - t1)
    curvature = (fall - rise) / (t2 - t0)
    inside = (top == middle) & (curvature < 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(inside, 0.5 * (t0 + t1) - rise / (2 * curvature), times[top])
    height = np.where(inside, y0 + rise * (best - t0) + curvature * (best - t0) * (best - t1), logs[rows, top])
    return np.where(whole, np.exp(height), np.nan), np.where(whole, best, np.nan)


def first_above(times: Floats, values: Floats, limit: float) -> Floats:
    """Return the first time at which each curve (curves, times) reaches `limit`, linear between times; NaN where it never does.

    >>> first_above(np.array([0.0, 1.0, 2.0]), np.array([[0.0, 2.0, 9.0], [0.0, 0.5, 0.9]]), 1.0)
    array([0.5, nan])
    """
    above = values >= limit
    first = np.argmax(above, axis=1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(values))
    low, high = values[rows, before], values[rows, first]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(first > 0, (limit - low) / (high - low), 0.0)
    return np.where(above.any(axis=1), times[before] + share * (times[first] - times[before]), np.nan)
