"""The structure of a fit as the conditional methods read it: coordinates of each patient, linear in the estimates, and their numbers.

Parameters that vary between patients or are estimated are coordinates, on the scales of the structure. Patient i has coordinates
m_i + eta_i, with centres m_i that are linear in typical values and covariate effects, and eta ~ N(0, Omega) for those that vary; these
come first. Where parameters change between occasions, the effects of each occasion are such coordinates too (see
`autologue.population.occasions`), after those of the patient, with one covariance for all: Omega is made of blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from autologue.fit.structure import Structure
from autologue.likelihood.likelihood import Likelihood
from autologue.likelihood.residual import NUMBERS
from autologue.patient import Cohort
from autologue.population import Kind, Parametric, Scale
from autologue.population.covariates import coefficient
from autologue.population.estimates import blocks_of, occasion_blocks_of

__all__ = ["Block", "Point", "Problem", "pose"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
STEP = 1e-6  # on the scale of a correlation


@dataclass(frozen=True, eq=False)
class Point:
    """The numbers at one vector: centres (patients, k), covariance of the random effects (q, q), errors (outputs, 3)."""

    centre: Floats
    omega: Floats
    sigma: Floats

    @cached_property
    def inverse(self) -> Floats:
        """The inverse of the covariance of the random effects."""
        return np.asarray(np.linalg.inv(self.omega), dtype=np.float64)

    @cached_property
    def root(self) -> Floats:
        """The lower Cholesky factor of the covariance of the random effects."""
        return np.asarray(np.linalg.cholesky(self.omega), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Block:
    """Random effects that are correlated: kind of their deviations, parameters, places among the coordinates (a row each occasion)."""

    kind: Kind
    names: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Problem:
    """A structure and a likelihood, ready to be maximised.

    coordinates: names, the first `varying` of them with a random effect; scales and columns (in the model) of each. base: (patients,
    parameters) of what is no coordinate. blocks: of the varying coordinates. active: (patients, varying), false for the effect of an
    occasion that the patient has not. offset (patients, k) and design (patients, k, p): centres are offset + design @ vector.
    """

    structure: Structure
    likelihood: Likelihood
    coordinates: tuple[str, ...]
    varying: int
    scales: tuple[Scale, ...]
    columns: Integers
    base: Floats
    blocks: tuple[Block, ...]
    active: NDArray[np.bool_]
    offset: Floats
    design: Floats

    @property
    def patients(self) -> int:
        """The number of patients."""
        return len(self.base)

    @property
    def start(self) -> Floats:
        """The starting values (p,)."""
        return self.structure.read(self.structure.population)

    @property
    def exact(self) -> bool:
        """Whether predictions and their derivatives are exact: closed forms, for every patient."""
        return bool(self.likelihood.course.closed.all())

    @cached_property
    def spans(self) -> Floats:
        """How far a coordinate moves before much changes (k,): 1 on the scales of logarithm and logit, else the size of its values."""
        centre = np.abs(self.offset + self.design @ self.start).max(axis=0)
        sd = np.zeros(len(self.coordinates))
        sd[: self.varying] = np.sqrt(np.diagonal(self._omega))
        size = np.maximum(centre, sd)
        return np.where([scale is Scale.VALUE for scale in self.scales], np.where(size > 0.0, size, 1.0), 1.0)

    @cached_property
    def widths(self) -> Floats:
        """The same of the estimates (p,)."""
        found = np.ones(len(self.structure.estimates))
        for j, e in enumerate(self.structure.estimates):
            if e.kind in (Kind.TYPICAL, Kind.EFFECT):
                k = int(np.abs(self.design[:, :, j]).max(axis=0).argmax())
                most = np.abs(self.design[:, k, j]).max()
                found[j] = self.spans[k] / most if most > 0.0 else 1.0
        return found

    def log_prior(self, vector: Floats) -> tuple[float, Floats]:
        """Return the logarithm of the priors' density, but for its constant, and its gradient (p,)."""
        off = vector - self.structure.prior_centre
        pull = -self.structure.prior_precision * off
        return 0.5 * float(pull @ off), pull

    def point(self, vector: Floats) -> Point:
        """Return the numbers at a vector."""
        estimates, sigma = self.structure.estimates, self.likelihood.numbers.copy()
        omega = self._omega
        if any(e.kind.correlation for e in estimates):
            omega = self.covariance(self.structure.write(vector))
        else:
            sd = np.sqrt(np.diagonal(omega))
            factor = np.ones(len(sd))
            for e, x in zip(estimates, vector, strict=True):
                if e.kind.deviation:
                    places = self._places[e.kind, e.of[0]]
                    factor[places] = np.exp(x) / sd[places]
            omega = omega * factor[:, None] * factor[None, :]
        for e, x in zip(estimates, vector, strict=True):
            if e.kind is Kind.RESIDUAL:
                sigma[self.likelihood.outputs.index(e.of[0]), NUMBERS.index(e.of[1])] = np.exp(x) if e.scale is Scale.LOG else x
        return Point(self.offset + self.design @ vector, omega, sigma)

    def covariance(self, population: Parametric) -> Floats:
        """Return Omega (varying, varying) of a population of the structure."""
        between, occasion = population.covariance(), population.occasion_covariance()
        copies = (self.varying - len(between)) // max(len(occasion), 1)
        return np.asarray(block_diag(between, *[occasion] * copies) if copies else between, dtype=np.float64)

    @cached_property
    def counts(self) -> Floats:
        """In how many patients each varying coordinate is met (varying,)."""
        return np.asarray(self.active.sum(axis=0), dtype=np.float64)

    @cached_property
    def pairs(self) -> Integers:
        """Coordinates of patients' effects, and of the same parameters' effects in each occasion (m, 1 + occasions)."""
        of_patient = {name: rows[0] for (kind, name), rows in self._places.items() if kind is Kind.DEVIATION}
        rows = {name: rows for (kind, name), rows in self._places.items() if kind is Kind.OCCASION_DEVIATION}
        found = [[of_patient[name], *own] for name, own in rows.items() if name in of_patient]
        return np.array(found, dtype=np.int64).reshape(len(found), -1 if found else 0)

    @cached_property
    def met(self) -> Floats:
        """How many patients, or occasions of them, each estimate is met in (p,)."""
        kinds = (Kind.OCCASION_DEVIATION, Kind.OCCASION_CORRELATION)
        found = np.full(len(self.structure.estimates), float(self.patients))
        for k, e in enumerate(self.structure.estimates):
            if e.kind in kinds:
                found[k] = self.counts[self._places[Kind.OCCASION_DEVIATION, e.of[0]]].sum()
        return found

    @cached_property
    def _omega(self) -> Floats:
        return self.covariance(self.structure.population)

    @cached_property
    def _places(self) -> dict[tuple[Kind, str], Integers]:
        """Where the effects with each deviation are among the coordinates."""
        return {
            (block.kind, name): np.array([row[j] for row in block.places]) for block in self.blocks for j, name in enumerate(block.names)
        }

    @cached_property
    def _groups(self) -> list[tuple[Scale, Integers]]:
        kinds = dict.fromkeys(self.scales)
        return [(scale, np.array([k for k, own in enumerate(self.scales) if own is scale])) for scale in kinds]

    def moved(self, vector: Floats, omega: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives of Omega, which is `omega` (p, q, q), and of the errors' numbers (p, outputs, 3) by the vector."""
        estimates = self.structure.estimates
        by_omega = np.zeros((len(vector), self.varying, self.varying))
        by_sigma = np.zeros((len(vector), len(self.likelihood.outputs), len(NUMBERS)))
        for k, e in enumerate(estimates):
            if e.kind.deviation:
                one = np.zeros(self.varying)
                one[self._places[e.kind, e.of[0]]] = 1.0
                by_omega[k] = omega * (one[:, None] + one[None, :])
            elif e.kind.correlation:
                sides = (vector - STEP * np.eye(len(vector))[k], vector + STEP * np.eye(len(vector))[k])
                ends = [self.covariance(self.structure.write(side)) for side in sides]
                by_omega[k] = (ends[1] - ends[0]) / (2.0 * STEP)
            elif e.kind is Kind.RESIDUAL:
                by_sigma[k, self.likelihood.outputs.index(e.of[0]), NUMBERS.index(e.of[1])] = e.scale.slope(vector[k])
        return by_omega, by_sigma

    def parameters(self, phi: Floats) -> tuple[Floats, Floats]:
        """Return parameter sets (copies * patients, parameters) for coordinates (copies, patients, k), and d parameter / d coordinate."""
        sets = np.empty((len(phi), *self.base.shape))
        sets[:] = self.base
        rate = np.empty_like(phi)
        with np.errstate(over="ignore"):
            for scale, which in self._groups:
                sets[..., self.columns[which]], rate[..., which] = scale.back(phi[..., which]), scale.slope(phi[..., which])
        return sets.reshape(-1, sets.shape[-1]), rate


def pose(structure: Structure, likelihood: Likelihood) -> Problem:
    """Return the problem of a structure under a likelihood."""
    population, estimates = structure.population, structure.estimates
    order, varying = list(likelihood.model.parameters), likelihood.population.varying
    moved = {e.of[0] for e in estimates if e.kind is Kind.TYPICAL}
    moved |= {population.effects[e.of[0]].parameter for e in estimates if e.kind is Kind.EFFECT}
    coordinates = (*varying, *(name for name in order if name in moved and name not in varying))
    columns = np.array([order.index(name) for name in coordinates], dtype=np.int64)
    stated = structure.centre(population)
    effects = np.zeros((len(stated), len(order) - stated.shape[1]))  # of occasions, which have no centre
    centre, base = np.hstack([stated, effects]), np.hstack([structure.natural(stated), effects])
    offset, design = centre[:, columns], np.zeros((len(centre), len(coordinates), len(estimates)))
    place = {column: k for k, column in enumerate(columns)}
    for j, (e, start) in enumerate(zip(estimates, structure.read(population), strict=True)):
        if e.kind is Kind.TYPICAL:
            k = coordinates.index(e.of[0])
            design[:, k, j] = 1.0
            offset[:, k] -= start
        elif e.kind is Kind.EFFECT:
            k, values = place[structure.acts_on[e.of[0]]], structure.regressors[:, e.of[0]]
            design[:, k, j] = values
            offset[:, k] -= coefficient(population.effects[e.of[0]]) * values
    scales = tuple(structure.scales[column] if column < stated.shape[1] else Scale.VALUE for column in columns)
    blocks, active = _blocks(population, likelihood.cohort, len(varying))
    return Problem(structure, likelihood, coordinates, len(varying), scales, columns, base, blocks, active, offset, design)


def _blocks(population: Parametric, cohort: Cohort, varying: int) -> tuple[tuple[Block, ...], NDArray[np.bool_]]:
    """Return the blocks of the varying coordinates, and which of these each patient has (patients, varying)."""
    own, changing = list(population.varying), list(population.changing)
    blocks = [Block(Kind.DEVIATION, tuple(names), (tuple(map(own.index, names)),)) for names in blocks_of(population)]
    begins = range(len(own), varying, max(len(changing), 1))
    for names in occasion_blocks_of(population):
        places = tuple(tuple(begin + changing.index(name) for name in names) for begin in begins)
        blocks.append(Block(Kind.OCCASION_DEVIATION, tuple(names), places))
    active = np.ones((len(cohort), varying), dtype=bool)
    for k, begin in enumerate(begins):
        active[:, begin : begin + len(changing)] = np.array([len(patient.occasions) >= k for patient in cohort])[:, None]
    return tuple(blocks), active
