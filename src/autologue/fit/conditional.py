"""The marginal likelihood around each patient's mode, and its exact gradient: what FOCEI, FOCE, Laplace and quadrature share.

With J(phi) the log-joint density of a patient, m its mode and H a curvature there, one node gives

    log L = J(m) + q log(2 pi) / 2 - log|H| / 2.

Its derivative by an estimate x has three parts (Almquist, Leander, Jirstrand 2015, J Pharmacokinet Pharmacodyn 42:191-209,
doi:10.1007/s10928-015-9409-1): J by x at the mode (the mode itself contributes nothing there), -tr(H^-1 dH/dx) / 2, and within dH/dx
the mode's own movement dm/dx = A^-1 d2J/dm dx, with A the exact curvature. Centres are linear in the estimates, so that all of it follows
from derivatives by coordinate: exact first derivatives of the predictions, and central differences of those.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.fit.assemble import deviations
from autologue.fit.inner import Data, Modes, Predicted, assembled, find_modes, predict, steps
from autologue.fit.problem import Point, Problem
from autologue.population import Kind

__all__ = ["ERROR_STEP", "Local", "Marginal", "conditional_marginal", "expand", "held_deviations", "one_node", "refuse_outcomes"]

Floats = NDArray[np.float64]
ERROR_STEP = 3e-5


@dataclass(frozen=True, eq=False)
class Marginal:
    """Log marginal likelihood value (patients,) and gradient (patients, p); the modes, the exact curvature A and dm/dx (patients, q, p)."""

    value: Floats
    gradient: Floats
    modes: Modes
    curvature: Floats
    shift: Floats


@dataclass(frozen=True, eq=False)
class Local:
    """A patient's log-joint around the mode: value (n,), `explicit` its derivative by the estimates with the mode held (n, p).

    exact: A (n, q, q). curve: H (n, q, q). shift: dm/dx (n, q, p). turned: dH/dx, the mode moving (n, p, q, q).
    """

    point: Point
    phi: Floats
    value: Floats
    explicit: Floats
    exact: Floats
    curve: Floats
    shift: Floats
    turned: Floats


@dataclass(frozen=True, eq=False)
class _Moved:
    """Derivatives of value (n, m), slope (n, q, m) and curve (n, m, q, q) of the data along m directions."""

    value: Floats
    slope: Floats
    curve: Floats

    def through(self, design: Floats) -> _Moved:
        """Return the derivatives by the estimates, on which the directions depend by `design` (n, m, p)."""
        return _Moved(
            np.einsum("nm,nmp->np", self.value, design),
            np.einsum("nqm,nmp->nqp", self.slope, design),
            np.einsum("nmij,nmp->npij", self.curve, design),
        )

    def __add__(self, other: _Moved) -> _Moved:
        return _Moved(self.value + other.value, self.slope + other.slope, self.curve + other.curve)


def _differences(data: Data, q: int, size: Floats) -> _Moved:
    """Return derivatives from data at m steps ahead, then m steps back."""
    m = len(size)

    def central(x: Floats) -> Floats:
        shape = (m, *[1] * (x.ndim - 1))
        with np.errstate(invalid="ignore"):  # a patient that cannot be solved has no derivatives
            found = (x[:m] - x[m:]) / (2.0 * size.reshape(shape))
        return np.where(np.isfinite(found), found, 0.0)

    return _Moved(
        np.moveaxis(central(data.value), 0, -1),
        np.moveaxis(central(data.slope[..., :q]), 0, -1),
        np.moveaxis(central(data.curve[..., :q, :q]), 0, 1),
    )


def held_deviations(problem: Problem, centres: Floats, sigma: Floats, predicted: Floats | None = None) -> Floats:
    """Return each row's standard deviation for a patient with eta = 0 (copies, rows): what estimation without interaction holds."""
    f = predict(problem, centres).f if predicted is None else predicted
    out = np.empty_like(f)
    deviations(problem.likelihood.rows.output, problem.likelihood.kinds, np.ascontiguousarray(sigma), f, out)
    return out


def _sides(size: Floats) -> Floats:
    """Return steps ahead along each coordinate, then steps back, (2k, 1, k)."""
    return np.concatenate([np.diag(size), -np.diag(size)])[:, None, :]


def _copied(predicted: Predicted, copies: int) -> Predicted:
    """Return the first copy of predictions, again and again."""
    return Predicted(np.repeat(predicted.f[:1], copies, axis=0), np.repeat(predicted.g[:1], copies, axis=0))


def expand(problem: Problem, vector: Floats, point: Point, phi: Floats, *, interaction: bool = True) -> Local:
    """Return the log-joint around the modes `phi` (patients, k) with the numbers of a vector, `point`, and its first-order curvature."""
    q, k, p = problem.varying, len(problem.coordinates), len(problem.structure.estimates)
    size = steps(problem)
    d_omega, d_sigma = problem.moved(vector, point.omega)
    errors = [j for j, e in enumerate(problem.structure.estimates) if e.kind is Kind.RESIDUAL]
    around = predict(problem, np.concatenate([phi[None], phi + _sides(size)]))
    held = None if interaction else held_deviations(problem, point.centre[None], point.sigma[None])
    many = np.tile(point.sigma, (1 + 2 * k, 1, 1))
    data = assembled(problem, around, many, None if held is None else np.tile(held, (1 + 2 * k, 1)))
    by_mode = _differences(Data(data.value[1:], data.slope[1:], data.curve[1:]), q, size)
    # errors' numbers, a little more and a little less of each
    signs = np.concatenate([np.full(len(errors), ERROR_STEP), np.full(len(errors), -ERROR_STEP)])[:, None, None]
    numbers = point.sigma + signs * np.concatenate([d_sigma[errors], d_sigma[errors]])
    here = _copied(around, len(numbers))
    again = None if held is None else held_deviations(problem, np.tile(point.centre, (len(numbers), 1, 1)), numbers)
    by_error = _differences(assembled(problem, here, numbers, again), q, np.full(len(errors), ERROR_STEP))
    design = np.zeros((problem.patients, len(errors), p))
    design[:, np.arange(len(errors)), errors] = 1.0
    moved = by_error.through(design)
    if held is not None:  # the deviations follow the centres
        several = held_deviations(problem, point.centre + _sides(size), many[1:])
        moved += _differences(assembled(problem, _copied(around, 2 * k), many[1:], several), q, size).through(problem.design)
    return _local(problem, point, phi, data, by_mode, moved, d_omega)


def _local(problem: Problem, point: Point, phi: Floats, data: Data, by_mode: _Moved, moved: _Moved, d_omega: Floats) -> Local:
    q = problem.varying
    lost = ~np.isfinite(data.value).all(0)
    data = Data(data.value, np.nan_to_num(data.slope), np.nan_to_num(data.curve))
    eta = phi[:, :q] - point.centre[:, :q]
    inverse = np.linalg.inv(point.omega)
    d_inverse = -np.einsum("ij,pjk,kl->pil", inverse, d_omega, inverse)
    pull, own, common = eta @ inverse, problem.design[:, :q], problem.design[:, q:]
    prior = -0.5 * (pull * eta).sum(1) - 0.5 * np.linalg.slogdet(2.0 * math.pi * point.omega)[1]
    explicit = moved.value + np.einsum("nc,ncp->np", data.slope[0, :, q:], common) + np.einsum("nq,nqp->np", pull, own)
    explicit += -0.5 * np.einsum("ni,pij,nj->np", eta, d_inverse, eta) - 0.5 * np.einsum("ij,pji->p", inverse, d_omega)
    second = by_mode.slope[..., :q]
    exact = inverse - 0.5 * (second + np.swapaxes(second, 1, 2))
    cross = moved.slope + np.einsum("nqc,ncp->nqp", by_mode.slope[..., q:], common)
    cross += np.einsum("ij,njp->nip", inverse, own) - np.einsum("pij,nj->nip", d_inverse, eta)
    shift = np.linalg.solve(exact, cross)
    turned = moved.curve + d_inverse + np.einsum("nkij,nkp->npij", by_mode.curve, np.concatenate([shift, common], axis=1))
    value = np.where(lost, -np.inf, data.value[0] + prior)
    return Local(point, phi, value, explicit, exact, data.curve[0, :, :q, :q] + inverse, shift, turned)


def refuse_outcomes(problem: Problem, method: str) -> None:
    """Raise InputError for a method that takes the curvature of a measured row to be its expectation: outcomes have no such row."""
    if problem.likelihood.outcomes is not None:
        raise InputError(
            f"fit of {problem.likelihood.model.name}: {method} linearises measured outputs, and the data hold times to event, counts or "
            "categories; use Laplace(), Quadrature() or SAEM()"
        )


def one_node(local: Local, modes: Modes) -> Marginal:
    """Return the marginal likelihood from the height and the curvature at the mode."""
    q = local.curve.shape[-1]
    value = local.value + 0.5 * q * math.log(2.0 * math.pi) - 0.5 * np.linalg.slogdet(local.curve)[1]
    gradient = local.explicit - 0.5 * np.einsum("nij,npji->np", np.linalg.inv(local.curve), local.turned)
    return Marginal(value, gradient, modes, local.exact, local.shift)


def conditional_marginal(
    problem: Problem, vector: Floats, start: Floats, metric: Floats | None = None, *, interaction: bool = True
) -> Marginal:
    """Return FOCEI, or without interaction FOCE, from the best of random effects `start` (starts, patients, q)."""
    refuse_outcomes(problem, "FOCEI" if interaction else "FOCE")
    point = problem.point(vector)
    held = None if interaction else held_deviations(problem, point.centre[None], point.sigma[None])
    modes = find_modes(problem, point, start, metric=metric, held=held)
    return one_node(expand(problem, vector, point, modes.phi, interaction=interaction), modes)
