"""Random effects against covariates and against each other, by samples of each patient's conditional distribution.

Modes shrink to zero where data are few, which hides correlations and makes others. Samples do not: one draw a patient has the
distribution of the population if the model is right (Lavielle, Ribba 2016, Pharm Res 33:2979-2988, doi:10.1007/s11095-016-2020-3).

Covariates: Fisher's z of the correlation in each set of samples is standard normal, but the sets are not independent. Their mean has the
variance 1 less the variance of z from set to set, which the samples show: what the data leave open about each patient. The test is the
mean over its standard deviation. A category is tested by its indicator.

Pairs of random effects: the score of their covariance, (Omega^-1 (E eta eta' - Omega) Omega^-1) of the pair summed over patients, over the
root of its squares, each less what the scores of the estimates explain: the estimated variances have moved to where the data are. (Where a
fit has no linearised scores nothing is taken off, and the test is cautious.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from autologue.errors import InputError
from autologue.fit import Fit
from autologue.fit.chains import Chains
from autologue.fit.linearised import linearise

__all__ = ["conditional_samples", "correlation_tests"]

Floats = NDArray[np.float64]
BURNT, APART = 50, 5  # sweeps before the first sample, and from one to the next
FAINT = 0.05  # share of the variance of z that the data settle; with less there is no test
CLOSE = 0.999999


def conditional_samples(fit: Fit, *, samples: int = 200, seed: int = 0) -> Floats:
    """Return samples of the random effects of each patient given the data (samples, patients, q): those of the fit, or else new ones.

    Raises InputError for fewer than ten samples, or a fit without random effects.
    """
    given, problem = fit.individuals.samples, fit.problem
    if samples < 10 or not problem.varying:
        raise InputError(f"{samples} samples of {problem.varying} random effects: expected ten samples at least, and a random effect")
    if len(given) >= samples:
        return np.asarray(given[:: len(given) // samples][:samples], dtype=np.float64)
    point, n = problem.point(fit.estimated.vector), problem.patients
    chains = Chains(problem, point, count=max(1, -(-50 // n)), seed=seed)
    chains.start(point)
    kept: list[Floats] = []
    for k in range(BURNT + APART * -(-samples // chains.count)):
        chains.sweep(k, point, weight=(k + 1.0) ** -0.6 if k < BURNT else 0.0, moments=1.0 / (20.0 + k))
        if k >= BURNT and (k - BURNT) % APART == 0:
            eta = chains.phi - np.tile(point.centre[:, : problem.varying], (chains.count, 1))
            kept.extend(eta.reshape(chains.count, n, problem.varying))
    return np.array(kept[:samples])


def correlation_tests(fit: Fit, *, samples: int = 200, seed: int = 0) -> pd.DataFrame:
    """Return one row a pair: first, second, correlation, low, high, model, z, p, adjusted; the smallest p first.

    first: the parameter of a random effect; second: a covariate, or level of one (`sex = male`), or the parameter of another random effect.
    correlation: its mean over the sets of samples; low, high: the middle 90 % of the sets. model: what the model says of the pair: 0,
    or the correlation that it estimates, which is not tested. z, p: of the test that there is none; NaN where the data say too little.
    adjusted: p by Holm's method over all pairs of the table, which is to be read where many are tested. A covariate that is the same in
    all patients, or not known of all, is left out.
    """
    eta = conditional_samples(fit, samples=samples, seed=seed)
    n, names = eta.shape[1], fit.individuals.names
    if n < 5:
        raise InputError(f"{n} patients: a test of correlations needs five at least")
    omega = fit.problem.point(fit.estimated.vector).omega
    model = omega / np.sqrt(np.diagonal(omega))[:, None] / np.sqrt(np.diagonal(omega))[None, :]
    inverse, linear = np.linalg.inv(omega), linearise(fit.problem, fit.estimated.vector, fit.individuals)
    second = np.einsum("sia,sib->iab", eta, eta) / len(eta)
    scores, nuisance = inverse @ (second - omega) @ inverse, np.empty((n, 0)) if linear is None else linear.scores
    rows = []
    for k, name in enumerate(names):
        for label, values in _columns(fit):
            r, *shown = _sets(eta[:, :, k], np.broadcast_to(values, eta.shape[:2]))
            rows.append((name, label, *shown, 0.0, _fisher(r, n)))
        for j in range(k):
            z = _score(scores[:, j, k], nuisance) if model[j, k] == 0.0 else np.nan
            rows.append((names[j], name, *_sets(eta[:, :, j], eta[:, :, k])[1:], float(model[j, k]), z))
    table = pd.DataFrame(rows, columns=["first", "second", "correlation", "low", "high", "model", "z"])
    p = 2.0 * norm.sf(np.abs(table["z"].to_numpy(dtype=float)))
    return table.assign(p=p, adjusted=_holm(p)).sort_values("p", kind="stable", ignore_index=True)


def _columns(fit: Fit) -> Iterator[tuple[str, Floats]]:
    """Yield covariates by name, (patients,) each: numbers as they are, categories as one indicator a level (of two levels one)."""
    people = fit.cohort.patients
    for name in dict.fromkeys(name for p in people for name in p.covariates):
        values = [p.covariates.get(name) for p in people]
        if any(value is None for value in values) or len(set(values)) < 2:
            continue
        if all(isinstance(value, int | float) for value in values):
            yield name, np.array(values, dtype=float)
            continue
        levels = sorted({str(value) for value in values})
        for level in levels[1:] if len(levels) == 2 else levels:
            yield f"{name} = {level}", np.array([float(str(value) == level) for value in values])


def _sets(first: Floats, second: Floats) -> tuple[Floats, float, float, float]:
    """Return the correlation in each set of samples (samples,) of (samples, patients), its mean and the middle 90 %."""
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (first, second))
    r: Floats = np.clip((a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1)), -CLOSE, CLOSE)
    low, high = np.quantile(r, (0.05, 0.95))
    return r, float(r.mean()), float(low), float(high)


def _fisher(r: Floats, patients: int) -> float:
    z = np.arctanh(r) * np.sqrt(patients - 3.0)
    settled = 1.0 - float(z.var(ddof=1)) * (1.0 - 1.0 / len(z))
    return float(z.mean() / np.sqrt(settled)) if settled > FAINT else float("nan")


def _score(own: Floats, nuisance: Floats) -> float:
    explained = nuisance @ np.linalg.lstsq(nuisance, own, rcond=None)[0] if nuisance.size else 0.0
    return float(own.sum() / np.sqrt(((own - explained) ** 2).sum()))


def _holm(p: Floats) -> Floats:
    """Return p-values adjusted for their number; NaN stays."""
    found, order = np.full(len(p), np.nan), [k for k in np.argsort(p) if np.isfinite(p[k])]
    reached = 0.0
    for rank, k in enumerate(order):
        reached = max(reached, min(1.0, (len(order) - rank) * p[k]))
        found[k] = reached
    return found
