"""Laboratory values with explicit units: converted by a written table, refused when the unit is missing, unknown or implausible."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from autologue.errors import InputError, unknown

__all__ = ["ANALYTES", "Analyte", "Lab", "in_unit"]


@dataclass(frozen=True)
class Lab:
    """A measured value and the unit it was reported in, for example `Lab(140, "1e9/L")`."""

    value: float
    unit: str


@dataclass(frozen=True)
class Analyte:
    """An analyte: the unit of the scores, plausible limits in it, and per unit a factor as (numerator, denominator)."""

    unit: str
    low: float
    high: float
    units: dict[str, tuple[float, float]]


# creatinine: 113.12 g/mol, so 1 mg/dL = 88.40 umol/L; haemoglobin: 16.114 g/mmol of monomer; 1 ukat/L = 60 U/L
ANALYTES: dict[str, Analyte] = {
    "ldh": Analyte("U/L", 10, 100_000, {"U/L": (1, 1), "IU/L": (1, 1), "ukat/L": (60, 1)}),
    "creatinine": Analyte("mg/dL", 0.05, 40, {"mg/dL": (1, 1), "umol/L": (1, 88.40)}),
    "crp": Analyte("mg/dL", 0, 100, {"mg/dL": (1, 1), "mg/L": (1, 10)}),
    "platelets": Analyte("1e9/L", 0.5, 3_000, {"1e9/L": (1, 1), "G/L": (1, 1), "1e3/uL": (1, 1), "/uL": (1, 1_000)}),
    "anc": Analyte("/uL", 0, 200_000, {"/uL": (1, 1), "1e3/uL": (1_000, 1), "1e9/L": (1_000, 1), "G/L": (1_000, 1)}),
    "haemoglobin": Analyte("g/dL", 1, 25, {"g/dL": (1, 1), "g/L": (1, 10), "mmol/L": (1.6114, 1)}),
    "ferritin": Analyte("ng/mL", 1, 1_000_000, {"ng/mL": (1, 1), "ug/L": (1, 1), "mg/L": (1_000, 1)}),
}


def in_unit(analyte: str, lab: Lab) -> float:
    """Return `lab` in the unit of the scores (see ANALYTES).

    Raises InputError for a missing or unknown unit, for a value that is not finite, and for one that is implausible in its unit,
    which is how a value with the wrong unit is caught.

    >>> in_unit("crp", Lab(30, "mg/L")), in_unit("anc", Lab(1.2, "1e9/L"))
    (3.0, 1200.0)
    """
    if analyte not in ANALYTES:
        raise InputError(unknown("analyte", analyte, ANALYTES))
    known = ANALYTES[analyte]
    if not isinstance(lab, Lab):
        raise InputError(
            f"{analyte} is {lab!r} without a unit, expected a value with one of {', '.join(known.units)}; give Lab(value, unit)"
        )
    if lab.unit not in known.units:
        raise InputError(f"{analyte} has the unit {lab.unit!r}, expected one of {', '.join(known.units)}; give the unit of the report")
    numerator, denominator = known.units[lab.unit]
    value = lab.value * numerator / denominator
    if not (isfinite(value) and known.low <= value <= known.high):
        limits = f"{known.low:g} to {known.high:g} {known.unit}"
        raise InputError(f"{analyte} is {lab.value:g} {lab.unit}, that is {value:g} {known.unit}, expected {limits}; check the unit")
    return value
