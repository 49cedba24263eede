"""Extinction by chance: the mixture against an average over simulated chances, and its pieces."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from autologue.engine.solve import solve
from autologue.errors import ModelError
from autologue.library import load
from autologue.likelihood import Likelihood
from autologue.model import BirthDeath, Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.variability import Constant, LogNormal

PREY = Model(
    name="prey",
    time="day",
    states=dict(cells=State("cells"), marker=State("cells")),
    parameters=dict(
        birth=Parameter(0.3, "1/day", "birth"),
        death=Parameter(0.5, "1/day", "death"),
        start=Parameter(300.0, "cells", "cells at the start"),
    ),
    initial=lambda p: dict(cells=p.start, marker=100.0),
    phases=[Phase(lambda y, p: dict(cells=(p.birth - p.death) * y.cells, marker=0.1 * y.cells - 0.2 * y.marker))],
    outputs=dict(count=Output(lambda y: y.cells, "cells", LogNormal(sd=0.4)), marker=Output(lambda y: y.marker, "cells", Constant(sd=8.0))),
    birth_death=BirthDeath("cells", birth=lambda p: p.birth, death=lambda p: p.death),
    reference="none",
)
TIMES = np.array([0.0, 4.0, 10.0, 16.0, 24.0, 32.0])
SETS = np.array([[0.3, 0.5, 300.0], [0.48, 0.5, 90.0], [0.5, 0.45, 20.0], [0.1, 0.7, 200.0]])


def cohort(values: list[float], limit: float, marker: list[float]) -> Cohort:
    low = np.array(values) < limit
    count = Observations(TIMES, unit="cells", lower=np.where(low, -math.inf, values), upper=np.where(low, limit, values))
    return Cohort((Patient(id="a", observations=dict(count=count, marker=Observations(TIMES, marker, unit="cells"))),))


def averaged(values: list[float], limit: float, marker: list[float]) -> np.ndarray:
    """The density averaged over a uniform chance, by the midpoint rule on its logit: a rare extinction may explain data best (sets,)."""
    found, logit = [], np.linspace(-34, 34, 6801)
    chances = 1.0 / (1.0 + np.exp(-logit))
    weights = chances * (1.0 - chances) * (logit[1] - logit[0])
    for row in SETS:
        seen = solve(PREY, np.tile(row, (len(chances), 1)), times=TIMES, outputs=["count", "marker"], chance=chances).values
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(seen[:, :, 0], 0.0))
            below = stats.norm.logcdf((math.log(limit) - logs) / 0.4)
            measured = stats.norm.logpdf(np.log(values), logs, 0.4) - np.log(values)
        each = np.where(np.array(values) < limit, np.where(logs == -math.inf, 0.0, below), np.where(logs == -math.inf, -math.inf, measured))
        total = each.sum(axis=1) + stats.norm.logpdf(np.array(marker), seen[:, :, 1], 8.0).sum(axis=1)
        found.append(special.logsumexp(total, b=weights))
    return np.array(found)


@pytest.mark.parametrize("values", [[310.0, 150.0, 60.0, 30.0, 12.0, 11.0], [250.0, 120.0, 40.0, 2.0, 2.0, 2.0]])
def test_the_mixture_is_the_average_over_chances(values: list[float]) -> None:
    marker = [100.0, 120.0, 90.0, 60.0, 30.0, 20.0]
    lanes = Likelihood(cohort(values, 10.0, marker), Parametric(model=PREY)).lanes([0] * len(SETS))
    found = lanes.evaluate(SETS)
    # within an interval the moment of extinction has three nodes; how the marker feels it matters most where it fits worst
    np.testing.assert_allclose(found.log_density, averaged(values, 10.0, marker), rtol=2e-3)
    assert found.log_density[0] == pytest.approx(averaged(values, 10.0, marker)[0], abs=5e-3)


def test_a_fate_can_be_drawn() -> None:
    marker = [100.0, 120.0, 90.0, 60.0, 30.0, 20.0]
    lanes = Likelihood(cohort([250.0, 120.0, 40.0, 2.0, 2.0, 2.0], 10.0, marker), Parametric(model=PREY)).lanes([0] * 200)
    sets = np.tile(SETS[0], (200, 1))
    picks = (np.arange(200) + 0.5) / 200
    last = lanes.evaluate(sets, pick=picks).prediction.reshape(200, 2, 6)[:, 0, -1]
    # the share of each fate is its posterior probability, here from the densities with and without extinction
    given = solve(PREY, SETS[:1], times=TIMES, outputs=["count", "marker", "cells_extinction_probability"])
    count, other, gone = given.values[0].T
    alive = stats.norm.logpdf(np.log([250.0, 120.0, 40.0]), np.log(count[:3]), 0.4).sum() - np.log([250.0, 120.0, 40.0]).sum()
    alive += stats.norm.logcdf((math.log(10.0) - np.log(count[3:])) / 0.4).sum() + stats.norm.logpdf(marker, other, 8.0).sum()
    survived = math.exp(alive + math.log1p(-gone[-1]) - lanes.evaluate(sets).log_density[0])
    assert (last > 0).mean() == pytest.approx(survived, abs=0.006)


def test_no_derivative_through_chance() -> None:
    lanes = Likelihood(cohort([250.0] * 6, 10.0, [100.0] * 6), Parametric(model=PREY)).lanes()
    with pytest.raises(ModelError, match="die out by chance"):
        lanes.gradient(SETS[:1], ["birth"])


def test_a_library_model_with_a_tail() -> None:
    model = load("kimmel_2021_extinction")
    seen = Observations([0.0, 30.0, 90.0, 180.0], [95.0, 0.3, 0.05, 0.02], unit="mL")
    population = Parametric(model=model, errors=dict(tumour_volume=Constant(sd=3.0)))
    likelihood = Likelihood(Cohort((Patient(id="a", observations=dict(tumour_volume=seen)),)), population)
    found = likelihood.lanes([0, 0]).evaluate(np.vstack([population.typical_values()] * 2))
    assert np.isfinite(found.log_density).all()
    assert found.status.tolist() == [0, 0]
