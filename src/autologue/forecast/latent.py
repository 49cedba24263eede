"""What is unknown of one patient: random effects as standard normal numbers, around what the population says of such a patient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError
from autologue.fit.structure import read_structure
from autologue.likelihood import Likelihood, error_numbers
from autologue.patient import Cohort, Patient
from autologue.population import Parametric, in_one_occasion
from autologue.population.estimates import Scale

__all__ = ["Latent", "read_latent"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CHUNK = 4096  # sets whose likelihood is evaluated in one call


@dataclass(frozen=True, eq=False)
class Latent:
    """One patient under `variants` populations: one, or draws of the population's own uncertainty.

    centre: (variants, parameters of the model) on their scales, random effects zero. factor: (variants, d, d), lower triangular, of the
    covariance of the random effects. numbers: (variants, outputs, 3) of the residual errors. varying: (d,) columns of the parameters.
    """

    patient: Patient
    population: Parametric
    likelihood: Likelihood | None  # None: nothing was observed
    centre: Floats
    factor: Floats
    numbers: Floats
    varying: Integers
    scales: tuple[Scale, ...]
    lower: Floats
    upper: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that vary, (d,)."""
        order = list(self.population.model.parameters)
        return tuple(order[k] for k in self.varying)

    @property
    def variants(self) -> int:
        """How many populations there are."""
        return len(self.centre)

    def variant(self, count: int) -> Integers:
        """Return which population each of `count` sets belongs to: they take turns."""
        return np.arange(count, dtype=np.int64) % self.variants

    def parameters(self, z: Floats, which: Integers) -> Floats:
        """Return parameter sets (n, parameters of the model) for standard normal effects z (n, d) in populations `which` (n,)."""
        found = self.centre[which]
        found[:, self.varying] += np.einsum("nij,nj->ni", self.factor[which], z)
        for scale in set(self.scales):
            columns = [k for k, own in enumerate(self.scales) if own is scale]
            found[:, columns] = scale.back(found[:, columns])
        return found

    def log_likelihood(self, z: Floats, which: Integers) -> Floats:
        """Return the log-density of the observations, (n,); -inf outside a truncation or where the course cannot be solved."""
        found = np.full(len(z), -np.inf)
        sets = self.parameters(z, which)
        possible = self.possible(sets)
        if self.likelihood is None:
            return np.where(possible, 0.0, -np.inf)
        inside = np.flatnonzero(possible)
        for first in range(0, len(inside), CHUNK):
            rows = inside[first : first + CHUNK]
            lanes = self.likelihood.lanes(np.zeros(len(rows), dtype=np.int64))
            numbers = self.numbers if self.variants == 1 else self.numbers[which[rows]]
            found[rows] = lanes.evaluate(sets[rows], numbers).log_density
        return found

    def chances(self, z: Floats, which: Integers, u: Floats) -> Floats | None:
        """Return a chance for each set, by u (n, 2), under which the last cells do what the data allow; None where nothing is known."""
        if self.likelihood is None or self.population.model.birth_death is None:
            return None
        sets = self.parameters(z, which)
        numbers = self.numbers if self.variants == 1 else self.numbers[which]
        return self.likelihood.lanes(np.zeros(len(z), dtype=np.int64)).chances(sets, u, numbers)

    def possible(self, sets: Floats) -> NDArray[np.bool_]:
        """Return which parameter sets are numbers inside the truncations, (n,)."""
        return np.asarray(((sets >= self.lower) & (sets <= self.upper) & np.isfinite(sets)).all(axis=1))

    def log_posterior(self, z: Floats, which: Integers) -> Floats:
        """Return the logarithm of likelihood times prior density, (n,)."""
        total: Floats = self.log_likelihood(z, which) + log_prior(z)
        return total


def log_prior(z: Floats) -> Floats:
    """Return the log-density of independent standard normal effects, (n,) for (n, d)."""
    found: Floats = -0.5 * (z * z).sum(axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi)
    return found


def _likelihood(population: Parametric, patient: Patient) -> Likelihood | None:
    """Return the likelihood of what was observed, None where that is nothing.

    Of an event it counts from the start of the course that it had not come: a patient who enters late and alive is one of those who are.
    """
    events = {name: replace(event, entry=0.0) for name, event in patient.events.items() if name in population.model.outcomes}
    if not events and not any(len(seen) for seen in patient.observations.values()):
        return None
    return Likelihood(Cohort((replace(patient, events=events),)), population)


def read_latent(population: Parametric, patient: Patient, *, variants: int = 0, seed: int = 0) -> Latent:
    """Return what is unknown of a patient; `variants` above zero draws as many populations from the uncertainty of the estimates.

    Raises InputError for observations that the model cannot have, a covariate that is missing, or a population that states no uncertainty.
    """
    if variants and not population.uncertainty:
        raise InputError(f"the population '{population.name}' of {population.model.name} states no uncertainty; forecast without it")
    cohort = Cohort((patient,))
    drawn = population.draws(variants, seed=seeds.child_seed(seed, seeds.Purpose.UNCERTAINTY, 0)) if variants else [population]
    people, population = [in_one_occasion(p) for p in drawn], in_one_occasion(population)
    # where nothing varies between patients there is nothing to estimate either, and the structure wants something
    unvaried = [name for name in population.model.parameters if name not in patient.known][:1]
    structure = read_structure(cohort, population, free=() if population.varying else unvaried)
    likelihood = _likelihood(population, patient)
    known = [name for name in population.varying if name in patient.known]
    if known:
        what = f"patient {patient.id}: '{known[0]}' is known and varies in the population"
        raise InputError(f"{what}; give the population without its variability")
    spreads = [population.effect_scale(name) for name in population.model.parameters]
    numbers = [np.empty((0, 3)) if likelihood is None else error_numbers(p, likelihood.outputs)[1] for p in people]
    return Latent(
        patient,
        population,
        likelihood,
        np.vstack([structure.centre(p)[0] for p in people]),
        np.stack([np.linalg.cholesky(p.covariance()) for p in people]),
        np.stack(numbers),
        structure.varying,
        structure.scales,
        np.array([-np.inf if s is None else s.lower for s in spreads]),
        np.array([np.inf if s is None else s.upper for s in spreads]),
    )
