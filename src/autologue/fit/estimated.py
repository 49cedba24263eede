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

__all__ = ["Basin", "Conditional", "Covariance", "Estimated", "Estimator", "LogLikelihood", "Trace", "Watch", "inverse_information"]

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
class Basin:
    """An optimum of the log-posterior: its value and vector (p,), how many starts ended there, and whether the given one did.

    error: Monte-Carlo standard error of the value.
    """

    value: float
    vector: Floats
    count: int
    given: bool
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """vector: the estimates (p,) on their scales. covariances, log_likelihoods: the first of each is what is reported.

    warnings: in words, one sentence each. settings: what the method chose itself and how it ended, in words. basins: the distinct optima
    that starts led to, the best first.
    """

    vector: Floats
    covariances: tuple[Covariance, ...]
    log_likelihoods: tuple[LogLikelihood, ...]
    conditional: Conditional
    trace: Trace
    warnings: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = field(default=())
    basins: tuple[Basin, ...] = field(default=())


class Estimator(ABC):
    """A method of estimation, chosen by value."""

    @abstractmethod
    def estimate(self, problem: Problem, *, seed: int, watch: Watch | None = None) -> Estimated:
        """Return the estimates; the same seed gives the same bits."""


def inverse_information(information: Floats, free: NDArray[np.bool_], *, spare: NDArray[np.bool_] | None = None) -> Floats:
    """Return the covariance (p, p) of the free estimates; NaN for others, and everywhere unless the information is positive definite.

    spare: estimates that are left out, one after another, until it is: of those the one that matters most where it is not.
    """
    found, kept = np.full(information.shape, np.nan), free.copy()
    while kept.any() and np.isfinite(inside := information[np.ix_(kept, kept)]).all():
        level, axes = np.linalg.eigh(inside)
        if level[0] > 1e-14 * abs(level[-1]):
            inverse = np.linalg.inv(inside)
            found[np.ix_(kept, kept)] = (inverse + inverse.T) / 2.0
            break
        size = np.sqrt(np.abs(np.diagonal(inside)))
        weakest = np.abs(np.linalg.eigh(inside / np.outer(size, size))[1][:, 0]) if size.all() else np.abs(axes[:, 0])
        places = np.flatnonzero(kept)
        weakest = np.where(False if spare is None else spare[places], weakest, -1.0)
        if weakest.max() < 0.0:
            break
        kept[places[weakest.argmax()]] = False
    return found
