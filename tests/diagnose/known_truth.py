"""A cohort simulated from a known population, and the fit that knows it: what every diagnostic must find nothing wrong with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from autologue import seeds
from autologue.engine.closed import closed_form
from autologue.fit import Conditional, Estimated, Estimator, Fit, Trace, fit
from autologue.library import populations
from autologue.patient import Cohort, Observations, Patient
from autologue.variability import LogNormal

VISITS = np.array([3.0, 7.0, 11.0, 14.0, 21.0, 28.0, 90.0, 180.0])


@dataclass(frozen=True)
class AsItIs(Estimator):
    """The starting values, with random effects at zero."""

    def estimate(self, problem, *, seed, watch=None):
        q, n = problem.varying, problem.patients
        nothing = np.full((n, q), np.nan)
        given = Conditional(problem.coordinates[:q], np.zeros((n, q)), nothing, nothing, np.empty((0, n, q)))
        return Estimated(problem.start, (), (), given, Trace(problem.start[None]))


def cohort(patients: int, limit: float, seed: int) -> Cohort:
    """Patients of Stein 2019, sampled at VISITS, censored below `limit`."""
    population = populations("stein_2019")["variance"]
    people = population.sample(patients, seed=seed)
    eps = seeds.normals(seed, seeds.Purpose.RESIDUAL, people.ids, len(VISITS))
    values = closed_form(population.model, people.parameters, times=VISITS)[:, :, 0] * np.exp(0.56 * eps)
    return Cohort(
        tuple(
            Patient(id=f"{k}", observations=dict(transgene=Observations(
                VISITS, unit="copies/ug", lower=np.where(y < limit, -np.inf, y), upper=np.maximum(y, limit), limit=limit
            )))
            for k, y in enumerate(values)
        ),
        "simulated",
    )  # fmt: skip


def judged(patients: Cohort, **changes) -> Fit:
    """The fit that takes the population of Stein 2019 as it is, with some typical values changed."""
    start = populations("stein_2019")["variance"]
    spread = {name: LogNormal(sd=start.effect_scale(name).sd) for name in start.varying}  # diagnostics know no truncation
    return fit(patients, replace(start, typical=changes, variability=spread), method=AsItIs())
