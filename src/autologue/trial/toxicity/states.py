"""Physiology of a day as one number: classes of each sign, packed, and what a number means as findings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from autologue.outcomes.toxicity.findings import Consciousness, DailyFindings, Death, Oedema, Oxygen, PressorDose, Seizure
from autologue.outcomes.toxicity.grading import Course

__all__ = ["CRS_SIGNS", "NEURO_SIGNS", "course_of", "findings_of", "neuro_course_of", "neuro_findings_of", "pack"]

Integers = NDArray[np.int64]

# sign: number of classes, lowest class first
CRS_SIGNS = {
    "fever": 2, "constitutional": 2, "hospitalised": 2,
    "pressure": 5,  # none; fluids; one low-dose vasopressor; one high-dose; several high-dose
    "oxygen": 5,  # none; low-flow cannula; high-flow cannula; positive pressure; ventilator
    "creatinine": 5, "transaminase": 5, "blood_products": 2, "death": 2, "fever_seen": 2, "treated": 2,
}  # fmt: skip
NEURO_SIGNS = {"level": 5, "seizure": 3, "child": 2, "death": 2}  # level: none, and what belongs to grades 1 to 4


def pack(signs: Mapping[str, int], classes: Mapping[str, NDArray[np.integer] | NDArray[np.bool_] | int]) -> Integers:
    """Return one number for the classes of each sign (any shape); signs left out are in class 0."""
    total: Integers = np.zeros((), np.int64)
    weight = 1
    for name, count in signs.items():
        total = total + weight * np.asarray(classes.get(name, 0), np.int64)
        weight *= count
    return total


def _classes(signs: Mapping[str, int], state: int) -> dict[str, int]:
    found = {}
    for name, count in signs.items():
        state, found[name] = divmod(state, count)
    return found


OXYGEN = (Oxygen.NONE, Oxygen.NASAL_CANNULA, Oxygen.HIGH_FLOW_CANNULA, Oxygen.BIPAP, Oxygen.VENTILATOR)
FLOW = (0.0, 4.0, 30.0, 0.0, 0.0)  # L/min
FIO2 = (0.21, 0.36, 0.5, 0.5, 0.6)
PRESSORS = (0, 0, 1, 1, 2)


def findings_of(state: int, *, patient: str = "simulated", day: float = 0.0) -> DailyFindings:
    """Return the findings of a day whose CRS signs are packed in `state`; antipyretics are given for fever.

    >>> findings_of(int(pack(CRS_SIGNS, {"fever": 1, "pressure": 2}))).pressors
    1
    """
    c = _classes(CRS_SIGNS, state)
    return DailyFindings(
        patient=patient, day=day, temperature_c=39.0 if c["fever"] else 37.0, constitutional=bool(c["constitutional"]),
        hospitalised=bool(c["hospitalised"]), hypotension=c["pressure"] > 0, iv_fluids=c["pressure"] > 0, pressors=PRESSORS[c["pressure"]],
        vasopressin=False, pressor_dose=None if c["pressure"] < 2 else PressorDose.LOW if c["pressure"] == 2 else PressorDose.HIGH,
        oxygen=OXYGEN[c["oxygen"]], oxygen_flow=FLOW[c["oxygen"]], fio2=FIO2[c["oxygen"]], creatinine_grade=c["creatinine"],
        transaminase_grade=c["transaminase"], other_organ_grade=0, blood_products=bool(c["blood_products"]), antipyretic=bool(c["fever"]),
        tocilizumab=False, steroid=False, death=Death.CRS if c["death"] else Death.NONE,
    )  # fmt: skip


def course_of(state: int) -> Course:
    """Return what the earlier days established."""
    c = _classes(CRS_SIGNS, state)
    return Course(fever_seen=bool(c["fever_seen"]), treated=bool(c["treated"]))


ICE = (10, 8, 5, 1, 0)
CAPD = (0, 4, 7, 12, 20)
AWAKE = (Consciousness.ALERT, Consciousness.SPONTANEOUS, Consciousness.VOICE, Consciousness.TOUCH, Consciousness.UNAROUSABLE)
SEIZURES = (Seizure.NONE, Seizure.BRIEF, Seizure.PROLONGED)


def neuro_findings_of(state: int, *, patient: str = "simulated", day: float = 0.0) -> DailyFindings:
    """Return the findings of a day whose neurological signs are packed in `state`."""
    c = _classes(NEURO_SIGNS, state)
    return DailyFindings(
        patient=patient, day=day, age_years=8.0 if c["child"] else 40.0, ice_score=ICE[c["level"]], capd=CAPD[c["level"]],
        consciousness=AWAKE[c["level"]], seizure=SEIZURES[c["seizure"]], motor_weakness=False, oedema=Oedema.NONE,
        death=Death.ICANS if c["death"] else Death.NONE,
    )  # fmt: skip


def neuro_course_of(state: int) -> Course:
    """Return what the earlier days established: nothing, for ICANS is graded day by day."""
    return Course()
