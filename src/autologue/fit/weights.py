"""ArviZ behind one small door: smoothed weights of importance sampling, agreement and effective size of chains."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["agreement", "chain_quality", "smoothed_weights"]

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


def chain_quality(draws: Floats) -> tuple[Floats, Floats, Floats]:
    """Return R-hat (rank-normalised, split) and the effective sample sizes of bulk and tails, (k,) each, of draws (chains, draws, k).

    Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021, Bayesian Anal 16:667-718, doi:10.1214/20-BA1221. One chain is taken for two.
    """
    found, half = _statistics(), draws.shape[1] // 2
    cut = draws if len(draws) > 1 else np.concatenate([draws[:, :half], draws[:, half : 2 * half]])
    axes = {"chain_axis": 0, "draw_axis": 1}
    rhat = found.rhat(cut, **axes)
    bulk, tail = found.ess(cut, method="bulk", **axes), found.ess(cut, method="tail", prob=(0.05, 0.95), **axes)
    return np.asarray(rhat, dtype=np.float64), np.asarray(bulk, dtype=np.float64), np.asarray(tail, dtype=np.float64)
