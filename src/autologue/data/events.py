"""Times to event in rows of a table."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from autologue.data.findings import Finding
from autologue.data.reading import Reading, TimeToEvent
from autologue.data.records import Records
from autologue.patient import Event

__all__ = ["read_events"]


def read_events(records: Records, reading: Reading) -> tuple[dict[str, dict[str, Event]], list[Finding]]:
    """Return the events of each patient by name: rows of 0 while followed, then one of 1 at the event, or none."""
    found: dict[str, dict[str, Event]] = {}
    faults: list[Finding] = []
    rows = records.rows[records.rows["is_sample"] & records.rows["time"].notna()]
    for name, output in reading.outputs.items():
        if not isinstance(output, TimeToEvent):
            continue
        for patient, own in rows[rows["output"] == name].groupby("id", sort=False):
            wrong = _wrong_row(own)
            if wrong is not None:
                expected = f"0 while {name} of patient {patient} is awaited, then 1 in the last row, or 0"
                faults.append(records.fault(wrong, "value", expected))
            else:
                found.setdefault(str(patient), {})[name] = _event(own, interval=output.interval)
    return found, faults


def _wrong_row(own: pd.DataFrame) -> object | None:
    """Return the first row that is neither 0 nor, at the end, 1."""
    marks = own["value"].to_numpy(np.float64)
    right = (marks == 0.0) | ((marks == 1.0) & (np.arange(len(marks)) == len(marks) - 1))
    return None if right.all() else own.index[int(np.argmin(right))]


def _event(own: pd.DataFrame, *, interval: bool) -> Event:
    times = own["time"].to_numpy(np.float64)
    entry, last = float(times[0]), float(times[-1])
    if own["value"].iloc[-1] == 0.0:
        return Event(last, math.inf, entry=entry)
    return Event(float(times[-2]) if interval and len(times) > 1 else last, last, entry=entry)
