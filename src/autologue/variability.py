"""How a value varies between patients, and how a measurement varies around its prediction.

A bare number is refused: the scale is said as `sd=`, `variance=` or `cv=`. For `LogNormal` and `LogitNormal` the
standard deviation is that of the logarithm and of the logit; `cv=` of a log-normal is the exact one,
sqrt(exp(variance) - 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from autologue.errors import ModelError

__all__ = [
    "Combined1",
    "Combined2",
    "Constant",
    "LogNormal",
    "LogitNormal",
    "Normal",
    "Power",
    "Proportional",
    "ResidualError",
    "Variability",
]


def _one_scale(kind: str, sd: float | None, variance: float | None, cv: float | None) -> float:
    given = {name: value for name, value in (("sd", sd), ("variance", variance), ("cv", cv)) if value is not None}
    if len(given) != 1:
        raise ModelError(
            f"{kind} needs exactly one of sd=, variance= or cv=, got {', '.join(given) or 'none'}: say which scale the paper prints"
        )
    name, value = next(iter(given.items()))
    if not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
        raise ModelError(f"{kind}({name}={value!r}) must be a finite number of at least zero")
    if name == "sd":
        return float(value)
    return math.sqrt(value) if name == "variance" else math.sqrt(math.log1p(value * value))


def _range(kind: str, lower: float, upper: float) -> None:
    if not lower < upper:
        raise ModelError(f"{kind} is truncated to [{lower:g}, {upper:g}], which is empty; lower must be below upper")


@dataclass(frozen=True, slots=True, init=False)
class LogNormal:
    """Log-normal variability (or residual error): value = typical * exp(eta), eta ~ N(0, sd^2), truncated to [lower, upper]."""

    sd: float
    lower: float
    upper: float

    def __init__(
        self,
        *,
        sd: float | None = None,
        variance: float | None = None,
        cv: float | None = None,
        lower: float = 0.0,
        upper: float = math.inf,
    ) -> None:
        """Take exactly one of sd, variance (both of the logarithm) or cv (of the value)."""
        object.__setattr__(self, "sd", _one_scale("LogNormal", sd, variance, cv))
        _range("LogNormal", lower, upper)
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)

    def deviation(self, prediction: Any) -> Any:
        """Return the standard deviation of the logarithm of a measurement, the same at every prediction."""
        return self.sd

    def observe(self, prediction: Any, eps: Any) -> Any:
        """Return a measurement of `prediction` (>= 0) for a standard normal `eps`."""
        import numpy as np

        return prediction * np.exp(self.sd * eps)


@dataclass(frozen=True, slots=True, init=False)
class LogitNormal:
    """Logit-normal variability on (0, 1): logit(value) = logit(typical) + eta, eta ~ N(0, sd^2)."""

    sd: float
    lower: float
    upper: float

    def __init__(self, *, sd: float | None = None, variance: float | None = None, lower: float = 0.0, upper: float = 1.0) -> None:
        """Take exactly one of sd or variance, both of the logit."""
        object.__setattr__(self, "sd", _one_scale("LogitNormal", sd, variance, None))
        _range("LogitNormal", lower, upper)
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)


@dataclass(frozen=True, slots=True, init=False)
class Normal:
    """Normal variability: value = typical + eta, eta ~ N(0, sd^2), truncated to [lower, upper]."""

    sd: float
    lower: float
    upper: float

    def __init__(
        self, *, sd: float | None = None, variance: float | None = None, lower: float = -math.inf, upper: float = math.inf
    ) -> None:
        """Take exactly one of sd or variance, in the unit of the parameter."""
        object.__setattr__(self, "sd", _one_scale("Normal", sd, variance, None))
        _range("Normal", lower, upper)
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)


Variability = LogNormal | LogitNormal | Normal


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """Residual error of constant standard deviation, in the unit of the output."""

    sd: float

    def deviation(self, prediction: Any) -> Any:
        """Return the standard deviation of a measurement, the same at every prediction."""
        return self.sd

    def observe(self, prediction: Any, eps: Any) -> Any:
        """Return a measurement of `prediction` for a standard normal `eps`."""
        return prediction + self.sd * eps


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportional:
    """Residual error whose standard deviation is `cv` times the prediction."""

    cv: float

    def deviation(self, prediction: Any) -> Any:
        """Return the standard deviation of a measurement of `prediction`."""
        return self.cv * abs(prediction)

    def observe(self, prediction: Any, eps: Any) -> Any:
        """Return a measurement of `prediction` for a standard normal `eps`."""
        return prediction * (1.0 + self.cv * eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined1:
    """Residual error with standard deviations added: sd = constant + cv * prediction."""

    sd: float
    cv: float

    def deviation(self, prediction: Any) -> Any:
        """Return the standard deviation of a measurement of `prediction`."""
        return self.sd + self.cv * abs(prediction)

    def observe(self, prediction: Any, eps: Any) -> Any:
        """Return a measurement of `prediction` for a standard normal `eps`."""
        return prediction + self.deviation(prediction) * eps


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined2:
    """Residual error with variances added: sd^2 = constant^2 + (cv * prediction)^2."""

    sd: float
    cv: float

    def deviation(self, prediction: Any) -> Any:
        """Return the standard deviation of a measurement of `prediction`."""
        return (self.sd**2 + (self.cv * prediction) ** 2) ** 0.5

    def observe(self, prediction: Any, eps: Any) -> Any:
        """Return a measurement of `prediction` for a standard normal `eps`."""
        return prediction + self.deviation(prediction) * eps


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Residual error with sd = cv * prediction ** exponent."""

    cv: float
    exponent: float

    def deviation(self, prediction: Any) -> Any:
        """Return the standard deviation of a measurement of `prediction`."""
        return self.cv * abs(prediction) ** self.exponent

    def observe(self, prediction: Any, eps: Any) -> Any:
        """Return a measurement of `prediction` for a standard normal `eps`."""
        return prediction + self.deviation(prediction) * eps


ResidualError = Constant | Proportional | Combined1 | Combined2 | Power | LogNormal
