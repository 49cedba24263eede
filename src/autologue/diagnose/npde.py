"""Normalised prediction distribution errors, with what is censored imputed by its distribution function.

Brendel et al. 2006, Pharm Res 23:2036-2049; Comets et al. 2008, Comput Methods Programs Biomed 90:154-166; for data below quantification
Nguyen et al. 2012, J Pharmacokinet Pharmacodyn 39:499-518: a censored observation has a probability drawn between those of its bounds, and
simulated values that the assay would not have quantified are treated in the same way. Under the model they are independent standard normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtri

from autologue import seeds
from autologue.diagnose.replicates import on_scale, replicate
from autologue.errors import InputError
from autologue.fit import Fit
from autologue.seeds import Purpose

__all__ = ["PredictionErrors", "npde"]

Floats = NDArray[np.float64]
FEWEST = 100


@dataclass(frozen=True, eq=False, slots=True)
class PredictionErrors:
    """table: a row an observation (patient, output, time, pred, censored, npde). tests: mean, variance, normality, global, with p-values.

    simulations: how many replicates. A p-value below 0.05 in `global` (Bonferroni over the three) speaks against the model.
    """

    table: pd.DataFrame
    tests: pd.DataFrame
    simulations: int


def npde(fit: Fit, *, simulations: int = 1000, seed: int = 0) -> PredictionErrors:
    """Return the prediction errors of every observation and their tests; raises InputError for fewer than 100 simulations."""
    if simulations < FEWEST:
        raise InputError(f"{simulations} simulations asked for; prediction errors need at least {FEWEST}")
    made = replicate(fit, simulations, seed=seed)
    rows = fit.problem.likelihood.rows
    values, floor, ceiling = (on_scale(fit, x) for x in (made.values, made.floor, made.ceiling))
    lower, upper = on_scale(fit, rows.lower), on_scale(fit, rows.upper)
    child = seeds.child_seed(seed, Purpose.RESIDUAL, 2)
    u = seeds.uniforms(child, Purpose.RESIDUAL, np.arange(simulations + 1), len(rows))
    errors = np.empty(len(rows))
    for a, b in zip(rows.first[:-1], rows.first[1:], strict=True):
        own = slice(int(a), int(b))
        errors[own] = _of_patient(values[:, own], (lower[own], upper[own]), (floor[own], ceiling[own]), u[:, own])
    ids = np.array([p.id for p in fit.cohort], dtype=object)
    outputs = np.array(fit.problem.likelihood.outputs, dtype=object)
    table = pd.DataFrame(
        {"patient": ids[rows.patient], "output": outputs[rows.output], "time": rows.time, "pred": made.typical, "censored": rows.censored,
         "npde": errors}
    )  # fmt: skip
    return PredictionErrors(table, _tests(errors), simulations)


def _of_patient(simulated: Floats, bounds: tuple[Floats, Floats], limits: tuple[Floats, Floats], u: Floats) -> Floats:
    """Return the errors of one patient's observations; the last row of `u` is for the observed, the others for the simulated."""
    count = len(simulated)
    ordered = np.sort(simulated, axis=0)
    seen = np.where(bounds[0] == bounds[1], bounds[0], _drawn(ordered, *bounds, u[-1]))
    low, high = limits
    for unreadable, ends in ((simulated < low, (np.full_like(low, -np.inf), low)), (simulated > high, (high, np.full_like(high, np.inf)))):
        if unreadable.any():
            simulated = np.where(unreadable, np.stack([_drawn(ordered, *ends, v) for v in u[:-1]]), simulated)
    mean = simulated.mean(axis=0)
    covariance = np.atleast_2d(np.cov(simulated, rowvar=False))
    values, vectors = np.linalg.eigh(covariance)
    kept = values > 1e-12 * max(values[-1], 1e-300)
    # the symmetric root keeps each error with its own observation as far as that can be
    root = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    whitened, own = (simulated - mean) @ root, (seen - mean) @ root
    share = ((whitened < own).sum(axis=0) + 0.5 * (whitened == own).sum(axis=0)) / count
    return np.asarray(ndtri(np.clip(share, 0.5 / count, 1 - 0.5 / count)))


def _drawn(ordered: Floats, lower: Floats, upper: Floats, u: Floats) -> Floats:
    """Return values drawn from the simulated distribution (sorted, replicates x rows) between two bounds a row."""
    count, rows = ordered.shape
    found = np.empty(rows)
    for k in range(rows):
        first, last = np.searchsorted(ordered[:, k], [lower[k], upper[k]])
        if last <= first:  # nothing was simulated there: the nearest that was
            found[k] = np.clip(ordered[min(first, count - 1), k], lower[k], upper[k])
        else:
            found[k] = ordered[first + min(int(u[k] * (last - first)), last - first - 1), k]
    return found


def _tests(errors: Floats) -> pd.DataFrame:
    n = len(errors)
    mean, variance = float(errors.mean()), float(errors.var(ddof=1)) if n > 1 else np.nan
    p_mean = float(stats.ttest_1samp(errors, 0.0).pvalue) if n > 1 else np.nan
    tail = float(stats.chi2.cdf((n - 1) * variance, n - 1)) if n > 1 else np.nan
    p_variance = 2 * min(tail, 1 - tail)
    shape = stats.shapiro(errors) if 3 <= n <= 5000 else stats.kstest(errors, "norm", args=(mean, np.sqrt(variance)))
    p = [p_mean, p_variance, float(shape.pvalue)]
    rows = [("mean", mean, 0.0, p[0]), ("variance", variance, 1.0, p[1]), ("normality", float(shape.statistic), np.nan, p[2])]
    rows.append(("global", np.nan, np.nan, min(1.0, 3 * min(p))))
    return pd.DataFrame(rows, columns=["test", "value", "expected", "p"]).set_index("test")
