"""Reference cases of the self-test: published or computed points of the library, small enough to run anywhere.

Each number stands with its source; the fuller reproduction of each paper is in `validation/` of the project.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autologue import library
from autologue.engine.solve import Solver, solve
from autologue.engine.summary import Area, Maximum, Minimum

__all__ = ["LIBRARY_CASES", "Case"]

TIGHT = Solver(rtol=1e-8)


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, the number it must give, the tolerance (absolute), the source, and how to compute ours."""

    claim: str
    expected: float
    tolerance: float
    source: str
    ours: Callable[[], float]


def _solve(name: str, *, times: tuple[float, ...] = (), horizon: float = 0.0, summaries: tuple[Any, ...] = (), **values: float) -> Any:
    model = library.load(name)
    p = np.array([list(model.with_typical(**values).values())])
    return solve(model, p, times=np.array(times), horizon=horizon or None, summaries=summaries, solver=TIGHT, workers=1)


def _transgene(day: float) -> float:
    return float(_solve("stein_2019", times=(day,)).values[0, 0, 0])


def _doubling() -> float:
    return math.log(2) * _stein("t_max") / math.log(_stein("fold_expansion"))


def _stein(name: str) -> float:
    return library.load("stein_2019").parameters[name].value


_STEIN = "Stein 2019, recomputed from its published typical values"
_CURATED = "recomputed from the curated encoding of the paper"

LIBRARY_CASES: tuple[Case, ...] = (
    Case("Stein 2019: doubling time (day)", 0.7796, 5e-5, _STEIN, _doubling),
    Case("Stein 2019: first half-life (day)", 4.332, 5e-4, _STEIN, lambda: math.log(2) / _stein("alpha")),
    Case("Stein 2019: late half-life (day)", 216.6, 5e-2, _STEIN, lambda: math.log(2) / _stein("beta")),
    Case("Stein 2019: transgene on day 28 (copies/ug)", 1373.6, 0.05, _STEIN, lambda: _transgene(28.0)),
    Case("Stein 2019: transgene on day 365 (copies/ug)", 60.74, 0.005, _STEIN, lambda: _transgene(365.0)),
    Case(
        "Stein 2019: AUC0-28d (copies*day/ug)", 171774.0, 1.0, _STEIN,
        lambda: float(_solve("stein_2019", horizon=28.0, summaries=(Area("transgene", 0, 28),)).summaries[0, 0, 0]),
    ),
    Case(
        "Leon-Triana 2021: largest number of CAR-T (cells)", 1.640e10, 5e6, _CURATED,
        lambda: float(_solve("leon_triana_2021", horizon=60.0, summaries=(Maximum("car_t"),)).summaries[0, 0, 0]),
    ),
    Case(
        "Leon-Triana 2021: day of it", 12.19, 5e-3, _CURATED,
        lambda: float(_solve("leon_triana_2021", horizon=60.0, summaries=(Maximum("car_t"),)).summaries[0, 0, 1]),
    ),
    Case(
        "Leon-Triana 2021 with a source: fewest leukaemic cells", 4.0986e5, 5.0, _CURATED,
        lambda: float(_solve("leon_triana_2021_source", horizon=100.0, summaries=(Minimum("leukaemic"),)).summaries[0, 0, 0]),
    ),
    Case(
        "Kimmel 2021: peak of CAR-T (cells/uL)", 30.11, 5e-3, _CURATED,
        lambda: float(_solve("kimmel_2021", horizon=60.0, summaries=(Maximum("car_t"),)).summaries[0, 0, 0]),
    ),
    Case(
        "Kimmel 2021: day of it", 7.01, 5e-3, _CURATED,
        lambda: float(_solve("kimmel_2021", horizon=60.0, summaries=(Maximum("car_t"),)).summaries[0, 0, 1]),
    ),
    Case(
        "Hanson 2016: peak inflammation, 300 cells/uL (signal)", 167.890, 5e-4, _CURATED,
        lambda: float(_solve("hanson_2016", horizon=720.0, summaries=(Maximum("inflammation"),), leukaemia_0=300.0).summaries[0, 0, 0]),
    ),
    Case(
        "Hanson 2016: peak inflammation, 1,200 cells/uL (signal)", 679.501, 5e-4, _CURATED,
        lambda: float(_solve("hanson_2016", horizon=720.0, summaries=(Maximum("inflammation"),), leukaemia_0=1200.0).summaries[0, 0, 0]),
    ),
    Case(
        "Hanson 2016: hour of it", 33.75, 5e-3, _CURATED,
        lambda: float(_solve("hanson_2016", horizon=720.0, summaries=(Maximum("inflammation"),), leukaemia_0=1200.0).summaries[0, 0, 1]),
    ),
)  # fmt: skip
