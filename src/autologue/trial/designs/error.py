"""The Monte-Carlo error of the share of replicates that succeed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["by_draw", "success_error"]

Floats = NDArray[np.float64]


def by_draw(success: Floats, draws: NDArray[np.generic]) -> Floats:
    """Return the mean success of each draw (draws,); of each replicate where all share the central values (draw below 0)."""
    if (draws < np.zeros(1, draws.dtype)).any():
        return success
    return np.array([success[draws == draw].mean() for draw in np.unique(draws)])


def success_error(conditional: Floats, replicates: int) -> float:
    """Return the standard error of a mean over draws (see `by_draw`), at least that of a share with one more success and failure."""
    share = (float(conditional.mean()) * replicates + 1.0) / (replicates + 2.0)
    chance = float(np.sqrt(share * (1.0 - share) / replicates))
    count = len(conditional)
    return max(chance, float(np.std(conditional, ddof=1) / np.sqrt(count)) if count > 1 else 0.0)
