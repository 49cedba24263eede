"""Toxicity tables as published: each cell of ASTCT 2019 (CRS, ICANS), Lee 2014 and Penn, from one well adult with one finding changed.

Sources: Lee 2019, doi:10.1016/j.bbmt.2018.12.758 (cells as in PMC9327779, Table 2); Lee 2014, doi:10.1182/blood-2014-05-552729, and
Penn, doi:10.1126/scitranslmed.aac5415 (cells as in the comparison table of ashpublications view-large 9593269).
"""

from __future__ import annotations

import sys
from typing import Any

from autologue.outcomes.toxicity.findings import Consciousness, DailyFindings, Death, Oedema, Oxygen, PressorDose, Seizure
from autologue.outcomes.toxicity.grading import grade
from autologue.outcomes.toxicity.scales import SCALES
from autologue.qualify.claims import print_claims

LOW, HIGH = PressorDose.LOW, PressorDose.HIGH
WELL: dict[str, Any] = {
    "age_years": 40, "temperature_c": 38.5, "constitutional": False, "hospitalised": False, "hypotension": False, "iv_fluids": False,
    "pressors": 0, "vasopressin": False, "oxygen": Oxygen.NONE, "creatinine_grade": 0, "transaminase_grade": 0, "other_organ_grade": 0,
    "blood_products": False, "ice_score": 10, "consciousness": Consciousness.ALERT, "seizure": Seizure.NONE, "motor_weakness": False,
    "oedema": Oedema.NONE,
}  # fmt: skip
CELLS: dict[str, list[tuple[str, dict[str, Any], int]]] = {
    "crs_astct_2019": [
        ("fever, no hypotension, no hypoxia", {}, 1),
        ("hypotension, no vasopressor", {"hypotension": True}, 2),
        ("nasal cannula at 6 L/min", {"oxygen": Oxygen.NASAL_CANNULA, "oxygen_flow": 6}, 2),
        ("blow-by oxygen", {"oxygen": Oxygen.BLOW_BY}, 2),
        ("one vasopressor", {"pressors": 1}, 3),
        ("one vasopressor and vasopressin", {"pressors": 1, "vasopressin": True}, 3),
        ("cannula above 6 L/min", {"oxygen": Oxygen.HIGH_FLOW_CANNULA}, 3),
        ("face mask", {"oxygen": Oxygen.FACE_MASK}, 3),
        ("non-rebreather", {"oxygen": Oxygen.NON_REBREATHER}, 3),
        ("Venturi mask", {"oxygen": Oxygen.VENTURI}, 3),
        ("two vasopressors", {"pressors": 2}, 4),
        ("CPAP", {"oxygen": Oxygen.CPAP}, 4),
        ("BiPAP", {"oxygen": Oxygen.BIPAP}, 4),
        ("ventilation", {"oxygen": Oxygen.VENTILATOR}, 4),
        ("death from CRS", {"death": Death.CRS}, 5),
    ],
    "crs_lee_2014": [
        ("fever only", {}, 1),
        ("hypotension, fluids", {"hypotension": True, "iv_fluids": True}, 2),
        ("one low-dose vasopressor", {"pressors": 1, "pressor_dose": LOW}, 2),
        ("oxygen below 40 %", {"oxygen": Oxygen.NASAL_CANNULA, "oxygen_flow": 2, "fio2": 0.28}, 2),
        ("grade 2 organ", {"other_organ_grade": 2}, 2),
        ("high-dose vasopressor", {"pressors": 1, "pressor_dose": HIGH}, 3),
        ("two vasopressors", {"pressors": 2, "pressor_dose": LOW}, 3),
        ("oxygen of 40 %", {"oxygen": Oxygen.FACE_MASK, "fio2": 0.40}, 3),
        ("grade 3 organ", {"other_organ_grade": 3}, 3),
        ("grade 4 transaminitis", {"transaminase_grade": 4}, 3),
        ("ventilation", {"oxygen": Oxygen.VENTILATOR}, 4),
        ("grade 4 organ", {"other_organ_grade": 4}, 4),
        ("death from CRS", {"death": Death.CRS}, 5),
    ],
    "crs_penn": [
        ("mild reaction", {}, 1),
        ("hospitalised", {"hospitalised": True}, 2),
        ("grade 2 creatinine", {"creatinine_grade": 2}, 2),
        ("grade 3 liver tests", {"transaminase_grade": 3}, 2),
        ("IV fluids for hypotension", {"hypotension": True, "iv_fluids": True}, 3),
        ("low-dose vasopressor", {"pressors": 1, "pressor_dose": LOW}, 3),
        ("supplemental oxygen", {"oxygen": Oxygen.NASAL_CANNULA, "oxygen_flow": 2}, 3),
        ("CPAP", {"oxygen": Oxygen.CPAP}, 3),
        ("BiPAP", {"oxygen": Oxygen.BIPAP}, 3),
        ("blood products", {"blood_products": True}, 3),
        ("grade 3 creatinine", {"creatinine_grade": 3}, 3),
        ("grade 4 liver tests", {"transaminase_grade": 4}, 3),
        ("high-dose vasopressor", {"pressors": 1, "pressor_dose": HIGH}, 4),
        ("ventilation", {"oxygen": Oxygen.VENTILATOR}, 4),
        ("death from CRS", {"death": Death.CRS}, 5),
    ],
    "icans_astct_2019": [
        *[(f"ICE {score}", {"ice_score": score}, 1) for score in (7, 8, 9)],
        *[(f"ICE {score}", {"ice_score": score}, 2) for score in (3, 4, 5, 6)],
        *[(f"ICE {score}", {"ice_score": score}, 3) for score in (0, 1, 2)],
        ("ICE 0, unarousable", {"ice_score": 0, "consciousness": Consciousness.UNAROUSABLE}, 4),
        ("wakes spontaneously", {"consciousness": Consciousness.SPONTANEOUS}, 1),
        ("wakes to voice", {"consciousness": Consciousness.VOICE}, 2),
        ("wakes to touch only", {"consciousness": Consciousness.TOUCH}, 3),
        ("stupor or coma", {"consciousness": Consciousness.UNAROUSABLE}, 4),
        ("seizure that resolves rapidly", {"seizure": Seizure.BRIEF}, 3),
        ("seizure over 5 min", {"seizure": Seizure.PROLONGED}, 4),
        ("hemiparesis", {"motor_weakness": True}, 4),
        ("focal oedema", {"oedema": Oedema.FOCAL}, 3),
        ("diffuse oedema", {"oedema": Oedema.DIFFUSE}, 4),
        ("death from ICANS", {"death": Death.ICANS}, 5),
    ],
}


def checks() -> list[dict[str, Any]]:
    """Return one row per cell: claim, source, published, ours, tolerance, passed."""
    rows = []
    for name, cells in CELLS.items():
        for words, changes, published in cells:
            ours = grade(DailyFindings(patient="A", day=1, **{**WELL, **changes}), SCALES[name]).value
            claim = f"{SCALES[name].title}: {words}"
            rows.append(
                {
                    "claim": claim,
                    "source": SCALES[name].reference,
                    "published": published,
                    "ours": ours,
                    "tolerance": 0,
                    "passed": ours == published,
                }
            )
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
