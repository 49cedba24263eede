"""Sampling importance resampling: the uncertainty of the estimates from their likelihood, without further fits.

Dosne et al. 2016, J Pharmacokinet Pharmacodyn 43:583-596, doi:10.1007/s10928-016-9487-8. Vectors are drawn from the normal distribution
of the estimates, weighted by likelihood over density, and resampled without replacement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue import seeds
from autologue.diagnose.marginals import chosen_method, evaluator, mark_of
from autologue.errors import InputError
from autologue.fit import Fit
from autologue.fit.approximation import Approximation
from autologue.fit.outer import Search
from autologue.fit.table import as_read
from autologue.parallel import Progress, computed
from autologue.seeds import Purpose

__all__ = ["Resampled", "sir"]

Floats = NDArray[np.float64]
POOR = 0.1  # effective share of the draws
PIECE = 25  # draws that one process takes at once


@dataclass(frozen=True, eq=False, slots=True)
class Resampled:
    """vectors: (resamples, p) estimates on their scales. table: each as read, with mean, standard error and percentile interval.

    effective: effective sample size (sum w)^2 / sum w^2 of the `draws`. method: whose likelihood. warnings: in words.
    """

    vectors: Floats
    table: pd.DataFrame
    draws: int
    effective: float
    method: str
    warnings: tuple[str, ...]


def sir(
    fit: Fit, *, draws: int = 1000, resamples: int = 200, inflation: float = 1.0, method: Approximation | None = None,
    level: float = 0.95, seed: int = 0, file: str | Path | None = None, workers: int = 1, progress: Progress | None = None,
) -> Resampled:  # fmt: skip
    """Return resampled estimates; `inflation` multiplies the covariance from which they are drawn.

    method: whose marginal likelihood, as in `profile_likelihood`. file, workers: as in `bootstrap`; progress counts pieces of 25 draws.
    Raises InputError for a fit without standard errors, or a file of something else.
    """
    if not 1 < resamples < draws or not inflation > 0 or not 0.0 < level < 1.0:
        raise InputError(
            f"sir of {resamples} from {draws} draws, inflation {inflation}, level {level}: expected fewer resamples than draws, inflation "
            "above zero and a level between 0 and 1"
        )
    chosen, vector, covariance = chosen_method(fit, method), fit.estimated.vector, fit.covariance
    free = np.isfinite(np.diagonal(covariance))
    if not free.any():
        raise InputError("sir needs the covariance of the estimates, which this fit has not; see its warnings")
    drawn, z = _proposed(fit, free, inflation, draws, seed)
    bare, starts = replace(fit), range(0, draws, PIECE)
    density = np.concatenate(
        computed(
            lambda first: _log_posteriors(bare, chosen, drawn[first : first + PIECE]), starts, workers=workers, file=file,
            what="importance resampling", mark=mark_of(fit, chosen, draws, inflation, seed), progress=progress,
        )
    )  # fmt: skip
    log_weight = density + 0.5 * (z**2).sum(axis=1)
    if not np.isfinite(log_weight).any():
        raise InputError("sir: no draw has a likelihood; the covariance of the estimates reaches where the model cannot follow")
    weight = np.exp(log_weight - log_weight.max())
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    kept = drawn[_without_replacement(log_weight, resamples, seed)]
    values = np.array([as_read(fit.structure, each) for each in kept])
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(values, (tail, 1.0 - tail), axis=0)
    columns = {
        "estimate": as_read(fit.structure, vector), "mean": values.mean(axis=0), "se": values.std(axis=0, ddof=1), "lower": lower,
        "upper": upper,
    }  # fmt: skip
    poor = f"only {effective:.0f} of {draws} draws count: give inflation= above 1, more draws, or take the bootstrap"
    few = effective < max(POOR * draws, resamples)
    table = pd.DataFrame(columns, index=pd.Index(fit.structure.names, name="estimate of"))
    return Resampled(kept, table, draws, effective, chosen.label, (poor,) if few else ())


def _proposed(fit: Fit, free: NDArray[np.bool_], inflation: float, draws: int, seed: int) -> tuple[Floats, Floats]:
    """Return draws of the estimates (draws, p) and the standard normals that they were made of."""
    factor = np.linalg.cholesky(inflation * fit.covariance[np.ix_(free, free)])
    z = seeds.normals(seed, Purpose.UNCERTAINTY, np.arange(draws), int(free.sum()))
    drawn = np.tile(fit.estimated.vector, (draws, 1))
    drawn[:, free] += z @ factor.T
    return drawn, z


def _log_posteriors(fit: Fit, method: Approximation, vectors: Floats) -> list[float]:
    """Return the log-posterior of each vector, evaluated from the fit's own modes: none depends on another."""
    search = Search(fit.problem, evaluator(fit.problem, method))
    here, (low, high) = search.marginal(fit.estimated.vector), fit.structure.bounds.T
    found = []
    for vector in vectors:
        search.back_to(fit.estimated.vector, here)
        inside = ((vector >= low) & (vector <= high)).all()
        value = -search.cost(vector)[0] if inside else -np.inf
        found.append(float(value) if np.isfinite(value) else -np.inf)
    return found


def _without_replacement(log_weight: Floats, count: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers of draws chosen in proportion to their weights: the largest of weights perturbed by Gumbel numbers."""
    u = seeds.uniforms(seeds.child_seed(seed, Purpose.UNCERTAINTY, 1), Purpose.UNCERTAINTY, np.arange(len(log_weight)), 1)[:, 0]
    return np.sort(np.argsort(-(log_weight - np.log(-np.log(u))))[:count])
