"""Several starts: where each of them ends, and which optima are distinct."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import SolveError
from autologue.fit.estimated import Basin
from autologue.fit.outer import Optimum, Search
from autologue.fit.problem import Problem
from autologue.population import Kind

__all__ = ["End", "distinct_basins", "doubts", "probe_basins", "said", "search_all", "starting_vectors", "whereabouts"]

Floats = NDArray[np.float64]
Found = TypeVar("Found")
SPREAD = {Kind.TYPICAL: 1.0, Kind.DEVIATION: 0.5, Kind.OCCASION_DEVIATION: 0.5, Kind.RESIDUAL: 0.5}
"""How far starts are drawn around the first, as a standard deviation on the scale of estimation."""
SAME, NEAR = 0.1, 1.0  # of the log-likelihood: closer optima are one; a probe so near the optimum ends there
APART = 9.0  # squared standard errors beyond which optima of one height are two


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """Where a start led: the log-posterior with its Monte-Carlo error, the vector (p,), the number of the start."""

    value: float
    vector: Floats
    start: int
    error: float = 0.0


def starting_vectors(problem: Problem, count: int, *, seed: int) -> Floats:
    """Return the start of the problem and others around it (count, p), within the bounds."""
    estimates, start = problem.structure.estimates, problem.start
    z = seeds.normals(seed, seeds.Purpose.ESTIMATION, np.arange(count), len(estimates), attempt=1)
    z[0] = 0.0
    low, high = problem.structure.bounds.T
    drawn: Floats = np.clip(start + z * problem.widths * [SPREAD.get(e.kind, 0.0) for e in estimates], low, high)
    return drawn


def search_all(problem: Problem, search: Callable[[int, Floats], Found], count: int, *, seed: int) -> list[tuple[int, Found]]:
    """Return what a search finds from each of `count` starts, the first that of the problem, with the number of the start.

    A start other than the first from which a patient cannot be solved is left out.
    """
    found = []
    for k, vector in enumerate(starting_vectors(problem, count, seed=seed)):
        try:
            found.append((k, search(k, vector)))
        except SolveError:
            if k == 0:
                raise
    return found


def distinct_basins(ends: Sequence[End], information: Floats) -> tuple[Basin, ...]:
    """Return the distinct optima, the best first: they differ in height, or lie apart by the information (p, p) at the best.

    What is not finite in the information says nothing.
    """
    curve = np.where(np.isfinite(information), information, 0.0)
    basins: list[Basin] = []
    for end in sorted(ends, key=lambda each: (-each.value, each.start)):
        for k, basin in enumerate(basins):
            off, slack = end.vector - basin.vector, SAME + 3.0 * float(np.hypot(end.error, basin.error))
            if basin.value - end.value < slack and off @ curve @ off < APART:
                basins[k] = replace(basin, count=basin.count + 1, given=basin.given or end.start == 0)
                break
        else:
            basins.append(Basin(end.value, end.vector, 1, end.start == 0, end.error))
    return tuple(basins)


def doubts(problem: Problem, basins: Sequence[Basin]) -> list[str]:
    """Return one sentence for each doubt that distinct optima raise."""
    found, best, total = [], basins[0], sum(b.count for b in basins)
    if not best.given:
        own = next((b for b in basins if b.given), None)
        worse = "" if own is None else f", {best.value - own.value:.1f} log-units below"
        found.append(f"the given starting values lead to another optimum{worse}; the best of {total} starts is reported")
    elif len(basins) > 1:
        others = ", ".join(f"{best.value - b.value:.1f} below ({b.count})" for b in basins[1:])
        found.append(f"of {total} starts {total - best.count} ended in other optima of the likelihood, {others}: look at more starts")
    for other in basins[1:]:
        if best.value - other.value < SAME + 3.0 * float(np.hypot(best.error, other.error)):
            found.append(f"another optimum is as good, near {whereabouts(problem, other.vector)}: the data do not tell which")
    return found


def whereabouts(problem: Problem, vector: Floats) -> str:
    """Return the typical values of a vector in words."""
    pairs = zip(problem.structure.estimates, vector, strict=True)
    return ", ".join(f"{e.name} {e.scale.back(x):.3g}" for e, x in pairs if e.kind is Kind.TYPICAL)


def said(basins: Sequence[Basin]) -> list[tuple[str, str]]:
    """Return each optimum in words."""
    total = sum(b.count for b in basins)
    return [("basin", f"log-likelihood {b.value:.3f}, reached from {b.count} of {total} starts") for b in basins]


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
