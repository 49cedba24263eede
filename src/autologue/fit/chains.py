"""Markov chains of the random effects of every patient: where they are, how they move, what each patient's own distribution looks like."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import SolveError
from autologue.fit.kernels import EACH, OWN, PRIOR, WALK, accept, accumulate, fill, own_shape, propose, regroup
from autologue.fit.problem import Point, Problem
from autologue.likelihood import REASONS
from autologue.population import Scale

__all__ = ["Chains", "scale_codes"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEARNT = 10  # iterations before a patient's own shape is used
BLEND = 2.0  # weight of the population's covariance in a patient's, in iterations


def scale_codes(problem: Problem) -> Integers:
    """Return the scale of each coordinate as compiled code reads it."""
    return np.array([{Scale.LOG: 0, Scale.LOGIT: 1}.get(s, 2) for s in problem.scales], dtype=np.int64)


class Chains:
    """`count` chains of all patients, lane after lane (chain after chain), and the running moments of each patient.

    phi (lanes, q): coordinates. density (lanes,), predicted (rows of all lanes): at phi. first, second: running means of phi and phi phi'.
    """

    def __init__(self, problem: Problem, point: Point, *, count: int, seed: int) -> None:
        n, q = problem.patients, problem.varying
        self.problem, self.count, self.seed, self.age = problem, count, seed, 0
        self.lanes = problem.likelihood.lanes(np.tile(np.arange(n), count))
        self.codes, self.columns = scale_codes(problem), np.ascontiguousarray(problem.columns)
        self.phi: Floats = np.ascontiguousarray(np.tile(point.centre[:, :q], (count, 1)))
        self.sets: Floats = np.tile(problem.base, (count, 1))
        self.density: Floats = np.empty(n * count)
        self.predicted: Floats = np.empty(len(self.lanes.row))
        self.first: Floats = point.centre[:, :q].copy()
        self.second: Floats = self.first[:, :, None] * self.first[:, None, :] + point.omega
        self.step: Floats = np.tile(np.append(np.sqrt(np.diagonal(point.omega)), 2.4 / np.sqrt(q)), (n, 1))
        self.mean, self.own = self.first.copy(), np.zeros((n, q, q))
        self._trial = np.empty_like(self.phi)
        self._attempt = 0

    def start(self, point: Point) -> None:
        """Evaluate the chains where they start; raises SolveError where a patient cannot be."""
        status = self.renew(point)
        lost = np.flatnonzero(~np.isfinite(self.density))
        if not len(lost):
            return
        patient = self.problem.likelihood.cohort.patients[self.lanes.who[lost[0]]].id
        sets = self.sets[lost[0]]
        values = ", ".join(f"{name} {x:.4g}" for name, x in zip(self.problem.likelihood.model.parameters, sets, strict=True))
        more = len(set(self.lanes.who[lost])) - 1
        others = f" (and {more} more)" if more else ""
        raise SolveError(f"patient {patient}{others}: {REASONS[status[lost[0]]]} at the starting values {values}; start from others")

    def renew(self, point: Point) -> Integers:
        """Evaluate the chains where they are, under these centres and errors; return the status of each lane."""
        q = self.problem.varying
        fill(self.phi, self.codes[:q], self.columns[:q], self.sets)
        if len(self.codes) > q:
            fill(np.tile(point.centre[:, q:], (self.count, 1)), self.codes[q:], self.columns[q:], self.sets)
        found = self.lanes.evaluate(self.sets, point.sigma, pick=self.pick(0))
        self.density, self.predicted = found.log_density, found.prediction
        return found.status

    def pick(self, place: int) -> Floats | None:
        """Return the uniform numbers that choose a fate where cells may die out by chance."""
        if self.problem.likelihood.model.birth_death is None:
            return None
        index = place + self.problem.varying + 3
        n, step = self.problem.patients, self.problem.varying + 4
        table = seeds.uniforms(self.seed, seeds.Purpose.ESTIMATION, np.arange(n), index + self.count * step, attempt=self._attempt)
        return np.concatenate([table[:, index + c * step] for c in range(self.count)])

    def sweep(self, attempt: int, point: Point, *, weight: float, moments: float) -> None:
        """Move all chains by each kernel once, then the running moments by `moments`; steps adapt with `weight`."""
        self._attempt = attempt
        q = self.problem.varying
        centre = np.ascontiguousarray(point.centre)
        if self.problem.pairs.size:
            regroup(self.seed, attempt, centre, point.inverse, point.root, self.problem.pairs, self.problem.active, self.phi)
        self.renew(point)
        own_shape(self.first, self.second, point.omega, min(BLEND / (1.0 + self.age), 1.0), self.mean, self.own)
        width = q + 4
        for number, (kind, which) in enumerate(self._kernels(q)):
            place = (number + 1) * self.count * width
            propose(
                kind, which, self.seed, attempt, place, centre, point.root, self.mean, self.own, self.step, self.phi, self.codes[:q],
                self.columns[:q], self._trial, self.sets,
            )  # fmt: skip
            found = self.lanes.evaluate(self.sets, point.sigma, pick=self.pick(place))
            accept(
                kind, which, self.seed, attempt, place, weight, centre, point.inverse, self.mean, self.own, self.step, self.phi,
                self.density, self.predicted, self.lanes.begin, self._trial, found.log_density, found.prediction,
            )  # fmt: skip
        self.age += 1
        accumulate(self.phi, moments, self.first, self.second)

    def _kernels(self, q: int) -> Iterator[tuple[int, int]]:
        yield PRIOR, 0
        if self.age >= LEARNT:
            yield OWN, 0
            yield WALK, 0
        for which in range(q):
            yield EACH, which
