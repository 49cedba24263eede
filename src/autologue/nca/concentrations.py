"""Concentrations from a CSV or Parquet file, whose columns are guessed from the names in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.data.findings import Finding, cell_fault, refuse
from autologue.data.records import read_flags
from autologue.data.roles import NAMES, find_columns
from autologue.data.samples import read_values
from autologue.data.table import EMPTY, Table, read_table
from autologue.errors import InputError, unknown

__all__ = ["read_concentrations"]

_ROLES = ("id", "time", "value", "blq", "censored", "lloq", "group", "dose", "amount", "event", "missing", "analyte")
_NEEDED = ("id", "time", "value")


@dataclass(frozen=True)
class _Source:
    """A table and the column of each role; the first fault of a cell is raised."""

    table: Table
    columns: Mapping[str, str]

    def fault(self, row: object, role: str, expected: str) -> InputError:
        """Return the error for one cell."""
        column = self.columns[role]
        return InputError(f"{self.table.name}, {cell_fault(row, column, expected, self.table.cells.at[row, column]).sentence}")

    def sure(self, faults: list[Finding]) -> None:
        """Raise the first fault."""
        refuse(self.table.name, faults[:1])

    def numbers(self, role: str) -> pd.Series:
        """Return a column as floats, NaN where it is empty."""
        found, faults = self.table.numbers(self.columns[role])
        self.sure(faults)
        return found

    def labels(self, role: str) -> pd.Series:
        """Return a column as text."""
        return self.table.labels(self.columns[role])

    def where(self, kept: pd.Series) -> _Source:
        """Return the same source with the rows that are kept."""
        return _Source(self.table.where(kept), self.columns)


def read_concentrations(path: str | Path, *, columns: Mapping[str, str] | None = None, analyte: str | None = None) -> pd.DataFrame:
    """Return the samples in a CSV (comma, semicolon or tab) or Parquet file: columns id, time, value, blq and, if given, lloq, group, dose.

    Columns are found by name (ID, TIME, DV, CENS or BLQ, LLOQ, GROUP, DOSE, ... in any case); `columns` maps a role to a column that
    goes by another name. Dosing rows (EVID not 0, or AMT above 0) and rows with MDV 1 are left out; the dose is then the total AMT of
    a patient, whose first one must be at time 0. A value `<50`, `BLQ` or `ND` is below the limit; so is zero; so is a value under LLOQ
    where no column says what is below. Where that column says so, DV may be empty or hold the limit. With several analytes in the file,
    `analyte` chooses one. Raises InputError: file, row (the header is row 1; in Parquet the first record is), column, what is expected.
    """
    table = read_table(path)
    source = _Source(table, find_columns(table, columns or {}, roles=_ROLES, needed=_NEEDED))
    source, doses = _observations(_choose(source, analyte))
    if source.table.cells.empty:
        raise InputError(f"{table.name} holds no samples: at least one row with an id, a time and a value is expected")
    return _samples(source, doses)


def _choose(source: _Source, analyte: str | None) -> _Source:
    """Return the rows of one analyte, with the dosing rows."""
    if "analyte" not in source.columns:
        if analyte is not None:
            raise InputError(f"{source.table.name} has no column for analyte: expected one of {', '.join(NAMES['analyte'])}")
        return source
    names, observed = source.labels("analyte").map(str.upper), _is_observation(source)
    kinds = sorted(set(names[observed]))
    if analyte is None and len(kinds) > 1:
        raise InputError(f"{source.table.name} holds several analytes: choose one of {', '.join(kinds)[:200]!r}")
    if analyte is None:
        return source
    wanted = analyte.strip().upper()
    if wanted not in kinds:
        raise InputError(f"{source.table.name}: {unknown('analyte', wanted, kinds)}")
    return source.where(~observed | (names == wanted))


def _is_observation(source: _Source) -> pd.Series:
    """Return which rows are samples: EVID 0, AMT not above 0, MDV 0, as far as these columns are there."""
    observed = pd.Series(data=True, index=source.table.cells.index)
    for role in ("event", "amount", "missing"):
        if role in source.columns and not (role == "amount" and "event" in source.columns):
            observed &= ~(source.numbers(role).abs() > 0.0)
    return observed


def _observations(source: _Source) -> tuple[_Source, dict[str, float]]:
    """Return the samples alone, and the total dose of each patient that has dosing rows."""
    observed = _is_observation(source)
    doses: dict[str, float] = {}
    if "amount" in source.columns:
        amounts, times, ids = source.numbers("amount"), source.numbers("time"), source.labels("id")
        given = amounts > 0.0
        for row in ids[given].drop_duplicates().index:
            if times.at[row] != 0.0:
                raise source.fault(row, "time", "the first dose of a patient at time 0, as times count from the infusion")
        doses = {str(name): float(total) for name, total in amounts[given].groupby(ids[given]).sum().items()}
    return source.where(observed), doses


def _samples(source: _Source, doses: Mapping[str, float]) -> pd.DataFrame:
    """Return the tidy table of samples."""
    ids, time = source.labels("id"), source.numbers("time")
    nameless = ids.map(str.upper).isin(EMPTY)
    if nameless.any():
        raise source.fault(nameless.idxmax(), "id", "the name or number of a patient")
    if time.isna().any():
        raise source.fault(time.isna().idxmax(), "time", "a number")
    twice = pd.DataFrame({"id": ids, "time": time}).duplicated()
    if twice.any():
        row = twice.idxmax()
        raise source.fault(row, "time", f"one sample of patient {str(ids.at[row])[:40]!r} at each time")
    value, blq, lloq = _values(source)
    whole = ids.map(lambda name: name.isascii() and name.isdecimal() and len(name) < 18 and str(int(name)) == name).all()
    table = {"id": ids.astype(np.int64) if whole else ids, "time": time, "value": value, "blq": blq}
    if lloq.notna().any():
        table["lloq"] = lloq
    if "group" in source.columns:
        table["group"] = source.labels("group")
    if "dose" in source.columns:
        table["dose"] = source.numbers("dose")
    elif set(ids) <= set(doses):
        table["dose"] = ids.map(doses).astype(np.float64)
    return pd.DataFrame(table).reset_index(drop=True)


def _values(source: _Source) -> tuple[pd.Series, NDArray[np.bool_], pd.Series]:
    """Return values, marks of what is below the limit, and the limits where known."""
    read = read_values(source.table, source.columns["value"])
    source.sure(read.faults)
    value, below = read.value, read.word.isin(("below", "undetected", "detected"))
    if (read.word == "above").any():
        raise source.fault((read.word == "above").idxmax(), "value", "a number, '<limit' or 'BLQ'")
    lloq = source.numbers("lloq") if "lloq" in source.columns else pd.Series(np.nan, index=value.index)
    if (lloq < 0.0).any():
        raise source.fault((lloq < 0.0).idxmax(), "lloq", "a limit that is not negative")
    marks = next((role for role in ("blq", "censored") if role in source.columns), None)
    blq = (value < lloq if marks is None else _flags(source, marks)) | below | (value == 0.0)
    wrong = ~blq & ~(value > 0.0)
    if wrong.any():
        raise source.fault(wrong.idxmax(), "value", "a positive number, '<limit' or 'BLQ'")
    return value.where(~(blq & (value < 0.0))), blq.to_numpy(np.bool_), lloq.fillna(read.bound)


def _flags(source: _Source, role: str) -> pd.Series:
    """Return the marks of a BLQ or CENS column; an empty cell is no mark."""
    found, faults = read_flags(source.table, source.columns[role])
    if faults:
        raise source.fault(faults[0].rows[0], role, "1 or 0, true or false (right-censored samples are not supported)")
    return found
