"""When the phases of SAEM may end: exploration without trend, smoothing with small Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stop", "error_of_mean", "settled"]

Floats = NDArray[np.float64]
BATCHES, BATCH = 8, 10


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Criteria, after `least` iterations of a phase (of exploration without annealing).

    trend: exploration ends where, over the last 80 iterations, the means of the two halves of each estimate differ by less than so many
    standard errors (from means of 10 iterations). precision: smoothing ends where the Monte-Carlo error of each estimate is below this
    share of the standard error that complete data would give.
    """

    least: int = 100
    trend: float = 2.5
    precision: float = 0.05


def settled(trace: Sequence[Floats], stop: Stop) -> bool:
    """Return whether no estimate moves in one direction any more."""
    if len(trace) < BATCHES * BATCH or len(trace) % BATCH:
        return False
    means = np.array(trace[-BATCHES * BATCH :]).reshape(BATCHES, BATCH, -1).mean(axis=1)
    early, late = means[: BATCHES // 2], means[BATCHES // 2 :]
    spread = np.sqrt((early.var(axis=0, ddof=1) + late.var(axis=0, ddof=1)) / (BATCHES // 2))
    return bool((np.abs(late.mean(axis=0) - early.mean(axis=0)) <= stop.trend * spread + 1e-12).all())


def error_of_mean(values: Floats) -> Floats:
    """Return the Monte-Carlo error of the mean of correlated values (iterations, p): from the means of ten batches.

    Slow movement makes neighbouring batches alike: half the difference of the two halves counts where it is larger.
    """
    size = len(values) // 10
    if size < 2:
        return np.full(values.shape[1], np.inf)
    means = values[len(values) - 10 * size :].reshape(10, size, -1).mean(axis=1)
    halves = np.abs(means[:5].mean(axis=0) - means[5:].mean(axis=0)) / 2.0
    found: Floats = np.maximum(means.std(axis=0, ddof=1) / np.sqrt(10.0), halves)
    return found
