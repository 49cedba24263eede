"""The likelihood of a fit as a function of its estimates, without chance: what profiles and importance resampling ask again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autologue.fit import FOCEI, Fit, Laplace
from autologue.fit.approximation import Approximation
from autologue.fit.archive import encoded
from autologue.fit.conditional import Marginal
from autologue.fit.problem import Problem

__all__ = ["chosen_method", "evaluator", "mark_of"]

Floats = NDArray[np.float64]


def chosen_method(fit: Fit, method: Approximation | None) -> Approximation:
    """Return the method that was asked for, else that of the fit if it has a likelihood without chance, else FOCEI.

    With times to event, counts or categories it is Laplace instead of FOCEI.
    """
    if method is not None:
        return method
    if isinstance(fit.method, Approximation):
        return fit.method
    return FOCEI() if fit.problem.likelihood.outcomes is None else Laplace()


def evaluator(problem: Problem, method: Approximation) -> Callable[[Floats, Floats, Floats | None], Marginal]:
    """Return the function that a `Search` evaluates."""

    def evaluate(vector: Floats, start: Floats, metric: Floats | None) -> Marginal:
        return method.marginal(problem, vector, start, metric)

    return evaluate


def mark_of(fit: Fit, *settings: object) -> str:
    """Return what results kept in a file depend on, as a short text: the fit, its data and model, and the settings."""
    what = [encoded(fit.estimated.vector), fit.provenance["data"], fit.provenance["model"], *map(repr, settings)]
    return hashlib.sha256("\n".join(what).encode()).hexdigest()[:16]
