"""Draws of a fitted curve: from the normal distribution of its parameters, or by refitting resampled subjects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from autologue.errors import InputError
from autologue.survival.curves import Survival
from autologue.survival.fitting import SurvivalFit
from autologue.survival.likelihood import likelihood
from autologue.survival.optimise import maximise
from autologue.survival.records import Floats

__all__ = ["Asymptotic", "Bootstrap", "Uncertainty", "draw_curve"]


class Uncertainty(ABC):
    """How draws of the parameters are made."""

    @abstractmethod
    def parameters(self, fit: SurvivalFit, seed: int) -> Floats:
        """Return draws of the unbounded parameters, shape (draw, parameter)."""


@dataclass(frozen=True)
class Asymptotic(Uncertainty):
    """Normal draws with the fit's covariance."""

    count: int = 1000

    def __post_init__(self) -> None:
        _check_count(self.count)

    def parameters(self, fit: SurvivalFit, seed: int) -> Floats:
        if not np.all(np.isfinite(fit.covariance)):
            raise InputError(f"the {fit.family.name} fit has no covariance to draw from; use Bootstrap, or a family with fewer parameters.")
        rng = np.random.Generator(np.random.Philox(key=seed))
        error = np.sqrt(np.diag(fit.covariance))
        scale = np.where(error > 0, error, 1.0)
        values, vectors = np.linalg.eigh(fit.covariance / np.outer(scale, scale))
        normal = rng.standard_normal((self.count, error.size))
        return np.asarray(fit.theta + ((normal * np.sqrt(np.maximum(values, 0.0))) @ vectors.T) * error)


@dataclass(frozen=True)
class Bootstrap(Uncertainty):
    """Refits to subjects resampled with replacement, within the fit's data; knots stay where the fit put them.

    A resample is a multinomial weight for each subject, so that nothing but weights changes between refits. Resamples
    without an event are drawn again.
    """

    count: int = 1000

    def __post_init__(self) -> None:
        _check_count(self.count)

    def parameters(self, fit: SurvivalFit, seed: int) -> Floats:
        rng = np.random.Generator(np.random.Philox(key=seed))
        score = likelihood(fit.data, fit.family)
        n = len(fit.data)
        found = np.empty((self.count, fit.theta.size))
        for row in range(self.count):
            while True:
                times = rng.multinomial(n, np.full(n, 1 / n))
                if np.any(times[fit.data.event] > 0):
                    break
            found[row] = maximise(score.reweighted(fit.data.weight * times), fit.theta).theta
        return found


def _check_count(count: int) -> None:
    if count < 1:
        raise InputError(f"{count} draws were asked for; expected one or more.")


def draw_curve(
    fit: SurvivalFit, times: Floats, *, uncertainty: Uncertainty = Asymptotic(), seed: int = 0, arm: str | None = None
) -> Survival:
    """Return the fitted curve at times (n,), starting at 0, as a `Survival` with draws; the same seed gives the same draws."""
    at = np.asarray(times, np.float64)
    parameters = uncertainty.parameters(fit, seed)
    basis = fit.family.basis(at)
    curves = np.empty((parameters.shape[0], 1, at.size))
    with np.errstate(all="ignore"):
        for row, theta in enumerate(parameters):
            curves[row, 0] = np.exp(fit.family.evaluate(basis, theta).log_survival)
    curves[..., at <= 0] = 1.0
    source = {"method": fit.family.name, "draws": repr(uncertainty), "seed": str(seed), "subjects": str(len(fit.data))}
    name = fit.data.arms[0] if arm is None else arm
    kept = np.minimum.accumulate(np.nan_to_num(curves, nan=0.0), axis=-1)  # a drawn spline may rise where data are few: held level there
    event = " or ".join(fit.data.causes)
    return Survival(at, fit.survival(at)[None], kept, (name,), unit=fit.data.unit, event=event, provenance=source)
