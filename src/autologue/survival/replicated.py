"""Kaplan-Meier curves of many replicates of a trial at once, one sort for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["at_risk_by_replicate", "median_by_replicate", "survival_by_replicate"]

Floats = NDArray[np.float64]


def survival_by_replicate(time: Floats, event: NDArray[np.bool_], at: Floats) -> Floats:
    """Return the product-limit estimate (replicates, times) at times `at`, from `time` and `event` (replicates, subjects).

    Subjects with NaN as time are not in the data. NaN after follow-up has ended with subjects still free of the event, and where a
    replicate has nobody.
    """
    ordered, survival, last = _curves(time, event)
    out = np.empty((len(time), len(at)))
    for k, when in enumerate(np.asarray(at, dtype=float)):
        place = (ordered <= when).sum(axis=1) - 1
        value = np.where(place < 0, 1.0, survival[np.arange(len(time)), np.maximum(place, 0)])
        over = (when > last) & (survival[:, -1] > 0)
        out[:, k] = np.where(over | ~np.isfinite(last), np.nan, value)
    return out


def median_by_replicate(time: Floats, event: NDArray[np.bool_]) -> Floats:
    """Return the median time to the event (replicates,), infinite where it is not reached, NaN where a replicate has nobody."""
    ordered, survival, last = _curves(time, event)
    below = survival <= 0.5 + 1e-12
    first = np.argmax(below, axis=1)
    found = np.where(below.any(axis=1), ordered[np.arange(len(time)), first], np.inf)
    return np.where(np.isfinite(last), found, np.nan)


def at_risk_by_replicate(time: Floats, at: Floats) -> Floats:
    """Return how many subjects are at risk just before each time (replicates, times)."""
    with np.errstate(invalid="ignore"):
        return np.stack([(time >= when).sum(axis=1) for when in np.asarray(at, dtype=float)], axis=1).astype(float)


def _curves(time: Floats, event: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Return ordered times (NaN last, as infinity), survival just after each, and the last time of each replicate.

    Events go before censoring at the same time. With ties each event multiplies by 1 - 1/at risk in turn, which telescopes to
    the product-limit estimate once all of them are counted; so survival is read after the last subject of a time.
    """
    times = np.where(np.isnan(time), np.inf, time)
    happened = event & np.isfinite(times)
    order = np.lexsort((~happened, times), axis=1)
    ordered = np.take_along_axis(times, order, axis=1)
    ended = np.take_along_axis(happened, order, axis=1)
    members = np.isfinite(times).sum(axis=1)
    risk = (members[:, None] - np.arange(times.shape[1])).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(ended, 1.0 - 1.0 / risk, 1.0)
    survival: Floats = np.cumprod(kept, axis=1, dtype=np.float64)
    last = np.where(members > 0, np.max(np.where(np.isfinite(times), times, -np.inf), axis=1), np.nan)
    return np.asarray(ordered), survival, np.asarray(last)
