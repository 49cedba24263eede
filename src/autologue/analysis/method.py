"""What every method of global sensitivity says: its design of uniform numbers, which rows stand together, and its indices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.errors import AutologueError, InputError

__all__ = ["GlobalMethod", "Index", "salib", "whole_number"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Index:
    """One estimated index of one factor (or pair), with its interval."""

    factor: str
    index: str
    estimate: float
    lower: float
    upper: float


class GlobalMethod(ABC):
    """A method of global sensitivity analysis."""

    name: str
    reference: str

    @abstractmethod
    def design(self, groups: Sequence[str], *, seed: int) -> Floats:
        """Return uniform numbers (rows, factors); factors of one group move together."""

    @abstractmethod
    def block(self, groups: Sequence[str]) -> int:
        """Return how many rows stand or fall together: where one of them failed, all are left out."""

    @abstractmethod
    def indices(self, names: Sequence[str], groups: Sequence[str], x: Floats, y: Floats, *, seed: int) -> list[Index]:
        """Return the indices for the design `x` (rows, factors) and one finite value a row."""


def salib(part: str) -> Any:
    """Return a module of SALib, or raise AutologueError where it is not installed."""
    from importlib import import_module

    try:
        return import_module(f"SALib.{part}")
    except ImportError as missing:
        name = (missing.name or "SALib").partition(".")[0]
        raise AutologueError(
            f"global sensitivity needs the package '{name}', which is not installed; install the extra with: "
            "pip install 'autologue[sensitivity]'"
        ) from missing


def problem(names: Sequence[str], groups: Sequence[str]) -> dict[str, Any]:
    """Return the problem as SALib takes it: every factor a uniform number."""
    said: dict[str, Any] = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    return {**said, "groups": list(groups)} if len(set(groups)) < len(names) else said


def whole_number(what: str, value: int, least: int) -> None:
    """Raise InputError unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{what} is {value!r}; expected a whole number of at least {least}")
