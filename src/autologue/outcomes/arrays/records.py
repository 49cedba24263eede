"""Dated records of many patients: `PatientRecord` as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError

__all__ = ["DATES", "Records"]

Floats = NDArray[np.float64]
DATES = ("enrolment", "randomisation", "salvage_start", "infusion", "transplant", "new_therapy", "crossover", "death", "last_contact")


@dataclass(frozen=True, eq=False)
class Records:
    """Dates (n,) in days on one clock, NaN where it did not happen, and assessments `day`, `category` (n, visits) in order of day.

    One new therapy a patient, `for_efficacy` where efficacy was lacking. Categories are the codes of `arrays.labels`; a visit without an
    assessment has code 0. What is dated after death or last contact is refused, as in `PatientRecord`.
    """

    enrolment: Floats
    randomisation: Floats
    salvage_start: Floats
    infusion: Floats
    transplant: Floats
    new_therapy: Floats
    for_efficacy: NDArray[np.bool_]
    crossover: Floats
    death: Floats
    last_contact: Floats
    day: Floats
    category: NDArray[np.int8]

    def __post_init__(self) -> None:
        for name in DATES[:-1]:
            self._refuse_after(name, getattr(self, name), self.last_contact, "the last contact")
            if name != "death":
                self._refuse_after(name, getattr(self, name), self.death, "death")
        days = np.where(self.category > 0, self.day, -np.inf)
        self._refuse_after("an assessment", days.max(axis=1, initial=-np.inf), self.last_contact, "the last contact")
        self._refuse_after("an assessment", days.max(axis=1, initial=-np.inf), self.death, "death")

    def _refuse_after(self, name: str, days: Floats, limit: Floats, what: str) -> None:
        late = np.flatnonzero(days > limit)
        if len(late):
            k = int(late[0])
            raise InputError(f"patient {k}: {name} on day {days[k]:g} is after {what} on day {limit[k]:g}; correct one of the two")

    def __len__(self) -> int:
        return len(self.last_contact)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Records:
        """Return some of the patients."""
        return Records(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def dates(self) -> Floats:
        """Return all dates (n, len(DATES))."""
        return np.column_stack([getattr(self, name) for name in DATES])
