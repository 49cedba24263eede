"""Exponential survival: a constant hazard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autologue.survival.families.family import Family, Values, summary_rate
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["Exponential"]


@dataclass(frozen=True)
class Exponential(Family):
    """S(t) = exp(-rate t).

    >>> float(Exponential().survival(np.array([1.0]), np.array([np.log(0.5)]))[0].round(4))
    0.6065
    """

    @property
    def name(self) -> str:
        return "exponential"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("log_rate",)

    def basis(self, times: Floats) -> Floats:
        return times[None, :]

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        cumulative = np.exp(theta[0]) * basis[0]
        ones = np.ones_like(cumulative)
        return Values(-cumulative, theta[0] * ones, -cumulative[None], ones[None])

    def start(self, data: TimeToEvent) -> Floats:
        return np.array([np.log(summary_rate(data))])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"rate": float(np.exp(theta[0]))}
