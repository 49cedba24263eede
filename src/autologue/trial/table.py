"""The table of draws: one row a patient of a replicate, one column for everything that happened, on one clock (days since enrolment)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.outcomes.arrays.labels import PROGRESSION, Labels
from autologue.outcomes.arrays.records import Records
from autologue.trial.events import CAUSES
from autologue.trial.flow import MONTH

__all__ = ["Courses", "joined"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]
# infinite where they do not come
_NEVER = ("progression", "progressed_waiting", "new_therapy", "transplant", "crossover", "death", "failure")


@dataclass(frozen=True, eq=False)
class Courses:
    """Patients (n,) of replicates, whole: days since enrolment, NaN where something has no day, infinite where it never comes.

    `replicate` and `draw` (-1: central values) are labels of their own. `entered` is the day of enrolment since the first one of the
    trial, so that a data cut can be made; `lost_to_follow_up` ends what is seen of a patient, death or not. `best_label` numbers a label of
    `kinds`. `crs` has the worst grade by each scale. `day`, `label`, `burden` are (n, visits + 1), baseline at infusion first; `normal`
    (n, visits) healthy cells with the antigen relative to their level.
    """

    kinds: Labels
    ids: Integers
    replicate: Integers
    draw: Integers
    arm: Integers
    age: Floats
    female: Flags
    screened: Integers
    entered: Floats
    burden_at_enrolment: Floats
    baseline: Floats
    attempts: Integers
    manufactured: Flags
    lost_waiting: Flags
    bridged: Flags
    lymphodepleted: Flags
    randomisation: Floats
    salvage_start: Floats
    infusion: Floats
    progressed_waiting: Floats
    dose: Floats
    cmax: Floats
    tmax: Floats
    auc_28: Floats
    extinct: Floats
    best_day: Floats
    best_label: Codes
    mrd_negative: Flags
    progression: Floats
    antigen_negative: Flags
    failure: Floats
    new_therapy: Floats
    transplant: Floats
    crossover: Floats
    death: Floats
    cause: Codes
    lost_to_follow_up: Floats
    crs: Mapping[str, Codes]
    crs_onset: Floats
    crs_duration: Floats
    neuro: Codes
    neuro_onset: Floats
    tocilizumab: Floats
    steroid: Floats
    pressure: Integers
    oxygen: Integers
    creatinine: Integers
    day: Floats
    label: Codes
    burden: Floats
    normal: Floats
    failed: Flags

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.ids)

    @property
    def infused(self) -> Flags:
        """Who received CAR T cells in the arm they were assigned to."""
        return np.isfinite(self.infusion)

    def last_contact(self, cut: float) -> Floats:
        """Return the last day on which each patient was seen, for a data cut `cut` days after the first enrolment (n,)."""
        return np.maximum(np.minimum(np.minimum(cut - self.entered, self.lost_to_follow_up), self.death), 0.0)

    def records(self, cut: float) -> Records:
        """Return what was seen of each patient until a data cut, as the records that estimands read.

        A patient who had not enrolled by the cut has a last contact on day 0. Assessments end with new therapy.
        """
        last = self.last_contact(cut)

        def seen(day: Floats) -> Floats:
            with np.errstate(invalid="ignore"):
                return np.where(day <= last, day, np.nan)

        with np.errstate(invalid="ignore"):
            there = (self.label > 0) & (self.day <= np.minimum(last, self.new_therapy)[:, None])
        there[:, :1] &= (self.day[:, :1] <= last[:, None]) & (self.label[:, :1] > 0)
        early = np.where(self.progressed_waiting <= np.minimum(last, self.new_therapy), self.progressed_waiting, np.inf)[:, None]
        category = np.where(there, self.kinds.category(self.label), 0)
        return Records(
            enrolment=np.zeros(len(self)), randomisation=seen(self.randomisation), salvage_start=seen(self.salvage_start),
            infusion=seen(self.infusion), transplant=seen(self.transplant), new_therapy=seen(self.new_therapy),
            for_efficacy=np.ones(len(self), bool), crossover=seen(self.crossover), death=seen(self.death), last_contact=last,
            day=np.concatenate([early, np.where(there, self.day, np.inf)], axis=1),
            category=np.concatenate([np.where(np.isfinite(early), PROGRESSION, 0), category], axis=1).astype(np.int8),
        )  # fmt: skip

    def rows(self, chosen: Flags | Integers) -> Courses:
        """Return some of the patients."""
        some: dict[str, Any] = {field.name: _chosen(getattr(self, field.name), chosen) for field in fields(self)}
        return Courses(**some)

    def frame(self, *, cut: float | None = None) -> pd.DataFrame:
        """Return one row a patient with labels in words; with `cut`, what comes after the data cut is blank."""
        columns: dict[str, object] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "crs":
                columns |= {name: grades for name, grades in value.items()}
            elif isinstance(value, np.ndarray) and value.ndim == 1:
                columns[field.name] = np.where(np.isfinite(value), value, np.nan) if field.name in _NEVER else value
        table = pd.DataFrame(columns)
        table["best_label"] = np.array(self.kinds.names, object)[self.best_label]
        table["cause"] = np.array(CAUSES, object)[self.cause]
        if cut is None:
            return table
        last = self.last_contact(cut)
        for name in (*_NEVER, "best_day", "infusion"):
            table[name] = table[name].where(table[name] <= last)
        table.loc[table["death"].isna(), "cause"] = ""
        table["last_contact"] = last
        return table

    def months(self, name: str) -> Floats:
        """Return a date in months since infusion (n,)."""
        return np.asarray((getattr(self, name) - self.infusion) / MONTH)


def _chosen(value: object, chosen: Flags | Integers) -> object:
    if isinstance(value, np.ndarray):
        return value[chosen]
    if isinstance(value, Mapping):
        return {name: each[chosen] for name, each in value.items()}
    return value


def joined(parts: Sequence[Courses]) -> Courses:
    """Return several blocks as one table."""
    first = parts[0]
    made: dict[str, Any] = {}
    for field in fields(Courses):
        values = [getattr(part, field.name) for part in parts]
        if isinstance(values[0], np.ndarray):
            made[field.name] = np.concatenate(values)
        elif isinstance(values[0], Mapping):
            made[field.name] = {name: np.concatenate([value[name] for value in values]) for name in values[0]}
        else:
            made[field.name] = values[0]
    assert all(part.kinds is first.kinds for part in parts)
    return Courses(**made)
