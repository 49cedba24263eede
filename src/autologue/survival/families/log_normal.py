"""Log-normal survival: the logarithm of time is normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from autologue.survival.families.family import TINY, Family, Values, summary_rate
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["LOG_ROOT_2PI", "LogNormal"]

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class LogNormal(Family):
    """log T ~ Normal(mu, sigma)."""

    @property
    def name(self) -> str:
        return "log-normal"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("mu", "log_sigma")

    def basis(self, times: Floats) -> Floats:
        return np.log(np.maximum(times, TINY))[None, :]

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        x, sigma = basis[0], np.exp(theta[1])
        w = (x - theta[0]) / sigma
        log_survival: Floats = log_ndtr(-w)
        log_density = -0.5 * w * w - LOG_ROOT_2PI
        mills = np.exp(log_density - log_survival)
        excess = mills - w
        return Values(
            log_survival,
            log_density - theta[1] - x - log_survival,
            np.stack([mills / sigma, mills * w]),
            np.stack([-excess / sigma, -1.0 - w * excess]),
        )

    def start(self, data: TimeToEvent) -> Floats:
        return np.array([-np.log(summary_rate(data)), 0.0])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"mu": float(theta[0]), "sigma": float(np.exp(theta[1]))}
