"""The occasions of a cohort's patients, as inputs of the model that tells them apart."""

from __future__ import annotations

from dataclasses import replace

from autologue import units
from autologue.errors import InputError
from autologue.model import Model
from autologue.patient import Cohort, Patient
from autologue.population import Parametric, by_occasion, in_occasions
from autologue.regimen import Regimen

__all__ = ["tell_apart"]


def tell_apart(population: Parametric, cohort: Cohort) -> tuple[Parametric, Cohort]:
    """Return population and cohort of the model in which occasions are told apart; both as they are where nothing changes."""
    if not population.occasions:
        return population, cohort
    count = 1 + max(len(patient.occasions) for patient in cohort)
    people = tuple(_timed(population.model, patient) for patient in cohort)
    return by_occasion(population, count), Cohort(people, cohort.name)


def _timed(model: Model, patient: Patient) -> Patient:
    """Return a patient whose regimen says when each occasion begins."""
    if not patient.occasions:
        return patient
    own = patient.regimen if patient.regimen is not None else model.regimen
    clock = (own.time if own is not None else None) or (patient.time if patient.regimen is not None else None) or model.time
    factor = units.convert(1.0, patient.time or model.time, clock, what=f"patient {patient.id}: time")
    given = Regimen(*(own.events if own is not None else ()), time=clock)
    try:
        return replace(patient, regimen=in_occasions(model, given, [t * factor for t in patient.occasions]))
    except InputError as problem:
        raise InputError(f"patient {patient.id}: {problem}") from None
