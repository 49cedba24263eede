"""What a reference case is: a setting (model, population, times, regimen), then claims, each with how ours is read from the course.

Tolerance: half a unit of the last printed digit; a case that is missed carries a note.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autologue.qualify.course import Course
from autologue.regimen import Regimen

__all__ = ["ABSTRACT", "COMPUTED", "TEXT", "Case", "Read", "Setting", "at", "points"]

COMPUTED = "computed from the published equations independently"
TEXT, ABSTRACT = "text", "paper or its abstract"
Read = Callable[[Course], float]


@dataclass(frozen=True, slots=True)
class Case:
    """One claim: words, number as printed (or True or False), how ours is read; tolerance None means the printed precision."""

    claim: str
    published: str | bool
    ours: Read
    source: str = COMPUTED
    tolerance: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One course of one model and the cases read from it; `explicit` is the method that the model needs."""

    model: str
    times: NDArray[np.float64]
    cases: Sequence[Case]
    population: str = ""
    regimen: Regimen | None = None
    changed: Mapping[str, float] = field(default_factory=dict)
    explicit: bool = True


def at(name: str, time: float, scale: float = 1.0) -> Read:
    """Return how a state or output is read at a time."""
    return lambda course: scale * course.at(name, time)


def points(name: str, unit: str, rows: Mapping[float, str]) -> list[Case]:
    """Return one case for each time of a state or output."""
    return [Case(f"{name} at {time:g}, {unit}", printed, at(name, time)) for time, printed in rows.items()]
