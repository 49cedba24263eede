"""Response in acute lymphoblastic leukaemia: CR, CRi, no response, relapse.

National Comprehensive Cancer Network, Acute Lymphoblastic Leukemia, as used in ELIANA (doi:10.1056/NEJMoa1709866).
CR: below 5 % marrow blasts, no extramedullary disease, neutrophils above 1.0e9/L, platelets above 100e9/L. CRi: the same without
recovery of the counts. After CR or CRi, 5 % blasts or extramedullary disease is relapse. A response must be shown: counts that were
not recorded leave CRi.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Assessment, Category, Response
from autologue.outcomes.truth import Truth, all_of, any_of

__all__ = ["LeukaemiaFindings", "all_course", "all_response"]

BLASTS, ANC, PLATELETS = 0.05, 1.0, 100.0  # fraction, 1e9/L, 1e9/L
CRITERIA = "all_nccn"


@dataclass(frozen=True, kw_only=True)
class LeukaemiaFindings:
    """Marrow blasts (fraction, 0 to 1), extramedullary disease, neutrophils and platelets (both 1e9/L); None: not recorded."""

    marrow_blasts: float | None = None
    extramedullary: bool | None = None
    anc: float | None = None
    platelets: float | None = None

    def __post_init__(self) -> None:
        for name, high, unit in (("marrow_blasts", 1, "a fraction"), ("anc", 200, "1e9/L"), ("platelets", 3_000, "1e9/L")):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= high:
                raise InputError(f"{name} is {value:g}, expected 0 to {high:g} ({unit}); check the value and its unit")


def all_response(findings: LeukaemiaFindings, *, in_remission: bool = False) -> Response:
    """Return the response at one visit; `in_remission` says that CR or CRi was reached before, so that disease is relapse.

    >>> all_response(LeukaemiaFindings(marrow_blasts=0.01, extramedullary=False, anc=0.4, platelets=120)).label
    'CRi'
    """
    blasts: Truth = None if findings.marrow_blasts is None else findings.marrow_blasts >= BLASTS
    disease = any_of(blasts, findings.extramedullary)
    if disease is None:
        missing = [name for name in ("marrow_blasts", "extramedullary") if getattr(findings, name) is None]
        return Response(CRITERIA, "NE", Category.NOT_EVALUABLE, 0, f"{' and '.join(missing)} not recorded")
    if disease:
        words = "5 % marrow blasts or more" if blasts else "extramedullary disease"
        if in_remission:
            return Response(CRITERIA, "relapse", Category.PROGRESSION, -1, f"{words} after remission")
        return Response(CRITERIA, "NR", Category.STABLE, 0, words)
    recovered = all_of(
        None if findings.anc is None else findings.anc > ANC, None if findings.platelets is None else findings.platelets > PLATELETS
    )
    clear = "below 5 % marrow blasts, no extramedullary disease"
    if recovered:
        return Response(CRITERIA, "CR", Category.COMPLETE, 2, f"{clear}, counts recovered")
    words = "counts not recovered" if recovered is False else "recovery of the counts not shown"
    return Response(CRITERIA, "CRi", Category.COMPLETE, 1, f"{clear}, {words}")


def all_course(visits: Sequence[tuple[float, LeukaemiaFindings]]) -> list[Assessment]:
    """Return one assessment per (day, findings), in order of day; disease after CR or CRi is relapse."""
    assessments: list[Assessment] = []
    remission = False
    for day, findings in sorted(visits, key=lambda visit: visit[0]):
        response = all_response(findings, in_remission=remission)
        remission = remission or response.category is Category.COMPLETE
        assessments.append(Assessment(day, response))
    return assessments
