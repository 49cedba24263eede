"""Large B-cell lymphoma: Kimmel 2021 with chance extinction of the tumour, antigen-negative clones beside it.

The library's form with extinction is used as it is, with spread between patients by links, and held still once the tumour is beyond
what a body can carry. Products differ from axicabtagene ciloleucel, to which the model was fitted, by factors on killing and expansion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from autologue.library import load, populations
from autologue.model import Crossing, Model, Phase
from autologue.population import Individuals, Parametric
from autologue.trial.courses.course import DiseaseCourse
from autologue.trial.flow import Flow
from autologue.trial.values import Values
from autologue.variability import LogNormal

__all__ = ["LymphomaCourse"]

Floats = NDArray[np.float64]
MODEL = "kimmel_2021_extinction"
HELD_AT = 2e4  # mL
CELLS_PER_ML = 1e9  # tumour cells in a millilitre, as in the paper
CELLS_PER_UL = 5e8  # CAR-T cells of the body for one in a microlitre of blood, as in the paper


@cache
def lymphoma_model() -> Model:
    """Return the model of the course."""
    published = load(MODEL)

    def still() -> dict[str, float]:
        return dict.fromkeys(published.states, 0.0)

    return replace(
        published,
        name="lymphoma_course",
        phases=[Phase(published.phases[0].rhs, until=Crossing(lambda y: y.tumour - HELD_AT, "rising")), Phase(still)],
        horizon=1826.0,
    )


@final
class LymphomaCourse(DiseaseCourse):
    """The course of large B-cell lymphoma; the burden is tumour volume in mL."""

    name: ClassVar[str] = "lymphoma"
    unit: ClassVar[str] = "mL"
    links: ClassVar[tuple[str, ...]] = ("lymphoma",)
    disease: ClassVar[str] = "tumour_volume"
    cells: ClassVar[str] = "car_t"
    typical_peak: ClassVar[float] = 30.1  # cells/uL
    assumed: ClassVar[str] = (
        "the last hundred cells divide at the growth rate and die at the killing rate; antigen-negative cells neither stimulate nor "
        "are killed"
    )

    @property
    def model(self) -> Model:
        """Kimmel 2021 with a birth-death tail."""
        return lymphoma_model()

    def population(self, values: Mapping[str, float]) -> Parametric:
        """Return the published values, moved and spread as the links say."""
        (published,) = populations(MODEL).values()
        typical = {name: parameter.value for name, parameter in published.model.parameters.items()}
        return Parametric(
            model=lymphoma_model(),
            name="lymphoma course",
            typical={
                "r_tumour": values["tumour_growth"],
                "kill": typical["kill"] * values["killing"] * values["product_killing"],
                "k_car": typical["k_car"] * values["expansion"] * values["product_expansion"],
            },
            variability={
                "r_tumour": LogNormal(sd=values["tumour_growth_spread"]),
                "kill": LogNormal(sd=values["killing_spread"]),
                "k_car": LogNormal(sd=values["expansion_spread"]),
                "normal_0": LogNormal(sd=values["lymphopenia_spread"]),
            },
            source=published.source,
            assumed="centre and spread of tumour growth, killing and expansion, spread of lymphopenia: links",
        )

    def treated(self, people: Individuals, flow: Flow, v: Values, *, seed: int) -> Individuals:
        """Return patients with their tumour and dose; without lymphodepletion there are more normal T cells."""
        more = np.where(flow.lymphodepleted, 1.0, v["without_lymphodepletion"])
        return people.with_parameters(
            tumour_0=flow.baseline, car_0=flow.dose / CELLS_PER_UL, normal_0=np.minimum(people["normal_0"] * more, people["k_normal"])
        )

    def from_model(self, burden: Floats, v: Values, *, count: Floats) -> Floats:
        """Return tumour volume as it is."""
        return burden

    def count(self, flow: Flow, v: Values, *, seed: int) -> Floats:
        """Return tumour cells."""
        return np.asarray(flow.baseline * CELLS_PER_ML)

    def relative(self, flow: Flow) -> Floats:
        """Return tumour volume relative to the patient of the paper."""
        return flow.baseline / lymphoma_model().parameters["tumour_0"].value

    def from_cells(self, cells: Floats, v: Values, *, count: Floats) -> Floats:
        """Return tumour volume."""
        return np.minimum(cells / CELLS_PER_ML, HELD_AT)

    def growth(self, people: Individuals) -> Floats:
        """Return the growth rate of the tumour."""
        return people["r_tumour"]
