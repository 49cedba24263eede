"""What every disease course does: a population for one set of numbers, patients treated, the model solved, antigen-negative cells added."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autologue.engine.solve import Solver, solve
from autologue.errors import ModelError
from autologue.model import Model
from autologue.population import Individuals, Population
from autologue.trial.courses.escape import antigen_negative
from autologue.trial.flow import Flow
from autologue.trial.grid import highest
from autologue.trial.streams import Stream, stream_seed, uniforms
from autologue.trial.values import Values

__all__ = ["EARLY", "Burdens", "DiseaseCourse"]

Floats = NDArray[np.float64]
EARLY = np.arange(0.0, 29.0)  # days on which the cells are followed closely


@dataclass(frozen=True)
class Burdens:
    """Disease and cells of patients (n,) from infusion on, NaN in those not infused and those who could not be solved.

    `days` (times,) after infusion; `total` (n, times) is the burden in the unit of the course, `positive` and `negative` (n, times) are the
    disease with and without antigen, in that unit too where the burden is their sum; `cells` (n, early days) the CAR-T cells of the first
    28 days and `normal` (n, times) healthy cells with the antigen, relative to their own level (NaN where the model has none). `extinct` is
    the day on which the last antigen-positive cell died.
    """

    days: Floats
    total: Floats
    positive: Floats
    negative: Floats
    cells: Floats
    normal: Floats
    extinct: Floats
    growth: Floats
    failed: NDArray[np.bool_]

    def peak(self) -> tuple[Floats, Floats]:
        """Return the highest number of CAR-T cells within 28 days of infusion, and its day, both (n,)."""
        return highest(EARLY[1:], self.cells[:, 1:])

    def exposure(self) -> Floats:
        """Return the area under the CAR-T cells from infusion to day 28 (n,)."""
        return np.asarray(np.trapezoid(self.cells, EARLY, axis=1))


class DiseaseCourse(ABC):
    """A disease course; final classes say which model, which population and how a patient enters it.

    `unit` is that of the burden, `links` the files of links it reads, `assumed` what it takes for granted in words.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    links: ClassVar[tuple[str, ...]]
    assumed: ClassVar[str]
    disease: ClassVar[str]  # output of the model that holds the burden
    cells: ClassVar[str]
    normal: ClassVar[str] = ""
    marker: ClassVar[str] = ""  # output of what is measured in place of the disease
    solver: ClassVar[Solver] = Solver(explicit=True, rtol=1e-4)
    typical_peak: ClassVar[float]  # CAR-T cells at the peak of the paper's own patient

    @property
    @abstractmethod
    def model(self) -> Model:
        """The model, with a birth-death tail for its last cells, frozen once the disease is far back."""

    @abstractmethod
    def population(self, values: Mapping[str, float]) -> Population:
        """Return the population of one replicate, from its numbers."""

    @abstractmethod
    def treated(self, people: Individuals, flow: Flow, v: Values, *, seed: int) -> Individuals:
        """Return sampled patients with the burden, dose and lymphodepletion of theirs."""

    @abstractmethod
    def from_model(self, burden: Floats, v: Values, *, count: Floats) -> Floats:
        """Return disease (n, times) from the model's output; `count` (n,) is that of its cells at infusion."""

    @abstractmethod
    def count(self, flow: Flow, v: Values, *, seed: int) -> Floats:
        """Return how many disease cells there are at infusion (n,)."""

    @abstractmethod
    def relative(self, flow: Flow) -> Floats:
        """Return the burden at infusion relative to the median patient of the model's paper (n,)."""

    @abstractmethod
    def from_cells(self, cells: Floats, v: Values, *, count: Floats) -> Floats:
        """Return disease (n, times), as `from_model` does, from a number of cells."""

    def whole(self, positive: Floats, negative: Floats, marker: Floats, flow: Flow) -> Floats:
        """Return the burden (n, times) in `unit`; `marker` (n, times) is that of the model, NaN where it has none."""
        return np.asarray(positive + negative)

    @abstractmethod
    def growth(self, people: Individuals) -> Floats:
        """Return the growth rate of the disease (n,), per day."""

    def circulating(self, cells: Floats) -> Floats:
        """Return the CAR-T cells (n, early days) that are counted, from the model's output."""
        return cells

    def normal_level(self, people: Individuals) -> Floats:
        """Return the level of healthy cells without CAR-T cells (n,); raises ModelError for a course that follows none."""
        raise ModelError(f"the course of model {people.model.name} follows no healthy cells")

    def follow(self, flow: Flow, v: Values, *, seed: int, days: Floats) -> Burdens:
        """Return the course of patients on `days` after infusion; `v` has the numbers of the patients (see `Values.spread`)."""
        return _follow(self, flow, v, seed=seed, days=days)


def _follow(course: DiseaseCourse, flow: Flow, v: Values, *, seed: int, days: Floats) -> Burdens:
    chosen = np.flatnonzero(flow.infused)
    if not len(chosen):
        return _nothing(len(flow), days)
    some, values = flow.rows(chosen), v.spread(chosen)
    people = course.treated(_sampled(course, some, values, seed), some, values, seed=seed)
    grid = np.unique(np.concatenate([EARLY, days]))
    outputs = [course.disease, course.cells, *(name for name in (course.normal, course.marker) if name)]
    chance = uniforms(seed, Stream.EXTINCTION, some.ids)[:, 0]
    found = solve(course.model, people.parameters, times=grid, outputs=outputs, chance=chance, solver=course.solver, workers=1)
    late, early = np.searchsorted(grid, days), np.searchsorted(grid, EARLY)
    failed = found.status != 0
    rate = course.growth(people)
    count = course.count(some, values, seed=seed)
    clones = antigen_negative(count, rate, values, relative=course.relative(some), days=days, ids=some.ids, seed=seed)
    extinct = found.marks[:, list(found.events).index(f"extinction of {_tail_state(course)}")]
    none = np.full((len(chosen), len(days)), np.nan)
    normal = found.values[:, late, 2] / course.normal_level(people)[:, None] if course.normal else none
    positive = course.from_model(found.values[:, late, 0], values, count=count)
    negative = course.from_cells(clones, values, count=count)
    out = Burdens(
        days=days, total=course.whole(positive, negative, found.values[:, late, -1] if course.marker else none, some),
        positive=positive, negative=negative, cells=course.circulating(found.values[:, early, 1]), normal=normal,
        extinct=extinct, growth=rate, failed=failed,
    )  # fmt: skip
    return _placed(out, chosen, len(flow))


def _tail_state(course: DiseaseCourse) -> str:
    tail = course.model.birth_death
    assert tail is not None
    return tail.state


def _sampled(course: DiseaseCourse, flow: Flow, v: Values, seed: int) -> Individuals:
    """Return parameters of patients, each replicate from its own population; patient numbers say which random effects are whose."""
    own = stream_seed(seed, Stream.COURSE)
    if (v.draws < 0).all():
        return _of(course.population(v.one(0)), flow.ids, own)
    starts = np.flatnonzero(np.diff(flow.replicate, prepend=-1))
    ends = [*starts[1:].tolist(), len(flow)]
    pieces = [_of(course.population(v.one(a)), flow.ids[a:b], own) for a, b in zip(starts.tolist(), ends, strict=True)]
    return Individuals(pieces[0].model, flow.ids, np.concatenate([piece.parameters for piece in pieces]))


def _of(population: Population, ids: NDArray[np.int64], seed: int) -> Individuals:
    """Return the patients with these rising numbers."""
    first = int(ids[0])
    people = population.sample(int(ids[-1]) - first + 1, seed=seed, first=first)
    return Individuals(people.model, ids, people.parameters[ids - first])


def _nothing(n: int, days: Floats) -> Burdens:
    none, never = np.full((n, len(days)), np.nan), np.full(n, np.nan)
    return Burdens(days, none, none, none, np.full((n, len(EARLY)), np.nan), none, never, never, np.zeros(n, bool))


def _placed(some: Burdens, chosen: NDArray[np.int64], n: int) -> Burdens:
    """Return burdens of all patients, with those of the chosen in their place."""
    whole = _nothing(n, some.days)
    made: dict[str, Any] = {"days": some.days}
    for field in fields(Burdens)[1:]:
        made[field.name] = getattr(whole, field.name).copy()
        made[field.name][chosen] = getattr(some, field.name)
    for name in ("total", "positive", "negative", "cells", "normal"):
        made[name][made["failed"]] = np.nan
    return Burdens(**made)
