"""Patients: what was measured, given and known, for one patient or a cohort.

An observation is an interval: a measured value is one of zero width, a value below quantification is everything below the limit.
Each estimator, forecast and diagnostic reads the same three numbers, so that none of them can forget the censoring.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue import units
from autologue.errors import InputError, unknown
from autologue.regimen import Regimen

__all__ = ["Cohort", "Event", "Observations", "Patient"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, init=False)
class Observations:
    """Measurements of one output in one patient, each known to lie between `lower` and `upper`; all arrays are (n,).

    times: ascending, in the time unit of the patient. lower, upper: equal for a measured value; (-inf, limit) below quantification,
    (limit of detection, limit of quantification) where detected but not quantified, (limit, inf) above quantification.
    above: the likelihood is conditional on a value above this (Beal's M2 and M4); -inf where it is not.
    limit: lower limit of quantification of the sample, NaN where unknown; diagnostics and simulated visits censor by it.
    """

    times: Floats
    lower: Floats
    upper: Floats
    above: Floats
    limit: Floats
    unit: str
    matrix: str

    def __init__(
        self,
        times: ArrayLike,
        values: ArrayLike | None = None,
        *,
        unit: str,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
        above: ArrayLike = -math.inf,
        limit: ArrayLike = math.nan,
        matrix: str = "",
    ) -> None:
        """Take measured `values`, or bounds `lower` and `upper`; numbers stand for all samples."""
        units.parse(unit)
        when = np.atleast_1d(np.asarray(times, dtype=float))
        low, high = (values if bound is None else bound for bound in (lower, upper))
        if low is None or high is None:
            raise InputError("observations need values=, or both lower= and upper=")
        given = {"times": when, "lower": low, "upper": high, "above": above, "limit": limit}
        for name, array in given.items():
            try:
                object.__setattr__(self, name, np.array(np.broadcast_to(np.asarray(array, dtype=float), when.shape)))
            except ValueError:
                raise InputError(f"observations: {name} has shape {np.shape(array)}; expected {when.shape}, one a sample") from None
        object.__setattr__(self, "unit", unit)
        object.__setattr__(self, "matrix", matrix)
        self._check()

    def _check(self) -> None:
        if self.times.ndim != 1 or not np.isfinite(self.times).all() or (np.diff(self.times) < 0).any():
            raise InputError("times of observations must be finite numbers in ascending order")
        wrong = ~(self.lower <= self.upper) | (self.lower == math.inf) | (self.upper == -math.inf)
        if wrong.any():
            k = int(wrong.argmax())
            raise InputError(
                f"the observation at time {self.times[k]:g} lies between {self.lower[k]:g} and {self.upper[k]:g}; expected lower <= upper"
            )

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.times)

    @property
    def censored(self) -> NDArray[np.bool_]:
        """Which samples are known as an interval only (n,)."""
        found: NDArray[np.bool_] = self.lower < self.upper
        return found

    def until(self, time: float) -> Observations:
        """Return the samples taken no later than `time`."""
        kept = self.times <= time
        return Observations(
            self.times[kept], unit=self.unit, lower=self.lower[kept], upper=self.upper[kept], above=self.above[kept],
            limit=self.limit[kept], matrix=self.matrix,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """A time to event, known to lie in [earliest, latest]; equal where seen, latest = inf where censored; followed from `entry` on."""

    earliest: float
    latest: float
    entry: float = 0.0

    def __post_init__(self) -> None:
        """Check the order of the times."""
        if not (math.isfinite(self.earliest) and self.entry <= self.earliest <= self.latest):
            when = f"between {self.earliest!r} and {self.latest!r}, followed from {self.entry!r}"
            raise InputError(f"an event {when}; expected entry <= earliest <= latest")


def _not_yet(event: Event, time: float) -> Event:
    """Return what is known at a time of an event that is not known to have come."""
    return Event(min(event.earliest, time), math.inf, entry=event.entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One patient: observations by output, what was given, and what is known.

    covariates: value at baseline by name; those that change with time are levels of inputs in the `regimen`.
    known: parameters of the model whose value is known for this patient (a dose, a weight), by name.
    occasions: times at which an occasion after the first begins (a reinfusion, a visit of a crossover).
    events: times to event by name. time: the unit of all times, by default that of the model.
    """

    id: str
    observations: Mapping[str, Observations] = field(default_factory=dict)
    regimen: Regimen | None = None
    covariates: Mapping[str, float | str] = field(default_factory=dict)
    known: Mapping[str, float] = field(default_factory=dict)
    occasions: Sequence[float] = ()
    events: Mapping[str, Event] = field(default_factory=dict)
    time: str | None = None

    def __post_init__(self) -> None:
        """Freeze the mappings."""
        for name in ("observations", "covariates", "known", "events"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "occasions", tuple(float(t) for t in self.occasions))
        if list(self.occasions) != sorted(set(self.occasions)):
            raise InputError(f"patient {self.id}: occasions begin at {self.occasions}; expected times in ascending order, each once")

    def until(self, time: float) -> Patient:
        """Return the patient as known at a time: observations up to it, of later events that they had not come, and all that was given."""
        kept = {name: seen.until(time) for name, seen in self.observations.items()}
        begun = {name: event for name, event in self.events.items() if event.entry < time}
        events = {name: event if event.latest <= time else _not_yet(event, time) for name, event in begun.items()}
        return replace(self, observations={name: seen for name, seen in kept.items() if len(seen)}, events=events)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields with plain mappings, which can be pickled and copied."""
        return {n: dict(v) if isinstance(v := getattr(self, n), MappingProxyType) else v for n in self.__slots__}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Restore the fields, frozen as before."""
        for name, value in state.items():
            object.__setattr__(self, name, MappingProxyType(value) if isinstance(value, dict) else value)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Patients of one study, each id once, in a fixed order."""

    patients: tuple[Patient, ...]
    name: str = ""

    def __post_init__(self) -> None:
        """Check that there are patients and that ids are unique."""
        object.__setattr__(self, "patients", tuple(self.patients))
        ids = [patient.id for patient in self.patients]
        if not ids:
            raise InputError(f"cohort {self.name or 'without a name'} holds no patient; expected at least one")
        twice = next((i for i in ids if ids.count(i) > 1), None) if len(set(ids)) < len(ids) else None
        if twice is not None:
            raise InputError(f"cohort {self.name}: patient '{twice}' appears more than once; each id stands for one patient")

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.patients)

    def __iter__(self) -> Iterator[Patient]:
        """Yield the patients in their order."""
        return iter(self.patients)

    def __getitem__(self, name: str) -> Patient:
        """Return the patient of an id."""
        found = next((p for p in self.patients if p.id == name), None)
        if found is None:
            raise InputError(unknown("patient", name, [p.id for p in self.patients]))
        return found

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of all outputs that are observed, in the order in which they appear."""
        return tuple(dict.fromkeys(name for patient in self.patients for name in patient.observations))
