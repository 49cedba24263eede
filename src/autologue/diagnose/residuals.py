"""Observations beside predictions, row by row, with residuals in which what is censored is drawn from where it may lie."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from autologue import seeds
from autologue.diagnose.replicates import on_scale
from autologue.fit import Fit
from autologue.variability import LogNormal

__all__ = ["residuals"]

Floats = NDArray[np.float64]


def residuals(fit: Fit, *, seed: int = 0) -> pd.DataFrame:
    """Return one row an observation: patient, output, time, lower, upper, limit, censored, pred, ipred, imputed, iwres.

    pred: prediction without random effects; ipred: at the patient's parameters; both in the output's unit. iwres: observation minus ipred
    over the residual standard deviation, on the log scale for a log-normal error. imputed: the observation, where censored a draw from the
    residual distribution around ipred within its interval: right under the model, and said to be drawn.
    """
    problem, rows = fit.problem, fit.problem.likelihood.rows
    typical, own = (_row_predictions(fit, sets) for sets in (fit.typical_sets, fit.sets))
    centre, sd = on_scale(fit, own), _deviations(fit, own)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (on_scale(fit, bound) for bound in (rows.lower, rows.upper))
        a, b = (low - centre) / sd, (high - centre) / sd
    u = seeds.uniforms(seeds.child_seed(seed, seeds.Purpose.RESIDUAL, 1), seeds.Purpose.RESIDUAL, np.arange(len(rows)), 1)[:, 0]
    weighted = np.where(rows.censored, _truncated(a, b, u), a)
    imputed = centre + sd * weighted
    logged = np.array([isinstance(fit.population.error(name), LogNormal) for name in problem.likelihood.outputs])[rows.output]
    ids = np.array([p.id for p in fit.cohort], dtype=object)
    return pd.DataFrame(
        {
            "patient": ids[rows.patient], "output": np.array(problem.likelihood.outputs, dtype=object)[rows.output], "time": rows.time,
            "lower": rows.lower, "upper": rows.upper, "limit": rows.limit, "censored": rows.censored, "pred": typical, "ipred": own,
            "imputed": np.where(rows.censored, np.where(logged, np.exp(imputed), imputed), rows.lower), "iwres": weighted,
        }
    )  # fmt: skip


def _row_predictions(fit: Fit, sets: Floats) -> Floats:
    return fit.problem.likelihood.lanes().evaluate(sets).prediction


def _deviations(fit: Fit, predicted: Floats) -> Floats:
    """Return the residual standard deviation of each row on the scale on which the error is normal."""
    likelihood = fit.problem.likelihood
    found = np.empty(len(predicted))
    for k, name in enumerate(likelihood.outputs):
        error = fit.population.error(name)
        assert error is not None
        found[likelihood.rows.output == k] = error.deviation(predicted[likelihood.rows.output == k])
    return found


def _truncated(a: Floats, b: Floats, u: Floats) -> Floats:
    """Return draws of a standard normal within [a, b] for uniform numbers u, right in the tails: from the side where there is less."""
    flip = a > 0
    low, high = np.where(flip, -b, a), np.where(flip, -a, b)
    top, bottom = log_ndtr(high), log_ndtr(low)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = top + np.log(u + (1.0 - u) * np.exp(bottom - top))
    found = np.clip(ndtri_exp(inside), low, high)
    return np.asarray(np.where(flip, -found, found))
