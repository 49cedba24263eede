"""The engine held against something that shares no code with it: scipy's solvers on the plain functions of the model.

Largest difference over states and times, relative to the value; near zero, relative to a trillionth of the state's peak, or, for a
state that declares an absolute tolerance, to that. Chance extinction has its own comparison: Kendall's formula by quadrature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson

from autologue import library, seeds
from autologue.engine.reference import solve_reference
from autologue.engine.solve import Solver, solve
from autologue.library.barros_2021 import challenge, infusion
from autologue.library.langenhorst_2019 import regimen as fludarabine
from autologue.library.owens_bozic_2021 import regimen as owens_bozic
from autologue.model import Model, Names, call
from autologue.regimen import Bolus, Level, Regimen

__all__ = ["REGIMENS", "TOLERANCES", "Agreement", "compare_extinction", "compare_model", "parameter_sets", "tail_probability"]

Floats = NDArray[np.float64]
RTOL = 1e-10
REGIMENS: dict[str, Regimen] = {  # a regimen to solve beside none, the published one where there is one
    "barros_2021": infusion(2e6, day=42.0) + challenge(),
    "brummer_2022": Regimen(Bolus(24.0, 1.0, "1", "dexamethasone"), Bolus(48.0, 0.1, "1", "cells"), time="hour"),
    "hanson_2016": Regimen(Level(30.0, "drug", 50.0, until=54.0), time="hour"),
    "kareva_gevertz_2023": Regimen(Bolus(200.0, 2.0, "1", "infusion", every=24.0, additional=4), time="hour"),
    "kimmel_2021": Regimen(Bolus(60.0, 0.36, "cells/uL", "infusion"), time="day"),
    "langenhorst_2019": fludarabine(30.0, 1.9, days=3),
    "owens_bozic_2021": owens_bozic(3, 4, 2.5e8),
    "stein_2019": Regimen(Level(5.7, "tocilizumab", 1.0), time="day"),
    "swanson_2022": Regimen(
        Bolus(0.0, 1e6, "cells", "infusion"),
        Bolus(0.0, 1e6, "cells", "effectors"),
        Level(10.0, "car_supply", 1e4, until=12.0),
        time="day",
    ),
}
TOLERANCES = {  # relative to each value; the default is a thousand times the engine's rtol
    "brummer_2022": 1e-6,  # dexamethasone long gone is right to a millionth of its declared tolerance
    "kirouac_2023": 2e-6,  # scipy: a depot long empty comes out as -7e-7 cells at rtol 1e-12; the engine converges to 2e-10
    "owens_bozic_2021": 1e-5,  # chemotherapy long gone comes out as -1e-12 uM, a millionth of its declared tolerance
    "": 1e-7,  # a cell count that falls by six orders of magnitude gathers 550 x rtol, in proportion to rtol from 1e-9 to 1e-13
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The worst of some parameter sets of a model solved by one method: largest relative difference, and where it is."""

    model: str
    method: str
    sets: int
    difference: float
    state: str
    time: float


def parameter_sets(name: str, count: int, *, seed: int = 1, factor: float = 1.3) -> Floats:
    """Return parameters (sets, parameters): the typical values of each population, then `count` sets around the first one's.

    They are sampled where the population varies, else multiplied by factors up to `factor` either way.
    """
    populations = list(library.populations(name).values())
    typical = np.unique([p.typical_values() for p in populations], axis=0)
    first = populations[0]
    people = first.sample(count, seed=seed).parameters if count else np.empty((0, typical.shape[1]))
    if count and (people == people[0]).all():
        share = seeds.uniforms(seed, seeds.Purpose.PARAMETERS, np.arange(count), typical.shape[1])
        people = people * factor ** (2 * share - 1)
    return np.vstack([typical, people])


def _scale(model: Model, truth: Floats) -> Floats:
    """Return what differences of each state are measured in, (sets, times, states)."""
    floor = np.array([s.absolute or 0.0 for s in model.states.values()])
    scale: Floats = np.abs(truth) + np.maximum(floor, 1e-12 * np.abs(truth).max(axis=1, keepdims=True)) + 1e-300
    return scale


def compare_model(
    name: str, sets: Floats, *, regimen: Regimen | None = None, methods: Sequence[bool] = (False, True), points: int = 61
) -> list[Agreement]:
    """Return the worst agreement over parameter sets (sets, parameters) and the model's horizon, one for each method (explicit or not).

    Extinction by chance is left out (see compare_extinction). A patient that the engine does not solve differs infinitely. `regimen` None
    means the model's own.
    """
    model = replace(library.load(name), birth_death=None)
    states, times = list(model.states), np.linspace(0.0, model.horizon, points)
    truth = np.empty((len(sets), points, len(states)))
    for k, row in enumerate(sets):
        values = dict(zip(model.parameters, map(float, row), strict=True))
        course = solve_reference(model, values, times, regimen=regimen, rtol=1e-12, absolute=1e-9)
        truth[k] = np.column_stack([course[state] for state in states])
    given = regimen if regimen is not None else model.regimen
    return [_worst(model, sets, times, truth, given, _solver(explicit=explicit)) for explicit in methods]


def _solver(*, explicit: bool) -> Solver:
    return Solver(explicit=explicit, rtol=RTOL, absolute=1e-6, max_steps=2_000_000)


def _worst(model: Model, sets: Floats, times: Floats, truth: Floats, regimen: Regimen | None, solver: Solver) -> Agreement:
    names = [f"state:{state}" for state in model.states]
    found = solve(model, sets, times=times, regimens=[regimen], outputs=names, solver=solver).values
    off = np.abs(found - truth) / _scale(model, truth)
    off[~np.isfinite(off)] = np.inf
    patient, at, which = (int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
    return Agreement(model.name, solver.method, len(sets), float(off[patient, at, which]), list(model.states)[which], float(times[at]))


def tail_probability(name: str, parameters: Floats, *, points: int = 20_001) -> tuple[Floats, Floats]:
    """Return times and the probability of extinction (times,) by Kendall's formula along the oracle's course, both (points,).

    For a state that falls below the limit once: P = (I / (1 + I)) ** cells, I the integral of death x exp(integral of death - birth) from
    the moment when the limit is crossed. It stays what it is once the mean given survival is back above the limit.
    """
    model = library.load(name)
    tail = model.birth_death
    assert tail is not None
    given = dict(zip(model.parameters, map(float, parameters), strict=True))
    plain = replace(model, birth_death=None)
    times = np.linspace(0.0, model.horizon, points)
    chance = np.zeros(points)
    cells = solve_reference(plain, given, times, rtol=1e-12)[tail.state] * tail.cells_per_unit
    below = np.flatnonzero(cells < tail.below)
    if not len(below):
        return times, chance
    crossing = _crossing(plain, given, tail.state, tail.below / tail.cells_per_unit, times[below[0] - 1], times[below[0]])
    grid = np.concatenate([[crossing], times[below[0] :]])
    course = solve_reference(plain, given, grid, rtol=1e-12)
    y, p = Names("state", course), Names("parameter", given)
    birth, death = (np.broadcast_to(np.asarray(call(f, y=y, p=p), float), grid.shape) for f in (tail.birth, tail.death))
    net = cumulative_simpson(death - birth, x=grid, initial=0.0)
    odds = cumulative_simpson(death * np.exp(net), x=grid, initial=0.0)
    lost = (odds / (1 + odds)) ** tail.below
    mean = np.exp(-net) / (1 - lost)  # cells given survival, relative to the limit
    back = np.flatnonzero((mean >= 1.0) & (grid > crossing + 1e-6))
    if len(back):
        k = int(back[0])
        lost[k:] = np.interp(1.0, mean[k - 1 : k + 1], lost[k - 1 : k + 1])
    chance[below[0] :] = lost[1:]
    return times, chance


def _crossing(model: Model, given: dict[str, float], state: str, level: float, low: float, high: float) -> float:
    for _ in range(40):
        middle = 0.5 * (low + high)
        above = solve_reference(model, given, [middle], rtol=1e-12)[state][0] > level
        low, high = (middle, high) if above else (low, middle)
    return high


def compare_extinction(name: str, parameters: Floats, *, explicit: bool = True) -> tuple[float, float]:
    """Return the largest difference of the probability of extinction between engine and quadrature, and the probability at the end."""
    model = library.load(name)
    assert model.birth_death is not None
    times, truth = tail_probability(name, parameters)
    solver = _solver(explicit=explicit)
    output = f"{model.birth_death.state}_extinction_probability"
    found = solve(model, parameters[None], times=times, outputs=[output], solver=solver).values[0, :, 0]
    off = np.abs(found - truth)
    return float(np.where(np.isfinite(off), off, np.inf).max()), float(truth[-1])
