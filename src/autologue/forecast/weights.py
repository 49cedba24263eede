"""ArviZ behind one small door: smoothed weights of importance sampling, agreement and effective size of chains."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["agreement", "smoothed_weights"]

Floats = NDArray[np.float64]
_FEW = 25  # weights below which a fifth, the tail, is fewer than five


def _statistics() -> Any:
    import arviz_stats.base as base

    return base.array_stats  # type: ignore[attr-defined]


def smoothed_weights(log_weights: Floats) -> tuple[Floats, float]:
    """Return the logarithms of Pareto-smoothed weights (n,) and the shape k of their tail, infinite where so few have none to speak of."""
    if len(log_weights) < _FEW:
        return log_weights, np.inf
    smoothed, k = _statistics().psislw(-log_weights)  # it takes minus the logarithm of a weight
    return np.asarray(smoothed), float(k)


def agreement(history: Floats) -> tuple[float, float]:
    """Return the worst R-hat and effective sample size over effects of a history (sweeps, chains, d)."""
    chains = np.moveaxis(history, 1, 0)
    found = _statistics()
    effects = [chains[:, :, k] for k in range(history.shape[2])]
    rhat = [float(found.rhat(each, chain_axis=0, draw_axis=1)) for each in effects]
    return max(rhat), min(float(found.ess(each, chain_axis=0, draw_axis=1)) for each in effects)
