"""The verb `forecast`: a population conditioned on one patient, and the course that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue import units
from autologue.errors import InputError
from autologue.forecast.latent import read_latent
from autologue.forecast.posterior import Posterior, sample_posterior
from autologue.model import Model
from autologue.patient import Patient
from autologue.population import Drawn, Individuals, Parametric
from autologue.regimen import Regimen
from autologue.results import Simulation
from autologue.simulate import simulate

__all__ = ["Forecast", "conditioned", "forecast"]

Floats = NDArray[np.float64]
POINTS = 121  # times over the horizon where none are given


@dataclass(frozen=True, eq=False)
class Forecast:
    """One patient's forecast: `simulation` holds the draws of the course (dimension patient), `population` the conditioned patient.

    `before` is the same simulation from the population alone, for a patient with these covariates and nothing measured. `now` is the time
    of the last observation, in the unit of the simulation. Research, not for treatment decisions.
    """

    patient: Patient
    prior: Parametric
    posterior: Posterior
    population: Drawn
    simulation: Simulation
    before: Simulation
    now: float
    seed: int


def conditioned(posterior: Posterior) -> Drawn:
    """Return the patient as a population: equally weighted draws of every parameter that is not the same in all."""
    model = posterior.latent.population.model
    sets = posterior.parameters
    moves = [k for k in range(sets.shape[1]) if np.ptp(sets[:, k]) > 0 or sets[0, k] != list(model.parameters.values())[k].value]
    names = list(model.parameters)
    values = {names[k]: sets[:, k] for k in moves} or {names[0]: sets[:, 0]}
    who = posterior.latent.patient.id
    return Drawn(
        model=model, values=values, name=f"patient {who}", source=f"conditioned by {posterior.quality.method}", chance=posterior.chance
    )


def forecast(
    population: Parametric | Model,
    patient: Patient,
    *,
    horizon: float | None = None,
    times: ArrayLike | None = None,
    regimen: Regimen | None = None,
    outputs: Sequence[str] | None = None,
    draws: int = 1000,
    variants: int = 0,
    seed: int = 0,
) -> Forecast:
    """Condition a population on one patient and return the draws of that patient's course.

    - horizon: end of the forecast, in the patient's time unit (default: the model's); by default the model's own horizon. times: instead.
    - regimen: what is given in the future as well (default: what the patient was given).
    - variants: so many populations drawn from the uncertainty of the estimates; zero takes the estimates as they are.
    - the same patient, population and seed give the same bits, in whatever company.

    Raises InputError for what cannot be used, SolveError where nobody in the population could have these observations.
    """
    prior = Parametric(model=population) if isinstance(population, Model) else population
    if draws < 10:
        raise InputError(f"{draws} draws asked for; expected at least 10")
    unit = patient.time or prior.model.time
    now = max((float(seen.times[-1]) for seen in patient.observations.values() if len(seen)), default=0.0)
    grid = _grid(prior.model, times, horizon, now, unit)
    latent = read_latent(prior, patient, variants=variants, seed=seed)
    posterior = sample_posterior(latent, draws=draws, seed=seed)
    given = regimen if regimen is not None else patient.regimen
    empty = Patient(id=patient.id, regimen=patient.regimen, covariates=patient.covariates, known=patient.known, time=patient.time)
    nothing = sample_posterior(read_latent(prior, empty, variants=variants, seed=seed), draws=draws, seed=seed)

    def follow(found: Posterior) -> Simulation:
        people = Individuals(prior.model, np.arange(draws), found.parameters, chance=found.chance)
        return simulate(prior, given, times=grid, time_unit=unit, outputs=outputs, individuals=people, seed=seed)

    return Forecast(patient, prior, posterior, conditioned(posterior), follow(posterior), follow(nothing), now, seed)


def _grid(model: Model, times: ArrayLike | None, horizon: float | None, now: float, unit: str) -> Floats:
    if times is not None:
        return np.atleast_1d(np.asarray(times, dtype=float))
    end = units.convert(model.horizon, model.time, unit) if horizon is None else float(horizon)
    if not (np.isfinite(end) and end > now):
        raise InputError(f"the horizon is {end:g} {unit} and the last observation at {now:g}; expected a horizon in the future")
    return np.linspace(0.0, end, POINTS)
