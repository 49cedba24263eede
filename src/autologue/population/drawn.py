"""A population as weighted draws of whole parameter sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.errors import InputError, ModelError, unknown
from autologue.model import Model
from autologue.population.individuals import Individuals, numbered

__all__ = ["Drawn"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Weighted draws of whole parameter sets: published virtual patients, a posterior, a conditioned patient.

    `values` maps each varying parameter to an array (draws,); the others keep the model's typical value. `chance`: (draws,), see
    `Individuals`.
    """

    model: Model
    values: Mapping[str, Floats]
    weights: Floats | None = None
    chance: Floats | None = None
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Check names, lengths and weights."""
        arrays = {name: np.asarray(v, dtype=float) for name, v in self.values.items()}
        for name, array in arrays.items():
            if name not in self.model.parameters:
                raise ModelError(f"population of {self.model.name}: {unknown('parameter', name, self.model.parameters)}")
            if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
                raise InputError(f"population of {self.model.name}: draws of '{name}' must be a non-empty array of finite numbers")
        if len({len(a) for a in arrays.values()}) != 1:
            raise InputError(f"population of {self.model.name}: each parameter needs the same number of draws, at least one parameter")
        object.__setattr__(self, "values", MappingProxyType(arrays))
        if self.chance is not None and np.shape(self.chance) != (self.size,):
            raise InputError(f"population of {self.model.name}: {np.size(self.chance)} chances for {self.size} draws; expected one a draw")
        if self.weights is not None:
            weights = np.asarray(self.weights, dtype=float)
            if weights.shape != (self.size,) or not (weights >= 0).all() or not weights.sum() > 0:
                raise InputError(f"population of {self.model.name}: weights must be {self.size} numbers of at least zero, not all zero")
            object.__setattr__(self, "weights", weights / weights.sum())

    @property
    def size(self) -> int:
        """Number of draws."""
        return len(next(iter(self.values.values())))

    def typical_values(self) -> Floats:
        """Return the weighted medians of the draws and the typical values of the rest (parameters,)."""
        every = self.model.parameters.items()
        return np.array([_median(self.values[n], self.weights) if n in self.values else q.value for n, q in every], dtype=float)

    def table(self) -> Floats:
        """Return all draws as parameter sets (draws, parameters) in the model's order."""
        columns = [self.values.get(n, np.full(self.size, q.value)) for n, q in self.model.parameters.items()]
        return np.column_stack(columns)

    def sample(self, count: int, *, seed: int, first: int = 0) -> Individuals:
        """Return patients drawn with replacement; without weights and within `size`, the draws in their order."""
        ids = numbered(count, first)
        if self.weights is None and first + count <= self.size:
            rows = ids
        else:
            u = seeds.uniforms(seed, seeds.Purpose.PARAMETERS, ids, 1)[:, 0]
            edges = np.cumsum(self.weights if self.weights is not None else np.full(self.size, 1 / self.size))
            rows = np.minimum(np.searchsorted(edges, u, side="right"), self.size - 1)
        return Individuals(self.model, ids, self.table()[rows], {}, None if self.chance is None else self.chance[rows])


def _median(values: Floats, weights: Floats | None) -> float:
    """Return the value with half of the weight on each side: the mean of two where they share the middle, as without weights."""
    if weights is None:
        return float(np.median(values))
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    reached = np.cumsum(weights[order]) / weights.sum()
    low, high = (int(np.searchsorted(reached, 0.5 + shift)) for shift in (-1e-12, 1e-12))
    return float(0.5 * (values[order[low]] + values[order[min(high, len(order) - 1)]]))
