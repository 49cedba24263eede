"""A response, the assessment that found it, and what a course of assessments says: best, confirmed, first, at which visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import inf, isfinite

from autologue.errors import InputError

__all__ = ["Assessment", "BestResponse", "Category", "Response", "Visit", "at_visits", "best_response", "time_to_response"]


class Category(StrEnum):
    """What any set of criteria comes down to; relapse after a complete response is progression."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    STABLE = "stable"
    PROGRESSION = "progression"
    NOT_EVALUABLE = "not_evaluable"


RESPONSES = (Category.COMPLETE, Category.PARTIAL)


@dataclass(frozen=True)
class Response:
    """A response by one set of criteria: its label there, the common category, a rank (higher is deeper) and the reason in words."""

    criteria: str
    label: str
    category: Category
    rank: int
    reason: str


@dataclass(frozen=True)
class Assessment:
    """A response and its day (days on the clock of the patient's record)."""

    day: float
    response: Response

    def __post_init__(self) -> None:
        if not isfinite(self.day):
            raise InputError(f"an assessment ({self.response.label}) is dated {self.day}, expected a finite day; correct the date")

    @property
    def responds(self) -> bool:
        """Whether this is a complete or partial response."""
        return self.response.category in RESPONSES


@dataclass(frozen=True)
class BestResponse:
    """The best response (None if there is none) with the reason in words; `assessment.day` is the day it was first reached."""

    assessment: Assessment | None
    reason: str


@dataclass(frozen=True)
class Visit:
    """A planned visit at `day` with a window from `day - before` to `day + after` (days)."""

    name: str
    day: float
    before: float
    after: float


def at_visits(assessments: Sequence[Assessment], visits: Sequence[Visit]) -> dict[str, Assessment | None]:
    """Return per visit the assessment in its window that is nearest to its day (the earlier of two as near), or None.

    Raises InputError for windows that overlap or are negative.
    """
    ordered = sorted(visits, key=lambda visit: visit.day)
    for visit in ordered:
        if visit.before < 0 or visit.after < 0:
            raise InputError(f"visit {visit.name} has a negative window, expected days before and after of 0 or more; correct it")
    for one, other in pairwise(ordered):
        if one.day + one.after >= other.day - other.before:
            raise InputError(f"the windows of visits {one.name} and {other.name} overlap, expected separate windows; narrow one")
    return {visit.name: _nearest(assessments, visit) for visit in visits}


def _nearest(assessments: Sequence[Assessment], visit: Visit) -> Assessment | None:
    inside = [a for a in assessments if visit.day - visit.before <= a.day <= visit.day + visit.after]
    return min(inside, key=lambda a: (abs(a.day - visit.day), a.day), default=None)


def best_response(
    assessments: Sequence[Assessment], *, confirm_days: float | None = None, by: float = inf, until: float = inf
) -> BestResponse:
    """Return the deepest response up to the first progression.

    `by`: it must be reached on or before this day; it may be confirmed later. `until`: assessments after this day (say, of new
    therapy) do not count at all. With `confirm_days`, a complete or partial response counts only as far as it is held by every
    evaluable assessment up to a later one at least that many days on (0: the next one); what is held counts (a CR followed by a
    PR is a confirmed PR). Stable disease and progression need no confirmation.
    """
    course = _evaluable(assessments, until)
    held = [_held(course, index, confirm_days) for index, found in enumerate(course) if found.day <= by]
    counted = [found for found in held if found is not None]
    if not counted:
        reason = "no response was confirmed" if any(found.day <= by for found in course) else "no evaluable assessment"
        return BestResponse(None, reason)
    best = max(counted, key=lambda found: (found.response.rank, -found.day))
    words = "" if confirm_days is None or not best.responds else f", held for {confirm_days:g} days or more"
    return BestResponse(best, f"{best.response.label} on day {best.day:g}{words}: {best.response.reason}")


def _evaluable(assessments: Sequence[Assessment], until: float) -> list[Assessment]:
    """Return the evaluable assessments in order, up to `until` and up to and including the first progression."""
    course: list[Assessment] = []
    for found in sorted(assessments, key=lambda a: a.day):
        if found.day > until or found.response.category is Category.NOT_EVALUABLE:
            continue
        course.append(found)
        if found.response.category is Category.PROGRESSION:
            break
    return course


def _held(course: Sequence[Assessment], index: int, confirm_days: float | None) -> Assessment | None:
    """Return the assessment as far as it is held, or None if a response is not confirmed."""
    found = course[index]
    if confirm_days is None or not found.responds:
        return found
    window = [found]
    for later in course[index + 1 :]:
        window.append(later)
        if later.day > found.day and later.day >= found.day + confirm_days:
            lowest = min(window, key=lambda a: a.response.rank)
            return Assessment(found.day, lowest.response) if lowest.responds else None
    return None


def time_to_response(
    assessments: Sequence[Assessment], *, since: float, confirm_days: float | None = None, until: float = inf
) -> float | None:
    """Return the days from `since` to the first complete or partial response (confirmed as in `best_response`), or None."""
    course = _evaluable(assessments, until)
    for index, found in enumerate(course):
        held = _held(course, index, confirm_days)
        if found.day >= since and held is not None and held.responds:
            return found.day - since
    return None
