"""Cure models: a fraction never has the event; mixture and non-mixture (promotion time), with any family for the rest.

Lambert et al. (2007), Biostatistics 8:576-594; Amico & Van Keilegom (2018), Annu Rev Stat Appl 5:311-342.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from autologue.survival.families.family import Family, Values
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["CureLink", "IdentityLink", "LogLogLink", "LogitLink", "MixtureCure", "NonMixtureCure"]


class CureLink(ABC):
    """How the cure fraction depends on its unbounded parameter."""

    @abstractmethod
    def fraction(self, eta: np.float64) -> tuple[np.float64, np.float64]:
        """Return the cure fraction and its derivative; not-a-number outside (0, 1)."""

    @abstractmethod
    def inverse(self, fraction: float) -> float:
        """Return the parameter of a cure fraction."""


@dataclass(frozen=True)
class LogitLink(CureLink):
    """fraction = 1 / (1 + exp(-eta)), the default."""

    def fraction(self, eta: np.float64) -> tuple[np.float64, np.float64]:
        p = np.float64(expit(eta))
        return p, p * np.float64(expit(-eta))

    def inverse(self, fraction: float) -> float:
        return float(logit(fraction))


@dataclass(frozen=True)
class IdentityLink(CureLink):
    """fraction = eta; a fit that leaves (0, 1) is rejected point by point, so prefer the logit near the edges."""

    def fraction(self, eta: np.float64) -> tuple[np.float64, np.float64]:
        return (eta if 0 < eta < 1 else np.float64(np.nan)), np.float64(1.0)

    def inverse(self, fraction: float) -> float:
        return fraction


@dataclass(frozen=True)
class LogLogLink(CureLink):
    """fraction = exp(-exp(eta)); in a non-mixture model a change of eta is then a log hazard ratio."""

    def fraction(self, eta: np.float64) -> tuple[np.float64, np.float64]:
        theta = np.exp(np.minimum(eta, 700.0))
        return np.exp(-theta), -theta * np.exp(-theta)

    def inverse(self, fraction: float) -> float:
        return float(np.log(-np.log(fraction)))


@dataclass(frozen=True)
class MixtureCure(Family):
    """S(t) = fraction + (1 - fraction) S_u(t), with S_u from `uncured`."""

    uncured: Family
    link: CureLink = LogitLink()

    @property
    def name(self) -> str:
        return f"mixture cure, {self.uncured.name}"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("cure", *self.uncured.parameters)

    def resolve(self, data: TimeToEvent) -> MixtureCure:
        return replace(self, uncured=self.uncured.resolve(data))

    def basis(self, times: Floats) -> Floats:
        return self.uncured.basis(times)

    def admissible(self, theta: Floats) -> bool:
        return self.uncured.admissible(theta[1:])

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        fraction, slope = self.link.fraction(theta[0])
        u = self.uncured.evaluate(basis, theta[1:])
        log_uncured = np.log1p(-fraction) + u.log_survival
        log_survival = np.logaddexp(np.log(fraction), log_uncured)
        still = np.exp(log_uncured - log_survival)  # probability of not being cured, given no event so far
        d_survival = still * u.d_log_survival
        d_cure = slope * -np.expm1(u.log_survival) * np.exp(-log_survival)
        return Values(
            log_survival,
            log_uncured + u.log_hazard - log_survival,
            np.vstack([d_cure, d_survival]),
            np.vstack([-slope / (1 - fraction) - d_cure, u.d_log_hazard + u.d_log_survival - d_survival]),
        )

    def density(self, basis: Floats, theta: Floats) -> tuple[Floats, Floats]:
        fraction, slope = self.link.fraction(theta[0])
        log_density, derivative = self.uncured.density(basis, theta[1:])
        return np.log1p(-fraction) + log_density, np.vstack([np.full_like(log_density, -slope / (1 - fraction)), derivative])

    def start(self, data: TimeToEvent) -> Floats:
        return np.concatenate([[self.link.inverse(plateau(data))], self.uncured.start(without_plateau(data))])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"cure_fraction": float(self.link.fraction(theta[0])[0]), **self.uncured.natural(theta[1:])}


@dataclass(frozen=True)
class NonMixtureCure(Family):
    """S(t) = fraction^F(t), with F = 1 - S_u from `latent`: the hazard is -log(fraction) times the density of `latent`."""

    latent: Family
    link: CureLink = LogitLink()

    @property
    def name(self) -> str:
        return f"non-mixture cure, {self.latent.name}"

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("cure", *self.latent.parameters)

    def resolve(self, data: TimeToEvent) -> NonMixtureCure:
        return replace(self, latent=self.latent.resolve(data))

    def basis(self, times: Floats) -> Floats:
        return self.latent.basis(times)

    def admissible(self, theta: Floats) -> bool:
        return self.latent.admissible(theta[1:])

    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        fraction, slope = self.link.fraction(theta[0])
        u = self.latent.evaluate(basis, theta[1:])
        bound = -np.log(fraction)  # cumulative hazard as time goes to infinity
        happened = -np.expm1(u.log_survival)
        return Values(
            -bound * happened,
            np.log(bound) + u.log_hazard + u.log_survival,
            np.vstack([slope / fraction * happened, bound * np.exp(u.log_survival) * u.d_log_survival]),
            np.vstack([np.full_like(happened, -slope / (fraction * bound)), u.d_log_hazard + u.d_log_survival]),
        )

    def start(self, data: TimeToEvent) -> Floats:
        return np.concatenate([[self.link.inverse(plateau(data))], self.latent.start(without_plateau(data))])

    def natural(self, theta: Floats) -> dict[str, float]:
        return {"cure_fraction": float(self.link.fraction(theta[0])[0]), **self.latent.natural(theta[1:])}


def plateau(data: TimeToEvent) -> float:
    """Return a start for the cure fraction: the weighted share without the event, kept inside (0.05, 0.9)."""
    free = float(np.sum(data.weight * ~data.event) / np.sum(data.weight))
    return float(np.clip(0.8 * free, 0.05, 0.9))


def without_plateau(data: TimeToEvent) -> TimeToEvent:
    """Return the subjects that had the event, whose rate starts the fit of those who are not cured."""
    return data.take(data.event & (data.weight > 0)) if np.any(data.event & (data.weight > 0)) else data
