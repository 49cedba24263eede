"""The course of each patient between the samples: at the patient's own parameters, and of the typical patient in that patient's place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from autologue import units
from autologue.errors import InputError, unknown
from autologue.fit import Fit
from autologue.likelihood import Likelihood
from autologue.patient import Cohort, Observations

__all__ = ["individual_curves"]


def individual_curves(fit: Fit, output: str, *, patients: Sequence[str] | None = None, points: int = 60) -> pd.DataFrame:
    """Return columns patient, time, pred, ipred: an output from 0 to its last sample in the cohort, in the units of the model.

    pred: without random effects, with the patient's covariates, doses and known parameters; ipred: at the patient's own parameters. Times
    are denser early. Raises InputError for an unknown output or patient, or fewer than two points.
    """
    outputs, cohort = fit.problem.likelihood.outputs, fit.cohort
    if output not in outputs:
        raise InputError(unknown("output of the fit", output, outputs))
    if points < 2:
        raise InputError(f"{points} points asked for; a curve needs at least two")
    labels = [patient.id for patient in cohort]
    for label in patients or ():
        if label not in labels:
            raise InputError(unknown("patient of the fit", label, labels))
    who = [labels.index(label) for label in (patients if patients is not None else labels)]
    model, rows = fit.start.model, fit.problem.likelihood.rows
    horizon = float(rows.time[rows.output == outputs.index(output)].max())
    times = horizon * np.linspace(0.0, 1.0, points) ** 2
    people = []
    for patient in cohort:
        clock = units.convert(1.0, model.time, patient.time) if patient.time else 1.0
        asked = Observations(times * clock, np.ones(points), unit=model.outputs[output].unit)
        people.append(replace(patient, observations={output: asked}, events={}))
    lanes = Likelihood(Cohort(tuple(people), cohort.name), fit.population, solver=fit.solver).lanes(who)
    typical, own = fit.typical_sets[who], fit.sets[who]
    return pd.DataFrame(
        {
            "patient": np.repeat(np.array([labels[k] for k in who], dtype=object), points), "time": np.tile(times, len(who)),
            "pred": lanes.evaluate(typical).prediction, "ipred": lanes.evaluate(own).prediction,
        }
    )  # fmt: skip
