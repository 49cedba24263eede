"""What is done with values below the limit of quantification, by the names M1 to M7.

Beal 2001, J Pharmacokinet Pharmacodyn 28:481-504, doi:10.1023/A:1012299115260. Each is a value that changes a cohort: `M3()(cohort)`.
A value is below where it is known as an interval that ends at the limit, or that has no lower end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, unknown
from autologue.patient import Cohort, Observations, Patient

__all__ = ["M1", "M2", "M3", "M4", "M5", "M6", "M7", "Censoring", "change_observations", "take_samples"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Change = Callable[[Patient, str, Observations], Observations]


@dataclass(frozen=True, slots=True)
class Censoring(ABC):
    """A method for values below the limit, for some outputs or, by default, for all."""

    outputs: tuple[str, ...] = ()

    def __call__(self, cohort: Cohort) -> Cohort:
        """Return the cohort with the method applied; raises InputError for an unknown output, or where a limit is needed and unknown."""
        return change_observations(cohort, self._change, outputs=self.outputs)

    @abstractmethod
    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        """Return the samples of one output of one patient."""


def change_observations(cohort: Cohort, change: Change, *, outputs: tuple[str, ...] = ()) -> Cohort:
    """Return the cohort with samples changed, output by output (by default all); an output of which nothing is left is left out."""
    for name in outputs:
        if name not in cohort.outputs:
            raise InputError(unknown("output of the cohort", name, cohort.outputs))

    def changed(patient: Patient) -> Patient:
        seen = patient.observations
        found = {name: change(patient, name, each) if not outputs or name in outputs else each for name, each in seen.items()}
        return replace(patient, observations={name: each for name, each in found.items() if len(each)})

    return Cohort(tuple(changed(patient) for patient in cohort), cohort.name)


def take_samples(seen: Observations, kept: Bools | None = None, **new: Any) -> Observations:
    """Return the samples that are kept (by default all), with some of lower, upper, above and limit replaced."""
    kept = np.ones(len(seen), bool) if kept is None else kept
    arrays = {
        name: np.broadcast_to(new.get(name, getattr(seen, name)), seen.times.shape)[kept] for name in ("lower", "upper", "above", "limit")
    }
    return Observations(seen.times[kept], unit=seen.unit, matrix=seen.matrix, **arrays)


def _below(seen: Observations) -> Bools:
    found: Bools = seen.censored & np.isfinite(seen.upper) & (np.isneginf(seen.lower) | (seen.upper <= seen.limit))
    return found


def _end(seen: Observations) -> Floats:
    """Return where 'below' ends: the limit of quantification, or the upper bound where that is higher or the limit unknown."""
    found: Floats = np.fmax(seen.upper, seen.limit)
    return found


@final
class M1(Censoring):
    """Values below the limit are dropped."""

    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        return take_samples(seen, ~_below(seen))


@final
class M2(Censoring):
    """Values below the limit are dropped; the likelihood of the others is conditional on a value above their limit."""

    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        kept = ~_below(seen)
        unlimited = kept & np.isnan(seen.limit)
        if unlimited.any():
            where = f"output '{name}' of patient {patient.id} at time {seen.times[unlimited][0]:g}"
            raise InputError(f"M2 conditions on the limit of quantification, which is unknown for {where}; give LLOQ, or use M1")
        return take_samples(seen, kept, above=seen.limit)


@final
class M3(Censoring):
    """A value below the limit is anything below it, whether it was detected or not; nothing is conditioned on."""

    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        below = _below(seen)
        return take_samples(seen, lower=np.where(below, -np.inf, seen.lower), upper=np.where(below, _end(seen), seen.upper), above=-np.inf)


@final
class M4(Censoring):
    """As M3, given that every value, measured or not, is above zero."""

    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        below = _below(seen)
        upper = np.where(below, _end(seen), seen.upper)
        if not (upper > 0).all():
            when = seen.times[~(upper > 0)][0]
            raise InputError(
                f"M4 takes values to lie above zero, and output '{name}' of patient {patient.id} at time {when:g} does not; use M3"
            )
        return take_samples(seen, lower=np.where(below, 0.0, seen.lower), upper=upper, above=0.0)


@final
class M5(Censoring):
    """A value below the limit becomes half of it."""

    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        return _imputed(seen, _end(seen) / 2)


@final
class M6(Censoring):
    """Of values below the limit in a row one becomes half of it and the others are dropped: the first, or the last before any measured."""

    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        below = _below(seen)
        kept = ~below
        runs = np.cumsum(np.diff(below, prepend=~below[:1]))  # a number for each stretch of equal ones
        for run in np.unique(runs[below]):
            places = np.flatnonzero(runs == run)
            leading = places[0] == 0 and places[-1] < len(below) - 1
            kept[places[-1] if leading else places[0]] = True
        return _imputed(seen, _end(seen) / 2, kept=kept)


@final
class M7(Censoring):
    """A value below the limit becomes zero."""

    def _change(self, patient: Patient, name: str, seen: Observations) -> Observations:
        return _imputed(seen, np.zeros(len(seen)))


def _imputed(seen: Observations, value: Floats, *, kept: Bools | None = None) -> Observations:
    below = _below(seen)
    return take_samples(seen, kept, **{side: np.where(below, value, getattr(seen, side)) for side in ("lower", "upper")})
