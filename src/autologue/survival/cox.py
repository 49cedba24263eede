"""Cox's proportional hazards by lifelines, and Schoenfeld's check that hazards are proportional.

Cox (1972), JRSS B 34:187-220. Ties by Efron's method.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autologue.errors import InputError
from autologue.survival.levels import check_level
from autologue.survival.records import TimeToEvent
from autologue.survival.schoenfeld import proportionality, schoenfeld_residuals

__all__ = ["CoxFit", "fit_cox"]

DOUBTFUL = 0.05


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A proportional-hazards fit.

    `table`: by covariate, log hazard ratio (`estimate`), standard error, hazard ratio with bounds, p-value.
    `proportionality`: by covariate, Schoenfeld chi-square and p-value with time ranked and with time as 1 - Kaplan-Meier.
    `residuals`: Schoenfeld residuals, one row an event, with its time. `warnings` says where hazards cross.
    """

    table: pd.DataFrame
    proportionality: pd.DataFrame
    residuals: pd.DataFrame
    log_likelihood: float
    concordance: float
    warnings: tuple[str, ...]


def fit_cox(data: TimeToEvent, *, reference: str | None = None, level: float = 0.95) -> CoxFit:
    """Fit arms (against `reference`, default the first) and the data's covariates to the hazard of any cause.

    Raises `InputError` where there is nothing to compare, or a covariate separates the events so that no finite estimate exists.
    """
    from lifelines import CoxPHFitter  # lazy: lifelines takes two seconds to load
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning

    check_level(level)
    frame, terms = _design(data, reference)
    fitter = CoxPHFitter(alpha=1 - level)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # advice in code; a fit without finite estimate is an error below
            fitter.fit(frame, "time", "event", weights_col="weight", entry_col="entry", robust=bool(np.any(data.weight % 1 != 0)))
    except ConvergenceError as error:
        raise InputError(
            f"the Cox model of {', '.join(terms)} has no finite estimate; drop a covariate that separates the events."
        ) from error
    summary = fitter.summary
    bounds = [name for name in summary.columns if name.startswith("exp(coef) ")]
    table = pd.DataFrame(
        {
            "estimate": summary["coef"],
            "standard_error": summary["se(coef)"],
            "hazard_ratio": summary["exp(coef)"],
            "lower": summary[bounds[0]],
            "upper": summary[bounds[1]],
            "p_value": summary["p"],
        }
    )
    design = frame[terms].to_numpy(np.float64)
    times, residuals = schoenfeld_residuals(data, design, table["estimate"].to_numpy())
    tests = proportionality(data, times, residuals, np.asarray(fitter.variance_matrix_, np.float64), terms)
    said = tuple(
        f"The hazard ratio of {term} changes with time (Schoenfeld p = {p:.2g}); a single ratio does not describe it, "
        "so compare restricted means or milestones as well."
        for term, p in tests["p_rank"].items()
        if p < DOUBTFUL
    )
    rows = pd.DataFrame(residuals, columns=terms).assign(time=times)
    return CoxFit(table, tests, rows, float(fitter.log_likelihood_), float(fitter.concordance_index_), said)


def _design(data: TimeToEvent, reference: str | None) -> tuple[pd.DataFrame, list[str]]:
    base = data.arms[0] if reference is None else reference
    if base not in data.arms:
        raise InputError(f"arm '{base}' is not in the data; they hold {', '.join(data.arms)}.")
    arms = {f"arm {name}": (data.arm == code).astype(np.float64) for code, name in enumerate(data.arms) if name != base}
    terms = [*arms, *(str(name) for name in data.covariates.columns)]
    if not terms:
        raise InputError("a Cox model needs two arms or a covariate; name the arm column or covariates when reading the table.")
    frame = pd.DataFrame({"time": data.time, "event": data.event.astype(int), "weight": data.weight, "entry": data.entry, **arms})
    return frame.join(data.covariates.reset_index(drop=True)), terms
