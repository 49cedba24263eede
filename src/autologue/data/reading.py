"""How a table is read: which column plays which role, what is measured in which unit, and how the rows are understood."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from autologue import units
from autologue.data.conventions import Autologue, Convention
from autologue.data.table import short_code
from autologue.errors import InputError

__all__ = ["Actual", "Covariate", "Kind", "Measured", "Nominal", "Predose", "Reading", "Resets", "Route", "TimeToEvent"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured output: unit and matrix of its values, the code of its rows (DVID, YTYPE, PARAMCD, CMT), and its assay limits.

    unit: '' where nothing says it. code: '' stands for the name of the output or its place among the outputs. limit, detection:
    limits of quantification and of detection, for rows that have none of their own.
    """

    unit: str = ""
    matrix: str = ""
    code: str = ""
    limit: float | None = None
    detection: float | None = None

    def __post_init__(self) -> None:
        """Check the unit and the order of the limits."""
        if self.unit:
            units.parse(self.unit)
        for value in (self.limit, self.detection):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise InputError(f"a limit of the assay is {value!r}; expected a number of at least zero")
        if self.limit is not None and self.detection is not None and self.detection > self.limit:
            raise InputError(f"the limit of detection {self.detection:g} is above that of quantification {self.limit:g}; swap them")


@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """A time to event in rows of its own: 0 while followed, then 1 at the event, or 0 at the last contact.

    The first row is the entry. `interval`: the event came between its row and the row before.
    """

    code: str = ""
    interval: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A dosing route: unit of its amounts ('cells/kg' is multiplied by the weight), and its code (CMT, ADM); as in Measured."""

    unit: str = ""
    code: str = ""


class Kind(Enum):
    """What a covariate is: a number, a label, or a number that changes with time and drives an input of the model."""

    CONTINUOUS = "continuous"
    CATEGORICAL = "categorical"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class Covariate:
    """A covariate: its column ('' is its own name), its kind, and for coded ones the label of each code."""

    column: str = ""
    kind: Kind = Kind.CONTINUOUS
    labels: Mapping[str, str] = field(default_factory=dict)


class Predose(Enum):
    """What becomes of samples that show nothing (zero, or below the limit) up to the first dose."""

    KEEP = "keep"
    DROP = "drop"


class Resets(Enum):
    """What becomes of EVID 3 and 4 once something was given or measured: refused, or a patient of its own begins ('7, part 2')."""

    REFUSE = "refuse"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Actual:
    """Times as they were; the planned time where the actual one is empty."""


@dataclass(frozen=True, slots=True)
class Nominal:
    """Planned times: of the nominal column, or the nearest of `visits`; a sample further than `window` from it is left out."""

    window: float = math.inf
    visits: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check window and visits."""
        object.__setattr__(self, "visits", tuple(float(v) for v in self.visits))
        if not self.window >= 0 or list(self.visits) != sorted(set(self.visits)):
            raise InputError(
                f"nominal times with window {self.window!r} and visits {self.visits}; expected a window >= 0, visits ascending"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a table is read; what is left out is guessed from names (`guess_reading` returns and prints the whole).

    columns: role -> column (roles: `autologue.data.NAMES`). outputs, routes: by name, in the order of their numbers.
    covariates: by name; None guesses, {} takes none. known: parameter of the model -> column that holds its value.
    time_unit: unit of all times, by default that of the model. infusion_day: 1 where the file calls the day of infusion day 1.
    times: Actual() or Nominal(...). occasion_dose: route of which each dose after the first begins an occasion (a reinfusion).
    convention: whose reading is followed where programs differ. patients: what patients are called whose id in the file is a code.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Measured | TimeToEvent] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    covariates: Mapping[str, Covariate] | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    time_unit: str | None = None
    infusion_day: int = 0
    times: Actual | Nominal = field(default_factory=Actual)
    predose: Predose = Predose.KEEP
    resets: Resets = Resets.REFUSE
    occasion_dose: str = ""
    convention: Convention = field(default_factory=Autologue)
    patients: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the mappings and check units and numbers."""
        for name in ("columns", "outputs", "routes", "covariates", "known", "patients"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if self.infusion_day not in (0, 1):
            raise InputError(f"the infusion is on day {self.infusion_day!r}; expected 0 or 1")
        if self.time_unit is not None:
            units.parse(self.time_unit)

    def __str__(self) -> str:
        """Say the reading in lines."""
        from autologue.data.describe import describe_reading

        return describe_reading(self)


def find_code(label: str, named: Mapping[str, Any]) -> str | None:
    """Return which of the `named` things (each with a code) a label stands for: by code, by name, by number; None for none.

    >>> find_code("2", {"cp": Measured(), "pca": Measured()})
    'pca'
    """
    names: Sequence[str] = list(named)
    for name in names:
        if short_code(named[name].code) == label and label:
            return name
    plain = [name for name in names if not named[name].code]
    by_name = next((name for name in plain if name.upper() == label.upper()), None)
    if by_name is not None:
        return by_name
    if not label:
        return names[0] if names and (len(names) == 1 or plain == names) else None
    place = int(label) if label.isdecimal() and len(label) < 9 else 0
    return names[place - 1] if 1 <= place <= len(names) and plain == names else None
