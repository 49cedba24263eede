"""From a table to `TimeToEvent`: every value checked, and a refusal names the row and the column."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype

from autologue import units
from autologue.errors import InputError, UnitError, unknown
from autologue.survival.records import Floats, Integers, TimeToEvent

__all__ = ["check_time_unit", "column_of", "interval_censored", "numbers", "time_to_event"]


@dataclass(frozen=True)
class Columns:
    """Where the optional properties of a subject are found, and the unit of time."""

    entry: str | None
    arm: str | None
    weight: str | None
    background: str | None
    subject: str | None
    covariates: tuple[str, ...]
    unit: str


CODES: Mapping[Hashable, str | None] = {0: None, 1: "event"}


def time_to_event(
    frame: pd.DataFrame,
    *,
    time: str = "time",
    status: str = "status",
    codes: Mapping[Hashable, str | None] = CODES,
    entry: str | None = None,
    arm: str | None = None,
    weight: str | None = None,
    background: str | None = None,
    subject: str | None = None,
    covariates: Sequence[str] = (),
    unit: str = "month",
) -> TimeToEvent:
    """Return exact and right-censored times from a table with one row a subject.

    `codes` declares every value of the status column: None means censored, a word names the cause of the event, and a value
    that is not declared is refused. Times are in `unit` since time zero; `entry` is the time of entry under observation,
    `background` the expected hazard (per `unit`) at each subject's time, from a life table.

    Raises `InputError`, naming row (first data row = 1) and column, for: an absent column, a value that is no finite number,
    a unit that is no time, a time before zero, an entry at or after the time, a weight below zero, a status that is not declared.

    >>> table = pd.DataFrame({"time": [2.0, 5.0, 7.0], "status": [1, 0, 1]})
    >>> data = time_to_event(table)
    >>> len(data), int(data.event.sum()), data.follow_up
    (3, 2, 7.0)
    """
    times = numbers(frame, time, least=0.0, reading="time zero")
    cause, causes = _causes(frame, status, codes)
    upper = np.where(cause > 0, times, np.inf)
    return _assemble(frame, times, upper, cause, causes, Columns(entry, arm, weight, background, subject, tuple(covariates), unit))


def interval_censored(
    frame: pd.DataFrame,
    *,
    lower: str = "lower",
    upper: str = "upper",
    entry: str | None = None,
    arm: str | None = None,
    weight: str | None = None,
    subject: str | None = None,
    covariates: Sequence[str] = (),
    unit: str = "month",
    event: str = "event",
) -> TimeToEvent:
    """Return interval-censored times: free of the event at `lower`, event by `upper` (empty or infinite = not yet seen).

    Equal bounds are an exact time; a lower bound of 0 is left censoring. Raises `InputError` as `time_to_event` does, and
    where an upper bound is below its lower bound.

    >>> data = interval_censored(pd.DataFrame({"lower": [0.0, 3.0, 6.0], "upper": [3.0, 3.0, np.inf]}))
    >>> data.interval_censored, int(data.event.sum())
    (True, 2)
    """
    left = numbers(frame, lower, least=0.0, reading="time zero")
    raw = column_of(frame, upper)
    right = pd.to_numeric(raw, errors="coerce").to_numpy(np.float64)
    for row in np.flatnonzero(np.isnan(right) & raw.notna().to_numpy())[:1]:
        raise InputError(
            f"row {row + 1}, column '{upper}': {_said(raw.iloc[row])} is no number; correct it, or leave it empty if not yet seen."
        )
    right = np.where(np.isnan(right), np.inf, right)
    for row in np.flatnonzero(right < left)[:1]:
        raise InputError(f"row {row + 1}, column '{upper}': {right[row]:g} is below the lower bound {left[row]:g}; swap or correct them.")
    cause = np.isfinite(right).astype(np.int64)
    return _assemble(frame, left, right, cause, (event,), Columns(entry, arm, weight, None, subject, tuple(covariates), unit))


def numbers(frame: pd.DataFrame, column: str, least: float, reading: str) -> Floats:
    """Return a column as finite floats that are at least `least`, which error messages call `reading`."""
    raw = column_of(frame, column)
    values = pd.to_numeric(raw, errors="coerce").to_numpy(np.float64)
    for row in np.flatnonzero(~np.isfinite(values))[:1]:
        raise InputError(f"row {row + 1}, column '{column}': {_said(raw.iloc[row])} is not a finite number; correct it or drop the row.")
    for row in np.flatnonzero(values < least)[:1]:
        raise InputError(f"row {row + 1}, column '{column}': {values[row]:g} is below {reading} ({least:g}); correct it or drop the row.")
    return values


def column_of(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of a table; raises `InputError` where it is absent, there twice, or without a row."""
    if column not in frame.columns:
        raise InputError(unknown("column", column, [str(name) for name in frame.columns]))
    if list(frame.columns).count(column) > 1:
        raise InputError(f"column '{column}' is there more than once; rename or drop the others.")
    if len(frame) == 0:
        raise InputError(f"column '{column}': the table has no rows; at least one is needed.")
    return frame[column]


def check_time_unit(unit: str) -> None:
    """Raise InputError unless a unit measures time."""
    try:
        units.convert(1.0, unit, "day")
    except UnitError:
        raise InputError(f"the unit of time is '{unit}'; expected one like day, week, month or year.") from None


def _said(value: object) -> str:
    """Return a value as a person would write it."""
    if value is None or value is pd.NaT or value != value:
        return "an empty cell"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _causes(frame: pd.DataFrame, status: str, codes: Mapping[Hashable, str | None]) -> tuple[Integers, tuple[str, ...]]:
    causes = tuple(dict.fromkeys(name for name in codes.values() if name is not None))
    rank = {code: 0 if name is None else causes.index(name) + 1 for code, name in codes.items()}
    found = column_of(frame, status)
    if is_bool_dtype(found.dtype):
        found = found.astype(int)
    mapped = found.map(rank)
    for row in np.flatnonzero(mapped.isna())[:1]:
        known = ", ".join(f"{code!r} ({name or 'censored'})" for code, name in codes.items())
        value = _said(found.iloc[row])
        raise InputError(f"row {row + 1}, column '{status}': {value} is not a declared status; known: {known}; add it to codes.")
    return np.asarray(mapped, np.int64), causes


def _arms(frame: pd.DataFrame, arm: str | None) -> tuple[Integers, tuple[str, ...]]:
    if arm is None:
        return np.zeros(len(frame), np.int64), ("all",)
    values = column_of(frame, arm)
    for row in np.flatnonzero(values.isna())[:1]:
        raise InputError(f"row {row + 1}, column '{arm}': the arm is missing; fill it or drop the row.")
    codes, names = pd.factorize(values.astype(str), sort=True)
    return codes.astype(np.int64), tuple(str(name) for name in names)


def _assemble(
    frame: pd.DataFrame,
    lower: Floats,
    upper: Floats,
    cause: Integers,
    causes: tuple[str, ...],
    columns: Columns,
) -> TimeToEvent:
    check_time_unit(columns.unit)
    n, entry, weight, background, subject = len(frame), columns.entry, columns.weight, columns.background, columns.subject
    entries = np.zeros(n) if entry is None else numbers(frame, entry, least=0.0, reading="time zero")
    for row in np.flatnonzero((entries > 0) & (entries >= lower))[:1]:
        raise InputError(
            f"row {row + 1}, column '{entry}': entry {entries[row]:g} is not before the time {lower[row]:g}; "
            "a subject is observed after entry only."
        )
    arm_codes, arms = _arms(frame, columns.arm)
    names: NDArray[np.object_] = np.arange(1, n + 1).astype(object) if subject is None else column_of(frame, subject).to_numpy(object)
    for name in columns.covariates:
        numbers(frame, name, least=-np.inf, reading="minus infinity")
    return TimeToEvent(
        lower=lower.copy(),
        upper=upper.copy(),
        cause=cause,
        entry=entries.copy(),
        weight=np.ones(n) if weight is None else numbers(frame, weight, least=0.0, reading="the least weight").copy(),
        background=np.zeros(n) if background is None else numbers(frame, background, least=0.0, reading="the least hazard").copy(),
        arm=arm_codes.copy(),
        subject=names.copy(),
        covariates=frame[list(columns.covariates)].astype(np.float64).reset_index(drop=True),
        arms=arms,
        causes=causes,
        unit=columns.unit,
    )
