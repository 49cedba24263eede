"""How the steady states move, appear and change stability as one parameter is swept: the data of a bifurcation diagram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.analysis.equilibria import STARTS, Equilibrium, Field, autonomous, equilibria, reach, search, set_parameters
from autologue.analysis.factors import Range
from autologue.engine.solve import prepare
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.population import Parametric, Population

__all__ = ["Sweep", "sweep_equilibria"]

Floats = NDArray[np.float64]
PASSES = 20  # at most so many times are neighbours asked for what they have
HALVINGS = 12  # of the interval between two values in which something changes


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
    found = walk.along(values)
    rows = [
        {"value": float(v), "kind": e.kind, "slowest": e.slowest, "stable": e.stable, **e.states}
        for v, here in zip(values, found, strict=True)
        for e in here
    ]
    table = pd.DataFrame(rows, columns=["value", "kind", "slowest", "stable", *model.states])
    return Sweep(model, parameter, table, walk.changes(values, found, within), notes)


class _Walk:
    """Searches at many values of one parameter at once, starting also from what was found nearby."""

    def __init__(
        self, population: Population, model: Model, parameter: str, settings: Mapping[str, float], inputs: Mapping[str, float], seed: int
    ) -> None:
        self.typical, self.model, self.inputs, self.seed = set_parameters(population, settings), model, inputs, seed
        self.column = list(model.parameters).index(parameter)
        for name in inputs:
            if name not in model.inputs:
                raise InputError(f"model {model.name}: {unknown('input', name, model.inputs)}")

    def at(self, values: Floats, near: list[list[Equilibrium]] | None = None, *, count: int) -> list[list[Equilibrium]]:
        """Return the equilibria at each value."""
        parameters = np.repeat(self.typical[None], len(values), axis=0)
        parameters[:, self.column] = values
        field = Field(prepare(self.model), parameters, self.inputs)
        starts = None if near is None else [np.array([list(e.states.values()) for e in each]).reshape(-1, field.count) for each in near]
        points, _ = search(field, reach(self.model, parameters), seed=self.seed, count=count, near=starts)
        return [equilibria(field, each, np.full(len(each), k)) for k, each in enumerate(points)]

    def along(self, values: Floats) -> list[list[Equilibrium]]:
        """Return the equilibria at all values: searched at each, then looked for again from what the neighbours have."""
        found = self.at(values, count=STARTS // 2)
        for _ in range(PASSES):
            around = [[*found[max(k - 1, 0)], *found[k], *found[min(k + 1, len(values) - 1)]] for k in range(len(values))]
            again = self.at(values, around, count=1)
            more = [len(new) > len(old) for new, old in zip(again, found, strict=True)]
            found = [new if each else old for new, old, each in zip(again, found, more, strict=True)]
            if not any(more):
                break
        return found

    def changes(self, values: Floats, found: list[list[Equilibrium]], within: Range) -> pd.DataFrame:
        """Return where the equilibria change in number or kind, narrowed by bisection, all places at once."""
        where = [k for k in range(len(values) - 1) if _signature(found[k]) != _signature(found[k + 1])]
        low, high = values[where], values[[k + 1 for k in where]]
        below, above = [found[k] for k in where], [found[k + 1] for k in where]
        for _ in range(HALVINGS if where else 0):
            middle = np.sqrt(low * high) if within.logarithmic else 0.5 * (low + high)
            here = self.at(middle, [[*a, *b] for a, b in zip(below, above, strict=True)], count=1)
            for k, each in enumerate(here):
                if _signature(each) == _signature(below[k]):
                    low[k], below[k] = middle[k], each
                else:
                    high[k], above[k] = middle[k], each
        rows = [(a, b, _described(x, y)) for a, b, x, y in zip(low, high, below, above, strict=True)]
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
