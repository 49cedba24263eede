"""A cohort as it was measured: individual profiles with doses, limits and what is censored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from autologue.errors import InputError, unknown
from autologue.patient import Cohort, Observations, Patient
from autologue.plot.extra import alt
from autologue.plot.profiles import profiles
from autologue.regimen import Level

__all__ = ["cohort_profiles", "dose_times"]


def cohort_profiles(
    cohort: Cohort, output: str, *, patients: Sequence[str] | None = None, columns: int = 4, time_unit: str = "day"
) -> alt.ConcatChart:
    """Return one small panel for each patient with samples of an output, on a logarithmic axis, with doses and assay limits.

    Censored samples have marks of their own; a measured zero stands at the foot of the axis. `time_unit` is asked where the cohort does
    not say it. Raises InputError for an unknown output or patient, or for more than 60 patients.
    """
    if output not in cohort.outputs:
        raise InputError(unknown("output of the cohort", output, cohort.outputs))
    chosen = [cohort[label] for label in patients] if patients is not None else list(cohort)
    shown = [patient for patient in chosen if output in patient.observations]
    if not shown:
        raise InputError(f"none of the patients chosen has samples of '{output}'; choose others")
    frame = pd.concat([_samples(patient.id, patient.observations[output]) for patient in shown], ignore_index=True)
    if not (frame["value"] > 0).any():
        raise InputError(f"no value of '{output}' is above zero, so that nothing can be drawn on a logarithmic axis")
    first = shown[0].observations[output]
    quantity = output.replace("_", " ") + (f" in {first.matrix}" if first.matrix else "")
    given = pd.DataFrame([(p.id, time) for p in shown for time in dose_times(p)], columns=["id", "time"])
    return profiles(
        frame, unit=first.unit, doses=given if len(given) else None, columns=columns,
        quantity=quantity, time_unit=shown[0].time or time_unit,
    )  # fmt: skip


def _samples(label: str, seen: Observations) -> pd.DataFrame:
    over = seen.censored & np.isposinf(seen.upper)
    below = seen.censored & ~over
    value = np.where(over, seen.lower, seen.upper)
    limit = np.where(below, np.fmax(seen.limit, seen.upper), seen.limit)
    return pd.DataFrame({"id": label, "time": seen.times, "value": value, "blq": below, "alq": over, "limit": limit})


def dose_times(patient: Patient) -> list[float]:
    """Return when a patient was dosed, in the time unit of the patient."""
    events = patient.regimen.events if patient.regimen else ()
    return [event.time + k * event.every for event in events if not isinstance(event, Level) for k in range(event.additional + 1)]
