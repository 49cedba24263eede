"""Arms of a randomised trial, what a comparator does, and crossover to CAR T cells."""

from __future__ import annotations

from dataclasses import dataclass

from autologue.protocol.conduct import LogSpread
from autologue.protocol.entries import Quantity

__all__ = ["TREATMENTS", "Arm", "Comparator", "Crossover", "Curve"]

TREATMENTS = ("car_t", "comparator")


@dataclass(frozen=True, slots=True)
class Curve:
    """A historical survival curve: survival at months after time zero, as published."""

    months: tuple[float, ...]
    survival: tuple[float, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Comparator:
    """Treatment without CAR T cells, as statistics: response by `day`, transplant of responders, then progression.

    `transplant` is the share of responders who reach it, at `transplant_day`; `durable` the share of transplanted (where there is
    transplant, else of complete) responders who never progress; the others progress after `progression`. With `curve`, death follows
    a published curve and progression is not simulated.
    """

    complete: Quantity
    partial: Quantity
    day: Quantity
    curve: Curve | None
    transplant: Quantity | None
    transplant_day: Quantity | None
    durable: Quantity | None
    progression: LogSpread | None


@dataclass(frozen=True, slots=True)
class Crossover:
    """Share of patients without benefit who then receive CAR T cells outside their arm, and the days until then."""

    share: Quantity
    after: Quantity


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm: its share of the randomised, its treatment (`car_t` or `comparator`), and crossover if there is any."""

    name: str
    share: float
    treatment: str
    comparator: Comparator | None
    crossover: Crossover | None
    source: str
