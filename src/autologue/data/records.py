"""The rows of an event table as numbers and labels, one column a role; each cell that cannot be used is a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autologue.data.findings import Finding, cell_fault
from autologue.data.roles import NAMES, find_columns
from autologue.data.table import EMPTY, Table, short_code

__all__ = ["FLAGS", "ROLES", "Records", "parse_records", "read_flags"]

ROLES = tuple(role for role in NAMES if role != "group")
_NUMBERS = ("time", "nominal", "amount", "rate", "duration", "interval", "limit", "lloq", "detection", "uloq", "dose")
_WHOLE = {  # what each may be
    "event": (0, 1, 2, 3, 4), "missing": (0, 1), "censored": (-1, 0, 1), "steady": (0, 1), "additional": None,
}  # fmt: skip
_NOT_NEGATIVE = ("duration", "interval", "additional", "lloq", "detection", "uloq", "amount", "dose")
FLAGS = {"1": True, "TRUE": True, "T": True, "YES": True, "Y": True, "0": False, "FALSE": False, "F": False, "NO": False, "N": False}


@dataclass(frozen=True)
class Records:
    """Parsed rows, indexed by row number: one column a role that the table has, NaN or '' where a cell is empty.

    Always there: id, time, event (0 to 4, from EVID or from the amount), is_dose, is_sample (EVID 0 and not MDV 1), code (of the
    output) and route (of the dose).
    """

    table: Table
    columns: Mapping[str, str]
    rows: pd.DataFrame
    faults: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.table.name

    def cell(self, row: object, role: str) -> str:
        """Return a cell as it stands in the table."""
        return str(self.table.cells.at[row, self.columns[role]])

    def fault(self, row: object, role: str, expected: str) -> Finding:
        """Return the error of one cell."""
        return cell_fault(row, self.columns[role], expected, self.cell(row, role))


def parse_records(
    table: Table, given: Mapping[str, str], *, needed: tuple[str, ...] = ("id", "time", "value"), dose_rows_observe: bool = False
) -> Records:
    """Return the rows of a table; `given` says the columns of roles that go by another name. Raises InputError for columns only.

    `dose_rows_observe`: without EVID, a row with an amount and a value is a sample as well.
    """
    columns = find_columns(table, given, roles=ROLES, needed=needed)
    if "comment" in columns:
        commented = ~table.words(columns["comment"]).isin(("", "0"))
        table = table.where(~commented)
    rows = pd.DataFrame(index=table.cells.index)
    faults: list[Finding] = []
    rows["id"] = table.labels(columns["id"])
    for row in rows.index[rows["id"].map(str.upper).isin(EMPTY)]:
        faults.append(cell_fault(row, columns["id"], "the name or number of a patient", rows.at[row, "id"]))
    for role in ("compartment", "analyte", "occasion"):
        if role in columns:
            rows[role] = table.labels(columns[role]).map(short_code).astype(object)
    for role in ("unit", "matrix", "dose_unit", "time_unit"):
        if role in columns:
            rows[role] = table.labels(columns[role]).map(lambda text: "" if text.upper() in EMPTY else text).astype(object)
    for role in (*_NUMBERS, *_WHOLE):
        if role in columns:
            rows[role], wrong = _numbers(table, role, columns[role])
            faults += wrong
    if "blq" in columns:
        rows["blq"], wrong = read_flags(table, columns["blq"])
        faults += wrong
    both = table.words(columns["value"]).ne("") if dose_rows_observe and "event" not in columns else None
    rows, wrong = _kinds(table, columns, rows, both)
    return Records(table, columns, rows, tuple(faults + wrong))


def _numbers(table: Table, role: str, column: str) -> tuple[pd.Series, list[Finding]]:
    """Return a column of numbers with the faults of its role; a cell at fault is NaN."""
    expected, wrong = "a number", None
    if role in ("missing", "censored"):  # a frame may hold true and false
        words = table.words(column).map({"TRUE": "1", "FALSE": "0"})
        table = Table(table.name, table.cells.assign(**{column: words.fillna(table.cells[column])}))
    found, faults = table.numbers(column)
    if role in _WHOLE:
        allowed = _WHOLE[role]
        expected = "a whole number" if allowed is None else f"one of {', '.join(map(str, allowed))}"
        wrong = found.notna() & (found % 1 != 0) if allowed is None else found.notna() & ~found.isin(allowed)
        if role == "event":  # 101 is a dose into compartment 1, as RxODE wrote it
            wrong &= ~((found % 100 == 1) & (found < 10000) & (found > 100))
            expected += " (or 101: a dose into compartment 1)"
    if role in _NOT_NEGATIVE:
        negative = found < 0
        expected = "a limit that is not negative" if role in ("lloq", "detection", "uloq") else f"{expected} that is not negative"
        wrong = negative if wrong is None else wrong | negative
    if wrong is not None:
        faults = faults + [cell_fault(row, column, expected, table.cells.at[row, column]) for row in found.index[wrong]]
        found = found.mask(wrong)
    return found, faults


def read_flags(table: Table, column: str) -> tuple[pd.Series, list[Finding]]:
    """Return yes or no for each row of a column of marks; an empty cell is no mark."""
    text = table.words(column).map(short_code)
    marks = text.map({**FLAGS, "": False})
    faults = [cell_fault(row, column, "1 or 0, true or false", table.cells.at[row, column]) for row in text.index[marks.isna()]]
    return marks.where(marks.notna(), False).astype(np.bool_), faults


def _kinds(table: Table, columns: Mapping[str, str], rows: pd.DataFrame, both: pd.Series | None) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows with what each of them is: a dose, a sample (where `both` also on a dose row), a reset; codes of output and route."""
    amount = rows["amount"].fillna(0.0) if "amount" in rows else pd.Series(0.0, index=rows.index)
    given = rows["event"] if "event" in rows else pd.Series(np.nan, index=rows.index)
    classic = given > 100
    event = given.where(~classic, 1.0).where(given.notna(), (amount != 0).astype(float))
    route = rows["compartment"] if "compartment" in rows else pd.Series("", index=rows.index, dtype=object)
    route = route.where(~classic, (given // 100).map(lambda n: "" if n != n else str(int(n))))
    is_dose = event.isin((1.0, 4.0))
    sample = (event == 0.0) if both is None else (event == 0.0) | (is_dose & both)
    sample = sample & (rows["missing"] != 1.0) if "missing" in rows else sample
    code = rows["analyte"] if "analyte" in rows else pd.Series("", index=rows.index, dtype=object)
    if "analyte" not in rows and "compartment" in rows and rows["compartment"][sample].nunique() > 1:
        code = rows["compartment"]
    faults = []
    if "amount" in rows:
        lacking = rows.index[is_dose & rows["amount"].isna() & ~table.words(columns["amount"]).ne("")]
        faults = [cell_fault(row, columns["amount"], "the amount of the dose", table.cells.at[row, columns["amount"]]) for row in lacking]
    return rows.assign(event=event, route=route, code=code, is_dose=is_dose, is_sample=sample), faults
