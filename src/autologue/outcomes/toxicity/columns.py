"""The columns of a table of daily findings and how a cell becomes a value; errors name row and column (row 1 is the first record)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from math import isfinite
from numbers import Real

from autologue.errors import InputError, unknown
from autologue.outcomes.toxicity.findings import FIELDS, Consciousness, DailyFindings, Death, Oedema, Oxygen, PressorDose, Seizure

__all__ = ["check_columns", "findings_from_row", "is_blank"]

YES, NO = ("1", "1.0", "true", "yes", "y"), ("0", "0.0", "false", "no", "n")
BLANK = ("", "na", "nan", "nat", "none given", "<na>", "null")
Cell = Callable[[object], object]


def is_blank(cell: object) -> bool:
    """Say whether a cell means "not recorded": empty, NA, NaN or null (any case).

    >>> is_blank(""), is_blank("NA"), is_blank(float("nan")), is_blank("none")
    (True, True, True, False)
    """
    return cell is None or str(cell).strip().lower() in BLANK


def _number(cell: object) -> float:
    try:
        value = float(cell) if isinstance(cell, Real) else float(str(cell).strip())
    except (ValueError, OverflowError):
        raise InputError("a number") from None
    if not isfinite(value):
        raise InputError("a finite number")
    return value


def _whole(cell: object) -> int:
    value = _number(cell)
    if value != int(value):
        raise InputError("a whole number")
    return int(value)


def _flag(cell: object) -> bool:
    word = str(cell).strip().lower()
    if word not in YES + NO:
        raise InputError("yes or no (also 1 or 0, true or false)")
    return word in YES


def _word(kind: type[StrEnum]) -> Cell:
    def parse(cell: object) -> StrEnum:
        word = str(cell).strip().lower().replace(" ", "_").replace("-", "_")
        if word not in list(kind):
            raise InputError(f"one of {', '.join(kind)}")
        return kind(word)

    return parse


WORDS: dict[str, type[StrEnum]] = {
    "pressor_dose": PressorDose,
    "oxygen": Oxygen,
    "consciousness": Consciousness,
    "seizure": Seizure,
    "oedema": Oedema,
    "death": Death,
}
NUMBERS = ("day", "age_years", "temperature_c", "oxygen_flow", "fio2")
FLAGS = (
    "constitutional",
    "hospitalised",
    "hypotension",
    "iv_fluids",
    "vasopressin",
    "blood_products",
    "antipyretic",
    "tocilizumab",
    "steroid",
    "motor_weakness",
    "other_cause",
    "neuro_other_cause",
)


def _reader(column: str) -> Cell:
    if column in WORDS:
        return _word(WORDS[column])
    if column in NUMBERS:
        return _number
    return _flag if column in FLAGS else _whole


READERS: dict[str, Cell] = {name: _reader(name) for name in FIELDS if name != "patient"}


def check_columns(names: Sequence[object]) -> None:
    """Raise InputError unless `patient` and `day` are there, every column is known and none comes twice."""
    for position, name in enumerate(names):
        if name not in FIELDS:
            raise InputError(f"{unknown('column', ' '.join(str(name).split()), FIELDS)}; rename it or take it out")
        if name in names[:position]:
            raise InputError(f"column '{name}' comes twice; expected each column once, so take one out")
    for needed in ("patient", "day"):
        if needed not in names:
            raise InputError(f"column '{needed}' is missing; expected one row per patient and day with the columns patient and day")


def findings_from_row(row: Mapping[str, object], number: int) -> DailyFindings:
    """Return the findings of one row (`number` counts records from 1); raises InputError with row and column."""
    values: dict[str, object] = {}
    for column, cell in row.items():
        if is_blank(cell):
            if column in ("patient", "day"):
                raise InputError(f"row {number}, column {column}: empty, expected a value in every row; fill it in")
            continue
        values[column] = " ".join(str(cell).split()) if column == "patient" else _read(column, cell, number)
    try:
        return DailyFindings(**values)  # type: ignore[arg-type]
    except InputError as error:
        raise InputError(f"row {number}: {error}") from None


def _read(column: str, cell: object, number: int) -> object:
    try:
        return READERS[column](cell)
    except InputError as error:
        raise InputError(f"row {number}, column {column}: {str(cell)[:40]!r} is not usable, expected {error}; correct the cell") from None
