"""Covariates of patients, and their effects on parameters: shifts on the scale of the parameter's variability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autologue.errors import InputError
from autologue.variability import Variability

__all__ = [
    "Categorical", "CategoryEffect", "Continuous", "Effect", "LinearEffect", "PowerEffect", "coefficient", "label", "regressor",
    "with_coefficient",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Continuous:
    """A continuous covariate: median, unit, its variability, truncated to the variability's range."""

    median: float
    unit: str
    variability: Variability
    source: str = ""


@dataclass(frozen=True, slots=True)
class Categorical:
    """A categorical covariate: probability by level."""

    shares: Mapping[str, float]
    source: str = ""

    def __post_init__(self) -> None:
        """Check that shares are probabilities that add up to one."""
        if min(self.shares.values()) < 0 or abs(sum(self.shares.values()) - 1) > 1e-6:
            raise InputError(f"shares {dict(self.shares)} of a categorical covariate must be at least zero and add up to 1")


@dataclass(frozen=True, slots=True)
class PowerEffect:
    """Effect of a continuous covariate: a shift of exponent * log(covariate / reference).

    On the log scale that is parameter * (covariate / reference) ** exponent.
    """

    parameter: str
    covariate: str
    reference: float
    exponent: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class LinearEffect:
    """Effect of a continuous covariate: a shift of coefficient * (covariate - reference)."""

    parameter: str
    covariate: str
    reference: float
    coefficient: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class CategoryEffect:
    """Effect of a level of a categorical covariate: a shift of `coefficient`; on the log scale, parameter * exp(coefficient)."""

    parameter: str
    covariate: str
    level: str
    coefficient: float
    source: str = ""


Effect = PowerEffect | LinearEffect | CategoryEffect


def coefficient(effect: Effect) -> float:
    """Return the number of an effect that is estimated."""
    return effect.exponent if isinstance(effect, PowerEffect) else effect.coefficient


def with_coefficient(effect: Effect, value: float) -> Effect:
    """Return the effect with another coefficient."""
    return replace(effect, exponent=value) if isinstance(effect, PowerEffect) else replace(effect, coefficient=value)


def regressor(effect: Effect, values: ArrayLike) -> Floats:
    """Return what multiplies the coefficient for patients whose covariate has these values (n,)."""
    if isinstance(effect, CategoryEffect):
        levels = np.asarray(values)
        named = levels if levels.dtype.kind == "U" else np.array([v if isinstance(v, str) else f"{v:g}" for v in levels.tolist()])
        chosen: Floats = (named == effect.level).astype(float)
        return chosen
    try:
        number = np.asarray(values).astype(float)
    except ValueError:
        what = f"covariate '{effect.covariate}' has values that are no numbers"
        raise InputError(f"{what}; its effect on '{effect.parameter}' needs numbers, or declare it Categorical") from None
    if isinstance(effect, LinearEffect):
        return number - effect.reference
    if (number <= 0).any():
        what = f"covariate '{effect.covariate}' is {float(number.min()):g} in a patient"
        raise InputError(f"{what}; its power effect on '{effect.parameter}' needs values above zero")
    shift: Floats = np.log(number / effect.reference)
    return shift


def label(effect: Effect) -> str:
    """Return the name of an effect's coefficient among the estimates."""
    level: Any = f"_{effect.level}" if isinstance(effect, CategoryEffect) else ""
    return f"beta_{effect.parameter}_{effect.covariate}{level}"
