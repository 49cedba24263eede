"""How a scale is written (a table of clauses) and how a day is graded by it.

A grade is the worst clause that holds. If a higher clause hangs on a finding that was not recorded, no grade is given: the
answer names what is missing and the grade that is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autologue.outcomes.toxicity.findings import DailyFindings
from autologue.outcomes.truth import Truth, all_of, any_of, at_least

__all__ = ["FEVER_C", "Clause", "Course", "Gate", "Grade", "Scale", "fever", "grade", "grade_course"]

FEVER_C = 38.0  # degrees Celsius, ASTCT 2019


@dataclass(frozen=True)
class Course:
    """What the earlier days of the same patient established: has there been fever, has it been treated since."""

    fever_seen: Truth = False
    treated: Truth = False

    def after(self, findings: DailyFindings) -> Course:
        """Return the course once this day is over."""
        seen = any_of(self.fever_seen, False if findings.other_cause else fever(findings))
        today = any_of(findings.antipyretic, findings.tocilizumab, findings.steroid)
        return Course(seen, any_of(self.treated, all_of(seen, today)))


@dataclass(frozen=True)
class Clause:
    """One cell of a published table: `holds` answers whether the findings reach at least this grade in this domain."""

    grade: int
    domain: str
    words: str
    needs: tuple[str, ...]
    holds: Callable[[DailyFindings], Truth]
    unverified: bool = False


@dataclass(frozen=True)
class Gate:
    """A condition without which no grade is given on that day, death apart."""

    words: str
    needs: tuple[str, ...]
    holds: Callable[[DailyFindings, Course], Truth]


@dataclass(frozen=True)
class Scale:
    """A published grading scale: its table of clauses, its gate and its reference."""

    name: str
    title: str
    reference: str
    gate: Gate
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Grade:
    """A grade with its reason; `value` is None when the record does not allow one, and `at_least` is what is certain.

    `unverified` marks a grade that rests on a row of the table read in a secondary source only.
    """

    scale: str
    value: int | None
    at_least: int
    reason: str
    missing: tuple[str, ...] = ()
    unverified: bool = False


def fever(findings: DailyFindings) -> Truth:
    """Say whether the temperature reaches 38.0 C.

    >>> fever(DailyFindings(patient="A", day=0, temperature_c=38.0))
    True
    """
    return at_least(findings.temperature_c, FEVER_C)


def grade(findings: DailyFindings, scale: Scale, *, course: Course = Course()) -> Grade:
    """Grade one day by one scale; `course` says what earlier days established (only ASTCT CRS reads it).

    Never raises: a day that cannot be graded has `value` None, and the reason names each missing finding.
    """
    answers = [(clause, clause.holds(findings)) for clause in scale.clauses]
    met = max((clause.grade for clause, answer in answers if answer is True), default=0)
    open_ = [clause for clause, answer in answers if answer is None and clause.grade > met]
    gate = True if met == 5 else scale.gate.holds(findings, course)
    if gate is False:
        return Grade(scale.name, 0, 0, f"grade 0: {scale.gate.words}")
    unsure = bool(open_) or (gate is None and met > 0)
    if unsure:
        missing = _missing(findings, open_, () if gate else scale.gate.needs)
        sure = met if gate else 0
        return Grade(scale.name, None, sure, _refusal(findings, scale, sure, missing), missing)
    at_grade = [clause for clause, answer in answers if answer is True and clause.grade == met]
    words = "; ".join(f"{clause.domain}: {clause.words}" for clause in at_grade) or "no criterion of the scale is met"
    unverified = bool(at_grade) and all(clause.unverified for clause in at_grade)
    return Grade(scale.name, met, met, f"grade {met}: {words}{UNVERIFIED if unverified else ''}", (), unverified)


UNVERIFIED = " (this row was read in a secondary source only, not in the published table)"


def _missing(findings: DailyFindings, clauses: Sequence[Clause], gate_needs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the unrecorded findings that the grade hangs on, in the order of the table."""
    names = [name for clause in clauses for name in clause.needs] + list(gate_needs)
    return tuple(dict.fromkeys(findings.lacks(tuple(names)))) or ("temperature_c or treatment of an earlier day",)


def _refusal(findings: DailyFindings, scale: Scale, sure: int, missing: tuple[str, ...]) -> str:
    verb = "is" if len(missing) == 1 else "are"
    known = f" (at least grade {sure})" if sure else ""
    return f"not graded{known}: {scale.title} needs {', '.join(missing)}, which {verb} not recorded for {findings.where}"


def grade_course(days: Sequence[DailyFindings], scale: Scale) -> list[Grade]:
    """Grade the days of one patient, in order of day; same length and order as `days`.

    >>> grade_course([], Scale("x", "X", "", Gate("", (), lambda f, c: True), ()))
    []
    """
    course, grades = Course(), {}
    for index in sorted(range(len(days)), key=lambda i: days[i].day):
        grades[index] = grade(days[index], scale, course=course)
        course = course.after(days[index])
    return [grades[index] for index in range(len(days))]
