"""Was the forecast right: observations that were left out, scored against what was forecast for them, and tests of calibration.

A later observation has a place among the draws (its probability integral transform, drawn uniformly within the probability of lying below
the limit where it is censored), a log score (the log of the density that was forecast for it) and a CRPS of its logarithm or value.
Places are tested for uniformity by simultaneous bands of their distribution (Sailynoja, Burkner, Vehtari 2022, Stat Comput 32:32).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import binom

from autologue import seeds
from autologue.errors import InputError
from autologue.forecast.latent import read_latent
from autologue.forecast.posterior import Posterior, sample_posterior
from autologue.likelihood import Likelihood, error_from, observe_above
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.seeds import Purpose

__all__ = ["coverage", "crps", "leave_future_out", "uniformity"]

Floats = NDArray[np.float64]
_SIMULATED = 2000  # uniform samples by which the simultaneous band is calibrated
_POINTS = 50


def crps(draws: Floats, value: float) -> float:
    """Return the continuous ranked probability score of draws (n,) for a value: least is best."""
    ordered = np.sort(draws)
    n = len(ordered)
    spread = 2 * ((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / n**2
    return float(np.abs(ordered - value).mean() - 0.5 * spread)


def coverage(places: Floats, level: float) -> float:
    """Return the share of places (n,) inside the central interval of a level."""
    return float((np.abs(places - 0.5) <= level / 2).mean())


def uniformity(places: Floats, *, seed: int = 0) -> float:
    """Return the p-value of the simultaneous band: how often uniform numbers stray as far, anywhere, from their expected distribution."""
    reference = _reference(len(places), seed)
    return float(((reference <= _furthest(places[None])[0]).sum() + 1) / (len(reference) + 1))


@lru_cache(maxsize=32)
def _reference(n: int, seed: int) -> Floats:
    """Return what samples of n uniform numbers have for `_furthest`."""
    u = seeds.uniforms(seed, Purpose.FORECAST, np.arange(_SIMULATED), n, attempt=500)
    return np.concatenate([_furthest(block) for block in np.array_split(u, max(1, n // 10))])


def _furthest(samples: Floats) -> Floats:
    """Return the least tail probability, over points, of the count of numbers below a point; one for each sample (samples, n)."""
    n, points = samples.shape[1], np.arange(1, _POINTS) / _POINTS
    counts = (samples[:, :, None] <= points).sum(axis=1)
    tails: Floats = np.minimum(binom.cdf(counts, n, points), binom.sf(counts - 1, n, points)).min(axis=1)
    return tails


def leave_future_out(
    population: Parametric,
    cohort: Cohort,
    *,
    cuts: Sequence[float],
    draws: int = 500,
    seed: int = 0,
    advance: Callable[[int], None] = lambda done: None,
) -> pd.DataFrame:
    """Return one row for each patient, cut and later observation, with its scores and those of the population alone.

    Columns: patient, cut, output, time, censored, place, log_score, crps, log_score_population, crps_population. Cuts are in the patients'
    time unit; `advance` is told of each patient that is done. Raises InputError where no patient has observations on both sides of a cut.
    """
    rows = []
    for patient in cohort:
        rows += [row for cut in cuts for row in _scored(population, patient, cut, draws, seed)]
        advance(1)
    if not rows:
        said = ", ".join(f"{cut:g}" for cut in cuts)
        what = f"cohort {cohort.name}: with cuts {said} no patient has observations to forecast from and later ones to score"
        raise InputError(f"{what}; give a cut between the first and the last observation")
    return pd.DataFrame(rows)


def _scored(population: Parametric, patient: Patient, cut: float, draws: int, seed: int) -> Iterator[dict[str, object]]:
    past = patient.until(cut)
    empty = replace(patient, observations={}, events={})
    later = [(name, k) for name, seen in patient.observations.items() if name not in population.model.outcomes
             for k in np.flatnonzero(seen.times > cut)]  # fmt: skip
    if not later or not past.observations:
        return
    known, unknown = (sample_posterior(read_latent(population, each), draws=draws, seed=seed) for each in (past, empty))
    for name, k in later:
        one = _single(patient, name, int(k))
        place, score, distance = _judged(known, one, name, seed)
        _, plain, far = _judged(unknown, one, name, seed)
        seen = patient.observations[name]
        yield {
            "patient": patient.id, "cut": cut, "output": name, "time": float(seen.times[k]), "censored": bool(seen.censored[k]),
            "place": place, "log_score": score, "crps": distance, "log_score_population": plain, "crps_population": far,
        }  # fmt: skip


def _single(patient: Patient, output: str, place: int) -> Patient:
    """Return the patient with one observation only."""
    seen, at = patient.observations[output], slice(place, place + 1)
    one = Observations(
        seen.times[at], unit=seen.unit, lower=seen.lower[at], upper=seen.upper[at], above=seen.above[at], limit=seen.limit[at],
        matrix=seen.matrix,
    )  # fmt: skip
    return replace(patient, observations={output: one}, events={})


def _judged(found: Posterior, one: Patient, output: str, seed: int) -> tuple[float, float, float]:
    """Return place, log score and CRPS of one observation under the draws."""
    likelihood = Likelihood(Cohort((one,)), found.latent.population)
    lanes = likelihood.lanes(np.zeros(len(found.parameters), dtype=np.int64))
    predicted = lanes.predicted(found.parameters, found.chance)
    score = float(logsumexp(lanes.evaluate(found.parameters).log_density) - np.log(len(predicted)))
    error = found.latent.population.error(output)
    assert error is not None
    number = round(float(likelihood.rows.time[0]) * 1000) % 2**31
    ids = np.arange(len(predicted))
    eps = seeds.normals(seed, Purpose.FORECAST, ids, 1, attempt=501 + number % 1000)[:, 0]
    kind = error_from(type(error), likelihood.numbers[0].tolist())
    measured = observe_above(kind, predicted, eps, float(likelihood.rows.above[0]))
    low, high = float(likelihood.rows.lower[0]), float(likelihood.rows.upper[0])
    u = float(seeds.uniforms(seed, Purpose.FORECAST, [number], 1, attempt=502)[0, 0])
    a, b = ((measured < low).mean(), (measured <= high).mean())
    floor = high if low < high and np.isfinite(high) else float(likelihood.rows.limit[0])
    logged = bool((measured > 0).all() and high > 0)
    clipped = np.maximum(measured, floor) if np.isfinite(floor) else measured
    value = max(high, floor) if np.isfinite(floor) else high
    distance = crps(np.log10(clipped), np.log10(value)) if logged else crps(clipped, value)
    return float(a + u * (b - a)), score, distance
