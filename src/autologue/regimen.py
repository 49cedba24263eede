"""What is given to a patient and when: infusions of cells, drugs, and piecewise-constant inputs.

Times are in the model's time unit unless the regimen says another (`time=`), counted from the CAR-T infusion or from
whatever the model calls zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autologue import units
from autologue.errors import InputError

__all__ = ["Bolus", "Infusion", "Level", "Regimen", "read_regimens"]


def _check(what: str, **values: float) -> None:
    for name, value in values.items():
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise InputError(f"{what} has {name} {value!r}; a finite number is expected")


def _check_repeats(what: str, amount: float, every: float, *, additional: int, steady_state: bool) -> None:
    if amount < 0:
        raise InputError(f"{what} has amount {amount:g}; expected zero or more")
    if additional < 0 or additional != int(additional):
        raise InputError(f"{what} has {additional!r} additional doses; expected a whole number of at least zero")
    if (additional or steady_state) and not every > 0:
        raise InputError(f"{what} repeats (ADDL or SS) with interval {every:g}; give every= above zero")


@dataclass(frozen=True, slots=True)
class Bolus:
    """An amount given at once. `additional` more follow `every` interval; `steady_state` starts as if given for ever before."""

    time: float
    amount: float
    unit: str
    into: str
    every: float = 0.0
    additional: int = 0
    steady_state: bool = False

    def __post_init__(self) -> None:
        """Check the numbers."""
        what = f"bolus into '{self.into}' at time {self.time!r}"
        _check(what, time=self.time, amount=self.amount)
        _check_repeats(what, self.amount, self.every, additional=self.additional, steady_state=self.steady_state)


@dataclass(frozen=True, slots=True)
class Infusion:
    """An amount given at a constant rate over `duration`; repeats as in Bolus."""

    time: float
    amount: float
    duration: float
    unit: str
    into: str
    every: float = 0.0
    additional: int = 0
    steady_state: bool = False

    def __post_init__(self) -> None:
        """Check the numbers."""
        what = f"infusion into '{self.into}' at time {self.time!r}"
        _check(what, time=self.time, amount=self.amount, duration=self.duration)
        if self.duration <= 0:
            raise InputError(f"{what} lasts {self.duration:g}; expected above zero (a bolus is given at once)")
        _check_repeats(what, self.amount, self.every, additional=self.additional, steady_state=self.steady_state)


@dataclass(frozen=True, slots=True)
class Level:
    """An input held at `value` from `time` on, until `until` (then back to the model's default)."""

    time: float
    input: str
    value: float
    until: float = math.inf

    def __post_init__(self) -> None:
        """Check the numbers."""
        _check(f"input '{self.input}' at time {self.time!r}", time=self.time, value=self.value)
        if not self.until > self.time:
            raise InputError(f"input '{self.input}' is held from {self.time:g} until {self.until:g}; the end must come later")


@dataclass(frozen=True, slots=True, init=False)
class Regimen:
    """A patient's treatment: any number of Bolus, Infusion and Level values, in any order."""

    events: tuple[Bolus | Infusion | Level, ...]
    time: str | None

    def __init__(self, *events: Bolus | Infusion | Level, time: str | None = None) -> None:
        """Take events; `time` is the unit of their times, by default that of the model."""
        for event in events:
            if not isinstance(event, (Bolus, Infusion, Level)):
                raise InputError(f"a regimen holds {event!r}; expected Bolus, Infusion or Level")
        if time is not None:
            units.parse(time)
        object.__setattr__(self, "events", events)
        object.__setattr__(self, "time", time)

    def __str__(self) -> str:
        """Return the treatment in words.

        >>> str(Regimen(Bolus(7.0, 1e6, "cells", "infusion", every=7.0, additional=2), Level(0.0, "drug", 2.0, until=3.0), time="day"))
        '1e+06 cells into infusion at day 7 and 2 more, each 7 later; drug at 2 from day 0 to 3'
        """
        return "; ".join(_said(event, f"{self.time} " if self.time else "") for event in self.events) or "nothing"

    def __add__(self, other: Regimen) -> Regimen:
        """Return both regimens together."""
        if self.time != other.time:
            raise InputError(f"regimens in '{self.time}' and '{other.time}' cannot be added; give both in one time unit")
        return Regimen(*self.events, *other.events, time=self.time)


def _said(event: Bolus | Infusion | Level, time: str) -> str:
    if isinstance(event, Level):
        end = f" to {event.until:g}" if math.isfinite(event.until) else " on"
        return f"{event.input} at {event.value:g} from {time}{event.time:g}{end}"
    over = f" over {event.duration:g}" if isinstance(event, Infusion) else ""
    more = f" and {event.additional} more, each {event.every:g} later" if event.additional else ""
    steady = ", at steady state" if event.steady_state else ""
    return f"{event.amount:g} {event.unit} into {event.into} at {time}{event.time:g}{over}{more}{steady}"


_COLUMNS = ("ID", "TIME", "AMT", "EVID", "CMT", "RATE", "II", "ADDL", "SS")


def _row_event(row: Mapping[str, Any], routes: Sequence[str], dose_units: Mapping[str, str], where: str) -> Bolus | Infusion:
    route = row["CMT"]
    if isinstance(route, str) and route.strip().isdigit():  # a column that mixes numbers and names is read as text
        route = int(route)
    if isinstance(route, (int, float)):
        if not 1 <= int(route) <= len(routes) or int(route) != route:
            raise InputError(
                f"{where}: CMT {route!r} is not one of the dosing routes ({', '.join(routes)}); use its name or 1 to {len(routes)}"
            )
        route = routes[int(route) - 1]
    elif route not in routes:
        raise InputError(f"{where}: CMT '{route}' is not a dosing route; expected one of {', '.join(routes)}")
    common: dict[str, Any] = {"every": row["II"], "additional": int(row["ADDL"]), "steady_state": row["SS"] == 1}
    try:
        if row["RATE"] > 0:
            return Infusion(row["TIME"], row["AMT"], row["AMT"] / row["RATE"], dose_units[route], route, **common)
        return Bolus(row["TIME"], row["AMT"], dose_units[route], route, **common)
    except InputError as problem:
        raise InputError(f"{where}: {problem}") from None


def read_regimens(path: str | Path, *, routes: Mapping[str, str], time: str | None = None) -> dict[Any, Regimen]:
    """Read the dose rows (EVID 1 or 4, or AMT > 0) of an event table, CSV or Parquet: patient -> Regimen.

    `routes` maps a dosing route of the model to the unit its amounts are in; CMT is a route's name or its number.
    """
    import pandas as pd

    path = Path(path)
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, na_values=["."])
    except (OSError, ValueError, pd.errors.ParserError) as problem:
        raise InputError(f"{path.name}: cannot be read as an event table ({problem}); expected CSV or Parquet") from None
    table = table.rename(columns={c: str(c).strip().upper() for c in table.columns})
    for need in ("ID", "TIME", "AMT"):
        if need not in table:
            raise InputError(f"{path.name}: column {need} is missing; an event table needs ID, TIME and AMT")
    first = next(iter(routes))
    defaults: dict[str, Any] = {"EVID": None, "CMT": first, "RATE": 0.0, "II": 0.0, "ADDL": 0, "SS": 0}
    found: dict[Any, list[Bolus | Infusion]] = {}
    for number, record in enumerate(table.to_dict("records"), start=2):
        row = {c: defaults.get(c) if c not in record or record[c] is None or record[c] != record[c] else record[c] for c in _COLUMNS}
        for column in ("TIME", "AMT", "RATE", "II", "ADDL", "SS"):
            if row[column] is not None and not isinstance(row[column], (int, float)):
                raise InputError(f"{path.name}, row {number}, column {column}: {row[column]!r} is not a number")
        if row["ID"] is None:
            raise InputError(f"{path.name}, row {number}, column ID: empty; each row names its patient")
        found.setdefault(row["ID"], [])
        if row["EVID"] in (1, 4) or (row["EVID"] is None and float(row["AMT"] or 0.0) > 0):
            if row["TIME"] is None or row["AMT"] is None:
                raise InputError(f"{path.name}, row {number}: a dose needs TIME and AMT")
            found[row["ID"]].append(_row_event(row, list(routes), routes, f"{path.name}, row {number}"))
    return {patient: Regimen(*events, time=time) for patient, events in found.items()}
