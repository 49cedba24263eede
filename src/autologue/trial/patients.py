"""The patients of every replicate: age, weight, burden and dose, drawn until they meet the ranges and the rules of eligibility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError
from autologue.protocol import Criterion, DoseRange, DoseRule, Protocol
from autologue.variability import LogitNormal

__all__ = ["Patients", "sample_patients"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NAMES = ("age", "weight", "burden")
_ATTEMPTS = 200
_DOSE = 3  # index of the random number of the dose, after age, weight and burden


@dataclass(frozen=True)
class Patients:
    """Patients (n,): numbers, age in years, weight in kg, burden at enrolment, dose in cells, and how many were screened for each.

    The burden is the fraction of blasts in marrow in leukaemia, else in the unit of the protocol. What a protocol does not have is NaN.
    """

    ids: NDArray[np.int64]
    age: Floats
    weight: Floats
    burden: Floats
    dose: Floats
    screened: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.ids)

    def rows(self, chosen: Flags | NDArray[np.int64]) -> Patients:
        """Return some of the patients."""
        return Patients(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def sample_patients(protocol: Protocol, count: int, *, seed: int, first: int = 0) -> Patients:
    """Return patients `first` to `first + count - 1` of the endless population of a protocol and seed.

    A draw in which a covariate or the dose leaves its range is drawn again, for that patient as a whole; so is one who breaks a rule of
    eligibility, and that one counts as screened. Raises InputError where nobody can be found, and says which rule rejects.
    """
    ids = np.arange(first, first + count, dtype=np.int64)
    found = np.full((count, _DOSE + 1), np.nan)
    screened = np.ones(count, dtype=np.int64)
    rejected: dict[str, int] = {}
    todo = np.arange(count)
    for attempt in range(_ATTEMPTS):
        z = seeds.normals(seed, seeds.Purpose.COVARIATES, ids[todo], _DOSE + 1, attempt=attempt)
        rho = protocol.correlation_age_weight.value
        z[:, 1] = rho * z[:, 0] + np.sqrt(1.0 - rho * rho) * z[:, 1]
        drawn, inside = _drawn(protocol, z)
        eligible = _eligible(protocol, drawn, inside, rejected)
        screened[todo[inside & ~eligible]] += 1
        found[todo] = drawn
        todo = todo[~(inside & eligible)]
        if not len(todo):
            return Patients(ids, found[:, 0], found[:, 1], found[:, 2], found[:, _DOSE], screened)
    raise InputError(_nobody(protocol, len(todo), count, rejected))


def _nobody(protocol: Protocol, left: int, count: int, rejected: Mapping[str, int]) -> str:
    if any(rejected.values()):
        rule = max(rejected, key=lambda name: rejected[name])
        criterion = protocol.eligibility[rule]
        return (
            f"{protocol.file}: eligibility.{rule} ({criterion.value}) rejects everybody screened for {left} of {count} patients; widen it"
        )
    return f"{protocol.file}: {left} of {count} patients stay outside the ranges of covariates and dose; widen them"


def _drawn(protocol: Protocol, z: Floats) -> tuple[Floats, Flags]:
    """Return age, weight, burden and dose (patients, 4), NaN where the protocol has none, and which patients are inside every range."""
    columns, inside = [], np.ones(len(z), bool)
    for k, name in enumerate(NAMES):
        if name not in protocol.covariates:
            columns.append(np.full(len(z), np.nan))
            continue
        covariate = protocol.covariates[name].continuous()
        scale = covariate.variability
        if isinstance(scale, LogitNormal):
            value = 1.0 / (1.0 + (1.0 / covariate.median - 1.0) * np.exp(-scale.sd * z[:, k]))
        else:
            value = covariate.median * np.exp(scale.sd * z[:, k])
        inside &= (value >= scale.lower) & (value <= scale.upper)
        columns.append(value)
    if protocol.dosing is None:
        return np.column_stack([*columns, np.full(len(z), np.nan)]), inside
    dose, allowed = _dose(protocol.dosing, columns[1], z[:, _DOSE])
    return np.column_stack([*columns, dose]), inside & allowed


def _eligible(protocol: Protocol, drawn: Floats, inside: Flags, rejected: dict[str, int]) -> Flags:
    """Return who meets every rule, and count in `rejected` whom each rule turned away."""
    fine = np.ones(len(drawn), bool)
    for name, rule in protocol.eligibility.items():
        if not isinstance(rule, Criterion):
            continue
        value = drawn[:, NAMES.index(rule.covariate)]
        scale = 0.01 if protocol.covariates[rule.covariate].median.unit == "%" else 1.0
        low = -np.inf if rule.lower is None else scale * rule.lower.value
        high = np.inf if rule.upper is None else scale * rule.upper.value
        met = (value >= low) & (value <= high)
        rejected[name] = rejected.get(name, 0) + int((inside & ~met).sum())
        fine &= met
    return fine


def _dose(rule: DoseRule, weight: Floats, z: Floats) -> tuple[Floats, Flags]:
    """Return the dose in cells, by weight, and whether it is in the allowed range."""
    light = weight <= rule.threshold.value

    def pick(name: str) -> Floats:
        found: Floats = np.where(light, _value(rule.light, name), _value(rule.heavy, name))
        return found

    amount = pick("median") * np.exp(rule.sd.value * z)
    return amount * np.where(light, weight, 1.0), (amount >= pick("lower")) & (amount <= pick("upper"))


def _value(dose: DoseRange, name: str) -> float:
    value: float = getattr(dose, name).value
    return value
