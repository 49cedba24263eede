"""Several starts: where each of them ends, and which optima are distinct."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import SolveError
from autologue.fit.outer import Optimum, Search
from autologue.fit.problem import Problem
from autologue.population import Kind

__all__ = ["Basin", "find_basins", "probe_basins", "starting_vectors"]

Floats = NDArray[np.float64]
SPREAD = {Kind.TYPICAL: 1.0, Kind.DEVIATION: 0.5, Kind.OCCASION_DEVIATION: 0.5, Kind.RESIDUAL: 0.5}
"""How far starts are drawn around the first, as a standard deviation on the scale of estimation."""
SAME, NEAR = 0.1, 1.0  # of the log-likelihood: closer optima are one; a probe so near the optimum ends there


@dataclass(frozen=True, slots=True, eq=False)
class Basin:
    """An optimum of the log-posterior: its value and vector (p,), how many starts ended there, and whether the given one did."""

    value: float
    vector: Floats
    count: int
    given: bool


def starting_vectors(problem: Problem, count: int, *, seed: int) -> Floats:
    """Return the start of the problem and others around it (count, p), within the bounds."""
    estimates, start = problem.structure.estimates, problem.start
    z = seeds.normals(seed, seeds.Purpose.ESTIMATION, np.arange(count), len(estimates), attempt=1)
    z[0] = 0.0
    low, high = problem.structure.bounds.T
    drawn: Floats = np.clip(start + z * problem.widths * [SPREAD.get(e.kind, 0.0) for e in estimates], low, high)
    return drawn


def find_basins(problem: Problem, searches: Sequence[Callable[[Floats], Search]], *, seed: int) -> tuple[list[Search], tuple[Basin, ...]]:
    """Run each search from a start of its own, the first from that of the problem; return them, best first, and the distinct optima.

    A start other than the first from which a patient cannot be solved is left out.
    """
    ended: list[tuple[float, int, Search]] = []
    for k, (search, vector) in enumerate(zip(searches, starting_vectors(problem, len(searches), seed=seed), strict=True)):
        try:
            found = search(vector)
        except SolveError:
            if k == 0:
                raise
            continue
        ended.append((-found.cost(found.at)[0], k, found))
    ended.sort(key=lambda each: (-each[0], each[1]))
    basins: list[Basin] = []
    for value, k, found in ended:
        if basins and basins[-1].value - value < SAME:
            basins[-1] = replace(basins[-1], count=basins[-1].count + 1, given=basins[-1].given or k == 0)
        else:
            basins.append(Basin(value, found.at, 1, k == 0))
    return [each[2] for each in ended], tuple(basins)


def probe_basins(problem: Problem, probe: Callable[..., Search], count: int, optimum: Optimum, *, seed: int) -> Basin | None:
    """Search from `count` starts other than the problem's; return the best optimum above the one that was found, if there is one.

    A probe ends when it is above, or when it is on the way to where the search ended.
    """
    free, best = optimum.free, None

    def enough(vector: Floats, value: float) -> bool:
        if value > optimum.log_posterior + SAME:
            return True
        off = (vector - optimum.vector)[free]
        return bool(value > optimum.log_posterior - NEAR and off @ optimum.information[np.ix_(free, free)] @ off < 4.0 * NEAR)

    for vector in starting_vectors(problem, count + 1, seed=seed)[1:]:
        try:
            found = probe(vector, enough=enough)
        except SolveError:
            continue
        reached = -found.cost(found.at)[0]
        if reached > (optimum.log_posterior + SAME if best is None else best.value):
            best = Basin(reached, found.at, 1, given=False)
    return best
