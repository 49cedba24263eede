"""How the steady states move, appear and change stability as one parameter is swept: the data of a bifurcation diagram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.analysis.equilibria import STARTS, Equilibrium, Field, autonomous, equilibrium, reach, search, set_parameters
from autologue.analysis.factors import Range
from autologue.engine.solve import prepare
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.population import Parametric, Population

__all__ = ["Sweep", "sweep_equilibria"]

Floats = NDArray[np.float64]
THOROUGH = 9  # values with a full search; between them the equilibria are followed
FEW = 6  # fresh starts where they are followed
FINE = 1e-4  # of the range, to which the place of a change is narrowed


@dataclass(frozen=True)
class Sweep:
    """Equilibria along one parameter.

    - table: value (of the parameter), kind, slowest (the deciding eigenvalue), stable, and a column for each state.
    - changes: lower and upper (between which it happens), and what changes, in words.
    """

    model: Model
    parameter: str
    table: pd.DataFrame
    changes: pd.DataFrame
    notes: tuple[str, ...]


def sweep_equilibria(
    population: Population | Model,
    parameter: str,
    within: Range,
    *,
    points: int = 101,
    settings: Mapping[str, float] | None = None,
    inputs: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Sweep:
    """Return the steady states at `points` values of a parameter, and where their number or stability changes.

    Raises ModelError for a model that has no equilibria to ask for, InputError for an unknown parameter.
    """
    whole = Parametric(model=population) if isinstance(population, Model) else population
    model, notes = autonomous(whole.model)
    if parameter not in model.parameters:
        raise InputError(f"model {model.name}: {unknown('parameter', parameter, model.parameters)}")
    if points < 3:
        raise InputError(f"a sweep over {points} values; expected at least 3")
    walk = _Walk(whole, model, parameter, settings or {}, inputs or {}, seed)
    values = within.at(np.linspace(0.0, 1.0, points))
    found = walk.along(values, progress)
    rows = [
        {"value": float(v), "kind": e.kind, "slowest": e.slowest, "stable": e.stable, **e.states}
        for v, here in zip(values, found, strict=True)
        for e in here
    ]
    table = pd.DataFrame(rows, columns=["value", "kind", "slowest", "stable", *model.states])
    return Sweep(model, parameter, table, walk.changes(values, found, within), notes)


class _Walk:
    """Searches at values of one parameter, starting also from what was found nearby."""

    def __init__(
        self, population: Population, model: Model, parameter: str, settings: Mapping[str, float], inputs: Mapping[str, float], seed: int
    ) -> None:
        self.population, self.model, self.parameter = population, model, parameter
        self.settings, self.inputs, self.seed = settings, inputs, seed
        for name in inputs:
            if name not in model.inputs:
                raise InputError(f"model {model.name}: {unknown('input', name, model.inputs)}")

    def at(self, value: float, near: list[Equilibrium], *, thorough: bool) -> list[Equilibrium]:
        """Return the equilibria at one value."""
        parameters = set_parameters(self.population, {**self.settings, self.parameter: value})
        field = Field(prepare(self.model), parameters, self.inputs)
        starts = np.array([list(e.states.values()) for e in near]).reshape(len(near), field.count)
        scale = reach(self.model, parameters)
        points, _ = search(field, scale, seed=self.seed, count=STARTS if thorough else FEW, near=starts if len(near) else None)
        return [equilibrium(field, y) for y in points]

    def along(self, values: Floats, progress: Callable[[int], None] | None) -> list[list[Equilibrium]]:
        """Return the equilibria at all values: thorough at a few, then followed upwards and downwards."""
        found: list[list[Equilibrium]] = [[] for _ in values]
        full = set(np.linspace(0, len(values) - 1, min(THOROUGH, len(values))).round().astype(int).tolist())
        for k in sorted(full):
            found[k] = self.at(float(values[k]), [], thorough=True)
        for order in (range(1, len(values)), range(len(values) - 2, -1, -1)):
            for k in order:
                before = found[k - 1] if order.step > 0 else found[k + 1]
                if _signature(before) != _signature(found[k]) or not found[k]:
                    found[k] = self.at(float(values[k]), [*before, *found[k]], thorough=False)
                if progress and order.step > 0:
                    progress(1)
        return found

    def changes(self, values: Floats, found: list[list[Equilibrium]], within: Range) -> pd.DataFrame:
        """Return where the equilibria change in number or kind, narrowed by bisection."""
        rows = []
        for k in range(len(values) - 1):
            if _signature(found[k]) == _signature(found[k + 1]):
                continue
            low, high, below, above = float(values[k]), float(values[k + 1]), found[k], found[k + 1]
            while abs(high - low) > FINE * abs(within.upper - within.lower) * (abs(high) / within.upper if within.logarithmic else 1.0):
                middle = float(np.sqrt(low * high)) if within.logarithmic else 0.5 * (low + high)
                here = self.at(middle, [*below, *above], thorough=False)
                if _signature(here) == _signature(below):
                    low, below = middle, here
                else:
                    high, above = middle, here
            rows.append({"lower": low, "upper": high, "change": _described(below, above)})
        return pd.DataFrame(rows, columns=["lower", "upper", "change"])


def _named(each: Equilibrium) -> str:
    present = [n for n, v in each.states.items() if v != 0]
    kind = each.kind.split(" (")[0]
    return f"{kind} with {', '.join(present) or 'nothing left'}"


def _signature(found: list[Equilibrium]) -> Counter[str]:
    return Counter(_named(each) for each in found)


def _described(below: list[Equilibrium], above: list[Equilibrium]) -> str:
    before, after = _signature(below), _signature(above)
    gone, come = before - after, after - before
    words = [f"{_count(n)}{name}" for name, n in gone.items()], [f"{_count(n)}{name}" for name, n in come.items()]
    if not words[0]:
        return f"appears: {'; '.join(words[1])}"
    return f"ends: {'; '.join(words[0])}" + (f"; appears: {'; '.join(words[1])}" if words[1] else "")


def _count(number: int) -> str:
    return "" if number == 1 else f"{number} x "
