"""Rows in time: actual or planned times, the day of infusion, resets, occasions; patients in order, rows sorted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from autologue import units
from autologue.data.findings import Finding, Severity
from autologue.data.reading import Nominal, Reading, Resets
from autologue.data.records import Records
from autologue.errors import UnitError
from autologue.model import Model

__all__ = ["lay_out", "occasion_starts"]


def lay_out(records: Records, output: pd.Series, reading: Reading, model: Model | None) -> tuple[Records, list[Finding]]:
    """Return the rows with their `output`, sorted by time within patients, in the order in which patients appear."""
    rows = records.rows.assign(output=output)
    rows = rows.assign(id=rows["id"].map(lambda label: reading.patients.get(label, label)))
    rows, faults = _timed(replace(records, rows=rows), reading, model)
    rows, resets = _split(replace(records, rows=rows), reading.resets)
    order = {label: place for place, label in enumerate(dict.fromkeys(rows["id"]))}
    keys = np.lexsort((np.arange(len(rows)), rows["time"].to_numpy(np.float64), rows["id"].map(order).to_numpy(np.int64)))
    return replace(records, rows=rows.iloc[keys]), faults + resets


def _timed(records: Records, reading: Reading, model: Model | None) -> tuple[pd.DataFrame, list[Finding]]:
    rows = records.rows
    faults: list[Finding] = []
    actual, nominal = rows["time"], rows["nominal"] if "nominal" in rows else pd.Series(np.nan, index=rows.index)
    if reading.infusion_day == 1:
        unit = reading.time_unit or (model.time if model else "day")
        if _days(unit) != 1.0:
            faults.append(Finding(Severity.ERROR, f"days are counted from the infusion on day 1, but times are in {unit}; expected days"))
        for role, times in (("time", actual), ("nominal", nominal)):
            between = times.index[(times >= 0) & (times < 1)]
            faults += [records.fault(row, role, "no day 0 where the infusion is on day 1") for row in between]
        actual, nominal = actual.where(actual < 0, actual - 1), nominal.where(nominal < 0, nominal - 1)
    chosen = actual.fillna(nominal)
    if isinstance(reading.times, Nominal):
        chosen, kept, more = _planned(rows, chosen, nominal, reading.times)
        rows, faults = rows.assign(is_sample=kept), faults + more
    lost = rows.index[chosen.isna() & ~rows["time"].isin([np.inf])]
    faulty = {row for finding in records.faults if finding.column == records.columns["time"] for row in finding.rows}
    faults += [records.fault(row, "time", "a number") for row in lost if row not in faulty]
    return rows.assign(time=chosen), faults


def _days(unit: str) -> float | None:
    try:
        return units.convert(1.0, unit, "day")
    except UnitError:
        return None


def _planned(rows: pd.DataFrame, actual: pd.Series, nominal: pd.Series, times: Nominal) -> tuple[pd.Series, pd.Series, list[Finding]]:
    """Return the planned time of samples, which samples lie within their window, and a note of those that do not."""
    if times.visits:
        visits = np.asarray(times.visits)
        nearest = np.abs(actual.to_numpy(np.float64)[:, None] - visits).argmin(axis=1)
        nominal = pd.Series(visits[nearest], index=rows.index)
    sample = rows["is_sample"] & nominal.notna()
    outside = sample & ((actual - nominal).abs() > times.window)
    notes = []
    if outside.any():
        where = tuple(int(row) for row in rows.index[outside])
        notes = [Finding(Severity.WARNING, f"samples further than {times.window:g} from their planned time are left out", where)]
    return actual.where(~(sample & ~outside), nominal), rows["is_sample"] & ~outside, notes


def _split(records: Records, resets: Resets) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows with a patient of its own for each part after a reset, or the errors of resets that are refused."""
    rows = records.rows
    if not rows["event"].isin((3.0, 4.0)).any():
        return rows, []
    faults, labels, parts, active = [], [], dict[str, int](), set[str]()
    for row, label, event, live in zip(rows.index, rows["id"], rows["event"], rows["is_dose"] | rows["is_sample"], strict=True):
        if event in (3.0, 4.0) and label in active:
            parts[label] = parts.get(label, 1) + 1
            if resets is Resets.REFUSE:
                what = f"EVID {event:g} resets a course that has begun; nothing here resets: a reinfusion is EVID 1, a washout Resets.SPLIT"
                faults.append(Finding(Severity.ERROR, what, (int(row),), records.columns["event"]))
        active |= {label} if live else set()
        labels.append(label if label not in parts or resets is Resets.REFUSE else f"{label}, part {parts[label]}")
    return rows.assign(id=labels), faults


def occasion_starts(own: pd.DataFrame | None, doses: list[float]) -> tuple[float, ...]:
    """Return when occasions after the first begin in one patient: where the column changes, and at the `doses` given."""
    found = {float(t) for t in doses}
    if own is not None:
        known = own[own["occasion"] != ""]
        changes = known["occasion"].ne(known["occasion"].shift()) & (np.arange(len(known)) > 0)
        found |= {float(t) for t in known["time"][changes]}
    return tuple(sorted(found))
