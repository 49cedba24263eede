"""One patient, one day: the physiology from which every toxicity scale is read.

A field left at None was not recorded. That is not the same as normal: a scale that needs the finding then refuses to grade.
Temperatures are in degrees Celsius, oxygen flow in L/min, FiO2 as a fraction, days since infusion (day 0), ages in years;
organ grades are CTCAE grades 0 to 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from math import isfinite

from autologue.errors import InputError

__all__ = ["Consciousness", "DailyFindings", "Death", "Oedema", "Oxygen", "PressorDose", "Seizure", "ice_total"]


class Oxygen(StrEnum):
    """How oxygen was given; `VENTILATOR` is invasive mechanical ventilation."""

    NONE = "none"
    NASAL_CANNULA = "nasal_cannula"
    BLOW_BY = "blow_by"
    HIGH_FLOW_CANNULA = "high_flow_cannula"
    FACE_MASK = "face_mask"
    NON_REBREATHER = "non_rebreather"
    VENTURI = "venturi"
    CPAP = "cpap"
    BIPAP = "bipap"
    VENTILATOR = "ventilator"


class PressorDose(StrEnum):
    """Dose level of the whole vasopressor regimen, by the table of the scale that is used."""

    LOW = "low"
    HIGH = "high"


class Consciousness(StrEnum):
    """What wakes the patient; `SPONTANEOUS` is depressed consciousness that still wakes without a stimulus."""

    ALERT = "alert"
    SPONTANEOUS = "spontaneous"
    VOICE = "voice"
    TOUCH = "touch"
    UNAROUSABLE = "unarousable"


class Seizure(StrEnum):
    """`BRIEF`: resolves rapidly, or non-convulsive on EEG and resolves with treatment; `PROLONGED`: over 5 min or repetitive."""

    NONE = "none"
    BRIEF = "brief"
    PROLONGED = "prolonged"


class Oedema(StrEnum):
    """`FOCAL` on imaging; `DIFFUSE` on imaging, or posturing, sixth-nerve palsy, papilloedema or Cushing's triad."""

    NONE = "none"
    FOCAL = "focal"
    DIFFUSE = "diffuse"


class Death(StrEnum):
    """Whether the patient died on this day, and what the death was attributed to."""

    NONE = "none"
    CRS = "crs"
    ICANS = "icans"
    OTHER = "other"


# column: (lowest, highest, what it is); a value outside is impossible in a living patient or on the instrument
LIMITS: dict[str, tuple[float, float, str]] = {
    "day": (0, 36_525, "days since infusion, so nothing before day 0"),
    "age_years": (0, 120, "years"),
    "temperature_c": (25, 45, "degrees Celsius"),
    "pressors": (0, 10, "a number of vasopressors, vasopressin not counted"),
    "oxygen_flow": (0, 100, "L/min"),
    "fio2": (0.21, 1, "a fraction"),
    "creatinine_grade": (0, 5, "a CTCAE grade"),
    "transaminase_grade": (0, 5, "a CTCAE grade"),
    "other_organ_grade": (0, 5, "a CTCAE grade"),
    "ice_orientation": (0, 4, "ICE points"),
    "ice_naming": (0, 3, "ICE points"),
    "ice_command": (0, 1, "ICE points"),
    "ice_writing": (0, 1, "ICE points"),
    "ice_attention": (0, 1, "ICE points"),
    "ice_score": (0, 10, "ICE points"),
    "capd": (0, 32, "CAPD points"),
}
ICE_ITEMS = ("ice_orientation", "ice_naming", "ice_command", "ice_writing", "ice_attention")


@dataclass(frozen=True, kw_only=True)
class DailyFindings:
    """Findings of one patient on one day; `pressors` never counts vasopressin, which has its own field.

    `other_cause` says that the day's fever, hypotension and hypoxia are explained by something else, `neuro_other_cause` the same
    of the neurological findings (sedation, haemorrhage). `iv_fluids` means given for hypotension. `antipyretic`, `tocilizumab` and
    `steroid` mean given on this day. Raises InputError, in one sentence, for an impossible or contradictory value.

    >>> DailyFindings(patient="A", day=2, temperature_c=39.1, pressors=1).total_pressors is None
    True
    """

    patient: str
    day: float
    age_years: float | None = None
    temperature_c: float | None = None
    constitutional: bool | None = None
    hospitalised: bool | None = None
    hypotension: bool | None = None
    iv_fluids: bool | None = None
    pressors: int | None = None
    vasopressin: bool | None = None
    pressor_dose: PressorDose | None = None
    oxygen: Oxygen | None = None
    oxygen_flow: float | None = None
    fio2: float | None = None
    creatinine_grade: int | None = None
    transaminase_grade: int | None = None
    other_organ_grade: int | None = None
    blood_products: bool | None = None
    antipyretic: bool | None = None
    tocilizumab: bool | None = None
    steroid: bool | None = None
    ice_orientation: int | None = None
    ice_naming: int | None = None
    ice_command: int | None = None
    ice_writing: int | None = None
    ice_attention: int | None = None
    ice_score: int | None = None
    capd: int | None = None
    consciousness: Consciousness | None = None
    seizure: Seizure | None = None
    motor_weakness: bool | None = None
    oedema: Oedema | None = None
    other_cause: bool = False
    neuro_other_cause: bool = False
    death: Death = Death.NONE

    def __post_init__(self) -> None:
        for name, (low, high, meaning) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and low <= value <= high):
                raise InputError(
                    f"{self.where}: {name} is {value:g}, expected {low:g} to {high:g} ({meaning}); check the value and its unit"
                )
        for broken, sentence in CONTRADICTIONS:
            if broken(self):
                raise InputError(f"{self.where}: {sentence}; correct one of the two")

    @property
    def where(self) -> str:
        """The record in words, for messages."""
        return f"patient {self.patient}, day {self.day:g}"

    @property
    def ice(self) -> int | None:
        """ICE score: as recorded, else the sum of its five items, else None."""
        return self.ice_score if self.ice_score is not None else ice_total(self)

    @property
    def total_pressors(self) -> int | None:
        """Number of vasopressors, vasopressin included; None unless both were recorded."""
        return None if self.pressors is None or self.vasopressin is None else self.pressors + int(self.vasopressin)

    @property
    def at_least_pressors(self) -> int:
        """The number of vasopressors that the record proves, vasopressin included."""
        return (self.pressors or 0) + int(self.vasopressin or False)

    def lacks(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of `names` that were not recorded."""
        return tuple(name for name in names if getattr(self, name) is None)


def ice_total(findings: DailyFindings) -> int | None:
    """Return the sum of the five ICE items (0 to 10), or None if one was not recorded. Source: ASTCT 2019.

    >>> items = dict(ice_orientation=4, ice_naming=3, ice_command=1, ice_writing=0, ice_attention=0)
    >>> ice_total(DailyFindings(patient="A", day=1, **items))
    8
    """
    items = [getattr(findings, name) for name in ICE_ITEMS]
    return None if None in items else sum(items)


def _ice_disagrees(f: DailyFindings) -> bool:
    total = ice_total(f)
    return f.ice_score is not None and total is not None and total != f.ice_score


CONTRADICTIONS: tuple[tuple[Callable[[DailyFindings], bool], str], ...] = (
    (lambda f: f.oxygen is Oxygen.NONE and (f.oxygen_flow or 0) > 0, "oxygen is none but oxygen_flow is above 0"),
    (lambda f: f.oxygen is Oxygen.NONE and (f.fio2 or 0) > 0.21, "oxygen is none but fio2 is above 0.21"),
    (
        lambda f: f.oxygen is Oxygen.HIGH_FLOW_CANNULA and f.oxygen_flow is not None and f.oxygen_flow <= 6,
        "oxygen is high_flow_cannula but oxygen_flow is 6 L/min or less",
    ),
    (lambda f: f.pressor_dose is not None and f.total_pressors == 0, "pressor_dose is given but no vasopressor is"),
    (_ice_disagrees, "ice_score is not the sum of the five ICE items"),
)

FIELDS = tuple(field.name for field in fields(DailyFindings))
