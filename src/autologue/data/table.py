"""The cells of a table as text, with the number of each row: from a CSV file, a Parquet file or a data frame."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from autologue.data.findings import Finding, cell_fault
from autologue.errors import InputError

__all__ = ["EMPTY", "Source", "Table", "read_number", "read_table", "short_code"]

EMPTY = ("", ".", "NA", "NAN", "NONE", "<NA>")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.ASCII)
Source = str | Path | pd.DataFrame


@dataclass(frozen=True)
class Table:
    """Cells as stripped text, indexed by row number: the header of a text file is row 1; in Parquet and frames the first record is."""

    name: str
    cells: pd.DataFrame

    def labels(self, column: str) -> pd.Series:
        """Return a column as text."""
        return self.cells[column]

    def words(self, column: str) -> pd.Series:
        """Return a column in upper case, to compare with words; what stands for an empty cell is ''."""
        upper = self.cells[column].map(str.upper).astype(object)
        return upper.where(~upper.isin(EMPTY), "")

    def numbers(self, column: str, expected: str = "a number") -> tuple[pd.Series, list[Finding]]:
        """Return a column as floats, NaN where it is empty, and a fault for each cell that is not a finite number."""
        text = self.words(column)
        found = text.map(read_number).astype(np.float64)
        wrong = text.index[(text != "") & ~np.isfinite(found)]
        return found, [cell_fault(row, column, expected, self.cells.at[row, column]) for row in wrong]

    def where(self, kept: pd.Series) -> Table:
        """Return the same table with the rows that are kept."""
        return Table(self.name, self.cells[kept])


def read_number(text: str) -> float:
    """Return the correctly rounded number that upper-case text spells, or NaN."""
    return float(text) if NUMBER.fullmatch(text) else float("nan")


def short_code(text: str) -> str:
    """Return a label in which a whole number has one spelling, and an empty cell is ''.

    >>> short_code("2.0"), short_code("02"), short_code("cp"), short_code(".")
    ('2', '2', 'cp', '')
    """
    if text.upper() in EMPTY:
        return ""
    number = read_number(text.upper())
    return str(int(number)) if number == number and abs(number) < 1e15 and number == int(number) else text


def read_table(source: Source) -> Table:
    """Return the cells of a CSV (comma, semicolon or tab), a Parquet file or a data frame.

    Raises InputError where it cannot be read, is not rectangular, is empty, or where two columns share a name.
    """
    if isinstance(source, pd.DataFrame):
        table = Table("the data frame", _as_text(source))
    else:
        path = Path(source)
        table = Table(path.name, _read_parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _read_text(path))
    header = list(table.cells.columns)
    if len(set(header)) < len(header):
        raise InputError(f"{table.name}: each column needs a name of its own, found {', '.join(header)[:200]!r}")
    return table


def _read_text(path: Path) -> pd.DataFrame:
    records, numbers, before = [], [], 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for record in reader:
                if any(cell.strip() for cell in record):
                    records.append([cell.strip() for cell in record])
                    numbers.append(before + 1)
                before = reader.line_num
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path.name} is not UTF-8 text: save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path.name}, row {before + 1}: the row cannot be split into cells ({error})") from error
    if not records:
        raise InputError(f"{path.name} is empty: a header and at least one row are expected")
    _check_width(path.name, records, numbers)
    rows = pd.DataFrame(records[1:], index=numbers[1:], columns=pd.Index(records[0], dtype=object), dtype=object)
    return rows.replace(r"^(\s*<?\s*[+-]?\d+),(\d+\s*)$", r"\1.\2", regex=True) if delimiter == ";" else rows


def _check_width(name: str, records: Sequence[Sequence[str]], numbers: Sequence[int]) -> None:
    for number, record in zip(numbers, records, strict=True):
        if len(record) != len(records[0]):
            raise InputError(f"{name}, row {number}: expected {len(records[0])} cells, as in the header, found {len(record)}")


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return _as_text(pd.read_parquet(path))
    except FileNotFoundError as error:
        raise InputError(f"{path.name} cannot be read: no such file") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: the file is damaged, or another format") from error


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    cells = {k: [_cell(value) for value in frame.iloc[:, k].tolist()] for k in range(frame.shape[1])}
    header = pd.Index([str(name).strip() for name in frame.columns], dtype=object)
    return pd.DataFrame(cells, index=pd.RangeIndex(1, len(frame) + 1), dtype=object).set_axis(header, axis=1)


def _cell(value: object) -> str:
    """Return a value as text; a whole float as an integer, since a column with gaps is read as floats."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return str(value).strip()
