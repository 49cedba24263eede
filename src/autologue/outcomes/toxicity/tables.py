"""A table of daily findings in, grades by every scale out: what `autologue grade FILE` computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from autologue.errors import InputError
from autologue.outcomes.toxicity.columns import check_columns, findings_from_row
from autologue.outcomes.toxicity.episode import summarise_grades
from autologue.outcomes.toxicity.findings import DailyFindings
from autologue.outcomes.toxicity.grading import Grade, Scale, grade_course
from autologue.outcomes.toxicity.regrade import by_patient
from autologue.outcomes.toxicity.scales import SCALES, named_scales

__all__ = ["findings_from_table", "grade_table", "read_findings", "summarise_table"]

EPISODE = ("worst", "worst_day", "onset", "last", "duration", "ongoing")


def read_findings(path: str | Path) -> pd.DataFrame:
    """Read a CSV (UTF-8, comma, header) or Parquet file of daily findings; cells of a CSV stay text until they are graded.

    Raises InputError if the file cannot be read, is not a table, or has a column that is unknown, missing or double.
    """
    file = Path(path)
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    if file.suffix.lower() not in readers:
        raise InputError(f"{file.name}: expected a file ending in .csv or .parquet; convert or rename it")
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{file.name}: cannot be read ({getattr(error, 'strerror', None) or error}); check the path") from None
    try:
        frame = readers[file.suffix.lower()](content)
        check_columns(list(frame.columns))
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None
    return frame


def _read_csv(content: bytes) -> pd.DataFrame:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"not a readable CSV file in UTF-8 ({error}); export it again as comma-separated UTF-8") from None
    rows = [row for row in rows if row]
    if not rows:
        raise InputError("the file is empty, expected a header with patient and day and one row per patient and day")
    header = [name.strip() for name in rows[0]]
    if len(header) == 1 and ";" in header[0]:
        raise InputError("the columns are separated by semicolons; export the table with commas, and points in numbers")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise InputError(f"row {number}: {len(row)} cells, expected {len(header)} as in the header; quote cells that contain a comma")
    return pd.DataFrame(rows[1:], columns=header, dtype=object)


def _read_parquet(content: bytes) -> pd.DataFrame:
    try:
        table = pq.read_table(pa.BufferReader(content))
        return pd.DataFrame({name: table.column(index).to_pylist() for index, name in enumerate(_single(table.column_names))}, dtype=object)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise InputError(
            f"not a readable Parquet file ({str(error).splitlines()[0][:120] if str(error) else 'damaged'}); write it again"
        ) from None


def _single(names: list[str]) -> list[str]:
    check_columns(names)
    return names


def findings_from_table(frame: pd.DataFrame) -> list[DailyFindings]:
    """Return one DailyFindings per row; raises InputError, in one sentence with row and column, at the first cell that is not usable."""
    columns = list(frame.columns)
    check_columns(columns)
    cells = [frame[name].tolist() for name in columns]
    return [findings_from_row(dict(zip(columns, row, strict=True)), number) for number, row in enumerate(zip(*cells, strict=True), start=1)]


def _grades(cohort: Sequence[DailyFindings], scale: Scale) -> list[Grade]:
    """Grade every record, in the order of `cohort`."""
    found: dict[tuple[str, float], Grade] = {}
    for patient, days in by_patient(cohort).items():
        found.update({(patient, day.day): grade for day, grade in zip(days, grade_course(days, scale), strict=True)})
    return [found[findings.patient, findings.day] for findings in cohort]


def grade_table(frame: pd.DataFrame, *, scales: Iterable[str] | None = None) -> pd.DataFrame:
    """Grade a table of daily findings; one row per row of `frame`, in its order, with its index.

    Columns: patient, day, and per scale `<scale>_grade` (Int64; <NA> where the record does not allow one) and `<scale>_reason`
    (words). Without `scales` every scale is used and a day that cannot be graded says why. A scale asked for by name must be
    possible on every row: else InputError names row, column and scale. Bad cells raise InputError as well.

    >>> frame = pd.DataFrame({"patient": ["A"], "day": [1], "temperature_c": [39.0], "hypotension": ["no"], "pressors": [0],
    ...                       "vasopressin": ["no"], "oxygen": ["nasal_cannula"], "oxygen_flow": [4]})
    >>> grade_table(frame, scales=["crs_astct_2019"]).crs_astct_2019_grade.tolist()
    [2]
    """
    chosen = tuple(SCALES.values()) if scales is None else named_scales(scales)
    cohort = findings_from_table(frame)
    table = pd.DataFrame({"patient": [f.patient for f in cohort], "day": [f.day for f in cohort]}, index=frame.index)
    for scale in chosen:
        grades = _grades(cohort, scale)
        if scales is not None:
            _refuse_ungraded(grades)
        table[f"{scale.name}_grade"] = pd.array([grade.value for grade in grades], dtype="Int64")
        table[f"{scale.name}_reason"] = [grade.reason for grade in grades]
    return table


def _refuse_ungraded(grades: Sequence[Grade]) -> None:
    for number, grade in enumerate(grades, start=1):
        if grade.value is None:
            raise InputError(f"row {number}, column {grade.missing[0]}: {grade.reason}; record it or leave the scale out")


def summarise_table(frame: pd.DataFrame, *, scales: Iterable[str] | None = None) -> pd.DataFrame:
    """Return worst grade, onset and duration per patient and scale from a table of daily findings.

    Columns: patient, scale, worst, worst_day, onset, last, duration (days), ongoing, ungraded_days (a number of days; where it is
    not 0 the worst grade is a lower bound). Raises InputError as `grade_table` does for bad cells.
    """
    chosen = tuple(SCALES.values()) if scales is None else named_scales(scales)
    rows = []
    for patient, days in by_patient(findings_from_table(frame)).items():
        for scale in chosen:
            episode = summarise_grades([day.day for day in days], grade_course(days, scale))
            rows.append((patient, scale.name, *(getattr(episode, name) for name in EPISODE), len(episode.ungraded)))
    return pd.DataFrame(rows, columns=["patient", "scale", *EPISODE, "ungraded_days"])
