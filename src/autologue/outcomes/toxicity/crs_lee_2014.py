"""Cytokine release syndrome by Lee 2014.

Lee DW et al. 2014, Blood 124:188-195, doi:10.1182/blood-2014-05-552729.
Ventilation is invasive ventilation; CPAP and BiPAP are graded by their FiO2. Vasopressin counts as a vasopressor here: two agents
of any kind are several. `pressor_dose` is the level by the table of that paper.
"""

from __future__ import annotations

from autologue.outcomes.toxicity.findings import DailyFindings, Oxygen
from autologue.outcomes.toxicity.grading import Clause, Scale
from autologue.outcomes.toxicity.physiology import (
    DEATH_FROM_CRS,
    NOT_OTHERWISE_EXPLAINED,
    OXYGEN_NEEDS,
    PRESSOR_NEEDS,
    high_dose_pressor,
    on_oxygen,
    oxygen_among,
    pressors_reach,
    symptoms,
)
from autologue.outcomes.truth import Truth, all_of, any_of, at_least

__all__ = ["CRS_LEE_2014"]

FIO2_LIMIT = 0.40
ORGANS = ("creatinine_grade", "other_organ_grade")


def _hypotension(findings: DailyFindings) -> Truth:
    return any_of(findings.hypotension, bool(findings.iv_fluids), pressors_reach(findings, 1))


def _hard_to_treat(findings: DailyFindings) -> Truth:
    return any_of(pressors_reach(findings, 2), high_dose_pressor(findings))


def _much_oxygen(findings: DailyFindings) -> Truth:
    enough = all_of(on_oxygen(findings), at_least(findings.fio2, FIO2_LIMIT))
    return any_of(False if findings.oxygen is Oxygen.NONE else enough, oxygen_among(findings, Oxygen.VENTILATOR))


def _organ(findings: DailyFindings, reach: int, transaminase: int | None) -> Truth:
    liver = False if transaminase is None else at_least(findings.transaminase_grade, transaminase)
    return any_of(*(at_least(getattr(findings, organ), reach) for organ in ORGANS), liver)


CRS_LEE_2014 = Scale(
    name="crs_lee_2014",
    title="Lee 2014 CRS",
    reference="doi:10.1182/blood-2014-05-552729",
    gate=NOT_OTHERWISE_EXPLAINED,
    clauses=(
        Clause(1, "symptoms", "fever or constitutional symptoms only", ("temperature_c", "constitutional"), symptoms),
        Clause(2, "hypotension", "responds to fluid or to one low-dose vasopressor", ("hypotension", *PRESSOR_NEEDS), _hypotension),
        Clause(2, "hypoxia", "oxygen below 40 %", OXYGEN_NEEDS, on_oxygen),
        Clause(2, "organ", "grade 2 organ toxicity", (*ORGANS, "transaminase_grade"), lambda f: _organ(f, 2, 2)),
        Clause(3, "hypotension", "high-dose or several vasopressors", (*PRESSOR_NEEDS, "pressor_dose"), _hard_to_treat),
        Clause(3, "hypoxia", "oxygen of 40 % or more", (*OXYGEN_NEEDS, "fio2"), _much_oxygen),
        Clause(3, "organ", "grade 3 organ toxicity or grade 4 transaminitis", (*ORGANS, "transaminase_grade"), lambda f: _organ(f, 3, 3)),
        Clause(4, "hypoxia", "ventilation", OXYGEN_NEEDS, lambda f: oxygen_among(f, Oxygen.VENTILATOR)),
        Clause(4, "organ", "grade 4 organ toxicity, transaminitis not counted", ORGANS, lambda f: _organ(f, 4, None)),
        DEATH_FROM_CRS,
    ),
)
