"""Multiple myeloma: Singh 2021 (provisional) with chance extinction of the last cells, M-protein, and antigen-negative clones beside it.

The library's equations are used as they are, with four changes. Growth stops at ten million million cells, more than a body holds. The
dose is there at the start instead of by an infusion. Effector cells that have fallen below one cell are gone, so that they do not come
back years later from a fraction of a cell. The last hundred tumour cells divide at the growth rate and die at the killing rate. The scale
of transgene is provisional, so peaks are compared with each other only, and they spread over more orders of magnitude than blood can hold.

M-protein follows the tumour by a power far below one (0.215): a tumour a ten-thousandth of its size still gives a seventh of the M-protein,
and complete response by immunofixation needs nearly every cell to go. Patients with light chains only, extramedullary disease and
responses by urine are not followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from autologue.engine.solve import Solver
from autologue.functions import hill
from autologue.library import load, populations
from autologue.model import BirthDeath, Crossing, Model, Parameter, Phase
from autologue.population import Individuals, Parametric
from autologue.trial.courses.course import DiseaseCourse
from autologue.trial.flow import Flow
from autologue.trial.streams import Stream, normals
from autologue.trial.values import Values
from autologue.variability import LogNormal

__all__ = ["MyelomaCourse"]

Floats = NDArray[np.float64]
MODEL = "singh_2021"
GONE_AFTER = 2.0  # days, in which cells move from blood to marrow, before they can be counted as gone
MOST = 20.0  # g/dL of M-protein that a serum holds at most
MOST_CELLS = 1e13  # tumour cells
LARGEST = 1e3  # multiple of the tumour at infusion beyond which nothing is followed


@cache
def myeloma_model() -> Model:
    """Return the model of the course."""
    published = load(MODEL)
    library = published.phases[0].rhs

    def course(y, p):  # type: ignore[no-untyped-def]
        rates = library(y, p)
        return rates | {"tumour": rates["tumour"] - p.r_tumour * y.tumour * y.tumour / MOST_CELLS}

    def initial(p):  # type: ignore[no-untyped-def]
        return published.initial(p) | {"blood_effector": p.dose}

    def killing(y, p):  # type: ignore[no-untyped-def]
        return p.kill_max * hill(y.complexes, p.kill_50 * y.tumour, 1.0)

    def gone(y):  # type: ignore[no-untyped-def]
        return {"effector": 0.0, "blood_effector": 0.0}

    return replace(
        published,
        name="myeloma_course",
        title="bb2121 in myeloma, with chance extinction of the tumour and of effector cells",
        parameters={**published.parameters, "dose": Parameter(450e6, "cells", "CAR-T cells infused", None, "a dose of the trial")},
        initial=initial,
        phases=[Phase(course, until=Crossing(lambda y: y.effector - 1.0, "falling", after=GONE_AFTER), reset=gone), Phase(course)],
        dosing={},
        regimen=None,
        birth_death=BirthDeath("tumour", birth=lambda p: p.r_tumour, death=killing, below=100.0),
        horizon=1826.0,
    )


@final
class MyelomaCourse(DiseaseCourse):
    """The course of multiple myeloma; the burden is M-protein in serum, in g/dL, disease is counted relative to its cells at infusion."""

    name: ClassVar[str] = "myeloma"
    unit: ClassVar[str] = "g/dL"
    links: ClassVar[tuple[str, ...]] = ("myeloma",)
    disease: ClassVar[str] = "tumour_cells"
    cells: ClassVar[str] = "transgene"
    marker: ClassVar[str] = "m_protein_ratio"
    solver: ClassVar[Solver] = Solver(rtol=1e-4)
    typical_peak: ClassVar[float] = 3.5e4  # copies/ug, provisional
    assumed: ClassVar[str] = (
        "a provisional reading of the model; M-protein at infusion says nothing of the number of tumour cells; the last hundred cells "
        "divide at the growth and die at the killing rate; effector cells below one are gone; antigen-negative cells neither stimulate "
        "nor are killed; all patients have M-protein in serum and no disease outside marrow"
    )

    @property
    def model(self) -> Model:
        """Singh 2021 with a birth-death tail."""
        return myeloma_model()

    def population(self, values: Mapping[str, float]) -> Parametric:
        """Return the values of the re-implementation, moved and spread as the links say."""
        (published,) = populations(MODEL).values()
        typical = {name: parameter.value for name, parameter in published.model.parameters.items()}
        return Parametric(
            model=myeloma_model(),
            name="myeloma course",
            typical={
                "r_tumour": typical["r_tumour"] * values["tumour_growth"],
                "kill_max": typical["kill_max"] * values["killing"] * values["product_killing"],
                "expansion_50": typical["expansion_50"] / (values["expansion"] * values["product_expansion"]),
            },
            variability={
                "r_tumour": LogNormal(sd=values["tumour_growth_spread"]),
                "kill_max": LogNormal(sd=values["killing_spread"]),
                "expansion_50": LogNormal(sd=values["expansion_spread"]),
                "target_density": LogNormal(sd=values["target_spread"]),
                "out_of_marrow": LogNormal(sd=values["persistence_spread"]),
            },
            source=published.source,
            assumed="centre and spread of growth, killing, expansion, density of BCMA and persistence: links",
        )

    def treated(self, people: Individuals, flow: Flow, v: Values, *, seed: int) -> Individuals:
        """Return patients with their tumour and dose; without lymphodepletion fewer of the cells take."""
        taken = np.where(flow.lymphodepleted, 1.0, v["without_lymphodepletion"])
        return people.with_parameters(tumour_0=self.count(flow, v, seed=seed), dose=taken * flow.dose)

    def from_model(self, burden: Floats, v: Values, *, count: Floats) -> Floats:
        """Return tumour cells relative to those at infusion."""
        return self.from_cells(burden, v, count=count)

    def count(self, flow: Flow, v: Values, *, seed: int) -> Floats:
        """Return tumour cells: a number of the patient's own, which M-protein does not tell, and what grew since enrolment."""
        z = normals(seed, Stream.QUALITY, flow.ids, 2)[:, 1]
        return np.asarray(v["tumour_cells"] * np.exp(v["tumour_cells_spread"] * z) * self.relative(flow))

    def relative(self, flow: Flow) -> Floats:
        """Return tumour cells relative to those at enrolment, from M-protein."""
        power = myeloma_model().parameters["m_power"].value
        return np.asarray((flow.baseline / flow.burden) ** (1.0 / power))

    def from_cells(self, cells: Floats, v: Values, *, count: Floats) -> Floats:
        """Return cells relative to those at infusion."""
        return np.asarray(np.minimum(cells / count[:, None], LARGEST))

    def whole(self, positive: Floats, negative: Floats, marker: Floats, flow: Flow) -> Floats:
        """Return M-protein in g/dL: what the model gives, and what the clones add as cells that secrete alike."""
        power = myeloma_model().parameters["m_power"].value
        equal = np.maximum(marker, 0.0) ** (1.0 / power) + negative
        return np.asarray(np.minimum(flow.baseline[:, None] * equal**power, MOST))

    def circulating(self, cells: Floats) -> Floats:
        """Return transgene without that of the infusion itself, which this model clears within hours."""
        return np.concatenate([np.zeros_like(cells[:, :1]), cells[:, 1:]], axis=1)

    def growth(self, people: Individuals) -> Floats:
        """Return the growth rate of the tumour."""
        return people["r_tumour"]
