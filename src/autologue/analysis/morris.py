"""Screening by elementary effects: how much the quantity changes, on average, as one factor crosses its distribution.

Morris 1991, Technometrics 33:161-174, doi:10.1080/00401706.1991.10484804; the mean of absolute effects (mu*) after Campolongo et al.
2007, doi:10.1016/j.envsoft.2006.10.004, as SALib computes them. A walk goes from the percentile `tail` to `1 - tail` of each factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autologue.analysis.method import Floats, GlobalMethod, Index, problem, salib, whole_number
from autologue.errors import InputError

__all__ = ["Morris"]


@dataclass(frozen=True, slots=True)
class Morris(GlobalMethod):
    """The mean absolute elementary effect (mu*) and the standard deviation of effects (sigma), over `trajectories` walks."""

    trajectories: int = 50
    levels: int = 4
    tail: float = 0.025
    resamples: int = 200
    confidence: float = 0.95
    name = "Morris"
    reference = "doi:10.1016/j.envsoft.2006.10.004"

    def __post_init__(self) -> None:
        """Check the settings."""
        whole_number("Morris: trajectories", self.trajectories, 4)
        whole_number("Morris: levels", self.levels, 2)
        if self.levels % 2:
            raise InputError(f"Morris: levels is {self.levels}; expected an even number, like 4")
        if not 0 < self.tail < 0.5:
            raise InputError(f"Morris: tail is {self.tail!r}; expected a share between 0 and 0.5, like 0.025")
        if not 0 < self.confidence < 1:
            raise InputError(f"Morris: confidence is {self.confidence!r}; expected a share between 0 and 1, like 0.95")

    def design(self, groups: Sequence[str], *, seed: int) -> Floats:
        said = problem([f"x{k}" for k in range(len(groups))], groups)
        walks = salib("sample.morris").sample(said, self.trajectories, num_levels=self.levels, seed=seed)
        made: Floats = self.tail + (1 - 2 * self.tail) * walks
        return made

    def block(self, groups: Sequence[str]) -> int:
        return len(set(groups)) + 1

    def indices(self, names: Sequence[str], groups: Sequence[str], x: Floats, y: Floats, *, seed: int) -> list[Index]:
        walks = (x - self.tail) / (1 - 2 * self.tail)
        found = salib("analyze.morris").analyze(
            problem(names, groups), walks, y, num_resamples=self.resamples, conf_level=self.confidence, num_levels=self.levels, seed=seed
        )
        rows = []
        for k, label in enumerate(found["names"]):
            star, half, spread = (float(found[key][k]) for key in ("mu_star", "mu_star_conf", "sigma"))
            label = str(label)
            rows += [Index(label, "mu*", star, star - half, star + half), Index(label, "sigma", spread, np.nan, np.nan)]
        return rows
