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

    def __add__(self, other: Regimen) -> Regimen:
        """Return both regimens together."""
        if self.time != other.time:
            raise InputError(f"regimens in '{self.time}' and '{other.time}' cannot be added; give both in one time unit")
        return Regimen(*self.events, *other.events, time=self.time)
