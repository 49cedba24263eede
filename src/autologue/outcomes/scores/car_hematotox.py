"""CAR-HEMATOTOX: risk of long neutropenia, from five values before lymphodepletion.

Rejeski K et al. 2021, Blood 138:2499-2513, doi:10.1182/blood.2020010543. Points as in a public specification of that paper.
Platelets and ferritin give 0 to 2 points, neutrophils, haemoglobin and CRP 0 or 1: at most 7; 2 or more is high.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autologue.outcomes.scores.laboratory import ANALYTES, Lab, in_unit

__all__ = ["HIGH_FROM", "MAXIMUM", "Hematotox", "car_hematotox"]

HIGH_FROM, MAXIMUM = 2, 7
# analyte: points from the value in platelets 1e9/L, neutrophils /uL, haemoglobin g/dL, CRP mg/dL, ferritin ng/mL
POINTS: dict[str, Callable[[float], int]] = {
    "platelets": lambda x: 0 if x > 175 else 1 if x >= 75 else 2,
    "anc": lambda x: 0 if x >= 1200 else 1,
    "haemoglobin": lambda x: 0 if x >= 9.0 else 1,
    "crp": lambda x: 0 if x < 3.0 else 1,
    "ferritin": lambda x: 0 if x < 650 else 1 if x <= 2000 else 2,
}


@dataclass(frozen=True)
class Hematotox:
    """The score: total points, points per item, the published two classes (`high` from 2 points) and the reason in words."""

    total: int
    points: dict[str, int]
    high: bool
    reason: str


def car_hematotox(platelets: Lab, *, anc: Lab, haemoglobin: Lab, crp: Lab, ferritin: Lab) -> Hematotox:
    """Return the score of one patient; raises InputError for a wrong or missing unit.

    >>> score = car_hematotox(Lab(60, "1e9/L"), anc=Lab(900, "/uL"), haemoglobin=Lab(85, "g/L"), crp=Lab(45, "mg/L"),
    ...                       ferritin=Lab(2500, "ug/L"))
    >>> score.total, score.high
    (7, True)
    """
    labs = {"platelets": platelets, "anc": anc, "haemoglobin": haemoglobin, "crp": crp, "ferritin": ferritin}
    values = {name: in_unit(name, lab) for name, lab in labs.items()}
    points = {name: POINTS[name](value) for name, value in values.items()}
    words = ", ".join(f"{name} {value:g} {ANALYTES[name].unit}: {points[name]}" for name, value in values.items())
    total = sum(points.values())
    return Hematotox(total, points, total >= HIGH_FROM, f"{total} of {MAXIMUM} points ({words})")
