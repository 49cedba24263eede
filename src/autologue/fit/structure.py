"""The structure of a fit: which numbers of a population are estimated, how patients' parameters follow from them, and from covariates.

What varies, on which scale, the blocks, the effects and the residual errors are those of the population. Estimated are its typical
values with variability, its effects, the deviations and correlations of its random effects and the residual errors of what is observed;
besides these the parameters named in `free`, and without those named in `fixed` (any estimate can be named, see
`autologue.population.estimates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from autologue.errors import InputError, unknown
from autologue.patient import Cohort
from autologue.population import Estimate, Kind, Parametric, Scale, estimates_of, read_estimates, with_estimates
from autologue.population.covariates import coefficient, regressor
from autologue.population.estimates import scale_of

__all__ = ["Prior", "Structure", "read_structure", "shares_outside"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of an estimate beforehand: normal on its scale of estimation with `sd`, around `value` as the population states it."""

    value: float
    sd: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (np.isfinite(self.value) and np.isfinite(self.sd) and self.sd > 0):
            raise InputError(f"a prior around {self.value!r} with sd {self.sd!r}; expected numbers, the sd above zero")


@dataclass(frozen=True, eq=False)
class Structure:
    """What is estimated in a fit of `population` to patients; see `read_structure`.

    estimates: what is estimated, each on its scale. bounds: (estimates, 2) on these scales. priors: centre and precision (estimates,)
    on these scales, precision 0 without one. varying: columns of the model's parameters that have a random effect. scales: of every
    parameter. regressors: (patients, effects), with each effect's column in `acts_on`.
    """

    population: Parametric
    estimates: tuple[Estimate, ...]
    bounds: Floats
    prior_centre: Floats
    prior_precision: Floats
    varying: Integers
    scales: tuple[Scale, ...]
    regressors: Floats
    acts_on: Integers
    _groups: Mapping[Scale, Integers] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what is estimated."""
        return tuple(e.name for e in self.estimates)

    def read(self, population: Parametric) -> Floats:
        """Return the estimates of a population of this structure as a vector on their scales."""
        return read_estimates(population, self.estimates)

    def write(self, vector: Floats) -> Parametric:
        """Return the population with these estimates, (estimates,) on their scales."""
        return with_estimates(self.population, self.estimates, vector)

    def centre(self, population: Parametric) -> Floats:
        """Return each patient's parameters without random effects, (patients, parameters of the model) on the scales of the parameters."""
        typical = self.scaled(population.typical_values()[None])[0]
        found = np.tile(typical, (len(self.regressors), 1))
        for k, effect in enumerate(population.effects):
            found[:, self.acts_on[k]] += coefficient(effect) * self.regressors[:, k]
        return found

    def natural(self, scaled: Floats) -> Floats:
        """Return parameter sets (sets, parameters of the model) from their scales."""
        found = np.array(scaled, dtype=float)
        for scale, columns in self._groups.items():
            found[:, columns] = scale.back(found[:, columns])
        return found

    def scaled(self, natural: Floats) -> Floats:
        """Return parameter sets (sets, parameters of the model) on their scales."""
        found = np.array(natural, dtype=float)
        for scale, columns in self._groups.items():
            found[:, columns] = scale.to(found[:, columns])
        return found


def read_structure(
    cohort: Cohort,
    population: Parametric,
    *,
    free: Iterable[str] = (),
    fixed: Iterable[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Prior] | None = None,
) -> Structure:
    """Return the structure of a fit; bounds are in the unit of the population. Raises InputError for what cannot be estimated so."""
    limits, beliefs = dict(bounds or {}), dict(priors or {})
    estimates = _estimated(cohort, population, tuple(free), tuple(fixed))
    names = [e.name for e in estimates]
    for what in (limits, beliefs):
        for name in what:
            if name not in names:
                raise InputError(f"fit of {population.model.name}: {unknown('estimate', name, names)}")
    start = read_estimates(population, estimates)
    box = np.array([_bound(e, limits.get(e.name), x) for e, x in zip(estimates, start, strict=True)]).reshape(-1, 2)
    order = list(population.model.parameters)
    scales = tuple(scale_of(population, name) for name in order)
    curved = [s for s in (Scale.LOG, Scale.LOGIT) if s in scales]
    groups: dict[Scale, Integers] = {s: np.array([k for k, own in enumerate(scales) if own is s]) for s in curved}
    return Structure(
        population, estimates, box,
        np.array([float(e.scale.to(beliefs[e.name].value)) if e.name in beliefs else 0.0 for e in estimates]),
        np.array([beliefs[e.name].sd ** -2 if e.name in beliefs else 0.0 for e in estimates]),
        np.array([order.index(name) for name in population.varying], dtype=np.int64),
        scales,
        np.column_stack([np.empty((len(cohort), 0)), *(regressor(e, _values(cohort, e.covariate)) for e in population.effects)]),
        np.array([order.index(e.parameter) for e in population.effects], dtype=np.int64),
        groups,
    )  # fmt: skip


def _estimated(cohort: Cohort, population: Parametric, free: tuple[str, ...], fixed: tuple[str, ...]) -> tuple[Estimate, ...]:
    everything = estimates_of(population)
    where = f"fit of {population.model.name}"
    known = [e.name for e in everything]
    for name in (*free, *fixed):
        if name not in known:
            raise InputError(f"{where}: {unknown('estimate', name, known)}")
    if population.occasions and not any(patient.occasions for patient in cohort):
        raise InputError(
            f"{where}: no patient has a second occasion, so that what changes between occasions cannot be told from what varies between "
            "patients; give a column of occasions (OCC) or occasion_dose=, or leave out occasions="
        )
    given = {name for name in population.model.parameters if all(name in patient.known for patient in cohort)}
    for name in free:
        if name in given:
            raise InputError(f"{where}: '{name}' is known for every patient; it cannot be estimated as well")
    moved = {*population.varying, *population.changing, *free, *(e.parameter for e in population.effects)} - given
    found = tuple(
        e
        for e in everything
        if e.name not in fixed
        and (e.kind is not Kind.TYPICAL or e.name in moved)
        and (e.kind is not Kind.RESIDUAL or e.of[0] in cohort.outputs)
        and (not e.kind.deviation or e.of[0] not in given)
    )
    if not found:
        raise InputError(f"{where}: nothing is left to estimate; name fewer in fixed=, or give parameters a variability")
    return found


def shares_outside(population: Parametric) -> dict[str, float]:
    """Return the share of patients without covariates whose value of each truncated parameter would be drawn again."""
    found = {}
    for name in population.varying:
        spread = population.effect_scale(name)
        assert spread is not None
        scale, typical = scale_of(population, name), population.typical.get(name, population.model.parameters[name].value)
        low, high = ((float(scale.to(end)) - float(scale.to(typical))) / spread.sd for end in (spread.lower, spread.upper))
        found[name] = float(ndtr(low) + ndtr(-high))
    return found


def _bound(estimate: Estimate, limits: tuple[float, float] | None, start: float) -> tuple[float, float]:
    if not np.isfinite(start):
        raise InputError(f"the start of '{estimate.name}' is not a number on its scale ({estimate.scale.value}); give one inside its range")
    if limits is None:
        return -np.inf, np.inf
    lower, upper = (float(estimate.scale.to(x)) for x in limits)
    low, high = (-np.inf if np.isnan(lower) else lower), upper
    if not low < high or not low <= start <= high:
        value = float(estimate.scale.back(start))
        raise InputError(f"'{estimate.name}' starts at {value:g}, outside its bounds {limits[0]:g} to {limits[1]:g}; start inside")
    return low, high


def _values(cohort: Cohort, name: str) -> list[float | str]:
    for patient in cohort:
        if name not in patient.covariates:
            raise InputError(f"patient {patient.id}: {unknown('covariate', name, patient.covariates)}; every patient needs it")
    return [patient.covariates[name] for patient in cohort]
