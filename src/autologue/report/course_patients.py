"""The patients of one replicate as rows of figures: lanes, marks on them, changes of the burden."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autologue.trial import CourseResult
from autologue.trial.flow import MONTH
from autologue.trial.summaries import patients_of

__all__ = ["changes", "lanes", "marks"]


def _infused(found: CourseResult) -> pd.DataFrame:
    """Return the infused patients of the first replicate, in months since infusion, as far as the data cut shows them."""
    table = patients_of(found.trial)
    table = table.rows(table.infused)
    last = table.last_contact(found.trial.cut)
    shown = {
        "end": last,
        "response": table.best_day,
        "progression": table.progression,
        "transplant": table.transplant,
        "death": table.death,
    }
    frame = pd.DataFrame({name: (value - table.infusion) / MONTH for name, value in shown.items()})
    for name in ("response", "progression", "transplant", "death"):
        frame[name] = frame[name].where(np.isfinite(frame[name]) & (frame[name] <= frame["end"]))
    seen = frame["end"] > 0
    return frame.assign(patient=table.ids, response_name=_names(found))[seen].reset_index(drop=True)


def _names(found: CourseResult) -> list[str]:
    table = patients_of(found.trial)
    table = table.rows(table.infused)
    return [table.kinds.names[label] if label else "none" for label in table.best_label]


def lanes(found: CourseResult) -> pd.DataFrame:
    """Return patient and end of each lane."""
    return _infused(found)[["patient", "end"]]


def marks(found: CourseResult) -> pd.DataFrame:
    """Return patient, time and kind of each mark."""
    patients = _infused(found)
    rows = [
        patients.assign(time=patients[name], kind=name)[["patient", "time", "kind"]]
        for name in ("response", "progression", "transplant", "death")
    ]
    alive = patients[patients["death"].isna()]
    return pd.concat([*rows, alive.assign(time=alive["end"], kind="alive")[["patient", "time", "kind"]]]).dropna(ignore_index=True)


def changes(found: CourseResult) -> pd.DataFrame:
    """Return the best change of the burden (percent) of each patient up to progression, and the best response."""
    table = patients_of(found.trial)
    table = table.rows(table.infused)
    with np.errstate(invalid="ignore"):
        until = np.minimum(np.minimum(table.progression, table.death), table.last_contact(found.trial.cut))
        seen = (table.day[:, 1:] <= until[:, None]) & (table.label[:, 1:] > 0)
    lowest = np.min(np.where(seen, table.burden[:, 1:], np.inf), axis=1)
    change = 100.0 * (lowest / table.burden[:, 0] - 1.0)
    frame = pd.DataFrame({"change": change, "response": _names(found)})
    known: pd.DataFrame = frame[np.isfinite(change)]
    return known.reset_index(drop=True)
