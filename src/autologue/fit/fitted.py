"""`Fit`: the end of an estimation, whose population simulates at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.fit.estimated import Conditional, Estimated, Estimator, Trace
from autologue.fit.problem import Problem, pose
from autologue.fit.structure import Prior, Structure, read_structure
from autologue.fit.table import estimates_table
from autologue.likelihood import Likelihood
from autologue.patient import Cohort
from autologue.population import Kind, Parametric, Uncertainty

__all__ = ["Fit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A fitted population, what it was fitted to and how, and how good it is; see `fit`.

    start, free, fixed, bounds, priors, method, seed: what `fit` was told. estimated: what the method gave. provenance: versions, the
    fingerprints of model and data.
    """

    cohort: Cohort
    start: Parametric
    free: tuple[str, ...]
    fixed: tuple[str, ...]
    bounds: Mapping[str, tuple[float, float]]
    priors: Mapping[str, Prior]
    method: Estimator
    seed: int
    estimated: Estimated
    provenance: Mapping[str, str]

    def __post_init__(self) -> None:
        """Freeze the mappings."""
        for name in ("bounds", "priors", "provenance"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @cached_property
    def structure(self) -> Structure:
        """What was estimated."""
        return read_structure(self.cohort, self.start, free=self.free, fixed=self.fixed, bounds=self.bounds, priors=self.priors)

    @cached_property
    def problem(self) -> Problem:
        """The likelihood and the structure, for diagnostics and further estimation."""
        return pose(self.structure, Likelihood(self.cohort, self.start))

    @cached_property
    def population(self) -> Parametric:
        """The fitted population, with the covariance of its estimates; it simulates at once."""
        found = replace(self.structure.write(self.estimated.vector), source=f"fitted to {self.cohort.name or 'a cohort'}", uncertainty={})
        matrix = self.covariance
        known = np.isfinite(np.diagonal(matrix))
        if not known.any():
            return found
        names = tuple(name for name, k in zip(self.structure.names, known, strict=True) if k)
        return replace(found, uncertainty=Uncertainty(names, matrix[np.ix_(known, known)]))

    @property
    def covariance(self) -> Floats:
        """The covariance (p, p) of the estimates on their scales, by the first method that gave one; NaN where there is none."""
        given = [c.matrix for c in self.estimated.covariances if np.isfinite(c.matrix).any()]
        return given[0] if given else np.full((len(self.estimated.vector),) * 2, np.nan)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Every estimate by name, as read, with standard error, 95 % interval and scale; see `estimates_table`."""
        return estimates_table(self.structure, self.estimated.vector, self.covariance)

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood by the first method that was used."""
        return self.estimated.log_likelihoods[0].value if self.estimated.log_likelihoods else float("nan")

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log-likelihood + 2 p."""
        return -2.0 * self.log_likelihood + 2.0 * len(self.estimated.vector)

    @property
    def bic(self) -> float:
        """The criterion of Delattre, Lavielle, Poursat 2014 (Electron J Stat 8:456-475, doi:10.1214/14-EJS890).

        -2 log-likelihood + p_R log(patients) + p_F log(observations): p_R counts what belongs to parameters that vary between patients
        (their typical values, effects, variances), p_F the others.
        """
        varying = set(self.start.varying)
        acts = [effect.parameter for effect in self.start.effects]
        of_patients = sum(
            e.kind in (Kind.DEVIATION, Kind.CORRELATION) or (acts[e.of[0]] if e.kind is Kind.EFFECT else e.of[0]) in varying
            for e in self.structure.estimates
            if e.kind is not Kind.RESIDUAL
        )
        rows = self.problem.likelihood.observed
        others = len(self.estimated.vector) - of_patients
        return float(-2.0 * self.log_likelihood + of_patients * np.log(len(self.cohort)) + others * np.log(rows))

    @property
    def individuals(self) -> Conditional:
        """The random effects of each patient given the data."""
        return self.estimated.conditional

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """The parameters of the model of each patient at the mode of the conditional distribution, or at its mean where there is none."""
        given, problem = self.individuals, self.problem
        eta = np.where(np.isfinite(given.mode), given.mode, given.mean)
        phi = problem.point(self.estimated.vector).centre.copy()
        phi[:, : problem.varying] += eta
        sets = problem.parameters(phi[None])[0]
        filled = problem.likelihood.course.known
        values = np.where(np.isnan(filled), sets, filled)
        index = pd.Index([p.id for p in self.cohort], name="patient")
        return pd.DataFrame(values, index=index, columns=list(self.start.model.parameters))

    @cached_property
    def shrinkage(self) -> pd.Series[float]:
        """1 - var(conditional mean) / omega^2 of each random effect: 0 where the data tell each patient apart, 1 where not at all."""
        given = self.individuals
        centre = np.where(np.isfinite(given.mean), given.mean, given.mode)
        omega = np.sqrt(np.diagonal(self.population.covariance()))
        return pd.Series(1.0 - (np.mean(centre**2, axis=0)) / omega**2, index=list(given.names), name="shrinkage")

    @property
    def trace(self) -> Trace:
        """The estimates from one iteration to the next."""
        return self.estimated.trace

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against trusting the estimates, one sentence each."""
        return self.estimated.warnings

    def save(self, path: str | Path) -> None:
        """Write the fit to a file (JSON) that `load_fit` reads back exactly, the model by name and fingerprint."""
        from autologue.fit.archive import write_fit

        write_fit(self, path)

    def __repr__(self) -> str:
        """Return one line."""
        what = f"{self.start.model.name}, {len(self.cohort)} patients, {type(self.method).__name__}"
        return f"Fit({what}, log-likelihood {self.log_likelihood:.3f}, {len(self.warnings)} warnings)"

    def __str__(self) -> str:
        """Return the table of estimates, the likelihoods and the warnings as text."""
        lines: list[Any] = [repr(self), self.table.to_string(float_format=lambda x: f"{x:.4g}")]
        for found in self.estimated.log_likelihoods:
            error = f" (Monte-Carlo error {found.error:.3f})" if found.error else ""
            lines.append(f"log-likelihood, {found.method}: {found.value:.3f}{error}")
        lines += [f"AIC {self.aic:.2f}, BIC {self.bic:.2f}", *(f"warning: {words}" for words in self.warnings)]
        return "\n".join([*lines, "Research and simulation, not a medical device."])
