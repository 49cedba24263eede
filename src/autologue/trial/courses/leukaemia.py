"""B-cell leukaemia: Leon-Triana 2021 with a source of B cells, its last leukaemic cells by chance, antigen-negative clones beside it.

The published form cannot lose its last cell; here cells below one hundred divide at the growth rate and die at the killing rate, the
simplest split. After day 45 the model is held still once leukaemia has grown back to a fifth of the marrow: relapse has been seen by
then and later therapy is no longer the model's. Variability between patients is a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from autologue.library import load, populations
from autologue.model import BirthDeath, Crossing, Model, Phase
from autologue.population import Individuals, Parametric
from autologue.trial.courses.course import DiseaseCourse
from autologue.trial.flow import Flow
from autologue.trial.streams import Stream, uniforms
from autologue.trial.values import Values
from autologue.variability import LogNormal

__all__ = ["LeukaemiaCourse"]

Floats = NDArray[np.float64]
MODEL = "leon_triana_2021_source"
HELD_AT, HELD_AFTER = 0.2, 45.0  # fraction of blasts, days
MEDIAN_BLASTS = 0.74  # fraction of blasts that belongs to `cells_at_median_burden`
FULL = 0.99


@cache
def leukaemia_model() -> Model:
    """Return the model of the course."""
    published = load(MODEL)
    held_at = HELD_AT / MEDIAN_BLASTS * published.parameters["leukaemia_0"].value

    def still() -> dict[str, float]:
        return dict.fromkeys(published.states, 0.0)

    return replace(
        published,
        name="leukaemia_course",
        title="CAR-T cells, leukaemia and healthy B cells, with chance extinction of leukaemia",
        phases=[Phase(published.phases[0].rhs, until=Crossing(lambda y: y.leukaemia - held_at, "rising", after=HELD_AFTER)), Phase(still)],
        birth_death=BirthDeath("leukaemia", birth=lambda p: p.rho_leukaemia, death=lambda y, p: p.kill * y.car, below=100.0),
        horizon=1826.0,
    )


@final
class LeukaemiaCourse(DiseaseCourse):
    """The course of B-cell leukaemia; the burden is the fraction of blasts in marrow."""

    name: ClassVar[str] = "leukaemia"
    unit: ClassVar[str] = "1"
    links: ClassVar[tuple[str, ...]] = ("leukaemia",)
    disease: ClassVar[str] = "leukaemic"
    cells: ClassVar[str] = "car_t"
    normal: ClassVar[str] = "healthy_b"
    typical_peak: ClassVar[float] = 1.64e10  # cells
    assumed: ClassVar[str] = (
        "cells in proportion to blasts; the last hundred cells divide at the growth rate and die at the killing rate; antigen-negative "
        "cells neither stimulate nor are killed"
    )

    @property
    def model(self) -> Model:
        """Leon-Triana 2021 with a birth-death tail."""
        return leukaemia_model()

    def population(self, values: Mapping[str, float]) -> Parametric:
        """Return the published values, moved and spread as the links say."""
        (published,) = populations(MODEL).values()
        typical = {name: parameter.value for name, parameter in published.model.parameters.items()}
        return Parametric(
            model=leukaemia_model(),
            name="leukaemia course",
            typical={
                "rho_car": typical["rho_car"] * values["stimulation"],
                "rho_leukaemia": typical["rho_leukaemia"] * values["growth"],
            },
            variability={
                "rho_car": LogNormal(sd=values["stimulation_spread"]),
                "tau_car": LogNormal(sd=values["persistence_spread"]),
                "rho_leukaemia": LogNormal(sd=values["growth_spread"]),
                "kill": LogNormal(sd=values["kill_spread"]),
            },
            source=published.source,
            assumed="centre and spread of stimulation, persistence, growth and killing: links",
        )

    def treated(self, people: Individuals, flow: Flow, v: Values, *, seed: int) -> Individuals:
        """Return patients with leukaemia by their blasts and CAR-T cells by their dose.

        Without lymphodepletion stimulation is weaker; some products are short-lived.
        """
        weaker = np.where(flow.lymphodepleted, 1.0, v["without_lymphodepletion"])
        shorter = np.where(uniforms(seed, Stream.QUALITY, flow.ids)[:, 0] < v["short_lived"], v["short_lived_life"], 1.0)
        return people.with_parameters(
            leukaemia_0=self.count(flow, v, seed=seed),
            car_0=v["share_engrafted"] * flow.dose,
            rho_car=people["rho_car"] * weaker,
            tau_car=people["tau_car"] * shorter,
        )

    def from_model(self, burden: Floats, v: Values, *, count: Floats) -> Floats:
        """Return the fraction of blasts from leukaemic cells."""
        return self.from_cells(burden, v, count=count)

    def count(self, flow: Flow, v: Values, *, seed: int) -> Floats:
        """Return leukaemic cells, in proportion to blasts."""
        return np.asarray(v["cells_at_median_burden"] * self.relative(flow))

    def relative(self, flow: Flow) -> Floats:
        """Return blasts relative to the median of ELIANA."""
        return flow.baseline / MEDIAN_BLASTS

    def from_cells(self, cells: Floats, v: Values, *, count: Floats) -> Floats:
        """Return the fraction of blasts from cells."""
        return np.minimum(cells * MEDIAN_BLASTS / v["cells_at_median_burden"][:, None], FULL)

    def growth(self, people: Individuals) -> Floats:
        """Return the growth rate of leukaemia."""
        return people["rho_leukaemia"]

    def normal_level(self, people: Individuals) -> Floats:
        """Return the B cells that marrow alone would hold."""
        return np.asarray(people["progenitors"] / people["tau_progenitor"] * people["tau_b"])
