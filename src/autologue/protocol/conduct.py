"""How a trial is run: from screening to infusion, when response is read, comedication, and how it is analysed."""

from __future__ import annotations

from dataclasses import dataclass

from autologue.protocol.entries import Fact, Quantity

__all__ = [
    "Analysis",
    "Bridging",
    "Comedication",
    "LogSpread",
    "Lymphodepletion",
    "Manufacturing",
    "ResponsePlan",
    "Screening",
    "ToxicityPlan",
    "Waiting",
]


@dataclass(frozen=True, slots=True)
class LogSpread:
    """A log-normal quantity: median, standard deviation of its logarithm, and the range that nobody leaves."""

    median: Quantity
    sd: Quantity
    lower: Quantity
    upper: Quantity


@dataclass(frozen=True, slots=True)
class Screening:
    """Share of the screened who fail for reasons that no rule of eligibility here states."""

    failing: Quantity


@dataclass(frozen=True, slots=True)
class Manufacturing:
    """Chance that one attempt fails, the attempts allowed, and the days from enrolment (apheresis) to the released product."""

    failing: Quantity
    attempts: Quantity
    time: LogSpread


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rate at which waiting patients are lost to death, adverse events or a decision, and the share of these that are deaths.

    `assessed` are days since enrolment on which disease is assessed while they wait; before lymphodepletion it always is.
    """

    loss: Quantity
    deaths: Quantity
    assessed: tuple[float, ...] = ()
    assessed_source: str = ""


@dataclass(frozen=True, slots=True)
class Bridging:
    """Share of patients bridged, the median fall of the burden (log10; negative where it grows on) and its standard deviation."""

    share: Quantity
    fall: Quantity
    spread: Quantity


@dataclass(frozen=True, slots=True)
class Lymphodepletion:
    """The regimen in words, the share of infused patients who had it, and the days from its start to the infusion."""

    regimen: Fact
    share: Quantity
    before: Quantity


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """Criteria by name, planned days after the infusion, half-width of the visit window, and the rules of the best response.

    `by`: it must be reached by then; `confirm`: and held for so long (None: no such rule). `complete_at`: the burden at or below which
    disease counts as undetectable, where the criteria leave it open.
    """

    criteria: Fact
    days: tuple[float, ...]
    days_source: str
    window: Quantity
    by: Quantity | None
    confirm: Quantity | None
    complete_at: Quantity | None


@dataclass(frozen=True, slots=True)
class Comedication:
    """A drug is given in the evening of a day whose CRS or neurotoxicity grade reaches these grades, to a share of the patients."""

    from_crs: Quantity
    from_neuro: Quantity | None
    share: Quantity


@dataclass(frozen=True, slots=True)
class ToxicityPlan:
    """Scales of the trial by name, and when tocilizumab and corticosteroids are given."""

    crs: Fact
    neuro: Fact
    tocilizumab: Comedication
    steroid: Comedication


@dataclass(frozen=True, slots=True)
class Analysis:
    """Analysis sets, months of accrual, months from the first enrolment to the data cut, and the rate of loss to follow-up."""

    sets: tuple[str, ...]
    sets_source: str
    accrual: Quantity
    cut_off: Quantity
    lost: Quantity
