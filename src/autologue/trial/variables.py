"""What can be asked of each patient of the table of draws, by name: shares are 1 or 0, times are days, NaN where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, unknown
from autologue.outcomes.arrays.labels import COMPLETE, PARTIAL
from autologue.trial.events import CAUSES
from autologue.trial.flow import MONTH
from autologue.trial.table import Courses

__all__ = ["BY", "SETS", "VARIABLES", "by_time", "members", "variable"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Asked = Callable[[Courses, float], NDArray[np.generic]]  # table, data cut in days


def _best(table: Courses) -> NDArray[np.int8]:
    return table.kinds.category(table.best_label)


def _label(name: str) -> Asked:
    return lambda t, cut: (t.best_label == t.kinds.number(name)) if name in t.kinds.names else np.zeros(len(t), bool)


def _died(*causes: str) -> Asked:
    numbers = [CAUSES.index(cause) for cause in causes]
    return lambda t, cut: np.isin(t.cause, numbers) & (t.death <= t.last_contact(cut))


VARIABLES: Mapping[str, Asked] = {
    "infused": lambda t, cut: t.infused,
    "manufactured": lambda t, cut: t.manufactured,
    "manufacturing_failed": lambda t, cut: ~t.manufactured & ~t.lost_waiting & np.isnan(t.salvage_start),
    "lost_waiting": lambda t, cut: t.lost_waiting,
    "progressed_waiting": lambda t, cut: np.isfinite(t.progressed_waiting),
    "lymphodepleted": lambda t, cut: t.lymphodepleted,
    "days_to_infusion": lambda t, cut: t.infusion,
    "responded": lambda t, cut: _best(t) >= PARTIAL,
    "complete": lambda t, cut: _best(t) == COMPLETE,
    "recovered": _label("CR"),
    "incomplete_recovery": _label("CRi"),
    "stringent": _label("sCR"),
    "mrd_negative": lambda t, cut: t.mrd_negative,
    "crs": lambda t, cut: t.crs["trial"] >= 1,
    "crs_3": lambda t, cut: t.crs["trial"] >= 3,
    "crs_4": lambda t, cut: t.crs["trial"] >= 4,
    "crs_astct": lambda t, cut: t.crs["crs_astct_2019"] >= 1,
    "crs_astct_3": lambda t, cut: t.crs["crs_astct_2019"] >= 3,
    "crs_onset": lambda t, cut: t.crs_onset,
    "crs_duration": lambda t, cut: t.crs_duration,
    "neuro": lambda t, cut: t.neuro >= 1,
    "neuro_3": lambda t, cut: t.neuro >= 3,
    "neuro_onset": lambda t, cut: t.neuro_onset,
    "tocilizumab": lambda t, cut: np.isfinite(t.tocilizumab),
    "steroid": lambda t, cut: np.isfinite(t.steroid),
    "intensive_care": lambda t, cut: (t.pressure >= 2) | (t.oxygen >= 2),
    "high_dose_pressor": lambda t, cut: t.pressure >= 3,
    "ventilated": lambda t, cut: t.oxygen >= 4,
    "dialysis": lambda t, cut: t.creatinine >= 4,
    "dead_by_day_30": lambda t, cut: t.death - t.infusion <= 30,
    "death_disease": _died("disease"),
    "death_toxicity": _died("toxicity", "infection"),
    "death_other": _died("late", "background", "transplant"),
    "death_not_disease": _died("toxicity", "infection", "late", "background", "transplant"),
    "cmax": lambda t, cut: t.cmax,
    "tmax": lambda t, cut: t.tmax,
    "auc_28": lambda t, cut: t.auc_28,
    "antigen_positive": lambda t, cut: ~t.antigen_negative,
}
SETS: Mapping[str, Callable[[Courses], Flags]] = {
    "enrolment": lambda t: np.ones(len(t), bool),
    "infusion": lambda t: t.infused,
    "randomisation": lambda t: np.isfinite(t.randomisation),
    "salvage_start": lambda t: np.isfinite(t.salvage_start),
    "responders": lambda t: _best(t) >= PARTIAL,
    "crs": lambda t: t.crs["trial"] >= 1,
    "neuro": lambda t: t.neuro >= 1,
    "progressed": lambda t: t.infused & np.isfinite(t.progression) & (t.progression <= t.death),
    "dose_300": lambda t: t.infused & (t.dose >= 2.25e8) & (t.dose < 3.75e8),
    "dose_450": lambda t: t.infused & (t.dose >= 3.75e8),
}
BY: Mapping[str, Callable[[Courses, Floats], Flags]] = {  # table, day since enrolment (n,)
    "death": lambda t, day: t.death <= day,
    "in_response": lambda t, day: (_best(t) >= PARTIAL) & (t.progression > day) & (t.death > day) & (t.new_therapy > day),
    "progression_free": lambda t, day: (t.progression > day) & (t.death > day),
}


def variable(table: Courses, name: str, *, cut: float) -> Floats:
    """Return a variable of every patient (n,); `cut` is the data cut, in days since the first enrolment.

    Raises InputError for an unknown name.
    """
    if name not in VARIABLES:
        raise InputError(unknown("variable", name, VARIABLES))
    with np.errstate(invalid="ignore"):
        return np.asarray(VARIABLES[name](table, cut), dtype=float)


def by_time(table: Courses, name: str, *, months: float) -> Floats:
    """Return whether something holds some months after infusion (n,)."""
    if name not in BY:
        raise InputError(unknown("variable", name, BY))
    with np.errstate(invalid="ignore"):
        return np.asarray(BY[name](table, table.infusion + months * MONTH), dtype=float)


def members(table: Courses, name: str) -> Flags:
    """Return who belongs to an analysis set (n,)."""
    if name not in SETS:
        raise InputError(unknown("analysis set", name, SETS))
    with np.errstate(invalid="ignore"):
        return SETS[name](table)
