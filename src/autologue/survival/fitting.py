"""`fit_survival`: maximum likelihood of a parametric family, one path for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from autologue.errors import InputError
from autologue.survival.concerns import at_bound, concerns
from autologue.survival.families.family import Family
from autologue.survival.levels import deviate
from autologue.survival.likelihood import likelihood
from autologue.survival.optimise import Maximum, maximise, polish
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["SurvivalFit", "compare_fits", "fit_survival"]

MANY = 20_000  # above this many subjects a fit starts from a sample of SAMPLE of them
SAMPLE = 4_000


@dataclass(frozen=True, eq=False)
class SurvivalFit:
    """A family fitted to data: unbounded parameters `theta`, shape (parameter,), their covariance and the log likelihood.

    `warnings` says in words what a reader must know before extrapolating. The covariance is not-a-number where the
    likelihood has no interior maximum.
    """

    family: Family
    theta: Floats
    covariance: Floats
    log_likelihood: float
    converged: bool
    data: TimeToEvent = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def aic(self) -> float:
        """Akaike's criterion: twice the parameters less twice the log likelihood."""
        return 2 * self.theta.size - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Bayesian criterion with the number of subjects (sum of weights)."""
        return float(np.log(self.data.weight.sum()) * self.theta.size - 2 * self.log_likelihood)

    @property
    def natural(self) -> dict[str, float]:
        """Parameters on their natural scale."""
        return self.family.natural(self.theta)

    def table(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return estimate, standard error and normal interval of each unbounded parameter."""
        error = np.sqrt(np.diag(self.covariance))
        half = deviate(level) * error
        return pd.DataFrame(
            {"estimate": self.theta, "standard_error": error, "lower": self.theta - half, "upper": self.theta + half},
            index=pd.Index(self.family.parameters, name="parameter"),
        )

    def survival(self, times: Floats) -> Floats:
        """Return the fitted survival at times of shape (n,); of the excess hazard alone where a background was given."""
        return self.family.survival(np.asarray(times, np.float64), self.theta)

    def hazard(self, times: Floats) -> Floats:
        """Return the fitted hazard, per unit of time, at times above zero, shape (n,)."""
        with np.errstate(all="ignore"):
            values = self.family.evaluate(self.family.basis(np.asarray(times, np.float64)), self.theta)
            return np.exp(values.log_hazard)

    def restricted_mean(self, horizon: float) -> float:
        """Return the area under the fitted curve up to `horizon`, by Gauss-Legendre quadrature in square-root time."""
        nodes, weights = np.polynomial.legendre.leggauss(200)
        root = 0.5 * (nodes + 1)
        return float(np.sum(weights * root * horizon * self.survival(horizon * root**2)))


def fit_survival(data: TimeToEvent, family: Family, *, start: Floats | None = None) -> SurvivalFit:
    """Fit a family to all subjects together (fit arms apart with `data.by_arm()`).

    Times may be exact, right censored, interval censored, left truncated and weighted; a background hazard makes it a
    relative survival model. Raises `InputError` where there is no event, or an exact event at time zero.

    >>> from autologue.survival.read import time_to_event
    >>> from autologue.survival.families.exponential import Exponential
    >>> data = time_to_event(pd.DataFrame({"time": [1.0, 2.0, 3.0], "status": [1, 1, 0]}))
    >>> round(fit_survival(data, Exponential()).natural["rate"], 6)
    0.333333
    """
    if float(np.sum(data.weight * data.event)) <= 0:
        raise InputError(f"the data have no event among {len(data)} subjects; a {family.name} curve cannot be fitted.")
    resolved = family.resolve(data)
    with np.errstate(all="ignore"):
        best = _maximum(data, resolved, start)
        covariance, converged = _covariance(best, resolved)
        fit = SurvivalFit(resolved, best.theta, covariance, best.log_likelihood, converged, data)
        return replace(fit, warnings=concerns(fit))


def compare_fits(fits: Sequence[SurvivalFit]) -> pd.DataFrame:
    """Return fits side by side: parameters, log likelihood, AIC, BIC and warnings; those that settled first, best AIC first.

    A fit that did not settle comes last whatever its criteria, which then compare with nothing.
    """
    if not fits:
        raise InputError("there is no fit to compare; give at least one.")
    rows = [
        {
            "family": fit.family.name,
            "parameters": fit.theta.size,
            "log_likelihood": fit.log_likelihood,
            "aic": fit.aic,
            "bic": fit.bic,
            "converged": fit.converged,
            "warnings": " ".join(fit.warnings),
        }
        for fit in fits
    ]
    return pd.DataFrame(rows).sort_values(["converged", "aic"], ascending=[False, True], ignore_index=True)


def _maximum(data: TimeToEvent, family: Family, start: Floats | None) -> Maximum:
    if start is None and len(data) > MANY:
        rows = np.random.default_rng(0).permutation(len(data))[:SAMPLE]
        part = data.take(rows)
        if np.sum(part.event) >= 20 * len(family.parameters):
            rough = maximise(likelihood(part, family), family.start(part))
            scale = float(data.weight.sum() / part.weight.sum())
            found = polish(likelihood(data, family), rough.theta, rough.information * scale)
            if found.settled:
                return found
    return maximise(likelihood(data, family), family.start(data) if start is None else start)


def _covariance(best: Maximum, family: Family) -> tuple[Floats, bool]:
    """Return the covariance and whether the fit is usable; a cure fraction of nearly nothing is held at its bound."""
    free = slice(1, None) if best.theta.size > 1 and at_bound(family, best.theta) else slice(None)
    information = best.information[free, free]
    covariance = np.zeros_like(best.information)
    inverse = _inverse(information)
    covariance[free, free] = inverse
    usable = bool(np.all(np.isfinite(inverse)))
    return covariance, usable and (best.settled or free.start == 1)


def _inverse(information: Floats) -> Floats:
    """Return the inverse by way of correlations, or not-a-number where some direction has (nearly) no information."""
    scale = np.sqrt(np.maximum(np.diag(information), 0.0))
    if np.all(np.isfinite(information)) and np.all(scale > 0):
        values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
        if values[0] > 1e-11:
            inverse: Floats = (vectors / values) @ vectors.T / np.outer(scale, scale)
            return inverse
    return np.full_like(information, np.nan)
