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

from autologue.engine.solve import Solver
from autologue.fit.estimated import Conditional, Estimated, Estimator, Trace
from autologue.fit.problem import Problem, pose
from autologue.fit.structure import Prior, Structure, read_structure
from autologue.fit.table import as_read, errors_table, estimates_table
from autologue.likelihood import Likelihood
from autologue.patient import Cohort
from autologue.population import Kind, Parametric, Uncertainty, varied

__all__ = ["Fit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A fitted population, what it was fitted to and how, and how good it is; see `fit`.

    start, free, fixed, bounds, priors, method, seed: what `fit` was told. estimated: what the method gave. provenance: versions, the
    fingerprints of model and data. solver: that of the courses that were integrated, given or chosen by the probe; None where none was.
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
    solver: Solver | None = None

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
        return pose(self.structure, Likelihood(self.cohort, self.start, solver=self.solver))

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

    @cached_property
    def standard_errors(self) -> pd.DataFrame:
        """The standard error of every estimate on its scale by every method that gave one, side by side; see `errors_table`."""
        return errors_table(self.structure, self.estimated.covariances)

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
        varying = {*self.start.varying, *self.start.changing}
        acts = [effect.parameter for effect in self.start.effects]
        of_patients = sum(
            e.kind.spread or (acts[e.of[0]] if e.kind is Kind.EFFECT else e.of[0]) in varying
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
    def sets(self) -> Floats:
        """Each patient's parameters of the model of the likelihood (patients, parameters), the effects of occasions among them.

        At the mode of the conditional distribution, or at its mean where there is none.
        """
        given, problem = self.individuals, self.problem
        eta = np.where(np.isfinite(given.mode), given.mode, given.mean)
        phi = problem.point(self.estimated.vector).centre.copy()
        phi[:, : problem.varying] += eta
        sets = problem.parameters(phi[None])[0]
        filled = problem.likelihood.course.known
        return np.where(np.isnan(filled), sets, filled)

    @cached_property
    def typical_sets(self) -> Floats:
        """The same without random effects: of the typical patient in each patient's place."""
        problem = self.problem
        return problem.parameters(problem.point(self.estimated.vector).centre[None])[0]

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """Each patient's parameters, see `sets`; without the effects of occasions, which `occasions` has."""
        columns = list(self.start.model.parameters)
        return pd.DataFrame(self.sets[:, : len(columns)], index=pd.Index([p.id for p in self.cohort], name="patient"), columns=columns)

    @cached_property
    def occasions(self) -> pd.DataFrame:
        """The parameters of each occasion of each patient, a row (patient, occasion, numbered from 1); see `sets`."""
        order, spread = list(self.problem.likelihood.model.parameters), self.start.occasions
        columns, rows = order[: len(self.start.model.parameters)], []
        for patient, own in zip(self.cohort, self.sets, strict=True):
            for number in range(1, 2 + len(patient.occasions)):
                values = own[: len(columns)].copy()
                for name in self.start.changing:
                    k, effect = columns.index(name), own[[order.index(f"{name}_occasion_{number}")]]
                    values[k] = varied(type(spread[name]), values[k], effect)[0]
                rows.append({"patient": patient.id, "occasion": number, **dict(zip(columns, values, strict=True))})
        return pd.DataFrame(rows).set_index(["patient", "occasion"])

    @cached_property
    def shrinkage(self) -> pd.Series[float]:
        """1 - var(conditional mean) / omega^2 of each random effect: 0 where the data tell each patient apart, 1 where not at all.

        The effects of an occasion (`cl_occasion_2`) are judged by the patients who have it.
        """
        given, problem = self.individuals, self.problem
        centre = np.where(np.isfinite(given.mean), given.mean, given.mode)
        variance = np.diagonal(problem.point(self.estimated.vector).omega)
        mean = np.mean(centre**2, axis=0, where=problem.active)
        return pd.Series(1.0 - mean / variance, index=list(given.names), name="shrinkage")

    @property
    def basins(self) -> pd.DataFrame:
        """The distinct optima that starts led to, the best first: log_likelihood (with priors), its Monte-Carlo error, how far it is below
        the best, how many starts ended there, whether the given one did, and every estimate as read; see `starts=` of the methods.
        """
        found = self.estimated.basins
        columns = ["log_likelihood", "error", "below", "starts", "given"]
        rows = [(b.value, b.error, found[0].value - b.value, b.count, b.given) for b in found]
        values = np.array([as_read(self.structure, b.vector) for b in found]).reshape(len(found), len(self.structure.names))
        return pd.DataFrame(rows, columns=columns).join(pd.DataFrame(values, columns=list(self.structure.names)))

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
