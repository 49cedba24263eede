"""Worst grade, onset and duration of a toxicity in one patient, from its daily grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autologue.errors import InputError
from autologue.outcomes.toxicity.grading import Grade

__all__ = ["Episode", "summarise_grades"]


@dataclass(frozen=True)
class Episode:
    """One patient's toxicity by one scale; days since infusion.

    `onset` is the first and `last` the last day of grade 1 or more, `duration` = last - onset + 1 (days), all None if there was
    none. `ongoing`: the record ends while the grade is 1 to 4, so the duration is a lower bound. `ungraded` days could not be graded;
    if there are any, `worst` is the grade that is certain, and onset and duration are those of the graded days.
    """

    scale: str
    worst: int
    worst_day: float | None
    onset: float | None
    last: float | None
    duration: float | None
    ongoing: bool
    ungraded: tuple[float, ...] = ()


def summarise_grades(days: Sequence[float], grades: Sequence[Grade]) -> Episode:
    """Return worst grade, onset and duration; `days` and `grades` have one entry per recorded day of one patient and one scale.

    Raises InputError if the lengths differ, if there is no day, or if a day comes twice.

    >>> grades = [Grade("crs_penn", value, value, "") for value in (0, 1, 3, 0)]
    >>> episode = summarise_grades([0, 1, 2, 3], grades)
    >>> episode.worst, episode.onset, episode.duration, episode.ongoing
    (3, 1, 2, False)
    """
    if not days or len(days) != len(grades):
        raise InputError(f"summarise_grades got {len(days)} days and {len(grades)} grades, expected as many of both, at least one")
    if len(set(days)) < len(days):
        raise InputError("summarise_grades got one day twice, expected each day once; merge the two records")
    course = sorted(zip(days, grades, strict=True), key=lambda pair: pair[0])
    sure = [(day, grade.at_least) for day, grade in course]
    ill = [day for day, value in sure if value > 0]
    worst = max(value for _, value in sure)
    return Episode(
        scale=grades[0].scale,
        worst=worst,
        worst_day=next(day for day, value in sure if value == worst) if ill else None,
        onset=ill[0] if ill else None,
        last=ill[-1] if ill else None,
        duration=ill[-1] - ill[0] + 1 if ill else None,
        ongoing=bool(ill) and ill[-1] == course[-1][0] and 1 <= sure[-1][1] <= 4,
        ungraded=tuple(day for day, grade in course if grade.value is None),
    )
