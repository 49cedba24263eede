"""The columns of a table of daily findings and how a cell becomes a value; errors name row and column (row 1 is the first record)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from math import isfinite
from numbers import Real

from autologue.errors import InputError, unknown
from autologue.outcomes.toxicity.findings import FIELDS, LIMITS, Consciousness, DailyFindings, Death, Oedema, Oxygen, PressorDose, Seizure

__all__ = ["check_columns", "column_meanings", "findings_from_row", "is_blank"]

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
FLAGS = {
    "constitutional": "symptoms such as malaise, myalgia or nausea",
    "hospitalised": "in hospital because of the symptoms, not for the infusion alone",
    "hypotension": "blood pressure below what is normal for the patient",
    "iv_fluids": "given for hypotension",
    "vasopressin": "given",
    "blood_products": "given for a coagulopathy of the syndrome",
    "antipyretic": "given on this day",
    "tocilizumab": "given on this day",
    "steroid": "given on this day",
    "motor_weakness": "deep focal weakness, such as hemiparesis or paraparesis",
    "other_cause": "something else explains the day's fever, hypotension and hypoxia; no if empty",
    "neuro_other_cause": "something else explains the neurological findings; no if empty",
}


def _reader(column: str) -> Cell:
    if column in WORDS:
        return _word(WORDS[column])
    if column in NUMBERS:
        return _number
    return _flag if column in FLAGS else _whole


READERS: dict[str, Cell] = {name: _reader(name) for name in FIELDS if name != "patient"}


def column_meanings() -> dict[str, str]:
    """Return what each column of a table of daily findings holds, in words, in the order of `DailyFindings`.

    >>> column_meanings()["fio2"]
    'number from 0.21 to 1, a fraction'
    """
    found = {}
    for name in FIELDS:
        if name in WORDS:
            found[name] = f"one of {', '.join(WORDS[name])}"
        elif name in LIMITS:
            low, high, meaning = LIMITS[name]
            found[name] = f"{'number' if name in NUMBERS else 'whole number'} from {low:g} to {high:g}, {meaning}"
        else:
            found[name] = f"yes or no, {FLAGS[name]}" if name in FLAGS else "a name"
    return found


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
        if is_blank(cell) or (column == "pressor_dose" and str(cell).strip().lower() == "none"):  # no pressor has no dose
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
