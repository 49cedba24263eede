"""Distribution-based sensitivity: how far the distribution of the quantity moves when one factor is held in a slice of its range.

PAWN: Pianosi and Wagener 2015, Environ Model Softw 67:1-11, doi:10.1016/j.envsoft.2015.01.004, on any sample as in 2018,
doi:10.1016/j.envsoft.2018.07.019; the median over slices, as SALib computes it. SALib gives no interval: ours is a normal one from a
bootstrap over rows. A factor that does nothing scores above zero, too; what it scores is the row "(no effect)", after Khorashadi Zadeh
et al. 2017, doi:10.1016/j.envsoft.2017.02.001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from autologue.analysis.method import Floats, GlobalMethod, Index, problem, salib, whole_number
from autologue.errors import InputError

__all__ = ["NO_EFFECT", "PAWN"]

NO_EFFECT = "(no effect)"


@dataclass(frozen=True, slots=True)
class PAWN(GlobalMethod):
    """The median Kolmogorov-Smirnov distance over `slices` of each factor, from `samples` points of a Latin hypercube."""

    samples: int = 2000
    slices: int = 10
    resamples: int = 100
    confidence: float = 0.95
    name = "PAWN"
    reference = "doi:10.1016/j.envsoft.2018.07.019"

    def __post_init__(self) -> None:
        """Check the settings."""
        whole_number("PAWN: samples", self.samples, 100)
        whole_number("PAWN: slices", self.slices, 3)
        if len(np.arange(0, 1 + 1 / self.slices, 1 / self.slices)) != self.slices + 1:  # SALib's own grid, where rounding adds an edge
            raise InputError(f"PAWN: slices is {self.slices}, which SALib cannot divide evenly; take one more or one less")
        if not 0 < self.confidence < 1:
            raise InputError(f"PAWN: confidence is {self.confidence!r}; expected a share between 0 and 1, like 0.95")

    def design(self, groups: Sequence[str], *, seed: int) -> Floats:
        if len(set(groups)) < len(groups):
            joined = next(g for g, n in zip(groups, groups, strict=True) if groups.count(n) > 1)
            raise InputError(f"PAWN: the effects {joined} are correlated; use Sobol() or Morris(), which move them as one group")
        made: Floats = qmc.LatinHypercube(d=len(groups), seed=seed).random(self.samples)
        return made

    def block(self, groups: Sequence[str]) -> int:
        return 1

    def indices(self, names: Sequence[str], groups: Sequence[str], x: Floats, y: Floats, *, seed: int) -> list[Index]:
        random = np.random.default_rng(seed)
        every = np.column_stack([x, random.random(len(y))])
        labels = [*names, NO_EFFECT]
        found = salib("analyze.pawn").analyze(problem(labels, labels), every, y, S=self.slices)
        spread = np.zeros((self.resamples, len(labels)))
        for k in range(self.resamples):
            rows = random.integers(len(y), size=len(y))
            spread[k] = [distance(every[rows, j], y[rows], self.slices) for j in range(len(labels))]
        half = float(ndtri(0.5 + self.confidence / 2)) * spread.std(axis=0, ddof=1)
        middle = [float(v) for v in found["median"]]
        return [Index(n, "median distance", m, m - h, m + h) for n, m, h in zip(labels, middle, half.tolist(), strict=True)]


def distance(x: Floats, y: Floats, slices: int) -> float:
    """Return the median over slices of `x` of the Kolmogorov-Smirnov distance between `y` in the slice and all of `y`."""
    edges = np.quantile(x, np.arange(slices + 1) / slices)
    order = np.argsort(y, kind="stable")
    last = np.append(np.diff(y[order]) != 0, np.array(True))  # ties count together
    everybody = np.arange(1, len(y) + 1) / len(y)
    found = []
    for low, high in pairwise(edges):
        inside = (x[order] >= low) & (x[order] < high)
        if inside.any():
            found.append(np.abs(np.cumsum(inside) / inside.sum() - everybody)[last].max())
    return float(np.median(found))
