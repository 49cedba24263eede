"""Weibull survival: a hazard that rises or falls as a power of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autologue.survival.families.family import TINY, Family, Values, summary_rate
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["Weibull"]


@dataclass(frozen=True)
class Weibull(Family):
    """S(t) = exp(-(t / scale)^shape); as proportional hazards, H(t) = lambda t^shape with lambda = scale^-shape."""

    @property
    def name(self) -> str:
        return "Weibull"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("log_shape", "log_scale")

    def basis(self, times: Floats) -> Floats:
        return np.log(np.maximum(times, TINY))[None, :]

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        x, shape = basis[0], np.exp(theta[0])
        z = shape * (x - theta[1])
        cumulative = np.exp(z)
        slope = np.full_like(z, -shape)
        return Values(
            -cumulative,
            theta[0] + z - x,
            np.stack([-cumulative * z, cumulative * shape]),
            np.stack([1.0 + z, slope]),
        )

    def start(self, data: TimeToEvent) -> Floats:
        return np.array([0.0, -np.log(summary_rate(data))])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"shape": float(np.exp(theta[0])), "scale": float(np.exp(theta[1]))}
