"""What an estimator gives back, and what an estimator is.

An estimator is a frozen value with its settings, `SAEM(chains=3)`, and one function: from a `Problem` to an `Estimated`. Whatever it
does not compute is absent (an empty tuple, an array of NaN), never invented.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autologue.fit.problem import Problem

__all__ = ["Conditional", "Covariance", "Estimated", "Estimator", "LogLikelihood", "Trace", "Watch", "inverse_information"]

Floats = NDArray[np.float64]
Watch = Callable[[int, int, Floats], None]
"""Called with the number of an iteration, how many there are at most, and the estimates (p,) on their scales."""


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """Covariance (p, p) of the estimates on their scales by one method; NaN for an estimate at its bound, or where there is none."""

    method: str
    matrix: Floats


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """The log-likelihood of the data by one method; error: Monte-Carlo standard error, 0 where there is no chance in it."""

    method: str
    value: float
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Conditional:
    """The random effects of each patient given the data: mode, mean, sd (patients, q) and samples (samples, patients, q).

    names: the parameters of the q random effects. What a method does not give is NaN, or no samples.
    """

    names: tuple[str, ...]
    mode: Floats
    mean: Floats
    sd: Floats
    samples: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The estimates (iterations, p) on their scales from one iteration to the next; phases: name and first iteration of each."""

    values: Floats
    phases: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """vector: the estimates (p,) on their scales. covariances, log_likelihoods: the first of each is what is reported.

    warnings: in words, one sentence each. settings: what the method chose itself and how it ended, in words. sampled: the trace is
    draws of the posterior, chain after chain, and the estimates are their medians.
    """

    vector: Floats
    covariances: tuple[Covariance, ...]
    log_likelihoods: tuple[LogLikelihood, ...]
    conditional: Conditional
    trace: Trace
    warnings: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = field(default=())
    sampled: bool = False


class Estimator(ABC):
    """A method of estimation, chosen by value."""

    @abstractmethod
    def estimate(self, problem: Problem, *, seed: int, watch: Watch | None = None) -> Estimated:
        """Return the estimates; the same seed gives the same bits."""


def inverse_information(information: Floats, free: NDArray[np.bool_]) -> Floats:
    """Return the covariance (p, p) of the free estimates; NaN for others, and everywhere unless the information is positive definite."""
    found = np.full(information.shape, np.nan)
    inside = information[np.ix_(free, free)]
    if len(inside) and np.isfinite(inside).all() and (level := np.linalg.eigvalsh(inside))[0] > 1e-14 * abs(level[-1]):
        inverse = np.linalg.inv(inside)
        found[np.ix_(free, free)] = (inverse + inverse.T) / 2.0
    return found
