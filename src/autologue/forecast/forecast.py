"""The verb `forecast`: a population conditioned on one patient, and the course that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue import units
from autologue.engine.summary import Summary
from autologue.errors import InputError
from autologue.forecast.latent import read_latent
from autologue.forecast.posterior import Posterior, sample_posterior
from autologue.model import Model
from autologue.patient import Patient
from autologue.population import Drawn, Individuals, Parametric
from autologue.regimen import Level, Regimen
from autologue.results import Simulation
from autologue.simulate import NOTHING, simulate

__all__ = ["Forecast", "conditioned", "forecast"]

Floats = NDArray[np.float64]
POINTS = 121  # times over the horizon where none are given
DISCLAIMER = "Research and simulation, not a medical device; not for treatment decisions."


@dataclass(frozen=True, eq=False)
class Forecast:
    """One patient's forecast: `simulation` holds the draws of the course (dimension patient), `population` the conditioned patient.

    `now` is the time of the last observation, or until which an event is known not to have come, and `horizon` the end, in `time_unit`.
    `regimen`: what the patient is given from the infusion to the horizon. notes: what of the patient was left aside, and why. Not for
    treatment decisions.
    """

    patient: Patient
    prior: Parametric
    posterior: Posterior
    population: Drawn
    simulation: Simulation
    now: float
    horizon: float
    time_unit: str
    regimen: Regimen | None
    seed: int
    notes: tuple[str, ...] = ()

    @cached_property
    def unconditioned(self) -> Posterior:
        """Draws of the parameters of a patient with these covariates and nothing measured."""
        known, latent = self.patient, self.posterior.latent
        empty = Patient(id=known.id, regimen=known.regimen, covariates=known.covariates, known=known.known, time=known.time)
        nothing = replace(latent, patient=empty, likelihood=None)
        return sample_posterior(nothing, draws=len(self.posterior.parameters), seed=self.seed)

    @cached_property
    def before(self) -> Simulation:
        """The same simulation from the population alone, before anything was measured; made when it is first asked for."""
        times, outputs = self.simulation.data["time"].to_numpy(), self.simulation.names("output")
        return _follow(self.prior, self.unconditioned, self.regimen, times, self.time_unit, self.seed, outputs=outputs)

    def follow(
        self, *, times: ArrayLike = (), summaries: Sequence[Summary] = (), regimen: Regimen | None = None, conditioned: bool = True
    ) -> Simulation:
        """Return the same draws followed again: at other times, with summaries, under another regimen, or before they were conditioned."""
        found = self.posterior if conditioned else self.unconditioned
        given = self.regimen if regimen is None else regimen
        known = event_free(self.prior.model, self.patient) if conditioned else {}
        return _follow(
            self.prior, found, given, times, self.time_unit, self.seed, summaries=summaries, horizon=self.horizon, event_free=known
        )


def event_free(model: Model, patient: Patient) -> dict[str, float]:
    """Return until when each time to event that the model states is known not to have come, in the patient's unit of time."""
    return {name: event.earliest for name, event in patient.events.items() if name in model.outcomes}


def conditioned(posterior: Posterior) -> Drawn:
    """Return the patient as a population: equally weighted draws of every parameter that is not the same in all."""
    model = posterior.latent.population.model
    sets = posterior.parameters
    moves = [k for k in range(sets.shape[1]) if np.ptp(sets[:, k]) > 0 or sets[0, k] != list(model.parameters.values())[k].value]
    names = list(model.parameters)
    values = {names[k]: sets[:, k] for k in moves} or {names[0]: sets[:, 0]}
    name, source = f"patient {posterior.latent.patient.id}", f"conditioned by {posterior.quality.method}"
    return Drawn(model=model, values=values, name=name, source=source, chance=posterior.chance)


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
    - times to event that the model states condition the draws, from the infusion on whenever the patient entered; simulated times of an
      event come after the time until which it had not.
    - variants: so many populations drawn from the uncertainty of the estimates; zero takes the estimates as they are.
    - the same patient, population and seed give the same bits, in whatever company.

    Raises InputError for what cannot be used, SolveError where nobody in the population could have these observations.

    >>> from autologue import Observations, Patient, library
    >>> seen = Observations([7, 10, 14], [9000, 24000, 11000], unit="copies/ug", limit=50)
    >>> found = forecast(library.populations("stein_2019")["sd"], Patient(id="1", observations={"transgene": seen}), horizon=90)
    >>> found.posterior.quality.ess > 500, dict(found.simulation.data["transgene"].sizes)
    (True, {'patient': 1000, 'time': 121})
    """
    prior = _parametric(population)
    if draws < 10:
        raise InputError(f"{draws} draws asked for; expected at least 10")
    unit = patient.time or prior.model.time
    known = event_free(prior.model, patient)
    now = max([0.0, *(float(seen.times[-1]) for seen in patient.observations.values() if len(seen)), *known.values()])
    grid = _grid(prior.model, times, horizon, now, unit)
    posterior = sample_posterior(read_latent(prior, patient, variants=variants, seed=seed), draws=draws, seed=seed)
    given = _timed(regimen if regimen is not None else patient.regimen, unit)
    _check_future(given, patient, now, asked=regimen is not None)
    after = _follow(prior, posterior, given, grid, unit, seed, outputs=outputs, event_free=known)
    end = float(grid[-1])
    notes = _notes(prior.model, patient)
    return Forecast(patient, prior, posterior, conditioned(posterior), after, now, end, unit, given, seed, notes)


def _parametric(population: object) -> Parametric:
    if isinstance(population, Model):
        return Parametric(model=population)
    if isinstance(population, Parametric):
        return population
    what = getattr(population, "name", "") or type(population).__name__
    raise InputError(f"'{what}' states no distribution that could be conditioned; a forecast needs a Parametric population, or a Model")


def _follow(
    prior: Parametric, found: Posterior, given: Regimen | None, times: ArrayLike, unit: str, seed: int, *,
    outputs: Sequence[str] | None = None, summaries: Sequence[Summary] = (), horizon: float | None = None,
    event_free: Mapping[str, float] = NOTHING,
) -> Simulation:  # fmt: skip
    people = Individuals(prior.model, np.arange(len(found.parameters)), found.parameters, chance=found.chance)
    return simulate(
        prior, given, times=times, time_unit=unit, outputs=outputs, individuals=people, seed=seed, summaries=summaries, horizon=horizon,
        event_free=event_free,
    )  # fmt: skip


def _timed(given: Regimen | None, unit: str) -> Regimen | None:
    """Return the regimen with its time unit said: that of the patient."""
    return given if given is None or given.time else Regimen(*given.events, time=unit)


def _check_future(given: Regimen | None, patient: Patient, now: float, *, asked: bool) -> None:
    """Refuse a future that changes the past: what was given up to now is a fact."""
    if not asked or given is None:
        return
    unit = patient.time or given.time
    scale = 1.0 if unit is None or given.time is None else units.convert(1.0, given.time, unit)
    past = {repr(e) for e in (patient.regimen.events if patient.regimen else ())}
    changed = next((e for e in given.events if e.time * scale < now and repr(e) not in past and not _ends_later(e, past)), None)
    if changed is not None:
        what = f"patient {patient.id}: the regimen gives something at {changed.time:g}, before the last observation at {now:g}"
        raise InputError(f"{what}, that the patient's own regimen lacks; put it into the patient")


def _ends_later(event: object, past: set[str]) -> bool:
    return isinstance(event, Level) and any(f"time={event.time!r}, input={event.input!r}, value={event.value!r}" in each for each in past)


def _notes(model: Model, patient: Patient) -> tuple[str, ...]:
    found = []
    if not any(len(seen) for seen in patient.observations.values()) and not event_free(model, patient):
        found.append(f"Nothing was measured in patient {patient.id}: this is the forecast of the population.")
    elif patient.observations and all(seen.censored.all() for seen in patient.observations.values() if len(seen)):
        found.append("No value was quantified: the forecast rests on limits alone.")
    strangers = [name for name in patient.events if name not in model.outcomes]
    if strangers:
        what = ", ".join(strangers)
        found.append(f"Times to event ({what}) are not part of the model; being alive or entering late says nothing under it.")
    for name, event in patient.events.items():
        if name in model.outcomes and event.latest < math.inf:
            found.append(f"The event '{name}' has come; simulated times of it are of draws in which it had not.")
    if patient.occasions:
        found.append("Occasions are not told apart: the patient's parameters are the same in all of them.")
    return tuple(found)


def _grid(model: Model, times: ArrayLike | None, horizon: float | None, now: float, unit: str) -> Floats:
    if times is not None:
        return np.atleast_1d(np.asarray(times, dtype=float))
    units.convert(1.0, unit, model.time, what="the patient's time unit")
    end = units.convert(model.horizon, model.time, unit) if horizon is None else float(horizon)
    if not (np.isfinite(end) and end > now):
        raise InputError(f"the horizon is {end:g} {unit} and the last observation at {now:g}; expected a horizon in the future")
    return end * np.linspace(0.0, 1.0, POINTS) ** 2  # dense early, where the course moves
