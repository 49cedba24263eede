"""What an estimator turns: the estimates of a population as one vector, and what they say of each patient's parameters.

Parameters that vary between patients or are estimated are coordinates, on the scales of `estimates_of`. Patient i has coordinates
m_i + eta_i, with centres m_i that are linear in typical values and covariate effects, and eta ~ N(0, Omega) for those that vary (they come
first); the others have no eta.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, unknown
from autologue.likelihood.likelihood import Likelihood
from autologue.likelihood.residual import NUMBERS
from autologue.patient import Cohort, Patient
from autologue.population import Estimate, Kind, Parametric, Scale, estimates_of, read_estimates, with_estimates
from autologue.population.covariates import coefficient, regressor
from autologue.population.estimates import scale_of

__all__ = ["Point", "Prior", "Problem", "pose"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Point:
    """The numbers at one vector: centres (patients, k), covariance of the random effects (q, q), errors (outputs, 3)."""

    centre: Floats
    omega: Floats
    sigma: Floats


@dataclass(frozen=True, eq=False)
class Problem:
    """A cohort and the structure of a population, ready to be estimated.

    estimates: those that are estimated, the order of every vector; start: (p,). coordinates: their parameters, the first `varying` with a
    random effect; scales, columns (in the model): of each. base: (patients, parameters) what is not estimated. offset (patients, k) and
    design (patients, k, p): centres are offset + design @ vector. lower, upper (p,): bounds. centre, precision (p,): of the priors,
    normal on the scale of estimation; precision 0: none.
    """

    likelihood: Likelihood
    population: Parametric
    estimates: tuple[Estimate, ...]
    start: Floats
    coordinates: tuple[str, ...]
    varying: int
    scales: tuple[Scale, ...]
    columns: Integers
    base: Floats
    offset: Floats
    design: Floats
    lower: Floats
    upper: Floats
    centre: Floats
    precision: Floats

    @property
    def patients(self) -> int:
        """The number of patients."""
        return len(self.base)

    @property
    def exact(self) -> bool:
        """Whether predictions and their derivatives are exact: closed forms, for every patient."""
        return bool(self.likelihood.course.closed.all())

    def log_prior(self, vector: Floats) -> tuple[float, Floats]:
        """Return the logarithm of the priors' density, but for its constant, and its gradient (p,)."""
        pull = -self.precision * (vector - self.centre)
        return 0.5 * float(pull @ (vector - self.centre)), pull

    def point(self, vector: Floats) -> Point:
        """Return the numbers at a vector."""
        there = with_estimates(self.population, self.estimates, vector)
        errors = [there.error(name) for name in self.likelihood.outputs]
        sigma = np.array([[getattr(e, field, 0.0) for field in NUMBERS] for e in errors])
        return Point(self.offset + self.design @ vector, there.covariance(), sigma)

    def moved(self, vector: Floats, here: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives of Omega, which is `here` (p, q, q), and of the errors' numbers (p, outputs, 3) by the vector."""
        p = len(self.estimates)
        omega, sigma = np.zeros((p, self.varying, self.varying)), np.zeros((p, len(self.likelihood.outputs), len(NUMBERS)))
        for k, e in enumerate(self.estimates):
            if e.kind is Kind.DEVIATION:
                one = np.eye(self.varying)[self.coordinates.index(e.of[0])]
                omega[k] = here * (one[:, None] + one[None, :])
            elif e.kind is Kind.CORRELATION:
                sides = (vector - _STEP * np.eye(p)[k], vector + _STEP * np.eye(p)[k])
                ends = [with_estimates(self.population, self.estimates, side).covariance() for side in sides]
                omega[k] = (ends[1] - ends[0]) / (2.0 * _STEP)
            elif e.kind is Kind.RESIDUAL:
                output, number = self.likelihood.outputs.index(e.of[0]), NUMBERS.index(e.of[1])
                sigma[k, output, number] = e.scale.slope(vector[k])
        return omega, sigma

    def parameters(self, phi: Floats) -> tuple[Floats, Floats]:
        """Return parameter sets (copies * patients, parameters) for coordinates (copies, patients, k), and d parameter / d coordinate."""
        sets = np.tile(self.base, (len(phi), 1)).reshape(*phi.shape[:2], -1)
        rate = np.empty_like(phi)
        for k, (scale, column) in enumerate(zip(self.scales, self.columns, strict=True)):
            sets[..., column], rate[..., k] = scale.back(phi[..., k]), scale.slope(phi[..., k])
        return sets.reshape(-1, sets.shape[-1]), rate


_STEP = 1e-6


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of an estimate before: median, and the standard deviation on the estimate's scale (of the logarithm, mostly)."""

    median: float
    sd: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (math.isfinite(self.median) and 0.0 < self.sd < math.inf):
            raise InputError(f"a prior with median {self.median!r} and sd {self.sd!r}; expected finite numbers, sd above zero")


def pose(
    cohort: Cohort,
    population: Parametric,
    *,
    fixed: Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Prior] | None = None,
    likelihood: Likelihood | None = None,
) -> Problem:
    """Return the problem of estimating every number of `population` but those named in `fixed`.

    bounds: lowest and highest value, by name. A parameter that is known for every patient is not estimated.
    """
    likelihood = likelihood or Likelihood(cohort, population)
    order, varying = list(population.model.parameters), population.varying
    estimates = _chosen(cohort, population, fixed)
    centred = {e.of[0] for e in estimates if e.kind is Kind.TYPICAL}
    centred |= {population.effects[e.of[0]].parameter for e in estimates if e.kind is Kind.EFFECT}
    coordinates = (*varying, *(name for name in order if name in centred and name not in varying))
    scales = tuple(scale_of(population, name) for name in coordinates)
    columns = np.array([order.index(name) for name in coordinates], dtype=np.int64)
    offset, design, base = _linear(cohort, population, estimates, coordinates)
    lower, upper, centre, precision = _limits(population, estimates, bounds or {}, priors or {})
    return Problem(
        likelihood, population, estimates, read_estimates(population, estimates), coordinates, len(varying), scales, columns, base, offset,
        design, lower, upper, centre, precision,
    )  # fmt: skip


def _chosen(cohort: Cohort, population: Parametric, fixed: Sequence[str]) -> tuple[Estimate, ...]:
    known = estimates_of(population)
    names = [e.name for e in known]
    for name in fixed:
        if name not in names:
            raise InputError(f"population of {population.model.name}: {unknown('estimate', name, names)}")
    given = {name for name in population.model.parameters if all(name in patient.known for patient in cohort)}
    idle = {e.name for e in known if e.kind is Kind.TYPICAL and e.of[0] in given}
    idle |= {e.name for e in known if e.kind is Kind.RESIDUAL and e.of[0] not in cohort.outputs}
    return tuple(e for e in known if e.name not in fixed and e.name not in idle)


def _limits(
    population: Parametric, estimates: Sequence[Estimate], bounds: Mapping[str, tuple[float, float]], priors: Mapping[str, Prior]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return lower and upper bounds, centres and precisions of the priors, (p,) each, on the scales of estimation."""
    names = [e.name for e in estimates]
    lower, upper = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    centre, precision = np.zeros(len(names)), np.zeros(len(names))
    for name in (*bounds, *priors):
        if name not in names:
            raise InputError(f"population of {population.model.name}: {unknown('estimate', name, names)}")
    start = read_estimates(population, estimates)
    for k, e in enumerate(estimates):
        if e.name in bounds:
            lower[k], upper[k] = (float(e.scale.to(value)) for value in bounds[e.name])
            if not lower[k] <= start[k] <= upper[k] or not lower[k] < upper[k]:
                low, high = bounds[e.name]
                raise InputError(f"{e.name} starts at {e.scale.back(start[k]):g}, outside its bounds {low:g} to {high:g}; start within them")
        if e.name in priors:
            centre[k], precision[k] = float(e.scale.to(priors[e.name].median)), priors[e.name].sd ** -2
    return lower, upper, centre, precision


def _covariate(patient: Patient, name: str) -> float | str:
    if name not in patient.covariates:
        known = ", ".join(patient.covariates) or "none"
        raise InputError(f"patient {patient.id} has no covariate '{name}' (known: {known}); give it, or leave its effect out")
    return patient.covariates[name]


def _linear(
    cohort: Cohort, population: Parametric, estimates: Sequence[Estimate], coordinates: Sequence[str]
) -> tuple[Floats, Floats, Floats]:
    """Return offset (patients, k) and design (patients, k, p) of the centres, and all parameters as they stand (patients, parameters)."""
    order, n = list(population.model.parameters), len(cohort)
    offset, design = np.zeros((n, len(coordinates))), np.zeros((n, len(coordinates), len(estimates)))
    place = {e.of: k for k, e in enumerate(estimates) if e.kind in (Kind.TYPICAL, Kind.EFFECT)}
    typical = population.typical_values()
    base = np.tile(typical, (n, 1))
    for k, name in enumerate(coordinates):
        if (name,) in place:
            design[:, k, place[name,]] = 1.0
        else:
            offset[:, k] = scale_of(population, name).to(typical[order.index(name)])
    for number, effect in enumerate(population.effects):
        values = regressor(effect, [_covariate(patient, effect.covariate) for patient in cohort])
        if effect.parameter not in coordinates:
            scale, column = scale_of(population, effect.parameter), order.index(effect.parameter)
            base[:, column] = scale.back(scale.to(base[:, column]) + coefficient(effect) * values)
        elif (number,) in place:
            design[:, coordinates.index(effect.parameter), place[number,]] += values
        else:
            offset[:, coordinates.index(effect.parameter)] += coefficient(effect) * values
    return offset, design, base
