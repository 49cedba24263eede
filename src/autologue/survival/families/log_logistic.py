"""Log-logistic survival: the logarithm of time is logistic, the odds of the event a power of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from autologue.survival.families.family import TINY, Family, Values, summary_rate
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["LogLogistic"]


@dataclass(frozen=True)
class LogLogistic(Family):
    """S(t) = 1 / (1 + (t / scale)^shape); the scale is the median."""

    @property
    def name(self) -> str:
        return "log-logistic"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("log_shape", "log_scale")

    def basis(self, times: Floats) -> Floats:
        return np.log(np.maximum(times, TINY))[None, :]

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        x, shape = basis[0], np.exp(theta[0])
        z = shape * (x - theta[1])
        p = expit(z)
        log_survival = -np.logaddexp(0.0, z)
        rest = 1.0 - p
        return Values(
            log_survival,
            theta[0] + z - x + log_survival,
            np.stack([-p * z, p * shape]),
            np.stack([1.0 + rest * z, -shape * rest]),
        )

    def start(self, data: TimeToEvent) -> Floats:
        return np.array([0.0, -np.log(summary_rate(data))])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"shape": float(np.exp(theta[0])), "scale": float(np.exp(theta[1]))}
