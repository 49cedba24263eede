"""Sampled patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError, ModelError, unknown
from autologue.model import Model

__all__ = ["Individuals", "numbered"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Individuals:
    """Sampled patients: numbers `ids` (n,), `parameters` (n, parameters of the model, in its order), covariates by name (n,).

    chance: (n,) in (0, 1), where it is known what becomes of the last cells: they are gone once the probability that they are exceeds it.
    """

    model: Model
    ids: NDArray[np.int64]
    parameters: Floats
    covariates: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    chance: Floats | None = None

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.ids)

    def __getitem__(self, name: str) -> Floats:
        """Return one parameter of all patients (n,)."""
        return self.parameters[:, self._column(name)]

    def _column(self, name: str) -> int:
        names = list(self.model.parameters)
        if name not in names:
            raise ModelError(f"model {self.model.name}: {unknown('parameter', name, names)}")
        return names.index(name)

    def with_parameters(self, **values: Any) -> Individuals:
        """Return the same patients with some parameters replaced, each a number or an array (n,)."""
        parameters = self.parameters.copy()
        for name, value in values.items():
            parameters[:, self._column(name)] = value
        return Individuals(self.model, self.ids, parameters, self.covariates, self.chance)


def numbered(count: int, first: int) -> NDArray[np.int64]:
    """Return the numbers of `count` patients from `first` on."""
    if count < 1:
        raise InputError(f"{count} patients asked for; expected at least one")
    return np.arange(first, first + count, dtype=np.int64)
