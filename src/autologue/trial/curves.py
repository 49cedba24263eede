"""Curves of patients for the figures: the true concentration of the first patients, without residual error."""

from __future__ import annotations

import numpy as np

from autologue.engine.closed import closed_form
from autologue.engine.solve import solve
from autologue.library import populations
from autologue.protocol import Protocol
from autologue.trial import kinetics, leukaemia
from autologue.trial.patients import Patients
from autologue.trial.result import Curves

__all__ = ["kinetic_curves", "leukaemic_curves"]

PATIENTS = 2000  # behind the bands of a figure
YEAR = 365.0
DAYS = np.concatenate([[0.0, 0.05, 0.2], np.arange(0.5, 30.0, 0.5), np.geomspace(30.0, YEAR, 30)])  # denser where the course is young


def kinetic_curves(*, seed: int) -> dict[str, Curves]:
    """Return the transgene of the first patients under each reading of the random effects; the first ones are replicate 1."""
    found = {}
    for name, population in populations(kinetics.MODEL).items():
        people = population.sample(PATIENTS, seed=seed)
        values = closed_form(population.model, people.parameters, times=DAYS, outputs=[kinetics.OUTPUT])[:, :, 0]
        found[name] = Curves(DAYS, values, population.model.outputs[kinetics.OUTPUT].unit)
    return found


def leukaemic_curves(protocol: Protocol, patients: Patients, *, seed: int) -> dict[str, Curves]:
    """Return leukaemic and healthy B cells of the first patients, NaN where one could not be solved."""
    people = patients.rows(np.arange(len(patients)) < PATIENTS)
    population = leukaemia.leukaemia_population(protocol)
    sampled = leukaemia.leukaemic_patients(protocol, people, population.sample(len(people), seed=seed))
    outputs = ("leukaemic", "healthy_b")
    found = solve(population.model, sampled.parameters, times=DAYS, outputs=outputs, solver=leukaemia.SOLVER)
    return {name: Curves(DAYS, found.values[:, :, k], "cells") for k, name in enumerate(outputs)}
