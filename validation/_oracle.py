"""Objective functions of mixed-effects estimation, anew in plain numpy and scipy: what the project's likelihood is held against.

Nothing here imports autologue, every derivative is a finite difference, and all patients are one padded table. A patient's rows y
have the density p(y | eta), eta ~ N(0, Omega); with J(eta) = log p(y | eta) + log N(eta; 0, Omega) each method approximates
L = integral of exp J. Everything is returned as -2 log L summed over patients, less n log(2 pi) for the n measured rows, which is
how NONMEM and nlmixr2 print it (a censored row is a probability and has no such constant).

quadrature  L = sum over nodes z of w(z) exp(J(m + R z) + z'z/2) |R| (2 pi)^(q/2), Gauss-Hermite in each of q dimensions, with the
            mode m and R R' = (-J'')^-1: exact as nodes grow.
laplace     one node: L = exp J(m) (2 pi)^(q/2) |-J''(m)|^-1/2.
focei       as laplace, with -J'' replaced by its expectation given the prediction, G the derivative of the prediction by eta and
            s the standard deviation: sum of g g'/s^2 + 2 (s'/s)(s'/s)' over measured rows, plus Omega^-1 (first-order conditional,
            interaction; the residual's mean is zero, so that second derivatives of the prediction drop out).
foce        the same for the model whose s is that of a patient with eta = 0; the mode is that model's too.
fo          y ~ N(f(0), G Omega G' + diag s(0)^2), G at eta = 0.

A row known only as (lower, upper) contributes log(Phi(b) - Phi(a)); given that it is above `above` (Beal's M2, M4), the interval
begins there, and log P(Y > above) is subtracted. Such a row has no zero-mean residual: focei takes minus the second derivative of its
term by the prediction, the deviation s moving along, times g g'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.special import log_ndtr

ERRORS = {  # standard deviation as a function of prediction and of the parameters of the error
    "constant": lambda f, a, b, c: a + 0 * f,
    "proportional": lambda f, a, b, c: b * abs(f),
    "combined1": lambda f, a, b, c: a + b * abs(f),
    "combined2": lambda f, a, b, c: np.sqrt(a**2 + (b * f) ** 2),
    "power": lambda f, a, b, c: b * abs(f) ** c,
    "lognormal": lambda f, a, b, c: a + 0 * f,  # of the logarithm
}


@dataclass(frozen=True)
class Rows:
    """Rows of all patients, (patients, rows) each; `used` tells the rows from the padding."""

    times: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    used: np.ndarray
    above: np.ndarray
    known: dict[str, np.ndarray]  # doses and covariates, (patients, 1)

    @property
    def measured(self):
        return self.used & (self.lower == self.upper)


def table(ids, times, lower, upper=None, above=-np.inf, **known):
    """Return `Rows` of long columns; `known` has one value a patient, in the order in which ids appear."""
    ids, upper = np.asarray(ids), lower if upper is None else upper
    above = np.broadcast_to(above, ids.shape)
    names = list(dict.fromkeys(ids.tolist()))
    width = max(int((ids == name).sum()) for name in names)
    pads = [np.zeros((len(names), width)) for _ in range(4)]
    used = np.zeros((len(names), width), dtype=bool)
    for k, name in enumerate(names):
        mine = np.flatnonzero(ids == name)
        used[k, : len(mine)] = True
        for pad, column in zip(pads, (times, lower, upper, above), strict=True):
            pad[k, : len(mine)] = np.asarray(column)[mine]
    return Rows(pads[0], pads[1], pads[2], used, pads[3], {n: np.asarray(v, dtype=float)[:, None] for n, v in known.items()})


@dataclass(frozen=True)
class Problem:
    """`predict(rows, theta, eta)` with eta (..., patients, 1, q) gives (..., patients, rows); error: its name and numbers a, b, c."""

    rows: Rows
    predict: Callable
    theta: dict
    omega: np.ndarray
    error: str
    a: float = 0.0
    b: float = 0.0
    c: float = 1.0

    def f(self, eta):
        return self.predict(self.rows, self.theta, eta[..., None, :])

    def sd(self, f):
        return ERRORS[self.error](f, self.a, self.b, self.c)

    def terms(self, f, sd):
        """Log-density of each row given prediction and standard deviation, without log(2 pi)/2; padding is zero."""
        rows = self.rows
        with np.errstate(all="ignore"):
            move = (lambda x: np.log(np.maximum(x, 0.0))) if self.error == "lognormal" else np.asarray
            lower = np.where(rows.lower < rows.upper, np.maximum(rows.lower, rows.above), rows.lower)
            low, high, over = ((move(v) - move(f)) / sd for v in (lower, rows.upper, rows.above))
            jacobian = np.log(rows.lower) if self.error == "lognormal" else 0.0
            measured = -0.5 * low**2 - np.log(sd) - jacobian
            flip = low > 0  # the tail that does not cancel
            near, far = np.where(flip, -low, high), np.where(flip, -high, low)
            between = log_ndtr(near) + np.log1p(-np.exp(log_ndtr(far) - log_ndtr(near)))
            row = np.where(rows.lower == rows.upper, measured, np.where(low == -np.inf, log_ndtr(high), between))
            row = row - np.where(rows.above > -np.inf, log_ndtr(-over), 0.0)
        return np.where(rows.used, row, 0.0)

    def joint(self, eta, sd=None):
        """Log p(y | eta) N(eta; Omega) of each patient (..., patients), without constants in 2 pi of rows; sd: held there."""
        f = self.f(eta)
        rows = self.terms(f, self.sd(f) if sd is None else sd).sum(-1)
        penalty = np.einsum("...i,ij,...j->...", eta, np.linalg.inv(self.omega), eta)
        return rows - 0.5 * penalty - 0.5 * np.linalg.slogdet(2 * np.pi * self.omega)[1]


STENCIL = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))


def gradient(function, eta, step=1e-3):
    """Fourth-order central differences of `function` by eta: (patients, ..., q)."""
    parts = []
    for k in range(eta.shape[-1]):
        e = step * np.eye(eta.shape[-1])[k]
        parts.append(sum(w * function(eta + m * e) for m, w in STENCIL) / step)
    return np.stack(parts, -1)


def hessian(function, eta, step=5e-3):
    found = gradient(lambda x: gradient(function, x, step), eta, step)
    return (found + np.swapaxes(found, -1, -2)) / 2


def modes(joint, n, q, start=None):
    """Newton with a floor under the curvature and halved steps, all patients at once."""
    eta = np.zeros((n, q)) if start is None else start.copy()
    value = joint(eta)
    for _ in range(100):
        slope, curve = gradient(joint, eta), -hessian(joint, eta)
        level, axes = np.linalg.eigh(curve)
        step = np.einsum("pij,pj,pkj,pk->pi", axes, 1 / np.maximum(abs(level), 1e-3), axes, slope)
        scale = np.ones(n)
        for _ in range(30):
            trial = joint(eta + scale[:, None] * step)
            worse = ~(trial >= value - 1e-12 * abs(value))
            if not worse.any():
                break
            scale[worse] /= 2
        scale[worse] = 0.0
        eta = eta + scale[:, None] * step
        value = joint(eta)
        if abs(scale[:, None] * step).max() < 1e-9:
            break
    return eta


def quadrature(problem, nodes=7, *, expected=False, start=None):
    """With `expected`, nodes are scaled by the curvature of focei, as nlmixr2 does: of no matter once nodes suffice."""
    n, q = len(problem.rows.times), len(problem.omega)
    m = modes(problem.joint, n, q, start)
    curve = information(problem, m) if expected else -hessian(problem.joint, m)
    root = np.linalg.inv(np.linalg.cholesky(curve)).swapaxes(-1, -2)
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    z = np.array(list(product(points, repeat=q)))
    w = np.array(list(product(np.log(weights), repeat=q))).sum(-1)
    values = problem.joint(m + np.einsum("pij,kj->kpi", root, z)) + w[:, None] + 0.5 * (z**2).sum(-1)[:, None]
    top = values.max(0)
    each = top + np.log(np.exp(values - top).sum(0)) - 0.5 * np.linalg.slogdet(curve)[1]
    return -2 * each.sum()


def laplace(problem, start=None):
    n, q = len(problem.rows.times), len(problem.omega)
    m = modes(problem.joint, n, q, start)
    return _at_mode(problem.joint(m), -hessian(problem.joint, m))


def _at_mode(joint, curve):
    q = curve.shape[-1]
    return -2 * (joint + 0.5 * q * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(curve)[1]).sum()


def information(problem, eta, sd=None):
    """First-order curvature (patients, q, q) at eta; sd: held there."""
    f = problem.f(eta)
    g = gradient(problem.f, eta)
    held = problem.sd(f) if sd is None else sd
    if problem.error == "lognormal":
        g = g / f[..., None]
    spread = gradient(lambda x: problem.sd(problem.f(x)), eta) if sd is None else np.zeros_like(g)
    with np.errstate(all="ignore"):
        measured = np.einsum("pri,prj->prij", g, g) / held[..., None, None] ** 2
        measured = measured + 2 * np.einsum("pri,prj->prij", spread, spread) / held[..., None, None] ** 2
    weight = np.where(problem.rows.measured, 1.0, 0.0)[..., None, None]
    total = np.where(weight > 0, measured, 0.0).sum(1) + np.linalg.inv(problem.omega)
    bent = problem.rows.used & ((problem.rows.lower < problem.rows.upper) | (problem.rows.above > -np.inf))
    if bent.any():
        total = total - np.einsum("pr,pri,prj->pij", np.where(bent, _bend(problem, f, sd), 0.0), g, g)
    return total


def _bend(problem, f, sd):
    """Second derivative of rows' terms by the prediction (log-normal: by its logarithm); of a measured row, of the condition alone."""
    rows = problem.rows
    free = replace(problem, rows=replace(rows, above=np.full_like(rows.above, -np.inf)))
    log = problem.error == "lognormal"
    size = 1e-3 if log else 1e-3 * np.maximum(abs(f), 1e-3)

    def second(kind):
        def term(k):
            moved = f * np.exp(k * size) if log else f + k * size
            return kind.terms(moved, problem.sd(moved) if sd is None else sd)

        return (16 * (term(1) + term(-1)) - term(2) - term(-2) - 30 * term(0)) / (12 * size**2)

    return np.where(rows.lower < rows.upper, second(problem), second(problem) - second(free))


def focei(problem, start=None):
    n, q = len(problem.rows.times), len(problem.omega)
    m = modes(problem.joint, n, q, start)
    return _at_mode(problem.joint(m), information(problem, m))


def foce(problem, start=None):
    n, q = len(problem.rows.times), len(problem.omega)
    sd = problem.sd(problem.f(np.zeros((n, q))))
    m = modes(lambda eta: problem.joint(eta, sd), n, q, start)
    return _at_mode(problem.joint(m, sd), information(problem, m, sd))


def fo(problem):
    """Of measured rows only; a log-normal error is taken on the logarithm."""
    zero = np.zeros((len(problem.rows.times), len(problem.omega)))
    f, g = problem.f(zero), gradient(problem.f, zero)
    sd, total = problem.sd(f), 0.0
    for k, used in enumerate(problem.rows.used):
        y, mean, slope = problem.rows.lower[k, used], f[k, used], g[k, used]
        if problem.error == "lognormal":
            total += 2 * np.log(y).sum()
            y, mean, slope = np.log(y), np.log(mean), slope / mean[:, None]
        covariance = slope @ problem.omega @ slope.T + np.diag(sd[k, used] ** 2)
        total += np.linalg.slogdet(covariance)[1] + (y - mean) @ np.linalg.solve(covariance, y - mean)
    return total
