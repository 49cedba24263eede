"""Variance-based sensitivity: which share of the variance each factor makes alone, and with all its interactions.

Sobol 2001, Math Comput Simul 55:271-280, doi:10.1016/S0378-4754(00)00270-6; estimators of Saltelli et al. 2010, Comput Phys Commun
181:259-270, doi:10.1016/j.cpc.2009.09.018, as SALib computes them; intervals are normal ones from a bootstrap over base points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autologue.analysis.method import Floats, GlobalMethod, Index, problem, salib, whole_number
from autologue.errors import InputError

__all__ = ["Sobol"]


@dataclass(frozen=True, slots=True)
class Sobol(GlobalMethod):
    """Indices of first order and total, and of pairs with `second_order`; `samples` base points (a power of two)."""

    samples: int = 1024
    second_order: bool = False
    resamples: int = 200
    confidence: float = 0.95
    name = "Sobol"
    reference = "doi:10.1016/j.cpc.2009.09.018"

    def __post_init__(self) -> None:
        """Check the settings."""
        whole_number("Sobol: samples", self.samples, 8)
        whole_number("Sobol: resamples", self.resamples, 10)
        if self.samples & (self.samples - 1):
            raise InputError(f"Sobol: samples is {self.samples}; the sequence is balanced only at powers of two, like 1024")
        if not 0 < self.confidence < 1:
            raise InputError(f"Sobol: confidence is {self.confidence!r}; expected a share between 0 and 1, like 0.95")

    def design(self, groups: Sequence[str], *, seed: int) -> Floats:
        said = problem([f"x{k}" for k in range(len(groups))], groups)
        made: Floats = salib("sample.sobol").sample(said, self.samples, calc_second_order=self.second_order, seed=seed)
        return made

    def block(self, groups: Sequence[str]) -> int:
        count = len(set(groups))
        return 2 * count + 2 if self.second_order else count + 2

    def indices(self, names: Sequence[str], groups: Sequence[str], x: Floats, y: Floats, *, seed: int) -> list[Index]:
        said = problem(names, groups)
        analyse: Any = salib("analyze.sobol").analyze
        found = analyse(
            said, y, calc_second_order=self.second_order, num_resamples=self.resamples, conf_level=self.confidence, seed=seed
        )
        labels = list(dict.fromkeys(groups))
        rows = []
        for key, index in (("S1", "first order"), ("ST", "total")):
            for label, value, half in zip(labels, found[key], found[f"{key}_conf"], strict=True):
                rows.append(Index(label, index, float(value), float(value - half), float(value + half)))
        if self.second_order:
            for i, j in zip(*np.triu_indices(len(labels), 1), strict=True):
                value, half = float(found["S2"][i, j]), float(found["S2_conf"][i, j])
                rows.append(Index(f"{labels[i]} and {labels[j]}", "second order", value, value - half, value + half))
        return rows
