"""What is given to a patient and when: infusions of cells, drugs, and piecewise-constant inputs.

Times are in the model's time unit unless the regimen says another (`time=`), counted from the CAR-T infusion or from
whatever the model calls zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autologue import units
from autologue.errors import InputError

__all__ = ["Bolus", "Infusion", "Level", "Regimen"]


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
