"""The first-order method: the model is linearised in the random effects where they are zero.

Sheiner, Beal 1980, J Pharmacokinet Biopharm 8:553-571, doi:10.1007/BF01060053. y ~ N(f, G Omega G' + diag s^2) with f, G and s of a
patient with eta = 0 (a log-normal error: of the logarithms). Nothing is linear about a probability below a limit, so
that censored rows are refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.fit.approximation import Approximation
from autologue.fit.conditional import ERROR_STEP, Marginal, held_deviations, refuse_outcomes
from autologue.fit.inner import FOUND, LOST, Modes, Predicted, predict, steps
from autologue.fit.problem import Point, Problem
from autologue.likelihood.density import LOGNORMAL
from autologue.population import Kind

__all__ = ["FO", "fo_marginal"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FO(Approximation):
    """The first-order method: quick, biased where random effects are large, and of no use for censored rows."""

    @property
    def label(self) -> str:
        return "FO"

    def marginal(self, problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None) -> Marginal:
        return fo_marginal(problem, vector)


def fo_marginal(problem: Problem, vector: Floats) -> Marginal:
    """Return the likelihood of the linearised model; the modes are those of the linearised model too."""
    refuse_outcomes(problem, "the first-order method")
    rows = problem.likelihood.rows
    if rows.censored.any() or (rows.above > -math.inf).any():
        number = int(np.argmax(rows.censored | (rows.above > -math.inf)))
        who = problem.likelihood.cohort.patients[rows.patient[number]].id
        raise InputError(
            f"patient {who} has a censored observation at time {rows.time[number]:g}, which the first-order method cannot score; "
            "use FOCEI, Laplace or SAEM"
        )
    point, k, n = problem.point(vector), len(problem.coordinates), problem.patients
    d_omega, d_sigma = problem.moved(vector, point.omega)
    size = steps(problem)
    moves = np.concatenate([np.zeros((1, k)), np.diag(size), -np.diag(size)])[:, None, :]
    around = predict(problem, point.centre + moves)
    values, eta, curve = zip(*(_linear(problem, point, _one(around, c), point.centre + moves[c]) for c in range(1 + 2 * k)), strict=True)
    slope = (np.array(values[1 : 1 + k]) - np.array(values[1 + k :])) / (2.0 * size[:, None])
    gradient = np.einsum("kn,nkp->np", slope, problem.design)
    for j, e in enumerate(problem.structure.estimates):
        if e.kind.spread or e.kind is Kind.RESIDUAL:
            sides = [Point(point.centre, point.omega + s * d_omega[j], point.sigma + s * d_sigma[j]) for s in (-ERROR_STEP, ERROR_STEP)]
            back, ahead = (_linear(problem, side, _one(around, 0), point.centre)[0] for side in sides)
            gradient[:, j] = (ahead - back) / (2.0 * ERROR_STEP)
    phi = point.centre.copy()
    phi[:, : problem.varying] += eta[0]
    modes = Modes(phi, values[0], np.where(np.isfinite(values[0]), FOUND, LOST))
    return Marginal(values[0], gradient, modes, curve[0], np.zeros((n, problem.varying, len(vector))))


def _one(around: Predicted, copy: int) -> Predicted:
    return Predicted(around.f[copy : copy + 1], around.g[copy : copy + 1])


def _linear(problem: Problem, point: Point, predicted: Predicted, centre: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the log-likelihood of each patient (n,), the linearised model's modes (n, q) and their curvature (n, q, q)."""
    rows, q = problem.likelihood.rows, problem.varying
    f, g = predicted.f[0], predicted.g[0, :, :q]
    logged = problem.likelihood.kinds[rows.output] == LOGNORMAL
    s = held_deviations(problem, centre[None], point.sigma[None], predicted.f)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        residual = rows.low - np.where(logged, np.log(f), f)
        g = np.where(logged[:, None], g / f[:, None], g)
        scaled, misfit = g / s[:, None], residual / s
        own = -0.5 * misfit**2 - np.log(s) - 0.5 * math.log(2.0 * math.pi) + rows.extra
    first = rows.first[:-1]

    def total(x: Floats) -> Any:
        padded = np.concatenate([x, np.zeros_like(x[:1])])
        found = np.add.reduceat(padded, first, axis=0)
        found[first == rows.first[1:]] = 0.0
        return found

    curve = total(scaled[:, :, None] * scaled[:, None, :]) + np.linalg.inv(point.omega)
    toward = total(scaled * misfit[:, None])
    eta: Floats = np.linalg.solve(curve, toward[..., None])[..., 0]
    determinants = np.linalg.slogdet(curve)[1] + np.linalg.slogdet(point.omega)[1]
    return total(own) + 0.5 * (toward * eta).sum(1) - 0.5 * determinants, eta, curve
