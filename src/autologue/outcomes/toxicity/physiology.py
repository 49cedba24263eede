"""Questions that several scales ask of a day's findings; each answer may be unknown."""

from __future__ import annotations

from autologue.outcomes.toxicity.findings import DailyFindings, Death, Oxygen, PressorDose
from autologue.outcomes.toxicity.grading import Clause, Course, Gate, fever
from autologue.outcomes.truth import Truth, all_of, any_of

__all__ = [
    "DEATH_FROM_CRS",
    "NOT_OTHERWISE_EXPLAINED",
    "OXYGEN_NEEDS",
    "PRESSOR_NEEDS",
    "high_dose_pressor",
    "on_oxygen",
    "oxygen_among",
    "pressors_reach",
    "symptoms",
]

PRESSOR_NEEDS = ("pressors", "vasopressin")
OXYGEN_NEEDS = ("oxygen",)


def pressors_reach(findings: DailyFindings, number: int) -> Truth:
    """Say whether at least `number` vasopressors are given, vasopressin counted."""
    if findings.at_least_pressors >= number:
        return True
    most = (99 if findings.pressors is None else findings.pressors) + (1 if findings.vasopressin is None else int(findings.vasopressin))
    return False if most < number else None


def high_dose_pressor(findings: DailyFindings) -> Truth:
    """Say whether vasopressors are given at high dose."""
    if findings.pressor_dose is None:
        return all_of(pressors_reach(findings, 1), None)
    return findings.pressor_dose is PressorDose.HIGH


def oxygen_among(findings: DailyFindings, *devices: Oxygen) -> Truth:
    """Say whether oxygen is given by one of `devices`."""
    return None if findings.oxygen is None else findings.oxygen in devices


def on_oxygen(findings: DailyFindings) -> Truth:
    """Say whether supplemental oxygen or more is given."""
    if findings.oxygen is None:
        return True if (findings.fio2 or 0) > 0.21 or (findings.oxygen_flow or 0) > 0 else None
    return findings.oxygen is not Oxygen.NONE


def symptoms(findings: DailyFindings) -> Truth:
    """Say whether there is fever or another constitutional symptom."""
    return any_of(fever(findings), findings.constitutional)


def _explained(findings: DailyFindings, course: Course) -> Truth:
    return not findings.other_cause


NOT_OTHERWISE_EXPLAINED = Gate("the findings of the day are attributed to another cause", (), _explained)
DEATH_FROM_CRS = Clause(5, "death", "death attributed to CRS", (), lambda f: f.death is Death.CRS)
