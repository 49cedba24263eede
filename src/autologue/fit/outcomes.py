"""Times to event of a cohort, held against what the model states before anything is estimated."""

from __future__ import annotations

import math

from autologue.errors import InputError
from autologue.patient import Cohort
from autologue.population import Parametric
from autologue.terms import Hazard

__all__ = ["check_outcomes"]


def check_outcomes(cohort: Cohort, population: Parametric) -> None:
    """Raise InputError for an event that no hazard speaks of, and for one that nobody had."""
    model = population.model
    hazards = [name for name, outcome in model.outcomes.items() if isinstance(outcome, Hazard)]
    for patient in cohort:
        for name in patient.events:
            if name not in hazards:
                stated = f"it states {', '.join(hazards)}" if hazards else "it states none"
                raise InputError(
                    f"patient {patient.id} has a time to event '{name}', for which model {model.name} has no hazard ({stated}); "
                    f"declare one, as in Model(outcomes={{'{name}': Exponential(rate='rate')}}), or leave the event out"
                )
    for name in hazards:
        followed = [patient.events[name] for patient in cohort if name in patient.events]
        if followed and all(math.isinf(event.latest) for event in followed):
            raise InputError(
                f"none of the {len(followed)} patients followed for '{name}' had it: the likelihood is highest at a hazard of zero, and "
                "nothing can be estimated of it; leave the event out"
            )
