"""Residual errors as the numbers that compiled code reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from autologue.errors import InputError
from autologue.likelihood.density import COMBINED1, COMBINED2, CONSTANT, LOGNORMAL, POWER, PROPORTIONAL
from autologue.population import Parametric
from autologue.variability import Combined1, Combined2, Constant, LogNormal, Power, Proportional, ResidualError

__all__ = ["KINDS", "NUMBERS", "error_from", "error_numbers", "observe_above"]

Floats = NDArray[np.float64]

KINDS: dict[type, int] = {
    Constant: CONSTANT, Proportional: PROPORTIONAL, Combined1: COMBINED1, Combined2: COMBINED2, Power: POWER, LogNormal: LOGNORMAL
}  # fmt: skip
NUMBERS = ("sd", "cv", "exponent")


def error_numbers(population: Parametric, outputs: Sequence[str]) -> tuple[NDArray[np.int64], Floats]:
    """Return the kind of error of each output (outputs,) and its numbers sd, cv, exponent (outputs, 3), zero where it has none."""
    kinds, numbers = np.zeros(len(outputs), dtype=np.int64), np.zeros((len(outputs), len(NUMBERS)))
    for k, name in enumerate(outputs):
        error = population.error(name)
        if error is None:
            raise InputError(
                f"model {population.model.name}: output '{name}' is observed and has no residual error; "
                f"give one, as in Parametric(errors={{'{name}': Proportional(cv=0.3)}})"
            )
        kinds[k] = KINDS[type(error)]
        numbers[k] = [getattr(error, field, 0.0) for field in NUMBERS]
    return kinds, numbers


def error_from(kind: type[ResidualError], numbers: Sequence[float]) -> ResidualError:
    """Return the residual error of a kind for numbers sd, cv, exponent."""
    wanted: dict[str, Any] = {field: float(n) for field, n in zip(NUMBERS, numbers, strict=True) if field in kind.__dataclass_fields__}
    return kind(**wanted)


def observe_above(error: ResidualError, predicted: Floats, eps: Floats, above: float) -> Floats:
    """Return measurements (n,) of predictions (n,) for standard normal eps (n,), given that they lie above `above`; -inf asks nothing.

    The counterpart of a likelihood that is conditional on such a value (Beal's M2 and M4). A prediction that cannot be measured above gives
    the bound itself.

    >>> observe_above(Constant(sd=1.0), np.zeros(2), np.array([-3.0, 0.0]), 0.0).round(3).tolist()
    [0.002, 0.674]
    """
    logged = isinstance(error, LogNormal)
    if above == -np.inf or (logged and above <= 0.0):
        return np.asarray(error.observe(predicted, eps))
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.log(predicted) if logged else predicted
        bound = np.log(above) if logged else above
        wide = error.deviation(predicted)
        part = -ndtri_exp(log_ndtr((middle - bound) / wide) + log_ndtr(-eps))  # the part of the normal that lies above, spread by eps
        value = middle + wide * part
    kept = np.where(np.isfinite(value), np.maximum(value, bound), np.maximum(middle, bound))
    found: Floats = np.exp(kept) if logged else kept
    return found
