"""One patient's dated record: when each thing happened, in days on one clock (any common origin)."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Assessment

__all__ = ["NewTherapy", "PatientRecord"]


@dataclass(frozen=True)
class NewTherapy:
    """A new anti-cancer therapy (transplant and crossover have their own fields); `for_efficacy`: given because efficacy was lacking."""

    day: float
    for_efficacy: bool = True


@dataclass(frozen=True, kw_only=True)
class PatientRecord:
    """Everything an estimand may ask about one patient; None: it did not happen. All dates in days on one clock.

    `enrolment` is enrolment or apheresis, `salvage_start` the start of salvage therapy, `crossover` CAR T cells given outside the
    assigned arm, `last_contact` the last day known alive (or the day of death). Raises InputError for dates that cannot be.
    """

    patient: str
    last_contact: float
    enrolment: float | None = None
    randomisation: float | None = None
    salvage_start: float | None = None
    infusion: float | None = None
    assessments: tuple[Assessment, ...] = ()
    transplant: float | None = None
    new_therapies: tuple[NewTherapy, ...] = ()
    crossover: float | None = None
    death: float | None = None

    def __post_init__(self) -> None:
        for name, day in self.dates():
            if not isfinite(day):
                raise InputError(f"patient {self.patient}: {name} is dated {day}, expected a finite day; correct the date")
            if self.death is not None and day > self.death:
                raise InputError(
                    f"patient {self.patient}: {name} on day {day:g} is after death on day {self.death:g}; correct one of the two"
                )
            if day > self.last_contact:
                last = f"the last contact on day {self.last_contact:g}"
                raise InputError(f"patient {self.patient}: {name} on day {day:g} is after {last}; correct one of the two")
        starts = [(name, getattr(self, name)) for name in ("enrolment", "randomisation") if getattr(self, name) is not None]
        for name, day in starts:
            if self.infusion is not None and self.infusion < day:
                raise InputError(
                    f"patient {self.patient}: infusion on day {self.infusion:g} is before {name} on day {day:g}; correct the dates"
                )

    def dates(self) -> list[tuple[str, float]]:
        """Return every dated thing of the record as (name, day), in no order."""
        names = ("last_contact", "enrolment", "randomisation", "salvage_start", "infusion", "transplant", "crossover", "death")
        single = [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]
        return [
            *single,
            *(("new therapy", therapy.day) for therapy in self.new_therapies),
            *((f"assessment ({found.response.label})", found.day) for found in self.assessments),
        ]
