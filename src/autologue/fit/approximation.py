"""What the methods that maximise an approximate marginal likelihood share: the search, several starts, standard errors, warnings."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.fit.basins import End, distinct_basins, probe_basins, said, search_all
from autologue.fit.conditional import Marginal
from autologue.fit.estimated import Basin, Conditional, Covariance, Estimated, Estimator, LogLikelihood, Trace, Watch, inverse_information
from autologue.fit.outer import Optimum, Search, maximise, polish
from autologue.fit.problem import Problem
from autologue.fit.suspicions import suspicions
from autologue.seeds import Purpose, child_seed

__all__ = ["Approximation"]

Floats = NDArray[np.float64]
TOLERANCE, ROUGH = 1e-2, 0.3  # of the gradient, from where Newton's method goes on; where a probe is left
PROBE = 40  # iterations of a probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Approximation(Estimator):
    """A method that maximises an approximation of the marginal likelihood.

    iterations: at most so many of a search. starts: the population's values, and others drawn around them; the best optimum is reported.
    probes: rough searches from elsewhere, only to warn of a better optimum.
    """

    iterations: int = 300
    starts: int = 1
    probes: int = 1

    def __post_init__(self) -> None:
        """Check the settings."""
        for name, value, least in (("iterations", self.iterations, 1), ("starts", self.starts, 1), ("probes", self.probes, 0)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{type(self).__name__}({name}={value!r}); expected a whole number of at least {least}")

    @property
    @abstractmethod
    def label(self) -> str:
        """What the likelihood is called."""

    @abstractmethod
    def marginal(self, problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None) -> Marginal:
        """Return each patient's likelihood from the best of random effects `start` (starts, patients, q); metric: see `find_modes`."""

    def estimate(self, problem: Problem, *, seed: int, watch: Watch | None = None) -> Estimated:
        """Return the estimates at the highest optimum that was found."""

        def evaluate(vector: Floats, start: Floats, metric: Floats | None) -> Marginal:
            return self.marginal(problem, vector, start, metric)

        def search(_: int, vector: Floats) -> Search:
            return maximise(problem, evaluate, vector, iterations=self.iterations, tolerance=TOLERANCE, watch=watch)

        found = search_all(problem, search, self.starts, seed=seed)
        ends = [End(-each.cost(each.at)[0], each.at, k) for k, each in found]
        best = found[min(range(len(ends)), key=lambda k: (-ends[k].value, k))][1]
        optimum = polish(best)
        basins = distinct_basins(ends, optimum.information)
        rough = partial(maximise, problem, evaluate, iterations=PROBE, tolerance=ROUGH)
        better = probe_basins(problem, rough, self.probes, optimum, seed=child_seed(seed, Purpose.ESTIMATION, 0))
        count = sum(each.count for _, each in found)
        covariances = _covariances(problem, optimum)
        return Estimated(
            optimum.vector,
            covariances,
            (LogLikelihood(self.label, optimum.log_likelihood),),
            _conditional(problem, optimum),
            Trace(np.array([*best.path, optimum.vector]), (("quasi-Newton", 0), ("Newton", len(best.path)))),
            suspicions(problem, optimum, covariances, basins, better),
            _settings(problem, optimum, basins, count),
            basins,
        )


def _covariances(problem: Problem, optimum: Optimum) -> tuple[Covariance, ...]:
    """Return R^-1, the sandwich R^-1 S R^-1 and S^-1."""
    free, inverse = optimum.free, inverse_information(optimum.information, optimum.free)
    scores = optimum.marginal.gradient.T @ optimum.marginal.gradient
    sandwich = np.full(inverse.shape, np.nan)
    inside = np.ix_(free, free)
    sandwich[inside] = inverse[inside] @ scores[inside] @ inverse[inside]
    return (
        Covariance("inverse of the curvature R", inverse),
        Covariance("sandwich R^-1 S R^-1", (sandwich + sandwich.T) / 2.0),
        Covariance("inverse of the squared scores S", inverse_information(scores + np.diag(problem.structure.prior_precision), free)),
    )


def _conditional(problem: Problem, optimum: Optimum) -> Conditional:
    q, n = problem.varying, problem.patients
    eta = optimum.marginal.modes.phi[:, :q] - (problem.offset + problem.design @ optimum.vector)[:, :q]
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(np.diagonal(np.linalg.pinv(optimum.marginal.curvature), axis1=1, axis2=2))
    return Conditional(problem.coordinates[:q], eta, np.full((n, q), np.nan), sd, np.empty((0, n, q)))


def _settings(problem: Problem, optimum: Optimum, basins: tuple[Basin, ...], count: int) -> tuple[tuple[str, str], ...]:
    measured = int((~problem.likelihood.rows.censored).sum())
    objective = -2.0 * optimum.log_likelihood - measured * math.log(2.0 * math.pi)
    found = [
        ("objective", f"{objective:.4f} (-2 log-likelihood less {measured} log(2 pi), as NONMEM and nlmixr2 print it)"),
        ("evaluations", f"{count} of the likelihood and its gradient"),
        ("gain", f"{optimum.gain:.1e} of the log-likelihood still expected of another Newton step"),
    ]
    return tuple(found + said(basins))
