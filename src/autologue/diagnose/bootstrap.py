"""The bootstrap: the fit repeated on cohorts like the one it was made from, for intervals that assume little.

Efron 1979, Ann Stat 7:1-26; for mixed-effects models Thai et al. 2014, J Pharmacokinet Pharmacodyn 41:15-33,
doi:10.1007/s10928-013-9343-z: patients are drawn with replacement (Cases), or measured anew from the fitted population (FromModel), with
the same doses, visits and limits of quantification.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue import seeds, units
from autologue.diagnose.marginals import mark_of
from autologue.diagnose.replicates import replicate
from autologue.errors import AutologueError, InputError
from autologue.fit import Estimator, Fit
from autologue.fit import fit as estimate
from autologue.fit.table import as_read
from autologue.parallel import Progress, computed
from autologue.patient import Cohort, Observations
from autologue.seeds import Purpose

__all__ = ["Bootstrap", "Cases", "FromModel", "Scheme", "bootstrap"]

Floats = NDArray[np.float64]


class Scheme(ABC):
    """How a cohort like that of the fit is made."""

    @abstractmethod
    def draw(self, fit: Fit, *, seed: int) -> Cohort:
        """Return one."""


@final
@dataclass(frozen=True, slots=True)
class Cases(Scheme):
    """Patients drawn with replacement, each with all that was measured."""

    def draw(self, fit: Fit, *, seed: int) -> Cohort:
        people = fit.cohort.patients
        u = seeds.uniforms(seed, Purpose.BOOTSTRAP, np.arange(len(people)), 1)[:, 0]
        chosen = [people[int(k)] for k in u * len(people)]
        return Cohort(tuple(replace(p, id=f"{k + 1}, once {p.id}") for k, p in enumerate(chosen)), fit.cohort.name)


@final
@dataclass(frozen=True, slots=True)
class FromModel(Scheme):
    """Patients of the fitted population with the covariates, doses and visits of the study, censored at its limits."""

    def draw(self, fit: Fit, *, seed: int) -> Cohort:
        if fit.problem.likelihood.outcomes is not None:
            raise InputError("FromModel() measures outputs anew, and the fit has times to event, counts or categories too; use Cases()")
        made, rows, model = replicate(fit, 1, seed=seed), fit.problem.likelihood.rows, fit.start.model
        values, floor, ceiling = made.values[0], made.floor, made.ceiling
        low = np.where(values < floor, -np.inf, np.minimum(values, ceiling))
        high = np.where(values > ceiling, np.inf, np.maximum(values, floor))
        people = []
        for number, patient in enumerate(fit.cohort):
            seen = {}
            for k, output in enumerate(fit.problem.likelihood.outputs):
                if output in patient.observations:
                    own, old = np.flatnonzero((rows.patient == number) & (rows.output == k)), patient.observations[output]
                    factor = units.convert(1.0, model.outputs[output].unit, old.unit)
                    kept = high[own] > rows.above[own]  # what M2 would have dropped is not there
                    seen[output] = Observations(
                        old.times[kept], lower=low[own][kept] * factor, upper=high[own][kept] * factor, above=old.above[kept],
                        limit=old.limit[kept], unit=old.unit, matrix=old.matrix,
                    )  # fmt: skip
            people.append(replace(patient, observations=seen))
        return Cohort(tuple(people), fit.cohort.name)


@dataclass(frozen=True, eq=False, slots=True)
class Bootstrap:
    """vectors: (replicates, p) estimates on their scales, NaN where a fit failed, which `failures` (replicate: why) tells.

    table: each estimate as read, with mean, standard error and percentile interval of the replicates that succeeded.
    """

    vectors: Floats
    failures: Mapping[int, str]
    table: pd.DataFrame


CASES = Cases()


def bootstrap(
    fit: Fit, *, replicates: int = 200, scheme: Scheme = CASES, method: Estimator | None = None, level: float = 0.95, seed: int = 0,
    file: str | Path | None = None, workers: int = 1, progress: Progress | None = None,
) -> Bootstrap:  # fmt: skip
    """Return the estimates of `replicates` fits, each begun at the estimates; `method`: that of the fit, where nothing else is said.

    file: finished replicates are kept there (JSON lines), and a run that was interrupted goes on from it; it belongs to one fit, scheme,
    method and seed. workers: processes. Replicate k is the same whatever `replicates` and `workers` are. Raises InputError for a file
    of something else.
    """
    if replicates < 2 or not 0.0 < level < 1.0:
        raise InputError(f"bootstrap of {replicates} replicates with level {level}: expected two at least, and a level between 0 and 1")
    chosen = fit.method if method is None else method
    names, bare = fit.structure.names, replace(fit)  # without what it has computed, which does not travel
    done = computed(
        lambda k: _replicate(bare, scheme, chosen, seeds.child_seed(seed, Purpose.BOOTSTRAP, k)), range(replicates), workers=workers,
        file=file, what="bootstrap", mark=mark_of(fit, scheme, chosen, seed), progress=progress,
    )  # fmt: skip
    empty = [float("nan")] * len(names)
    vectors = np.array([each.get("vector", empty) for each in done])
    failures = {k: each["failure"] for k, each in enumerate(done) if "failure" in each}
    good = vectors[np.isfinite(vectors).all(axis=1)]
    if len(good) < 2:
        raise InputError(f"{len(failures)} of {replicates} replicates could not be fitted ({next(iter(failures.values()))})")
    values = np.array([as_read(fit.structure, vector) for vector in good])
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(values, (tail, 1.0 - tail), axis=0)
    columns = {
        "estimate": as_read(fit.structure, fit.estimated.vector), "mean": values.mean(axis=0), "se": values.std(axis=0, ddof=1),
        "lower": lower, "upper": upper,
    }  # fmt: skip
    return Bootstrap(vectors, failures, pd.DataFrame(columns, index=pd.Index(names, name="estimate of")))


def _replicate(fit: Fit, scheme: Scheme, method: Estimator, seed: int) -> dict[str, Any]:
    try:
        start = replace(fit.population, uncertainty={})
        found = estimate(
            scheme.draw(fit, seed=seed), start, method=method, seed=seed, free=fit.free, fixed=fit.fixed, bounds=fit.bounds,
            priors=fit.priors, solver=fit.solver,
        )  # fmt: skip
    except AutologueError as problem:
        return {"failure": str(problem)}
    return {"vector": found.estimated.vector.tolist()}
