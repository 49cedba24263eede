"""The likelihood of a cohort, prepared once and then called with parameter sets: one for every estimator, forecast and diagnostic.

    likelihood = Likelihood(cohort, population)
    lanes = likelihood.lanes(who)                 # the patient of each set, (sets,)
    found = lanes.evaluate(parameters)            # (sets, parameters of the model in its order)
    found.log_density                             # (sets,); -inf where found.status tells why

The log-likelihood of a patient is a sum of terms. A term says at which times it needs which outputs and adds its log-density to that of
its lanes. This file holds the sum, `measured` the term of continuous outputs, `happened` those of times to event, counts and categories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue.engine.solve import REASONS as SOLVED
from autologue.engine.solve import Solver
from autologue.errors import InputError, ModelError
from autologue.likelihood.course import Course, plan_courses
from autologue.likelihood.extinction import Fates, chosen_fate, drawn_chance, fates, posterior, probability_name
from autologue.likelihood.happened import Happened, assemble_outcomes
from autologue.likelihood.measured import IMPOSSIBLE, Measured, add_chained
from autologue.likelihood.occasions import tell_apart
from autologue.likelihood.outcomes import OutcomeRows, read_outcomes
from autologue.likelihood.residual import error_numbers
from autologue.likelihood.rows import Rows, read_rows
from autologue.model import Model
from autologue.patient import Cohort
from autologue.population import Parametric

__all__ = ["REASONS", "Evaluation", "Gradient", "Lanes", "Likelihood", "RowDensity"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REASONS = (*SOLVED, "a prediction is not a finite number", "an observation is impossible under the prediction (no residual error there)")
"""What the status of a set means: those of the solver, then those of the density."""
_KEPT = 16  # lanes that are kept for the next call


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """log_density and status: (sets,), status codes into REASONS; prediction: (rows of all sets,), see `Lanes.row` and `Lanes.begin`.

    outcomes: the part of times to event, counts and categories in the log-density (sets,), zero where there is none.
    """

    log_density: Floats
    status: Integers
    prediction: Floats
    outcomes: Floats


@dataclass(frozen=True, eq=False, slots=True)
class RowDensity:
    """Of each row of all sets: prediction, log-density, its first two derivatives by the prediction; status: (sets,)."""

    prediction: Floats
    log_density: Floats
    slope: Floats
    curvature: Floats
    status: Integers


@dataclass(frozen=True, eq=False, slots=True)
class Gradient:
    """Derivatives by parameters `wrt`: of the predictions (rows of all sets, wrt) and of the log-density (sets, wrt); both themselves.

    outcomes: the part of times to event, counts and categories in the log-density (sets,), which has no row in `density`.
    """

    wrt: tuple[str, ...]
    density: RowDensity
    prediction: Floats
    log_density: Floats
    outcomes: Floats


class Likelihood:
    """The likelihood of a cohort under a population's model and residual errors, whose numbers are the defaults of every call.

    population: the one given, or that of the derived model where parameters change between occasions (`population.occasions`).
    rows: the observations in the model's units. kinds (outputs,) and numbers (outputs, 3): the errors of `outputs`, sd, cv and exponent.
    outcomes: the rows of times to event, counts and categories, None where there are none.
    """

    def __init__(self, cohort: Cohort, population: Parametric, *, solver: Solver | None = None) -> None:
        """Read the cohort and plan its courses; raises InputError for data that the model or its errors cannot have."""
        self.cohort: Cohort = cohort
        self.population: Parametric
        self.population, timed = tell_apart(population, cohort)
        self.rows: Rows
        self.rows, self.kinds = read_rows(population, cohort)
        self.outputs: tuple[str, ...] = self.rows.outputs
        self.numbers: Floats = error_numbers(population, self.outputs)[1]
        self.outcomes: OutcomeRows | None = read_outcomes(self.model, cohort)
        times = self._times()
        tail = (probability_name(self.model),) if self.model.birth_death else ()
        more = () if self.outcomes is None else self.outcomes.outputs
        self.course: Course = plan_courses(self.population, timed, times, (*self.outputs, *more, *tail), solver)
        self._lanes: dict[bytes, Lanes] = {}

    def _times(self) -> list[Floats]:
        """Return the times at which each patient's course is needed; note the place of each row's among them."""
        pieces = list(zip(self.rows.first[:-1], self.rows.first[1:], strict=True))
        seen = [self.rows.time[a:b] for a, b in pieces]
        more = self.outcomes
        others = [] if more is None else [more.time[a:b] for a, b in zip(more.first[:-1], more.first[1:], strict=True)]
        all_ = seen if more is None else [np.concatenate([t, o[np.isfinite(o)]]) for t, o in zip(seen, others, strict=True)]
        times = [np.unique(t) for t in all_]
        self.place: Integers = np.concatenate([np.searchsorted(t, own) for t, own in zip(times, seen, strict=True)]).astype(np.int64)
        if more is not None:
            found = [np.searchsorted(t, o.reshape(-1)).reshape(o.shape) for t, o in zip(times, others, strict=True)]
            self.outcome_place: Integers = np.where(more.output >= 0, np.concatenate(found), -1).astype(np.int64)
        return times

    @property
    def model(self) -> Model:
        """The model of the population."""
        return self.population.model

    @property
    def observed(self) -> int:
        """How many observations there are: samples, times to event, counts and categories."""
        return len(self.rows) + (0 if self.outcomes is None else self.outcomes.observed)

    def lanes(self, who: ArrayLike | None = None) -> Lanes:
        """Return the likelihood of the patients numbered `who` (sets,), one after another (None: each once), ready for parameters."""
        people = np.arange(len(self.cohort)) if who is None else np.atleast_1d(np.asarray(who, dtype=np.int64))
        if len(people) and not 0 <= people.min() <= people.max() < len(self.cohort):
            raise InputError(f"patients {people.min()} to {people.max()} asked for; the cohort has {len(self.cohort)}, counted from 0")
        key = people.tobytes()
        if key not in self._lanes:
            if len(self._lanes) >= _KEPT:
                self._lanes.pop(next(iter(self._lanes)))
            self._lanes[key] = Lanes(self, people)
        return self._lanes[key]


class Lanes:
    """The likelihood of patients `who` (sets,), made by `Likelihood.lanes`.

    row: numbers in the likelihood's table of the rows of all sets; those of set s are begin[s] to begin[s + 1] - 1.
    """

    def __init__(self, likelihood: Likelihood, who: Integers) -> None:
        self.likelihood, self.who = likelihood, who
        self._course = likelihood.course.lanes(who)
        self._measured = Measured(likelihood.rows, likelihood.kinds, likelihood.place, self._course)
        self.row, self.begin, self.lane = self._measured.row, self._measured.begin, self._measured.lane
        rows = likelihood.outcomes
        self._happened: Happened | None = None
        if rows is not None:
            placed = replace(rows, output=np.where(rows.output >= 0, rows.output + len(likelihood.outputs), -1))
            self._happened = Happened(placed, likelihood.outcome_place, self._course)

    def evaluate(self, parameters: Floats, numbers: Floats | None = None, *, pick: Floats | None = None) -> Evaluation:
        """Return the log-density of each set, (sets, parameters of the model); `numbers` are those of the errors.

        `numbers`: (outputs, 3) for all, or (sets, outputs, 3). Where the last cells may die out by chance, the density is that of the
        mixture, and the predictions are those of the most probable fate, or of one drawn with the uniform numbers `pick` (sets,).
        """
        sets = self._course.filled(parameters)
        buffer, solved = self._course.predict(sets)
        status = np.zeros(len(self.who), dtype=np.int64) if solved is None else solved
        total = np.zeros(len(self.who))
        found = self._summed(buffer, self._numbers(numbers), total, status)
        if self.likelihood.model.birth_death is None:
            return found
        return self._mixed(sets, buffer, self._numbers(numbers), found, pick)

    def _summed(self, buffer: Floats, numbers: Floats, total: Floats, status: Integers) -> Evaluation:
        """Add the terms to `total`."""
        predicted = self._measured.add(buffer, numbers, total, status)
        outcomes = np.zeros(len(total)) if self._happened is None else self._happened.add(buffer, total, status)
        return Evaluation(total, status, predicted, outcomes)

    def _mixed(self, sets: Floats, buffer: Floats, numbers: Floats, alive: Evaluation, pick: Floats | None) -> Evaluation:
        """Return the mixture over extinction, given the courses in which the last cells survive."""
        found = fates(self.likelihood.course, self._course, buffer)
        if not len(found.of):
            return alive
        return self._weighed(found, sets, numbers, alive, pick)[0]

    def predicted(self, parameters: Floats, chance: Floats | None = None) -> Floats:
        """Return the predictions of the rows of all sets, NaN where a course is not solved; `chance` (sets,) decides on the last cells."""
        buffer, status = self._course.predict(self._course.filled(parameters), chance)
        found: Floats = buffer[self._measured.cells]
        return found if status is None else np.where(status[self.lane] == 0, found, np.nan)

    def chances(self, parameters: Floats, u: Floats, numbers: Floats | None = None) -> Floats:
        """Return for each set a chance (sets,) that leads to a fate of the last cells drawn from those the data allow, by u (sets, 2)."""
        sets = self._course.filled(parameters)
        buffer, status = self._predicted(sets)
        total = np.zeros(len(self.who))
        alive = self._summed(buffer, self._numbers(numbers), total, status)
        found = fates(self.likelihood.course, self._course, buffer)
        if not len(found.of):
            return drawn_chance(found, np.full(len(sets), -1), u[:, 1])
        return drawn_chance(found, self._weighed(found, sets, self._numbers(numbers), alive, u[:, 0])[1], u[:, 1])

    def _weighed(self, found: Fates, sets: Floats, numbers: Floats, alive: Evaluation, pick: Floats | None) -> tuple[Evaluation, Integers]:
        """Return the mixture over fates, and the fate that is the most probable or picked, -1 for survival."""
        lanes = Lanes(self.likelihood, self.who[found.of])
        other, solved = lanes._course.predict(sets[found.of], found.chance)
        status = np.zeros(len(found.of), dtype=np.int64) if solved is None else solved
        total = np.zeros(len(found.of))
        predicted = lanes._summed(other, numbers if len(numbers) == 1 else numbers[found.of], total, status).prediction
        density, share, shares = posterior(found, alive.log_density, total)
        chosen = chosen_fate(found, share, shares, pick)
        prediction = alive.prediction.copy()
        for s, k in zip(np.flatnonzero(chosen >= 0), chosen[chosen >= 0], strict=True):
            prediction[self.begin[s] : self.begin[s + 1]] = predicted[lanes.begin[k] : lanes.begin[k + 1]]
        return Evaluation(density, np.where(np.isfinite(density), 0, alive.status), prediction, alive.outcomes), chosen

    def by_row(self, parameters: Floats, numbers: Floats | None = None) -> RowDensity:
        """Return the log-density of each row and its derivatives by the prediction."""
        buffer, status = self._predicted(parameters)
        return self._by_row(buffer, status, numbers)

    def gradient(self, parameters: Floats, wrt: Sequence[str], numbers: Floats | None = None) -> Gradient:
        """Return derivatives by the named parameters; those that are known for a patient do not move it."""
        buffer, slopes, more, status = self._differentiated(parameters, wrt)
        rows = self._by_row(buffer, status, numbers)
        count, m = len(self.who), len(wrt)
        total, outcomes = np.zeros((count, m)), np.zeros((1, count))
        add_chained(self.begin, rows.slope, slopes, total)
        if (there := self._happened) is not None:
            by, bend = np.zeros((1, count, m)), np.zeros((1, count, m, m))
            assemble_outcomes(there.begin, there.kind, there.y, there.read(buffer)[None], more[None], outcomes, by, bend)
            total += by[0]
            rows.status[(rows.status == 0) & ~np.isfinite(outcomes[0])] = IMPOSSIBLE
        return Gradient(tuple(wrt), rows, slopes, total, outcomes[0])

    def predictions(self, parameters: Floats, wrt: Sequence[str]) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the predictions (rows of all sets,) and their derivatives (rows of all sets, wrt), NaN where a course is not solved.

        Then the numbers that the rows of outcomes read (2 rows of all sets,), and their derivatives.
        """
        buffer, slopes, more, _ = self._differentiated(parameters, wrt)
        read = np.empty(0) if self._happened is None else self._happened.read(buffer)
        return buffer[self._measured.cells], slopes, read, more

    def _differentiated(self, parameters: Floats, wrt: Sequence[str]) -> tuple[Floats, Floats, Floats, Integers]:
        """Return the buffer, the derivatives of the rows' predictions, of what outcomes read, and the status of each set."""
        if self.likelihood.model.birth_death is not None:
            what = f"model {self.likelihood.model.name} has cells that die out by chance, where there are no derivatives"
            raise ModelError(f"{what}; use a method that needs none, such as SAEM")
        buffer, slopes, status = self._course.differentiate(self._course.filled(parameters), wrt)
        by_row = slopes[self._measured.cells]
        more = np.empty((0, len(wrt))) if self._happened is None else self._happened.slopes(slopes)
        order = list(self.likelihood.model.parameters)
        known = ~np.isnan(self.likelihood.course.known[self.who][:, [order.index(name) for name in wrt]])
        if known.any():
            by_row[known[self.lane]] = 0.0
            if self._happened is not None:
                more[np.repeat(known[self._happened.lane], 2, axis=0)] = 0.0
        return buffer, by_row, more, status

    def _by_row(self, buffer: Floats, status: Integers, numbers: Floats | None) -> RowDensity:
        predicted, density, slope, curvature = self._measured.by_row(buffer, self._numbers(numbers), status)
        return RowDensity(predicted, density, slope, curvature, status)

    def _predicted(self, parameters: Floats) -> tuple[Floats, Integers]:
        buffer, status = self._course.predict(self._course.filled(parameters))
        return buffer, np.zeros(len(self.who), dtype=np.int64) if status is None else status

    def _numbers(self, numbers: Floats | None) -> Floats:
        given = self.likelihood.numbers if numbers is None else np.ascontiguousarray(numbers, dtype=float)
        return given if given.ndim == 3 else given[None]
