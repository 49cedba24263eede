"""Cytokine release syndrome by the University of Pennsylvania scale.

Porter DL et al. 2015, Sci Transl Med 7:303ra139, doi:10.1126/scitranslmed.aac5415;
Porter DL et al. 2018, J Hematol Oncol 11:35, doi:10.1186/s13045-018-0571-y.
Low-dose vasopressors and any supplemental oxygen (CPAP and BiPAP included) are already grade 3, so a Penn rate cannot be compared
with an ASTCT rate. `pressor_dose` is the level by the table of that scale, which judges combinations as a whole.
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
from autologue.outcomes.truth import Truth, any_of, at_least

__all__ = ["CRS_PENN"]


def _treated_hypotension(findings: DailyFindings) -> Truth:
    return any_of(findings.iv_fluids, pressors_reach(findings, 1))


CRS_PENN = Scale(
    name="crs_penn",
    title="Penn CRS",
    reference="doi:10.1126/scitranslmed.aac5415",
    gate=NOT_OTHERWISE_EXPLAINED,
    clauses=(
        Clause(1, "symptoms", "mild reaction, supportive care only", ("temperature_c", "constitutional"), symptoms),
        Clause(2, "symptoms", "hospitalised for the symptoms", ("hospitalised",), lambda f: f.hospitalised),
        Clause(2, "organ", "grade 2 creatinine", ("creatinine_grade",), lambda f: at_least(f.creatinine_grade, 2)),
        Clause(2, "organ", "grade 3 liver tests", ("transaminase_grade",), lambda f: at_least(f.transaminase_grade, 3)),
        Clause(3, "hypotension", "IV fluids or low-dose vasopressor", ("iv_fluids", *PRESSOR_NEEDS), _treated_hypotension),
        Clause(3, "hypoxia", "supplemental oxygen", OXYGEN_NEEDS, on_oxygen),
        Clause(3, "coagulopathy", "blood products", ("blood_products",), lambda f: f.blood_products),
        Clause(3, "organ", "grade 3 creatinine", ("creatinine_grade",), lambda f: at_least(f.creatinine_grade, 3)),
        Clause(3, "organ", "grade 4 liver tests", ("transaminase_grade",), lambda f: at_least(f.transaminase_grade, 4)),
        Clause(4, "hypotension", "high-dose vasopressors", (*PRESSOR_NEEDS, "pressor_dose"), high_dose_pressor),
        Clause(4, "hypoxia", "ventilation", OXYGEN_NEEDS, lambda f: oxygen_among(f, Oxygen.VENTILATOR)),
        DEATH_FROM_CRS,
    ),
)
