"""One course of a library model, solved by the engine and read by name: what reference cases are computed from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import library
from autologue.engine.solve import Solver, solve
from autologue.errors import InputError, SolveError, unknown
from autologue.regimen import Regimen

__all__ = ["RTOL", "Course", "follow"]

Floats = NDArray[np.float64]
RTOL = 1e-9


@dataclass(frozen=True)
class Course:
    """Times (n,) in the model's unit, and each state and output (n,) by name; an output hides a state of the same name."""

    times: Floats
    values: Mapping[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        """Return a state or output (n,)."""
        return self.values[name]

    def at(self, name: str, time: float) -> float:
        """Return the value at the first time that is not before `time`."""
        return float(self[name][int(np.searchsorted(self.times, time - 1e-9))])

    def peak(self, name: str, *, start: float = 0.0, stop: float = math.inf) -> tuple[float, float]:
        """Return the largest value from `start` to `stop`, and its time."""
        seen = (self.times >= start) & (self.times <= stop)
        k = int(np.where(seen, self[name], -math.inf).argmax())
        return float(self[name][k]), float(self.times[k])

    def lowest(self, name: str, *, start: float = 0.0, stop: float = math.inf) -> tuple[float, float]:
        """Return the smallest value from `start` to `stop`, and its time."""
        seen = (self.times >= start) & (self.times <= stop)
        k = int(np.where(seen, self[name], math.inf).argmin())
        return float(self[name][k]), float(self.times[k])

    def half_life(self, name: str, *, start: float, stop: float) -> float:
        """Return the half-life between two times, negative while the value doubles."""
        return (stop - start) * math.log(2) / math.log(self.at(name, start) / self.at(name, stop))

    def first(self, name: str, *, below: float) -> float:
        """Return the first time at which the value is at most `below`, NaN if never."""
        seen = self[name] <= below
        return float(self.times[seen.argmax()]) if seen.any() else math.nan

    def exceeds(self, name: str, level: float) -> float:
        """Return the first time at which the value is above `level`, NaN if never."""
        seen = self[name] > level
        return float(self.times[seen.argmax()]) if seen.any() else math.nan


def follow(
    model: str,
    times: Floats,
    *,
    population: str = "",
    regimen: Regimen | None = None,
    explicit: bool = True,
    rtol: float = RTOL,
    **changed: float,
) -> Course:
    """Return the typical course of a library model, some parameters `changed`; `population` names one of its own (left out: the first).

    `regimen` None means the model's own.
    Raises SolveError where the engine gives up, ModelError for an unknown parameter, InputError for an unknown population.
    """
    solved, known = library.load(model), library.populations(model)
    if population and population not in known:
        raise InputError(f"model {model}: {unknown('population', population, known)}")
    chosen = known[population] if population else next(iter(known.values()))
    typical = dict(zip(solved.parameters, map(float, chosen.typical_values()), strict=True))
    values = np.array([list(solved.with_typical(**{**typical, **changed}).values())])
    names = [*(f"state:{name}" for name in solved.states), *solved.outputs]
    if solved.birth_death:
        names.append(f"{solved.birth_death.state}_extinction_probability")
    solver = Solver(explicit=explicit, rtol=rtol, absolute=rtol / 1e-6, max_steps=2_000_000)
    given = regimen if regimen is not None else solved.regimen
    found = solve(solved, values, times=np.asarray(times, float), regimens=[given], outputs=names, solver=solver, workers=1)
    if found.status[0]:
        raise SolveError(f"model {model} cannot be solved beyond time {found.failed_at[0]:.6g} with {solver.method}")
    table = found.values[0]
    return Course(np.asarray(times, float), {name.removeprefix("state:"): table[:, k] for k, name in enumerate(names)})
