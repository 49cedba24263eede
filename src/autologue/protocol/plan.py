"""The protocol as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from autologue.errors import InputError
from autologue.protocol.arms import Arm
from autologue.protocol.conduct import (
    Analysis,
    Bridging,
    Lymphodepletion,
    Manufacturing,
    ResponsePlan,
    Screening,
    ToxicityPlan,
    Waiting,
)
from autologue.protocol.endpoints import Endpoint
from autologue.protocol.entries import Assumptions, Covariate, Criterion, DoseRule, Fact, Quantity, Visits

__all__ = ["COURSES", "Protocol"]

Part = TypeVar("Part")
COURSES = {  # disease course: unit of the burden
    "leukaemia": "%", "lymphoma": "mL", "mantle_cell": "mL", "follicular": "mL", "myeloma": "g/dL", "none": "1"
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A trial: identity, numbers of patients, covariates, conduct, arms, endpoints and assumptions.

    `course` names the disease course that patients follow ("": the trial has panels only). Without `arms` all patients receive CAR T
    cells. Parts that a trial does not have are None; `dose`, `visits` and `assumptions` raise InputError where they are needed and
    missing. `published` names the figures that the panels are compared with, `control` a protocol that serves as historical control.
    """

    name: Fact
    registration: Fact
    product: Fact
    disease: Fact
    enrolled: int
    infused: int
    sizes: Mapping[str, Quantity]
    eligibility: Mapping[str, Fact | Criterion]
    covariates: Mapping[str, Covariate]
    correlation_age_weight: Quantity
    endpoints: Mapping[str, Endpoint]
    file: str
    female: Quantity | None = None
    dosing: DoseRule | None = None
    samples: Visits | None = None
    panels: Assumptions | None = None
    published: str = ""
    course: str = ""
    control: str = ""
    screening: Screening | None = None
    manufacturing: Manufacturing | None = None
    waiting: Waiting | None = None
    bridging: Bridging | None = None
    lymphodepletion: Lymphodepletion | None = None
    response: ResponsePlan | None = None
    toxicity: ToxicityPlan | None = None
    analysis: Analysis | None = None
    arms: Mapping[str, Arm] = field(default_factory=dict)

    @property
    def dose(self) -> DoseRule:
        """The dose rule."""
        return self._needed(self.dosing, "dose")

    @property
    def visits(self) -> Visits:
        """The blood samples."""
        return self._needed(self.samples, "visits")

    @property
    def assumptions(self) -> Assumptions:
        """What the panels assume."""
        return self._needed(self.panels, "assumptions")

    def _needed(self, part: Part | None, name: str) -> Part:
        if part is None:
            raise InputError(f"{self.file}: [{name}] is missing; expected it, because patients of this trial need it")
        return part
