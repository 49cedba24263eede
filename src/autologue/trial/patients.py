"""The patients of every replicate: age, weight, burden and dose, which are all that the panels share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError
from autologue.protocol import DoseRange, Protocol
from autologue.variability import LogitNormal

__all__ = ["Patients", "sample_patients"]

Floats = NDArray[np.float64]
_ATTEMPTS = 200
_DOSE = 3  # index of the random number of the dose, after age, weight and burden


@dataclass(frozen=True)
class Patients:
    """Patients (n,): numbers, age in years, weight in kg, burden as the fraction of blasts in marrow, dose in cells."""

    ids: NDArray[np.int64]
    age: Floats
    weight: Floats
    burden: Floats
    dose: Floats

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.ids)

    def rows(self, chosen: NDArray[np.bool_]) -> Patients:
        """Return some of the patients."""
        return Patients(self.ids[chosen], self.age[chosen], self.weight[chosen], self.burden[chosen], self.dose[chosen])


def sample_patients(protocol: Protocol, count: int, *, seed: int, first: int = 0) -> Patients:
    """Return patients `first` to `first + count - 1` of the endless population of a protocol and seed.

    A draw in which a covariate or the dose leaves its range is drawn again, for that patient as a whole.
    """
    ids = np.arange(first, first + count, dtype=np.int64)
    found = np.full((count, 4), np.nan)
    todo = np.arange(count)
    for attempt in range(_ATTEMPTS):
        z = seeds.normals(seed, seeds.Purpose.COVARIATES, ids[todo], _DOSE + 1, attempt=attempt)
        rho = protocol.correlation_age_weight.value
        z[:, 1] = rho * z[:, 0] + np.sqrt(1.0 - rho * rho) * z[:, 1]
        drawn, inside = _drawn(protocol, z)
        found[todo] = drawn
        todo = todo[~inside]
        if not len(todo):
            return Patients(ids, found[:, 0], found[:, 1], found[:, 2], found[:, 3])
    raise InputError(f"{protocol.file}: {len(todo)} of {count} patients stay outside the ranges of covariates and dose; widen them")


def _drawn(protocol: Protocol, z: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return age, weight, burden and dose (patients, 4), and which patients are inside every range."""
    columns, inside = [], np.ones(len(z), bool)
    for k, name in enumerate(("age", "weight", "burden")):
        covariate = protocol.covariates[name].continuous()
        scale = covariate.variability
        if isinstance(scale, LogitNormal):
            value = 1.0 / (1.0 + (1.0 / covariate.median - 1.0) * np.exp(-scale.sd * z[:, k]))
        else:
            value = covariate.median * np.exp(scale.sd * z[:, k])
        inside &= (value >= scale.lower) & (value <= scale.upper)
        columns.append(value)
    dose, allowed = _dose(protocol, columns[1], z[:, _DOSE])
    return np.column_stack([*columns, dose]), inside & allowed


def _dose(protocol: Protocol, weight: Floats, z: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the dose in cells, by weight, and whether it is in the allowed range."""
    rule = protocol.dose
    light = weight <= rule.threshold.value

    def pick(name: str) -> Floats:
        found: Floats = np.where(light, _value(rule.light, name), _value(rule.heavy, name))
        return found

    amount = pick("median") * np.exp(rule.sd.value * z)
    return amount * np.where(light, weight, 1.0), (amount >= pick("lower")) & (amount <= pick("upper"))


def _value(dose: DoseRange, name: str) -> float:
    value: float = getattr(dose, name).value
    return value
