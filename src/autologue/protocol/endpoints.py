"""Endpoints: a statement, the name of a shipped estimand, or a definition of its own with time zero and what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["HANDLINGS", "HAPPENINGS", "SETS", "ZEROS", "Endpoint", "NoResponse"]

ZEROS = ("enrolment", "randomisation", "salvage_start", "infusion", "response")
SETS = ("enrolment", "randomisation", "salvage_start", "infusion", "responders")
HANDLINGS = ("event", "competing", "censor", "ignore")
HAPPENINGS = ("death", "progression", "transplant", "new_therapy", "crossover")


@dataclass(frozen=True, slots=True)
class NoResponse:
    """An event at `day` after time zero where no response was found up to `day + grace` (days)."""

    day: float
    grace: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint of the protocol with its words and source.

    A statement has words only. A time-to-event endpoint names an estimand that ships, or has `time_zero` and `analysis_set` with what
    each happening does (`handling`; what is not named keeps the default of estimands) and the further rules of its trial.
    """

    value: str
    source: str
    estimand: str = ""
    time_zero: str = ""
    analysis_set: str = ""
    handling: Mapping[str, str] = field(default_factory=dict)
    depth: tuple[str, ...] = ()
    no_response: NoResponse | None = None
    progression_from: float = 0.0
    stable_from: float | None = None
    weight_from: float = 0.0
    landmark: float | None = None
    for_efficacy_only: bool = False

    @property
    def timed(self) -> bool:
        """Whether it is a time to an event."""
        return bool(self.estimand or self.time_zero)
