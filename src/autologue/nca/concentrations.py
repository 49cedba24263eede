"""Concentrations from a CSV or Parquet file, whose columns are guessed from the names in use."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from autologue.errors import InputError, unknown

__all__ = ["read_concentrations"]

NAMES = {  # what a column holds: the names it goes by, best first, in any case
    "id": ("ID", "USUBJID", "SUBJID", "SUBJECT", "PATIENT"),
    "time": ("TIME", "TAFD", "DAY", "DAYS"),
    "value": ("DV", "VALUE", "CONC", "CONCENTRATION", "AVAL", "TRANSGENE"),
    "blq": ("BLQ", "CENS", "BQL", "BLOQ"),
    "lloq": ("LLOQ", "LOQ"),
    "group": ("GROUP", "ARM", "COHORT", "RESPONSE"),
    "dose": ("DOSE",),
    "amount": ("AMT",),
    "event": ("EVID",),
    "missing": ("MDV",),
    "analyte": ("ANALYTE", "DVID", "PARAMCD", "YTYPE"),
}
EMPTY = ("", ".", "NA", "NAN", "NONE", "<NA>")
BELOW = ("BLQ", "BQL", "BLOQ", "<LLOQ", "<LOQ", "ND")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.ASCII)
FLAGS = {"1": True, "TRUE": True, "T": True, "YES": True, "Y": True, "0": False, "FALSE": False, "F": False, "NO": False, "N": False}


@dataclass(frozen=True)
class _Source:
    """A file as it was read: its name, its rows (index: row in the file), and the column of each role."""

    name: str
    rows: pd.DataFrame
    columns: Mapping[str, str]

    def fault(self, row: object, role: str, expected: str) -> InputError:
        """Return the error for one cell."""
        column = self.columns[role]
        found = str(self.rows.at[row, column])
        return InputError(f"{self.name}, row {row}, column {column}: expected {expected}, found {found[:40]!r}")

    def labels(self, role: str) -> pd.Series:
        """Return a column as stripped text."""
        return self.rows[self.columns[role]].map(lambda cell: str(cell).strip()).astype(object)

    def text(self, role: str) -> pd.Series:
        """Return a column as stripped text in upper case, to compare with words."""
        return self.labels(role).map(str.upper).astype(object)

    def numbers(self, role: str, expected: str = "a number") -> pd.Series:
        """Return a column as floats, NaN where it is empty; raise InputError for anything that is not a finite number."""
        text = self.text(role)
        found = text.map(_number).astype(np.float64)
        wrong = ~text.isin(EMPTY) & ~np.isfinite(found)
        if wrong.any():
            raise self.fault(wrong.idxmax(), role, expected)
        return found

    def where(self, kept: pd.Series) -> _Source:
        """Return the same source with the rows that are kept."""
        return _Source(self.name, self.rows[kept], self.columns)


def read_concentrations(path: str | Path, *, columns: Mapping[str, str] | None = None, analyte: str | None = None) -> pd.DataFrame:
    """Return the samples in a CSV (comma, semicolon or tab) or Parquet file: columns id, time, value, blq and, if given, lloq, group, dose.

    Columns are found by name (ID, TIME, DV, CENS or BLQ, LLOQ, GROUP, DOSE, ... in any case); `columns` maps a role to a column that
    goes by another name. Dosing rows (EVID not 0, or AMT above 0) and rows with MDV 1 are left out; the dose is then the total AMT of
    a patient, whose first one must be at time 0. A value `<50` or `BLQ` is below the limit; so is zero; so is a value under LLOQ where
    no column says what is below. Where that column says so, DV may be empty or hold the limit. With several analytes in the file,
    `analyte` chooses one. Raises InputError: file, row (the header is row 1; in Parquet the first record is), column, what is expected.
    """
    path = Path(path)
    rows = _read_parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _read_text(path)
    source = _Source(path.name, rows, _find_columns(path.name, list(rows.columns), columns or {}))
    source, doses = _observations(_choose(source, analyte))
    if source.rows.empty:
        raise InputError(f"{path.name} holds no samples: at least one row with an id, a time and a value is expected")
    return _samples(source, doses)


def _number(text: str) -> float:
    """Return the correctly rounded number that upper-case text spells, or NaN."""
    return float(text) if NUMBER.fullmatch(text) else float("nan")


def _read_text(path: Path) -> pd.DataFrame:
    """Return the cells of a delimited text file as text, indexed by row number."""
    records, numbers, before = [], [], 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for record in reader:
                if any(cell.strip() for cell in record):
                    records.append(record)
                    numbers.append(before + 1)
                before = reader.line_num
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8 text: save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path.name}, row {before + 1}: the row cannot be split into cells ({error})") from error
    if not records:
        raise InputError(f"{path.name} is empty: a header and at least one row are expected")
    header = [cell.strip() for cell in records[0]]
    for number, record in zip(numbers, records, strict=True):
        if len(record) != len(header):
            raise InputError(f"{path.name}, row {number}: expected {len(header)} cells, as in the header, found {len(record)}")
    rows = pd.DataFrame(records[1:], index=numbers[1:], columns=pd.Index(header, dtype=object), dtype=object)
    return rows.replace(r"^(\s*<?\s*[+-]?\d+),(\d+\s*)$", r"\1.\2", regex=True) if delimiter == ";" else rows


def _read_parquet(path: Path) -> pd.DataFrame:
    """Return the records of a Parquet file, indexed from 1."""
    try:
        rows = pd.read_parquet(path).reset_index(drop=True)
    except FileNotFoundError as error:
        raise InputError(f"{path.name} cannot be read: no such file") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: the file is damaged, or another format") from error
    return rows.set_axis(pd.RangeIndex(1, len(rows) + 1)).rename(columns=str)


def _find_columns(name: str, header: list[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each role that the file has; id, time and value must be there."""
    if len(set(header)) < len(header):
        raise InputError(f"{name}: each column needs a name of its own, found {', '.join(header)[:200]!r}")
    for role, column in given.items():
        if role not in NAMES:
            raise InputError(unknown("role of a column", role, NAMES))
        if column not in header:
            raise InputError(f"{name}: {unknown('column', column, header)}")
    taken = set(given.values())
    by_upper = {column.upper(): column for column in reversed(header) if column not in taken}
    found = dict(given)
    for role, names in NAMES.items():
        match = next((by_upper[upper] for upper in names if upper in by_upper), None)
        if role not in found and match is not None:
            found[role] = match
    for role in ("id", "time", "value"):
        if role not in found:
            known = ", ".join(NAMES[role])
            raise InputError(f"{name} has no column for {role}: expected one of {known} (or say which), found {', '.join(header)[:200]!r}")
    return found


def _choose(source: _Source, analyte: str | None) -> _Source:
    """Return the rows of one analyte, with the dosing rows."""
    if "analyte" not in source.columns:
        if analyte is not None:
            raise InputError(f"{source.name} has no column for analyte: expected one of {', '.join(NAMES['analyte'])}")
        return source
    names, observed = source.text("analyte"), _is_observation(source)
    kinds = sorted(set(names[observed]))
    if analyte is None and len(kinds) > 1:
        raise InputError(f"{source.name} holds several analytes: choose one of {', '.join(kinds)[:200]!r}")
    if analyte is None:
        return source
    wanted = analyte.strip().upper()
    if wanted not in kinds:
        raise InputError(f"{source.name}: {unknown('analyte', wanted, kinds)}")
    return source.where(~observed | (names == wanted))


def _is_observation(source: _Source) -> pd.Series:
    """Return which rows are samples: EVID 0, AMT not above 0, MDV 0, as far as these columns are there."""
    observed = pd.Series(data=True, index=source.rows.index)
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
    ids, time, nameless = source.labels("id"), source.numbers("time"), source.text("id").isin(EMPTY)
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
    text = source.text("value")
    said, limited = text.isin(BELOW), text.str.match(r"^<\s*[\d.]")
    column = source.columns["value"]
    plain = _Source(source.name, source.rows.assign(**{column: source.rows[column].mask(said | limited, ".")}), source.columns)
    value = plain.numbers("value", "a number, '<limit' or 'BLQ'")
    limits = text.str.removeprefix("<").str.strip().where(limited, "").map(_number).astype(np.float64)
    if (limited & ~np.isfinite(limits)).any():
        raise source.fault((limited & ~np.isfinite(limits)).idxmax(), "value", "a number after '<'")
    lloq = source.numbers("lloq") if "lloq" in source.columns else pd.Series(np.nan, index=text.index)
    if (lloq < 0.0).any():
        raise source.fault((lloq < 0.0).idxmax(), "lloq", "a limit that is not negative")
    flagged = _flags(source) if "blq" in source.columns else value < lloq
    blq = flagged | said | limited | (value == 0.0)
    wrong = ~blq & ~(value > 0.0)
    if wrong.any():
        raise source.fault(wrong.idxmax(), "value", "a positive number, '<limit' or 'BLQ'")
    return value.where(~(blq & (value < 0.0))), blq.to_numpy(np.bool_), lloq.fillna(limits)


def _flags(source: _Source) -> pd.Series:
    """Return the marks of a BLQ or CENS column; an empty cell is no mark."""
    text = source.text("blq").str.replace(r"\.0+$", "", regex=True)
    marks = text.map({**FLAGS, **dict.fromkeys(EMPTY, False)})
    if marks.isna().any():
        raise source.fault(marks.isna().idxmax(), "blq", "1 or 0, true or false (right-censored samples are not supported)")
    return marks.astype(np.bool_)
