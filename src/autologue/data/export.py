"""A cohort as an event table in the dialect of NONMEM, Monolix or nlmixr2, with the reading that reads it back."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from autologue.data.codes import make_codes
from autologue.data.conventions import Autologue, Convention
from autologue.data.reading import Reading
from autologue.data.rows import Row, patient_rows
from autologue.data.table import EMPTY, read_number
from autologue.errors import InputError
from autologue.files import replacing
from autologue.model import Model
from autologue.patient import Cohort

__all__ = ["events_table", "write_events"]

_ALWAYS = ("id", "time", "event", "value")
_NATIVE = Autologue()


def write_events(cohort: Cohort, path: str | Path, *, convention: Convention = _NATIVE, model: Model | None = None) -> Reading:
    """Write a cohort as CSV or Parquet in the dialect of `convention`; return the reading with which `read_cohort` gives it back.

    `model` says the value of an input after a Level has ended. Raises InputError for what the dialect cannot say: conditioning on a value
    above a limit (only nlmixr2 has it), units that differ between patients. The file is whole or not there.
    """
    path = Path(path)
    if path.suffix.lower() not in (".csv", ".parquet", ".pq"):
        raise InputError(f"{path.name}: the ending says no format; expected .csv or .parquet")
    table, reading = events_table(cohort, convention=convention, model=model)
    with replacing(path) as part:
        if path.suffix.lower() == ".csv":
            with part.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(table.columns)
                writer.writerows(table.itertuples(index=False, name=None))
        else:
            pd.DataFrame({name: _typed(table[name]) for name in table}).to_parquet(part, index=False)
    return reading


def events_table(cohort: Cohort, *, convention: Convention = _NATIVE, model: Model | None = None) -> tuple[pd.DataFrame, Reading]:
    """Return a cohort as a table of text cells, and its reading; as `write_events`, without a file."""
    codes = make_codes(cohort, convention)
    rows = [row for patient in cohort for row in patient_rows(patient, codes, convention, model)]
    roles = _needed(rows, convention)
    columns = {role: convention.columns[role] for role in roles} | {name: column for name, column in codes.columns.items()}
    cells = {
        column: [row.get(role, row.get(f"+{role}", convention.empty)) for row in rows] for role, column in columns.items()
    }  # what is no role is a covariate or a known parameter, whose key has a plus before it
    reading = Reading(
        columns={role: convention.columns[role] for role in roles}, outputs=codes.outputs, routes=codes.routes if "amount" in roles else {},
        covariates=codes.covariates, known=codes.known, time_unit=codes.time, convention=convention, patients=codes.patients,
    )  # fmt: skip
    return pd.DataFrame(cells, dtype=object), reading


def _needed(rows: Sequence[Row], convention: Convention) -> list[str]:
    """Return the roles for which something is to be written, in the order of the dialect."""
    used = {role for row in rows for role in row}
    marked = "lloq" in used or any(row.get("censored", "0") != "0" for row in rows)
    wanted = (used | set(_ALWAYS)) - (set() if marked else {"censored", "blq"})
    return [role for role in convention.columns if role in wanted]


def _typed(cells: pd.Series) -> pd.Series:
    """Return a column as numbers where all its cells are numbers or empty; labels like 00 stay text, or they would come back as 0."""
    known = ~cells.map(str.upper).isin(EMPTY)
    if bool(cells.str.match(r"0\d").any()):
        return cells.where(known, None)
    numbers = cells.where(known, "").map(lambda cell: read_number(cell.upper()))
    return numbers.astype(float) if bool((numbers.notna() | ~known).all()) else cells.where(known, None)
