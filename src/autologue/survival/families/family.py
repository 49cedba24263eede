"""What a parametric family of survival curves is: a log survival and a log hazard, with their derivatives.

Everything a likelihood needs, whatever the censoring, follows from these two. Parameters are unbounded (log scales), so
that a normal approximation to their distribution is a good one and no optimiser needs bounds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from autologue.survival.records import Floats, TimeToEvent

__all__ = ["TINY", "Family", "Values", "summary_rate"]

TINY = 1e-300  # stands for time zero where a logarithm of time is taken


class Values(NamedTuple):
    """Log survival and log hazard at n times, shape (n,), and their derivatives, shape (parameter, n)."""

    log_survival: Floats
    log_hazard: Floats
    d_log_survival: Floats
    d_log_hazard: Floats


class Family(ABC):
    """A family of survival curves; every final family is a frozen dataclass, compared by value.

    `parameters` names the unbounded parameters in order. `basis` is what depends on time alone, computed once a fit.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The family in the field's words, for tables and captions."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[str, ...]:
        """Names of the unbounded parameters, in order."""

    @abstractmethod
    def basis(self, times: Floats) -> Floats:
        """Return functions of time, shape (k, n), from times of shape (n,) in the data's unit."""

    @abstractmethod
    def evaluate(self, basis: Floats, theta: Floats) -> Values:
        """Return log survival, log hazard and derivatives at parameters `theta`, shape (parameter,)."""

    @abstractmethod
    def start(self, data: TimeToEvent) -> Floats:
        """Return parameters to start a fit from, shape (parameter,)."""

    @abstractmethod
    def natural(self, theta: Floats) -> dict[str, float]:
        """Return the parameters on their natural scale, by the field's names."""

    def resolve(self, data: TimeToEvent) -> Family:
        """Return the family with all that it takes from the data (knots) fixed; most take nothing."""
        del data
        return self

    def density(self, basis: Floats, theta: Floats) -> tuple[Floats, Floats]:
        """Return log density (n,) and its derivatives (parameter, n); a family for which survival costs much says it without."""
        at = self.evaluate(basis, theta)
        return at.log_survival + at.log_hazard, at.d_log_survival + at.d_log_hazard

    def admissible(self, theta: Floats) -> bool:
        """Whether the curve falls everywhere at these parameters; families that always do say yes."""
        del theta
        return True

    def survival(self, times: Floats, theta: Floats) -> Floats:
        """Return the survival at times, both shape (n,)."""
        with np.errstate(all="ignore"):
            at: Floats = np.exp(self.evaluate(self.basis(times), theta).log_survival)
        return np.where(times <= 0, 1.0, at)


def summary_rate(data: TimeToEvent) -> float:
    """Return events per person-time, the start of most fits; an event in an interval counts at its middle."""
    end = np.where(np.isfinite(data.upper), 0.5 * (data.lower + np.minimum(data.upper, 2 * data.follow_up)), data.lower)
    exposure = float(np.sum(data.weight * np.maximum(end - data.entry, 0.0)))
    events = float(np.sum(data.weight * data.event))
    return max(events, 0.5) / max(exposure, TINY)
