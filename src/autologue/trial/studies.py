"""The studies of a trial: which population answers each panel, for how many patients of a replicate, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.engine.solve import Solver
from autologue.library import populations
from autologue.population import Individuals, Population
from autologue.protocol import Protocol
from autologue.trial import inflammation, kinetics, leukaemia
from autologue.trial.comparison import PANELS, Row
from autologue.trial.panel import Panel
from autologue.trial.patients import Patients

__all__ = ["Answer", "Study", "panel_seed", "panel_size", "studies_of"]

Floats = NDArray[np.float64]
Answer = tuple[dict[str, Floats], int]


@dataclass(frozen=True)
class Study:
    """A population that answers one panel for the first `size` patients of each replicate.

    `answer` takes patients and their sampled random effects and returns variables (patients,) and the number not solved.
    """

    panel: str
    population: Population
    units: Mapping[str, str]
    size: int
    seed: int
    solver: Solver | None
    answer: Callable[[Patients, Individuals], Answer]

    def block(self, patients: Patients, per_replicate: int) -> Answer:
        """Return the variables of a block of whole replicates with `per_replicate` patients each."""
        sampled = self.population.sample(len(patients), seed=self.seed, first=int(patients.ids[0]))
        kept = np.arange(len(patients)) % per_replicate < self.size
        covariates = {name: values[kept] for name, values in sampled.covariates.items()}
        return self.answer(patients.rows(kept), Individuals(sampled.model, sampled.ids[kept], sampled.parameters[kept], covariates))

    def collect(self, blocks: Sequence[Answer]) -> Panel:
        """Return the blocks as a panel."""
        model = self.population.model
        names = blocks[0][0]
        return Panel(
            name=self.panel, population=getattr(self.population, "name", ""), model=model.name, reference=model.reference,
            solver="closed form" if self.solver is None else f"{self.solver.method}, relative tolerance {self.solver.rtol:g}",
            assumed=getattr(self.population, "assumed", ""), failed=sum(failed for _, failed in blocks), units=self.units,
            variables={name: np.concatenate([found[name] for found, _ in blocks]).reshape(-1, self.size) for name in names},
        )  # fmt: skip


def panel_seed(seed: int, panel: str) -> int:
    """Return the seed of a panel's random effects, so that panels share no random number."""
    return seeds.child_seed(seed, seeds.Purpose.TRIAL, PANELS.index(panel))


def panel_size(protocol: Protocol, rows: Sequence[Row], panel: str) -> int:
    """Return how many patients of a replicate a panel needs: those infused, or the largest n of its rows."""
    return max(protocol.infused, *(row.n for row in rows if row.panel == panel and row.variable), 1)


def studies_of(protocol: Protocol, rows: Sequence[Row], seed: int) -> list[Study]:
    """Return the studies of a trial; kinetics under every reading of its random effects, with the same random numbers."""

    def study(panel: str, population: Population, units: Mapping[str, str], solver: Solver | None, answer: Callable[..., Answer]) -> Study:
        return Study(panel, population, units, panel_size(protocol, rows, panel), panel_seed(seed, panel), solver, answer)

    def measured(population: Population) -> Callable[[Patients, Individuals], Answer]:
        own = panel_seed(seed, "kinetics")
        return lambda patients, people: (kinetics.kinetic_variables(protocol, population, people, seed=own), 0)

    def burdened(patients: Patients, people: Individuals) -> Answer:
        return leukaemia.leukaemia_variables(protocol, leukaemia.leukaemic_patients(protocol, patients, people))

    def inflamed(patients: Patients, people: Individuals) -> Answer:
        return inflammation.inflammation_variables(protocol, inflammation.inflamed_patients(protocol, patients, people))

    cells, signal = leukaemia.leukaemia_population(protocol), inflammation.inflammation_population(protocol)
    return [
        *(study("kinetics", each, kinetics.UNITS, None, measured(each)) for each in populations(kinetics.MODEL).values()),
        study("leukaemia", cells, leukaemia.UNITS, leukaemia.SOLVER, burdened),
        study("inflammation", signal, inflammation.UNITS, inflammation.SOLVER, inflamed),
    ]
