"""The inflammatory signal of each patient, day by day, after Hanson 2016: its rise over the level at infusion."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.engine.solve import Solver, solve
from autologue.library import populations
from autologue.population import Individuals, Parametric
from autologue.trial.streams import Stream, stream_seed
from autologue.trial.values import Values
from autologue.variability import LogNormal

__all__ = ["MODEL", "signal_rise"]

Floats = NDArray[np.float64]
MODEL, OUTPUT = "hanson_2016", "inflammation"
VARYING = ("r_leukaemia", "kill", "made", "act_cytotoxic", "act_helper", "d_cytotoxic", "d_helper")
SOLVER = Solver(rtol=1e-4)
_LEAST = 1e-3  # of the level at infusion: a rise that nobody sees


@cache
def _spread() -> Parametric:
    """Return the published values with a spread of one, which is scaled patient by patient."""
    (published,) = populations(MODEL).values()
    return Parametric(model=published.model, name="unit spread", variability=dict.fromkeys(VARYING, LogNormal(sd=1.0)))


def signal_rise(relative: Floats, v: Values, *, ids: NDArray[np.int64], seed: int, days: Floats) -> Floats:
    """Return the rise of the signal relative to its level at infusion (n, days), at least a thousandth.

    `relative` is the burden at infusion relative to the median patient (n,). A patient who could not be solved has no rise.
    """
    first = int(ids[0])
    sampled = _spread().sample(int(ids[-1]) - first + 1, seed=stream_seed(seed, Stream.INFLAMMATION), first=first)
    people = Individuals(sampled.model, ids, sampled.parameters[ids - first])
    centre = {name: parameter.value for name, parameter in people.model.parameters.items()}
    sd = np.sqrt(np.log1p(v["spread_inflammation"] ** 2))  # of the logarithm, from the coefficient of variation
    scaled = {name: centre[name] * (people[name] / centre[name]) ** sd for name in VARYING}
    people = people.with_parameters(leukaemia_0=v["inflammation_at_median_burden"] * relative, **scaled)
    hours = units.convert(1.0, "day", people.model.time)
    found = solve(people.model, people.parameters, times=days * hours, outputs=[OUTPUT], solver=SOLVER, workers=1)
    rise = found.values[:, :, 0] / centre["inflammation_0"] - 1.0
    rise[found.status != 0] = 0.0
    return np.maximum(rise, _LEAST)
