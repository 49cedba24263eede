"""Gompertz survival: a hazard that changes exponentially with time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autologue.survival.families.family import Family, Values, summary_rate
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["Gompertz"]


@dataclass(frozen=True)
class Gompertz(Family):
    """h(t) = rate exp(shape t); a negative shape leaves the fraction exp(rate / shape) free of the event for ever."""

    @property
    def name(self) -> str:
        return "Gompertz"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("shape", "log_rate")

    def basis(self, times: Floats) -> Floats:
        return times[None, :]

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        t, shape, rate = basis[0], theta[0], np.exp(theta[1])
        a = shape * t
        grown = np.exp(a)
        # (e^a - 1) / a and its derivative, by series where a is small
        small = np.abs(a) < 1e-3
        safe = np.where(small, 1.0, a)
        ratio = np.where(small, 1 + a / 2 + a * a / 6, np.expm1(a) / safe)
        slope = np.where(small, 0.5 + a / 3 + a * a / 8, (grown * safe - np.expm1(a)) / (safe * safe))
        cumulative = rate * t * ratio
        return Values(
            -cumulative,
            theta[1] + a,
            np.stack([-rate * t * t * slope, -cumulative]),
            np.stack([t, np.ones_like(t)]),
        )

    def start(self, data: TimeToEvent) -> Floats:
        return np.array([0.0, np.log(summary_rate(data))])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"shape": float(theta[0]), "rate": float(np.exp(theta[1]))}
