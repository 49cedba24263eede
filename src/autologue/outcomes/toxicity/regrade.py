"""Re-grading a cohort from one scale to another, from the physiology and never from the grade alone.

Grades cannot be mapped to grades: a Penn grade 3 may be ASTCT 2 or 3. What can be done is to grade the same findings twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autologue.errors import InputError
from autologue.outcomes.toxicity.findings import DailyFindings
from autologue.outcomes.toxicity.grading import Grade, Scale, grade_course

__all__ = ["Regraded", "by_patient", "regrade"]


@dataclass(frozen=True)
class Regraded:
    """Worst grade of every patient by two scales: `worst[patient] = (by source, by target)`."""

    source: str
    target: str
    worst: dict[str, tuple[int, int]]

    def crosstab(self) -> dict[tuple[int, int], int]:
        """Return the number of patients per pair of worst grades."""
        return dict(Counter(self.worst.values()))

    def share_at_least(self, grade: int) -> tuple[float, float]:
        """Return the share of patients with a worst grade of `grade` or more, by source and by target (fractions)."""
        pairs = list(self.worst.values())
        return sum(a >= grade for a, _ in pairs) / len(pairs), sum(b >= grade for _, b in pairs) / len(pairs)


def by_patient(cohort: Sequence[DailyFindings]) -> dict[str, list[DailyFindings]]:
    """Return the days of each patient in order; raises InputError if a patient's day comes twice or there is none at all."""
    patients: dict[str, dict[float, DailyFindings]] = {}
    for findings in cohort:
        days = patients.setdefault(findings.patient, {})
        if findings.day in days:
            raise InputError(f"{findings.where} comes twice; expected one record per patient and day, so merge the two")
        days[findings.day] = findings
    if not patients:
        raise InputError("the cohort has no record; expected at least one patient and day")
    return {patient: [days[day] for day in sorted(days)] for patient, days in patients.items()}


def regrade(cohort: Sequence[DailyFindings], *, source: Scale, target: Scale) -> Regraded:
    """Grade every patient by both scales and return the worst grades.

    Raises InputError naming patient, day and missing finding where the record does not allow one of the scales.
    """
    worst = {patient: (_worst(days, source), _worst(days, target)) for patient, days in by_patient(cohort).items()}
    return Regraded(source.name, target.name, worst)


def _worst(days: Sequence[DailyFindings], scale: Scale) -> int:
    grades = grade_course(days, scale)
    values = [_given(grade) for grade in grades]
    return max(values)


def _given(grade: Grade) -> int:
    if grade.value is None:
        raise InputError(f"{grade.reason}; record the finding or leave the patient out")
    return grade.value
