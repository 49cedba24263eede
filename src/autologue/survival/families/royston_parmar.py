"""Royston-Parmar splines: a natural cubic spline of log time on the scale of hazards, odds or normal deviates.

Royston & Parmar (2002), Stat Med 21:2175-2197. The basis is not orthogonalised, so gamma0, gamma1, ... are those of
flexsurv and of stpm2 with `noorthog`; they belong to the unit of time of the data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from scipy.special import expit, log_ndtr, ndtri

from autologue.errors import InputError
from autologue.survival.families.family import TINY, Family, Values, summary_rate
from autologue.survival.families.log_normal import LOG_ROOT_2PI
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["Hazards", "NormalDeviates", "Odds", "RoystonParmar", "Scale"]


class Scale(ABC):
    """The scale s on which survival is a spline of log time."""

    word: str

    @abstractmethod
    def transform(self, survival: Floats) -> Floats:
        """Return s from a survival strictly between 0 and 1."""

    @abstractmethod
    def curve(self, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return log S, log(-dS/ds / S), and their derivatives in s."""


@dataclass(frozen=True)
class Hazards(Scale):
    """s = log cumulative hazard: covariates and arms act as proportional hazards; no knots give the Weibull."""

    word: str = field(default="hazard", init=False)

    def transform(self, survival: Floats) -> Floats:
        return np.log(-np.log(survival))

    def curve(self, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        cumulative = np.exp(s)
        return -cumulative, s, -cumulative, np.ones_like(s)


@dataclass(frozen=True)
class Odds(Scale):
    """s = log odds of the event: no knots give the log-logistic."""

    word: str = field(default="odds", init=False)

    def transform(self, survival: Floats) -> Floats:
        return np.log(1 / survival - 1)

    def curve(self, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        log_survival = -np.logaddexp(0.0, s)
        p = expit(s)
        return log_survival, s + log_survival, -p, 1 - p


@dataclass(frozen=True)
class NormalDeviates(Scale):
    """s = minus the normal deviate of survival: no knots give the log-normal."""

    word: str = field(default="normal", init=False)

    def transform(self, survival: Floats) -> Floats:
        return -np.asarray(ndtri(survival), np.float64)

    def curve(self, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        log_survival: Floats = log_ndtr(-s)
        log_density = -0.5 * s * s - LOG_ROOT_2PI
        mills = np.exp(log_density - log_survival)
        return log_survival, log_density - log_survival, -mills, mills - s


@dataclass(frozen=True)
class RoystonParmar(Family):
    """A spline with `interior` knots at centiles of the log event times, and boundary knots at their extremes.

    `knots` (log time, boundary knots first and last) may be given instead; a fit fills them in.
    """

    interior: int = 2
    scale: Scale = Hazards()
    knots: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.interior < 0:
            raise InputError(f"a spline has {self.interior} interior knots; expected none or more.")

    @property
    def name(self) -> str:
        count = len(self.knots) - 2 if self.knots else self.interior
        return f"Royston-Parmar {self.scale.word}, {count} knot{'' if count == 1 else 's'}"

    @property
    def parameters(self) -> tuple[str, ...]:
        count = len(self.knots) if self.knots else self.interior + 2
        return tuple(f"gamma{i}" for i in range(count))

    def resolve(self, data: TimeToEvent) -> RoystonParmar:
        if self.knots:
            return self
        end = np.where(np.isfinite(data.upper), 0.5 * (data.lower + data.upper), np.nan)
        x = np.log(end[data.event & (end > 0) & (data.weight > 0)])
        knots = np.quantile(x, np.linspace(0, 1, self.interior + 2)) if x.size else x
        if np.unique(x).size < self.interior + 2 or np.any(np.diff(knots) <= 0):
            raise InputError(
                f"{self.name} needs {self.interior + 2} centiles of the event times that differ; the data have {np.unique(x).size} "
                "distinct event times, some shared by many; use fewer knots."
            )
        return replace(self, knots=tuple(float(v) for v in knots))

    def basis(self, times: Floats) -> Floats:
        """Rows: log t; the spline's functions 1, x, v1, ...; their derivatives in x."""
        x = np.log(np.maximum(times, TINY))
        ones, zeros = np.ones_like(x), np.zeros_like(x)
        low, high = self.knots[0], self.knots[-1]
        rows, slopes = [ones, x], [zeros, ones]
        a, b = np.maximum(x - low, 0.0), np.maximum(x - high, 0.0)
        for knot in self.knots[1:-1]:
            c, weight = np.maximum(x - knot, 0.0), (high - knot) / (high - low)
            rows.append(c**3 - weight * a**3 - (1 - weight) * b**3)
            slopes.append(3 * (c**2 - weight * a**2 - (1 - weight) * b**2))
        return np.stack([x, *rows, *slopes])

    def admissible(self, theta: Floats) -> bool:
        """Whether the spline rises with log time between the boundary knots, and so beyond them."""
        return bool(np.all(theta @ _slopes(self) > 0))

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        count = theta.size
        x, rows, slopes = basis[0], basis[1 : count + 1], basis[count + 1 :]
        s, slope = theta @ rows, theta @ slopes
        log_survival, log_step, d_survival, d_step = self.scale.curve(s)
        with np.errstate(invalid="ignore", divide="ignore"):
            log_slope = np.log(np.where(slope > 0, slope, np.nan))
            return Values(log_survival, log_step + log_slope - x, d_survival * rows, d_step * rows + slopes / slope)

    def start(self, data: TimeToEvent) -> Floats:
        """Least squares on the product-limit curve at the event times, or the Weibull where that is not increasing."""
        end = np.where(np.isfinite(data.upper), 0.5 * (data.lower + data.upper), data.lower)
        order = np.argsort(end, kind="stable")
        event, weight = data.event[order], data.weight[order]
        at_risk = np.cumsum(weight[::-1])[::-1]
        survival = np.exp(-np.cumsum(np.where(event, weight / np.maximum(at_risk, TINY), 0.0)))
        kept = event & (end[order] > 0) & (survival < 1) & (survival > 0)
        basis = self.basis(end[order][kept])
        count = len(self.knots)
        rows = basis[1 : count + 1]
        theta = np.asarray(np.linalg.lstsq(rows.T, self.scale.transform(survival[kept]), rcond=None)[0], np.float64)
        if self.admissible(theta):
            return theta
        return np.concatenate([[np.log(summary_rate(data)), 1.0], np.zeros(count - 2)])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {name: float(value) for name, value in zip(self.parameters, theta, strict=True)}


@lru_cache(maxsize=64)
def _slopes(family: RoystonParmar) -> Floats:
    """Slopes of the spline's functions on a grid between the boundary knots, shape (parameter, 60)."""
    grid = np.exp(np.linspace(family.knots[0], family.knots[-1], 60))
    return family.basis(grid)[len(family.knots) + 1 :]
