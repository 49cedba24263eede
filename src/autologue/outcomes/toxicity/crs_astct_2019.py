"""Cytokine release syndrome by the ASTCT consensus.

Lee DW et al. 2019, Biol Blood Marrow Transplant 25:625-638, doi:10.1016/j.bbmt.2018.12.758.
Fever of 38.0 C or more, not otherwise explained, is required at onset. Once an antipyretic, tocilizumab or a steroid has been given it
is no longer needed, and hypotension and hypoxia drive the grade. The grade is the worst column. Vasopressin is not counted as a
second vasopressor; alone it is one vasopressor. A nasal cannula is high-flow above 6 L/min.
"""

from __future__ import annotations

from autologue.outcomes.toxicity.findings import DailyFindings, Oxygen
from autologue.outcomes.toxicity.grading import Clause, Course, Gate, Scale, fever
from autologue.outcomes.toxicity.physiology import DEATH_FROM_CRS, OXYGEN_NEEDS, PRESSOR_NEEDS, on_oxygen, oxygen_among, pressors_reach
from autologue.outcomes.truth import Truth, all_of, any_of, at_least

__all__ = ["CRS_ASTCT_2019"]

LOW_FLOW_LIMIT = 6.0  # L/min
MASKS = (Oxygen.HIGH_FLOW_CANNULA, Oxygen.FACE_MASK, Oxygen.NON_REBREATHER, Oxygen.VENTURI)
POSITIVE_PRESSURE = (Oxygen.CPAP, Oxygen.BIPAP, Oxygen.VENTILATOR)


def _fever_or_treated(findings: DailyFindings, course: Course) -> Truth:
    """Fever today, or fever on an earlier day and treatment since."""
    if findings.other_cause:
        return False
    return any_of(fever(findings), all_of(course.fever_seen, course.after(findings).treated))


def _hypotension(findings: DailyFindings) -> Truth:
    return any_of(findings.hypotension, pressors_reach(findings, 1))


def _high_flow(findings: DailyFindings) -> Truth:
    cannula = all_of(
        oxygen_among(findings, Oxygen.NASAL_CANNULA),
        None if findings.oxygen_flow is None else findings.oxygen_flow > LOW_FLOW_LIMIT,
    )
    return any_of(oxygen_among(findings, *MASKS, *POSITIVE_PRESSURE), cannula)


CRS_ASTCT_2019 = Scale(
    name="crs_astct_2019",
    title="ASTCT 2019 CRS",
    reference="doi:10.1016/j.bbmt.2018.12.758",
    gate=Gate(
        "no fever of 38.0 C or more that is not otherwise explained, today or before treatment of this course",
        ("temperature_c", "antipyretic", "tocilizumab", "steroid"),
        _fever_or_treated,
    ),
    clauses=(
        Clause(1, "fever", "temperature of 38.0 C or more, no hypotension, no hypoxia", ("temperature_c",), fever),
        Clause(2, "hypotension", "present, no vasopressor", ("hypotension", *PRESSOR_NEEDS), _hypotension),
        Clause(2, "hypoxia", "low-flow nasal cannula (6 L/min or less) or blow-by", OXYGEN_NEEDS, on_oxygen),
        Clause(3, "hypotension", "one vasopressor, with or without vasopressin", PRESSOR_NEEDS, lambda f: pressors_reach(f, 1)),
        Clause(
            3,
            "hypoxia",
            "high-flow cannula (above 6 L/min), face mask, non-rebreather or Venturi mask",
            (*OXYGEN_NEEDS, "oxygen_flow"),
            _high_flow,
        ),
        Clause(4, "hypotension", "several vasopressors, vasopressin not counted", ("pressors",), lambda f: at_least(f.pressors, 2)),
        Clause(4, "hypoxia", "positive pressure (CPAP, BiPAP or ventilation)", OXYGEN_NEEDS, lambda f: oxygen_among(f, *POSITIVE_PRESSURE)),
        DEATH_FROM_CRS,
    ),
)
