"""What in a table is worth a second look, though every program reads it alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autologue.data.cohort import Parts
from autologue.data.findings import Finding, Severity
from autologue.data.reading import Measured, Predose

__all__ = ["find_suspicions"]


def find_suspicions(parts: Parts) -> list[Finding]:
    """Return warnings and notes: units not said, days that seem shifted, samples before the dose, outputs that are all censored."""
    checks = (_units, _first_day, _predose, _outputs, _twice, _patients, _planned, _unread)
    return [finding for check in checks for finding in check(parts)]


def _units(parts: Parts) -> list[Finding]:
    lacking = [f"output {n}" for n, o in parts.reading.outputs.items() if isinstance(o, Measured) and not o.unit]
    lacking += [f"route {n}" for n, route in parts.reading.routes.items() if not route.unit] if parts.doses else []
    lacking += [] if parts.reading.time_unit else ["the times"]
    if not lacking:
        return []
    return [Finding(Severity.WARNING, f"nothing says the unit of {', '.join(lacking)}; say it in the reading, since none is assumed")]


def _rows(which: pd.Series) -> tuple[int, ...]:
    return tuple(sorted(int(row) for row in which.index[which]))


def _first_day(parts: Parts) -> list[Finding]:
    first = [min(dose.time for dose in doses) for doses in parts.doses.values() if doses]
    days = parts.reading.time_unit in ("day", "d")
    if not days or not first or set(first) != {1.0} or parts.reading.infusion_day == 1:
        return []
    column = parts.records.columns["time"]
    return [Finding(Severity.WARNING, "every first dose is at day 1; if that is the day of infusion, say infusion_day=1", column=column)]


def _predose(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    if parts.reading.predose is not Predose.KEEP:
        return []
    start = rows["id"].map({label: min(dose.time for dose in doses) for label, doses in parts.doses.items() if doses})
    nothing = (rows["upper"] <= 0) | ((rows["lower"] < rows["upper"]) & np.isfinite(rows["upper"]))
    early = _rows(rows["is_sample"] & nothing & (rows["time"] <= start))
    if not early:
        return []
    what = "samples up to the first dose show nothing, and a course that begins with the dose cannot use them: Predose.DROP leaves them out"
    return [Finding(Severity.WARNING, what, early, parts.records.columns["value"])]


def _outputs(parts: Parts) -> list[Finding]:
    rows, found = parts.records.rows, []
    column = parts.records.columns["value"]
    for name, output in parts.reading.outputs.items():
        if not isinstance(output, Measured):
            continue
        mine = rows[rows["is_sample"] & (rows["output"] == name) & rows["lower"].notna()]
        censored = mine["lower"] < mine["upper"]
        if len(mine) and censored.all():
            found.append(
                Finding(Severity.WARNING, f"every value of {name} is censored; nothing of its size can be estimated", column=column)
            )
        low = _rows(~censored & (mine["lower"] <= 0))
        if low:
            what = f"values of {name} are zero or less and taken as measured, since no limit is known; a log-normal error cannot use them"
            found.append(Finding(Severity.NOTE, what, low, column))
        limits = mine["loq"].dropna().unique()
        if len(limits) > 1:
            what = f"the limit of quantification of {name} moves between {limits.min():g} and {limits.max():g}"
            found.append(Finding(Severity.NOTE, what, column=parts.records.columns.get("lloq", "")))
    return found


def _twice(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    mine = rows[rows["is_sample"] & rows["output"].ne("")]
    again = _rows(mine.duplicated(["id", "output", "time"]))
    column = parts.records.columns["time"]
    return (
        [Finding(Severity.WARNING, "a patient has several samples of one output at one time; all are kept", again, column)] if again else []
    )


def _patients(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    seen = rows[rows["is_sample"] & rows["output"].ne("")]["id"].unique()
    ids = rows["id"].unique()
    found = []
    silent = [label for label in ids if label not in set(seen)]
    if silent:
        shown = ", ".join(silent[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
        found.append(Finding(Severity.WARNING, f"no sample of patient {shown}: nothing is learnt from them"))
    if len(ids) == 1:
        found.append(Finding(Severity.NOTE, "there is one patient: variability between patients cannot be estimated"))
    return found


def _planned(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    if "nominal" not in rows or "time" not in parts.records.columns:
        return []
    actual = parts.records.table.numbers(parts.records.columns["time"])[0].reindex(rows.index)
    apart = (actual - rows["nominal"]).abs()[rows["is_sample"]]
    if not apart.notna().any() or apart.max() == 0:
        return []
    row = apart.idxmax()
    what = f"actual times differ from planned ones by up to {apart.max():g}; actual ones are used unless the reading says Nominal(...)"
    return [Finding(Severity.NOTE, what, (int(str(row)),), parts.records.columns["time"])]


def _unread(parts: Parts) -> list[Finding]:
    reading = parts.reading
    covariates = {each.column or name for name, each in (reading.covariates or {}).items()}
    read = {*reading.columns.values(), *reading.known.values(), *covariates}
    left = [column for column in parts.records.table.cells.columns if column and column not in read]
    return [Finding(Severity.NOTE, f"columns that are not read: {', '.join(left)}")] if left else []
