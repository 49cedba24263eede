"""Designs of simulated studies, for the validation of estimators: the visits, the assay's limit, and cohorts drawn from a population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from autologue.library import load, populations
from autologue.model import Model
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.simulate import simulate
from autologue.variability import LogNormal

# visits of tisagenlecleucel's paediatric study, days, for two years
ELIANA = (1, 2, 4, 7, 9, 11, 14, 17, 21, 28, 42, 60, 91, 182, 273, 365, 547, 730)


def study(population: Parametric, times, limits: Mapping[str, float], *, patients: int, seed: int) -> Cohort:
    """Return a cohort of `population` measured at `times`, with each output censored below its limit."""
    drawn = simulate(population, times=times, patients=patients, seed=seed, residual=True)
    people = []
    for k in range(patients):
        seen = {}
        for output, limit in limits.items():
            y = drawn.data[f"{output}_measured"].to_numpy()[k]
            below = y < limit
            unit = population.model.outputs[output].unit
            low, high = np.where(below, -np.inf, y), np.where(below, limit, y)
            seen[output] = Observations(times, unit=unit, lower=low, upper=high, limit=limit)
        people.append(Patient(id=str(k + 1), observations=seen))
    return Cohort(tuple(people), f"simulated from {population.model.name}, seed {seed}")


def stein() -> Parametric:
    """Return the population of Stein 2019 without its truncations, which no estimator knows."""
    found = populations("stein_2019")["sd"]
    return replace(found, variability={name: LogNormal(sd=found.effect_scale(name).sd) for name in found.varying})


def stein_limit(seed: int) -> float:
    """Return the limit below which half of the samples after day 90 lie."""
    late = [t for t in ELIANA if t > 90]
    drawn = simulate(stein(), times=late, patients=2000, seed=seed, residual=True)
    return float(np.median(drawn.data["transgene_measured"]))


def measured_only(cohort: Cohort) -> Cohort:
    """Return the cohort without its censored rows (M1)."""
    people = []
    for patient in cohort:
        seen = {}
        for output, o in patient.observations.items():
            kept = ~o.censored
            seen[output] = Observations(o.times[kept], o.lower[kept], unit=o.unit)
        people.append(replace(patient, observations=seen))
    return Cohort(tuple(people), f"{cohort.name}, censored rows dropped")


LEON_TIMES = (1, 3, 5, 7, 10, 14, 17, 21, 28, 35, 42, 60)


def leon_triana() -> Parametric:
    """Return Leon-Triana 2021 with variability between patients and assays that the paper does not state."""
    model: Model = load("leon_triana_2021")
    spread = dict(rho_car=0.25, tau_car=0.2, rho_leukaemia=0.3, kill=0.3, leukaemia_0=0.4)
    errors = dict(car_t=LogNormal(sd=0.3), leukaemic=LogNormal(sd=0.3), healthy_b=LogNormal(sd=0.3))
    return Parametric(model=model, variability={name: LogNormal(sd=sd) for name, sd in spread.items()}, errors=errors)


def moved(population: Parametric, factor: float) -> Parametric:
    """Return starting values: typical values that vary times `factor`, random effects and errors wider by it."""
    typical = {name: value * factor for name, value in zip(population.model.parameters, population.typical_values(), strict=True)}
    varying = population.varying
    spread = {name: LogNormal(sd=population.effect_scale(name).sd * factor) for name in varying}
    return replace(population, typical={name: typical[name] for name in varying}, variability={**population.variability, **spread})
