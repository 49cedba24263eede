"""Covariate screening: effects are added one at a time while they help, then those that no longer do are taken out.

Jonsson, Karlsson 1998, Pharm Res 15:1463-1468, doi:10.1023/A:1011970125687 (SCM). Each step fits every model that is one effect away
from the current one. What a search finds has been selected by the same data: its p-values and intervals look better than they are, and
among many candidates without effect some are found.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
from scipy.stats import chi2

from autologue.diagnose.marginals import mark_of
from autologue.errors import AutologueError, InputError, unknown
from autologue.fit import Estimator, Fit
from autologue.fit import fit as estimate
from autologue.parallel import Progress, computed
from autologue.patient import Cohort
from autologue.population import Categorical, CategoryEffect, Continuous, Effect, LinearEffect, Parametric, PowerEffect
from autologue.variability import LogNormal, Normal

__all__ = ["BIC", "Criterion", "LikelihoodRatio", "Screening", "screen_covariates"]

Pair = tuple[str, str]
Result = dict[str, Any]


class Criterion(ABC):
    """What an effect must bring to be taken in, and to stay."""

    @abstractmethod
    def gain(self, smaller: Result, larger: Result, *, forward: bool) -> tuple[float, float]:
        """Return what the larger model brings, above zero where it is to be preferred, and the p-value (NaN where there is none)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatio(Criterion):
    """By the likelihood ratio: taken in where p < forward, kept where p < backward. The gain is the change beyond the quantile."""

    forward: float = 0.05
    backward: float = 0.01

    def __post_init__(self) -> None:
        """Check the levels."""
        if not (0.0 < self.forward < 1.0 and 0.0 < self.backward <= self.forward):
            raise InputError(
                f"LikelihoodRatio(forward={self.forward!r}, backward={self.backward!r}): expected 0 < backward <= forward < 1; "
                "else what was taken in could be taken out and in again"
            )

    def gain(self, smaller: Result, larger: Result, *, forward: bool) -> tuple[float, float]:
        change = 2.0 * (larger["log_likelihood"] - smaller["log_likelihood"])
        more = larger["estimates"] - smaller["estimates"]
        level = self.forward if forward else self.backward
        return change - float(chi2.ppf(1.0 - level, more)), float(chi2.sf(max(change, 0.0), more))


@final
@dataclass(frozen=True, slots=True)
class BIC(Criterion):
    """By the criterion of `Fit.bic`: the gain is how much the larger model's is lower."""

    def gain(self, smaller: Result, larger: Result, *, forward: bool) -> tuple[float, float]:
        return smaller["bic"] - larger["bic"], float("nan")


@dataclass(frozen=True, eq=False, slots=True)
class Screening:
    """fit: of the model that the search ended with. chosen: its (parameter, covariate) pairs in the order in which they came in.

    steps: one row a model that was tried: step, direction, parameter, covariate, estimates, log_likelihood, error (Monte-Carlo), change
    (of -2 log-likelihood by the effect), gain (of the criterion), p, chosen. warnings: in words.
    """

    fit: Fit
    chosen: tuple[Pair, ...]
    steps: pd.DataFrame
    warnings: tuple[str, ...]


STANDARD = LikelihoodRatio()


def screen_covariates(
    fit: Fit, *, covariates: Mapping[str, Sequence[str]], criterion: Criterion = STANDARD, method: Estimator | None = None,
    seed: int = 0, file: str | Path | None = None, workers: int = 1, progress: Progress | None = None,
) -> Screening:  # fmt: skip
    """Return what a stepwise search finds, from the model of `fit` on.

    - covariates: those to try by parameter, as in {"cl": ["weight", "sex"]}. A number above zero in all patients has a power effect around
      its median, another number a linear one, a category an effect for each level but the most frequent one, all taken in or out at once.
    - method: that of the fit where nothing is said; a likelihood without chance (FOCEI, Laplace) makes decisions without chance.
    - file, workers: as in `bootstrap`; progress counts models.

    Raises InputError for an unknown parameter or covariate, one that is missing in a patient or the same in all, an effect that the model
    has already, or a file of something else.
    """
    search = _Search(replace(fit), fit.method if method is None else method, seed, _candidates(fit, covariates))
    order = tuple(search.candidates)
    mark = mark_of(fit, sorted((p, tuple(c)) for p, c in covariates.items()), search.method, seed)
    place = dict(file=file, what="covariate screening", mark=mark, workers=workers, progress=progress)
    results: dict[frozenset[Pair], Result] = {}

    def tried(models: Sequence[frozenset[Pair]]) -> None:
        missing = [m for m in models if m not in results]
        pieces = [search.piece(m, order) for m in missing]
        results.update(zip(missing, computed(search.work, pieces, **place), strict=True))  # type: ignore[arg-type]

    now: tuple[Pair, ...] = ()
    rows: list[dict[str, Any]] = []
    tried([frozenset()])
    for forward in (True, False):
        while True:
            step = [pair for pair in order if (pair in now) is not forward]
            models = [frozenset((*now, pair)) if forward else frozenset(now) - {pair} for pair in step]
            tried(models)
            found = [_row(criterion, results[frozenset(now)], results[m], pair, forward) for m, pair in zip(models, step, strict=True)]
            best = _best(found, forward=forward)
            number = rows[-1]["step"] + 1 if rows else 1
            rows += [{**row, "step": number, "chosen": k == best} for k, row in enumerate(found)]
            if best is None:
                break
            now = (*now, step[best]) if forward else tuple(pair for pair in now if pair != step[best])
    columns = ["step", "direction", "parameter", "covariate", "estimates", "log_likelihood", "error", "change", "gain", "p", "chosen"]
    table = pd.DataFrame(rows, columns=[*columns, "failure"])
    return Screening(search.fitted(now), now, table[columns], tuple(_warnings(table)))


def _best(found: Sequence[Result], *, forward: bool) -> int | None:
    """Return the number of the change that is made: the largest gain forward, the smallest backward; None where none is to be made."""
    gains = [row["gain"] if np.isfinite(row["gain"]) else (-np.inf if forward else np.inf) for row in found]
    if not gains:
        return None
    best = int(np.argmax(gains) if forward else np.argmin(gains))
    return best if (gains[best] > 0.0) is forward else None


def _row(criterion: Criterion, own: Result, other: Result, pair: Pair, forward: bool) -> Result:  # noqa: FBT001
    base = dict(direction="forward" if forward else "backward", parameter=pair[0], covariate=pair[1], failure=other.get("failure", ""))
    if "failure" in other:
        return {**base, **dict.fromkeys(("estimates", "log_likelihood", "error", "change", "gain", "p"), np.nan)}
    smaller, larger = (own, other) if forward else (other, own)
    gain, p = criterion.gain(smaller, larger, forward=forward)
    change = -2.0 * (larger["log_likelihood"] - smaller["log_likelihood"])
    error = float(np.hypot(own["error"], other["error"]))
    return {
        **base, "estimates": other["estimates"], "log_likelihood": other["log_likelihood"], "error": error, "change": change, "gain": gain,
        "p": p,
    }  # fmt: skip


def _warnings(table: pd.DataFrame) -> list[str]:
    found = [
        f"{row.parameter} by {row.covariate} could not be fitted in step {row.step} ({row.failure})"
        for row in table[table["failure"] != ""].itertuples()
    ]
    for row in table[(table["error"] > 0) & (table["gain"].abs() < 4.0 * table["error"])].itertuples():
        found.append(
            f"{row.parameter} by {row.covariate}, step {row.step}: the decision lies within the Monte-Carlo error of the likelihood; "
            "a method without chance, as in method=FOCEI(), decides it"
        )
    return found


@dataclass(frozen=True, eq=False)
class _Search:
    """Models by the pairs that they have; each is fitted from the estimates of the first model, so that none depends on the path."""

    fit: Fit
    method: Estimator
    seed: int
    candidates: dict[Pair, tuple[Effect, ...]]

    def piece(self, model: frozenset[Pair], order: Sequence[Pair]) -> str:
        return " ".join(f"{a}:{b}" for a, b in order if (a, b) in model)

    def work(self, piece: str) -> Result:
        pairs = [tuple(text.split(":")) for text in piece.split()]
        try:
            found = self.fitted([(a, b) for a, b in pairs])
        except AutologueError as problem:
            return {"failure": str(problem)}
        likelihood = found.estimated.log_likelihoods[0]
        return dict(
            log_likelihood=likelihood.value, error=likelihood.error, bic=found.bic, estimates=len(found.structure.names),
            vector=found.estimated.vector.tolist(),
        )  # fmt: skip

    def fitted(self, pairs: Sequence[Pair]) -> Fit:
        """Return the fit of the model with these pairs."""
        start = replace(self.fit.population, uncertainty={})
        effects = [effect for pair in pairs for effect in self.candidates[pair]]
        covariates = dict(start.covariates) | {e.covariate: _declared(self.fit.cohort, start, e.covariate) for e in effects}
        told = dict(free=self.fit.free, fixed=self.fit.fixed, bounds=self.fit.bounds, priors=self.fit.priors)
        population = replace(start, effects=(*start.effects, *effects), covariates=covariates)
        return estimate(self.fit.cohort, population, method=self.method, seed=self.seed, **told)  # type: ignore[arg-type]


def _candidates(fit: Fit, covariates: Mapping[str, Sequence[str]]) -> dict[Pair, tuple[Effect, ...]]:
    known = list(dict.fromkeys(name for patient in fit.cohort for name in patient.covariates))
    have = {(e.parameter, e.covariate) for e in fit.start.effects}
    found: dict[Pair, tuple[Effect, ...]] = {}
    for parameter, names in covariates.items():
        if parameter not in fit.start.model.parameters:
            raise InputError(unknown("parameter of the model", parameter, fit.start.model.parameters))
        for name in [names] if isinstance(names, str) else names:
            if name not in known:
                raise InputError(unknown("covariate of the cohort", name, known))
            if (parameter, name) in have:
                raise InputError(f"the model has an effect of '{name}' on '{parameter}' already; leave it out of covariates=")
            found[parameter, name] = _effects(fit.cohort, parameter, name)
    if not found:
        raise InputError("no covariate is to be tried; give some, as in covariates={'cl': ['weight']}")
    return found


def _effects(cohort: Cohort, parameter: str, name: str) -> tuple[Effect, ...]:
    values = _values(cohort, name)
    if any(isinstance(value, str) for value in values):
        levels, counts = np.unique([str(value) for value in values], return_counts=True)
        return tuple(CategoryEffect(parameter, name, str(level), 0.0) for level in np.delete(levels, np.argmax(counts)))
    middle = float(np.median(np.asarray(values, dtype=float)))
    if min(values) > 0:
        return (PowerEffect(parameter, name, middle, 0.0),)
    return (LinearEffect(parameter, name, middle, 0.0),)


def _values(cohort: Cohort, name: str) -> list[Any]:
    for patient in cohort:
        value = patient.covariates.get(name)
        if value is None or value != value:
            raise InputError(f"patient {patient.id} has no covariate '{name}'; fill it in for every patient, or leave it out of the search")
    values = [patient.covariates[name] for patient in cohort]
    if len(set(values)) < 2:
        raise InputError(f"covariate '{name}' is {values[0]} in every patient; it cannot be tried")
    return values


def _declared(cohort: Cohort, population: Parametric, name: str) -> Continuous | Categorical:
    """Return how a covariate is spread in the cohort, where the population does not say it."""
    if name in population.covariates:
        return population.covariates[name]
    values, source = _values(cohort, name), f"as in {cohort.name or 'the cohort'}"
    if any(isinstance(value, str) for value in values):
        levels, counts = np.unique([str(value) for value in values], return_counts=True)
        return Categorical({str(a): float(n) / len(values) for a, n in zip(levels, counts, strict=True)}, source)
    numbers = np.asarray(values, dtype=float)
    middle = float(np.median(numbers))
    if numbers.min() > 0:
        return Continuous(middle, "1", LogNormal(sd=float(np.log(numbers).std())), source)
    return Continuous(middle, "1", Normal(sd=float(numbers.std())), source)
