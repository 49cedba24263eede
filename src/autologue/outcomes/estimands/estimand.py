"""What an estimand is: time zero, what counts, what competes, what transplant and new therapy do, for whom, from which landmark."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Category

__all__ = ["MONTH", "WEEK", "AnalysisSet", "CensorAt", "Estimand", "Handling", "NoResponseBy", "Observation", "Origin", "Status"]

WEEK, MONTH = 7.0, 365.25 / 12  # days


class Origin(StrEnum):
    """Time zero; `ENROLMENT` is enrolment or apheresis, `RESPONSE` the first response credited."""

    ENROLMENT = "enrolment"
    RANDOMISATION = "randomisation"
    SALVAGE_START = "salvage_start"
    INFUSION = "infusion"
    RESPONSE = "response"


class AnalysisSet(StrEnum):
    """Who is analysed: everybody who has that date, or those who responded."""

    ENROLLED = "enrolment"
    RANDOMISED = "randomisation"
    SALVAGE = "salvage_start"
    INFUSED = "infusion"
    RESPONDERS = "responders"


class Handling(StrEnum):
    """What something does when it happens first."""

    EVENT = "event"
    COMPETING = "competing"
    CENSOR = "censor"
    IGNORE = "ignore"


class CensorAt(StrEnum):
    """Where follow-up ends for a patient without an event: at the last evaluable assessment, or at the last contact."""

    LAST_ASSESSMENT = "last_assessment"
    LAST_CONTACT = "last_contact"


class Status(StrEnum):
    """How a patient's time ends; excluded patients have none."""

    EVENT = "event"
    COMPETING = "competing"
    CENSORED = "censored"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class NoResponseBy:
    """An event at `day` after time zero if no CR or PR was found up to `day + grace`, in a patient followed that far."""

    day: float
    grace: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Estimand:
    """A time-to-event definition; all times are days after time zero.

    `progression_from`, `stable_from`: progression, and stable disease, count from this day on (`stable_from` None: never).
    `new_therapy_for_efficacy_only`: other new therapies are ignored. `response_depth`: what counts as response for responders.
    `before_zero_ignored`: progression and therapy before time zero are set aside (a baseline re-set after bridging) instead of refused.
    `landmark`: only patients followed, event-free and in response at that day, timed from it. `weight_from`: events up to this day
    get weight 0 in a comparison (0: all count). `reference` is the source and `assumed` says in words what the source does not state.
    """

    name: str
    title: str
    origin: Origin
    analysis_set: AnalysisSet
    reference: str
    assumed: str = ""
    death: Handling = Handling.EVENT
    progression: Handling = Handling.EVENT
    progression_from: float = 0.0
    stable_from: float | None = None
    no_response: NoResponseBy | None = None
    transplant: Handling = Handling.IGNORE
    new_therapy: Handling = Handling.IGNORE
    new_therapy_for_efficacy_only: bool = False
    crossover: Handling = Handling.IGNORE
    response_depth: tuple[Category, ...] = (Category.COMPLETE, Category.PARTIAL)
    before_zero_ignored: bool = False
    landmark: float | None = None
    weight_from: float = 0.0
    censor_at: CensorAt = CensorAt.LAST_ASSESSMENT

    def __post_init__(self) -> None:
        if self.death is Handling.IGNORE:
            raise InputError(f"estimand {self.name} ignores death, expected event, competing or censor; nobody is followed after death")
        if self.origin is Origin.RESPONSE and self.analysis_set is not AnalysisSet.RESPONDERS:
            raise InputError(f"estimand {self.name} starts at response, expected the analysis set responders; change one of the two")

    @property
    def zero_words(self) -> str:
        """Time zero in words."""
        return self.origin.replace("_", " ")


@dataclass(frozen=True)
class Observation:
    """One patient under one estimand: days from time zero (or the landmark), status, weight and the reason in words.

    `time` is None exactly when the status is EXCLUDED. `interval` holds the last day known event-free and the day the event was seen,
    where an event is only known to lie between two visits.
    """

    patient: str
    estimand: str
    time: float | None
    status: Status
    reason: str
    weight: float = 1.0
    interval: tuple[float, float] | None = None
