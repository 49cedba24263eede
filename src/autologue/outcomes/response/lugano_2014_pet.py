"""Lymphoma response by PET-CT.

Lugano classification, Cheson BD et al. 2014, J Clin Oncol 32:3059-3068, doi:10.1200/JCO.2013.54.8800.
Deauville 1 to 3 is a complete metabolic response; 4 or 5 with reduced uptake partial, unchanged uptake no response, increased uptake
progressive; a new FDG-avid focus is progressive whatever the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Category, Response

__all__ = ["PetFindings", "Uptake", "lugano_pet"]

CRITERIA = "lugano_2014_pet"


class Uptake(StrEnum):
    """FDG uptake compared with baseline."""

    REDUCED = "reduced"
    UNCHANGED = "unchanged"
    INCREASED = "increased"


@dataclass(frozen=True, kw_only=True)
class PetFindings:
    """Deauville score (1 to 5), uptake against baseline (needed for 4 and 5) and whether there is a new FDG-avid focus."""

    deauville: int | None = None
    uptake: Uptake | None = None
    new_focus: bool = False

    def __post_init__(self) -> None:
        if self.deauville is not None and self.deauville not in range(1, 6):
            raise InputError(f"deauville is {self.deauville}, expected a score from 1 to 5; correct it")


METABOLIC = {
    Uptake.REDUCED: ("PMR", Category.PARTIAL, 2),
    Uptake.UNCHANGED: ("NMR", Category.STABLE, 1),
    Uptake.INCREASED: ("PMD", Category.PROGRESSION, 0),
}


def lugano_pet(findings: PetFindings) -> Response:
    """Return the metabolic response at one visit.

    >>> lugano_pet(PetFindings(deauville=4, uptake=Uptake.REDUCED)).label
    'PMR'
    """
    if findings.new_focus:
        return Response(CRITERIA, "PMD", Category.PROGRESSION, 0, "new FDG-avid focus")
    if findings.deauville is None:
        return Response(CRITERIA, "NE", Category.NOT_EVALUABLE, 1, "deauville not recorded")
    if findings.deauville <= 3:
        return Response(CRITERIA, "CMR", Category.COMPLETE, 3, f"Deauville {findings.deauville}, no new focus")
    if findings.uptake is None:
        return Response(CRITERIA, "NE", Category.NOT_EVALUABLE, 1, f"Deauville {findings.deauville}, uptake not recorded")
    label, category, rank = METABOLIC[findings.uptake]
    return Response(CRITERIA, label, category, rank, f"Deauville {findings.deauville}, uptake {findings.uptake}, no new focus")
