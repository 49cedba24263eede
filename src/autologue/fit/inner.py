"""The inner problem of the conditional methods: the most probable random effects of each patient, all patients at once.

J(eta) = log p(y | eta) + log N(eta; 0, Omega) is maximised by Newton's method. The metric is the first-order curvature, which is positive
definite; every third step it is replaced by the exact one where that is positive definite too, so that convergence is quadratic however
curved the model. A step that lowers J is halved. Every patient ends with a status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.fit.assemble import assemble
from autologue.fit.problem import Point, Problem
from autologue.likelihood.happened import assemble_outcomes

__all__ = ["REASONS", "Data", "Modes", "Predicted", "assembled", "find_modes", "predict", "steps"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REASONS = (
    "found",
    "the most probable random effects were not found within the steps allowed",
    "the course cannot be solved, or the data are impossible, at the starting values",
    "the log-density is not concave at the most probable random effects",
    "the log-density has a kink at the most probable random effects, where it has no curvature; compare with SAEM",
)
FOUND, NOT_FOUND, LOST, NOT_CONCAVE, KINK = range(5)
STEPS = 60
EXACT_EVERY = 3
HALVINGS = 15
TOLERANCE, ROUGH = 1e-8, 1e-5  # of a step, in standard deviations given the data; rough where the course is integrated
LEAST = 1e-3  # curvature by standardised random effects, of which the prior alone has 1
ROUNDING = 1e-11  # of a step, on the scale of the parameters: where random effects are all but absent
STALLED = 1e-3  # a patient whose shorter steps lead no higher is at the mode, to rounding; with a longer one at a kink
WEAK, WEAKLY = 0.01, 3  # a step that gains less than this share of what it promises, so often in a row, has met a kink


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions f (copies, rows) and their derivatives by coordinate g (copies, rows, k); after the rows, what outcomes read."""

    f: Floats
    g: Floats


@dataclass(frozen=True, eq=False)
class Data:
    """Log-density of the data value (copies, patients), gradient (..., k) and first-order curvature (..., k, k) by coordinate."""

    value: Floats
    slope: Floats
    curve: Floats


@dataclass(frozen=True, eq=False)
class Modes:
    """Coordinates phi (patients, k), log-joint density (patients,) without constants of the prior, status: codes into REASONS."""

    phi: Floats
    joint: Floats
    status: Integers


def predict(problem: Problem, phi: Floats) -> Predicted:
    """Return predictions for coordinates (copies, patients, k); NaN where a course cannot be solved."""
    copies = len(phi)
    parameters, rate = problem.parameters(phi)
    lanes = problem.likelihood.lanes(np.tile(np.arange(problem.patients), copies))
    f, slopes, read, by = lanes.predictions(parameters, problem.coordinates)
    rows, more = problem.likelihood.rows, problem.likelihood.outcomes
    k = len(problem.coordinates)
    with np.errstate(invalid="ignore", over="ignore"):
        found = f.reshape(copies, len(rows)), slopes.reshape(copies, len(rows), k) * rate[:, rows.patient]
        if more is None:
            return Predicted(*found)
        others = by.reshape(copies, 2 * len(more), k) * rate[:, np.repeat(more.patient, 2)]
    return Predicted(np.concatenate([found[0], read.reshape(copies, -1)], axis=1), np.concatenate([found[1], others], axis=1))


def assembled(problem: Problem, predicted: Predicted, sigma: Floats, held: Floats | None = None) -> Data:
    """Return the data's log-density with errors sigma (copies, outputs, 3); held (copies, rows): deviations that do not follow f."""
    rows, more, (copies, _, k) = problem.likelihood.rows, problem.likelihood.outcomes, predicted.g.shape
    n, m = problem.patients, len(problem.likelihood.rows)
    value, slope, curve = np.empty((copies, n)), np.empty((copies, n, k)), np.empty((copies, n, k, k))
    f, g = (np.ascontiguousarray(part[:, :m]) for part in (predicted.f, predicted.g))
    free = np.full(f.shape, np.nan) if held is None else held
    assemble(
        rows.first, rows.output, rows.low, rows.high, rows.over, rows.extra, problem.likelihood.kinds, np.ascontiguousarray(sigma), free,
        f, g, value, slope, curve,
    )  # fmt: skip
    if more is not None:
        read, by = (np.ascontiguousarray(part[:, m:]) for part in (predicted.f, predicted.g))
        assemble_outcomes(more.first, more.kind, more.y, read, by, value, slope, curve)
    return Data(np.where(np.isnan(value), -np.inf, value), slope, curve)


def steps(problem: Problem, *, second: bool = False) -> Floats:
    """Return the steps of differences by coordinate (k,): of first differences, or of second ones."""
    size = (3e-4 if second else 1e-4) if problem.exact else (3e-2 if second else 3e-3)
    return size * problem.spans


def find_modes(
    problem: Problem, point: Point, start: Floats, *, metric: Floats | None = None, held: Floats | None = None, limit: int = STEPS
) -> Modes:
    """Return the modes of all patients, from the best of random effects `start` (starts, patients, q).

    metric: a curvature (patients, q, q) to begin with. held: deviations (1, rows) that do not follow the predictions.
    """
    q = problem.varying
    inverse = np.linalg.inv(point.omega)

    def at(eta: Floats) -> Data:
        phi = np.tile(point.centre, (len(eta), 1, 1))
        phi[..., :q] += eta
        numbers = np.tile(point.sigma, (len(eta), 1, 1))
        found = assembled(problem, predict(problem, phi), numbers, None if held is None else np.tile(held, (len(eta), 1)))
        pull = eta @ inverse
        value, slope, curve = found.value - 0.5 * (pull * eta).sum(-1), found.slope[..., :q] - pull, found.curve[..., :q, :q] + inverse
        lost = ~(np.isfinite(value) & np.isfinite(slope).all(-1) & np.isfinite(curve).all((-2, -1)))
        return Data(np.where(lost, -np.inf, value), np.where(lost[..., None], 0.0, slope), np.where(lost[..., None, None], inverse, curve))

    size = steps(problem)[:q]
    root = np.linalg.cholesky(point.omega).astype(float)
    eta, value, status = _climb(at, start, metric, root, size, tolerance=TOLERANCE if problem.exact else ROUGH, limit=limit)
    phi = point.centre.copy()
    phi[:, :q] += eta
    return Modes(phi, value, status)


def curvature(at: Callable[[Floats], Data], eta: Floats, size: Floats) -> Floats:
    """Return minus the second derivative of the log-joint at eta (patients, q), by central differences of its gradient."""
    moves = np.diag(size)[:, None, :]
    slope = at(np.concatenate([eta + moves, eta - moves])).slope
    columns = (slope[len(size) :] - slope[: len(size)]) / (2.0 * size[:, None, None])
    curve = np.moveaxis(columns, 0, -1)
    return (curve + np.swapaxes(curve, 1, 2)) / 2.0


def _climb(
    at: Callable[[Floats], Data], start: Floats, metric: Floats | None, root: Floats, size: Floats, *, tolerance: float, limit: int
) -> tuple[Floats, Floats, Integers]:
    eta, now = start[0], at(start)
    if len(start) > 1:
        best = np.nanargmax(now.value, axis=0)
        everyone = np.arange(start.shape[1])
        eta = start[best, everyone]
        now = Data(*(part[best, everyone][None] for part in (now.value, now.slope, now.curve)))
    active = np.isfinite(now.value[0])
    status, weak = np.where(active, NOT_FOUND, LOST), np.zeros(len(active), dtype=np.int64)
    for count in range(limit):
        if count % EXACT_EVERY == EXACT_EVERY - 1:
            metric = curvature(at, eta, size)
        step, length = _newton(now, metric, root)
        active &= ~((length < tolerance) | (np.abs(step).max(axis=1, initial=0.0) < ROUNDING))
        status[~active & (status == NOT_FOUND)] = FOUND
        if not active.any():
            break
        before, promised = now.value[0], 0.5 * length**2
        eta, now, stuck = _search(at, eta, now, np.where(active[:, None], step, 0.0), active)
        weak = np.where((now.value[0] - before < WEAK * promised) & (promised > 0.5 * STALLED**2), weak + 1, 0)
        ended = stuck | (weak >= WEAKLY)
        status[active & ended] = np.where(length < STALLED, FOUND, KINK)[active & ended]
        active &= ~ended
    return eta, now.value[0], status


def _newton(now: Data, metric: Floats | None, root: Floats) -> tuple[Floats, Floats]:
    """Return the step of each patient and its length in standard deviations given the data, from eta = root z, with z ~ N(0, 1)."""
    shape = root.T @ now.curve[0] @ root
    if metric is not None:
        given = root.T @ metric @ root
        shape = np.where((np.linalg.eigvalsh(given)[:, :1] > 0.0)[..., None], given, shape)
    level, axes = np.linalg.eigh(shape)
    level = np.maximum(level, LEAST)
    along = np.einsum("pij,pi->pj", axes, now.slope[0] @ root)
    step: Floats = np.einsum("pij,pj->pi", axes, along / level) @ root.T
    return step, np.sqrt((along**2 / level).sum(1))


def _search(
    at: Callable[[Floats], Data], eta: Floats, now: Data, step: Floats, active: NDArray[np.bool_]
) -> tuple[Floats, Data, NDArray[np.bool_]]:
    """Return where the halved steps lead, the data there, and which patients no step moves up."""
    scale, slack = active.astype(float), 1e-12 * np.abs(now.value[0])
    for _ in range(HALVINGS):
        trial = eta + scale[:, None] * step
        found = at(trial[None])
        worse = active & ~(found.value[0] >= now.value[0] - slack)
        if not worse.any():
            return trial, found, worse
        scale[worse] *= 0.5
    trial = np.where(worse[:, None], eta, trial)
    return trial, at(trial[None]), worse
