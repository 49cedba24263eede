"""Does the patient lie outside what the population has seen: the evidence of the patient among those of simulated patients.

Patients are simulated with the visits, assays and limits of this one, and the probability density of what each would have shown is
averaged over the same draws of the population. The share of them that is as improbable as the patient is a p-value, exact for
any number of draws, since the patient and they are exchangeable under the population (Box 1980, J R Stat Soc A 143:383-430).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from autologue import seeds
from autologue.compiled import compiled
from autologue.forecast.latent import Latent
from autologue.likelihood import error_from, observe_above
from autologue.likelihood.density import LOGNORMAL, row_value
from autologue.seeds import Purpose

__all__ = ["Domain", "Surprise", "judge_domain", "row_densities"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_DRAWS = 1500
_PATIENTS = 399
_RARE = 0.01  # tail probability of one observation at which it is named
_LEVEL = 0.01  # p-value at which the patient counts as outside


@dataclass(frozen=True, slots=True)
class Surprise:
    """An observation in the far tail of what the population predicts before anything is measured: two-sided tail probability."""

    output: str
    time: float
    value: str
    tail: float


@dataclass(frozen=True, slots=True)
class Domain:
    """p_value: share of `patients` simulated patients (and this one) that are as improbable as this one; times are the model's."""

    p_value: float
    patients: int
    surprises: tuple[Surprise, ...]

    @property
    def outside(self) -> bool:
        """Whether the patient is outside what the population has seen."""
        return self.p_value <= _LEVEL

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        percent = f"{100 * self.p_value:.0f}" if self.p_value >= 0.1 else f"{100 * self.p_value:.2g}"
        share = f"{percent} % of {self.patients} simulated patients with the same visits are as improbable"
        if not self.outside:
            return f"Within what the population has seen: {share}."
        named = "; ".join(f"{s.output} {s.value} at {s.time:g} (tail probability {s.tail:.1g})" for s in self.surprises)
        which = f" Least expected: {named}." if named else " No single value is to blame: it is their combination."
        return f"Outside what the population has seen: {share}. The forecast leans on an extrapolation.{which}"


def judge_domain(latent: Latent, *, seed: int, patients: int = _PATIENTS) -> Domain | None:
    """Return the verdict, None where nothing was measured. Fates of last cells are drawn, one a draw."""
    if latent.likelihood is None or not len(latent.likelihood.rows):
        return None
    rows, count = latent.likelihood.rows, len(latent.likelihood.rows)
    total, d = _DRAWS + patients, len(latent.varying)
    which = latent.variant(total)
    predicted = _predictions(latent, seed, total, d, which)
    usable: NDArray[np.bool_] = np.asarray(np.isfinite(predicted).all(axis=1))
    who = np.flatnonzero(usable[_DRAWS:]) + _DRAWS
    numbers = latent.numbers
    eps = seeds.normals(seed, Purpose.FORECAST, np.arange(len(who)), count, attempt=401)
    low, high = (np.empty((len(who) + 1, count)) for _ in range(2))
    low[0], high[0] = rows.lower, rows.upper
    for k in range(count):
        low[1:, k], high[1:, k] = _measured(latent, k, predicted[who, k], eps[:, k], numbers[which[who]])
    base = np.flatnonzero(usable[:_DRAWS])
    evidence = _evidence(latent, predicted[base], numbers[which[base]], low, high)
    p = float((evidence <= evidence[0]).mean())
    return Domain(p, len(who), _surprises(latent, low, high))


def _predictions(latent: Latent, seed: int, total: int, d: int, which: Integers) -> Floats:
    """Return predictions of all rows (total, rows) for draws of the population, NaN outside what is possible or solvable."""
    assert latent.likelihood is not None
    z = seeds.normals(seed, Purpose.FORECAST, np.arange(total), max(d, 1), attempt=400)[:, :d]
    sets = latent.parameters(z, which)
    inside = np.flatnonzero(latent.possible(sets))
    found = np.full((total, len(latent.likelihood.rows)), np.nan)
    chance = None if latent.population.model.birth_death is None else seeds.uniforms(seed, Purpose.FORECAST, inside, 1, attempt=402)[:, 0]
    lanes = latent.likelihood.lanes(np.zeros(len(inside), dtype=np.int64))
    found[inside] = lanes.predicted(sets[inside], chance).reshape(len(inside), -1)
    return found


def _measured(latent: Latent, row: int, predicted: Floats, eps: Floats, numbers: Floats) -> tuple[Floats, Floats]:
    """Return bounds of simulated measurements of one row, below its limit as an interval, as the assay would report them."""
    assert latent.likelihood is not None
    rows = latent.likelihood.rows
    output = int(rows.output[row])
    kind = type(latent.population.error(rows.outputs[output]))
    value, limit, above = np.empty(len(predicted)), rows.limit[row], float(rows.above[row])
    for numbers_of in np.unique(numbers[:, output], axis=0):
        mine = (numbers[:, output] == numbers_of).all(axis=1)
        error = error_from(kind, numbers_of.tolist())  # type: ignore[arg-type]
        value[mine] = observe_above(error, predicted[mine], eps[mine], above)
    if np.isnan(limit):
        limit = rows.upper[row] if rows.censored[row] and np.isfinite(rows.upper[row]) else -np.inf
    below = value < limit
    floor = rows.lower[row] if rows.censored[row] and np.isfinite(rows.lower[row]) and rows.lower[row] < limit else -np.inf
    return np.where(below, np.where(value > floor, floor, -np.inf), value), np.where(below, np.where(value > floor, limit, floor), value)


def _evidence(latent: Latent, predicted: Floats, numbers: Floats, low: Floats, high: Floats) -> Floats:
    """Return the log of the density of each patient's rows, averaged over the draws (patients,)."""
    assert latent.likelihood is not None
    rows = latent.likelihood.rows
    kinds = np.asarray(latent.likelihood.kinds, dtype=np.int64)[rows.output]
    log = kinds == LOGNORMAL
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (np.where(log, np.log(np.maximum(x, 0.0)), x) for x in (low, high))
    extra = np.where(log & (low == high), -a, 0.0)
    found = row_densities(predicted, kinds, rows.output, np.ascontiguousarray(numbers), a, b, rows.over, extra)
    total: Floats = logsumexp(found, axis=1) - np.log(len(predicted))
    return total


@compiled
def row_densities(
    predicted: Floats, kinds: Integers, output: Integers, numbers: Floats, low: Floats, high: Floats, over: Floats, extra: Floats
) -> Floats:
    """Return the log-density of the rows of each patient under each draw, (patients, draws); low, high (patients, rows), over (rows,)."""
    found = np.zeros((low.shape[0], predicted.shape[0]))
    for i in range(low.shape[0]):
        for m in range(predicted.shape[0]):
            for k in range(low.shape[1]):
                o = output[k]
                found[i, m] += row_value(
                    kinds[k], predicted[m, k], low[i, k], high[i, k], over[k], extra[i, k], numbers[m, o, 0], numbers[m, o, 1],
                    numbers[m, o, 2],
                )  # fmt: skip
    return found


def _surprises(latent: Latent, low: Floats, high: Floats) -> tuple[Surprise, ...]:
    """Return the rows in the far tails among those of simulated patients, the least expected first."""
    assert latent.likelihood is not None
    rows = latent.likelihood.rows
    found = []
    for k in range(len(rows)):
        others = high[1:, k]
        tail = 2 * min((others <= high[0, k]).sum() + 1, (others >= high[0, k]).sum() + 1) / (len(others) + 1)
        if tail <= _RARE:
            said = f"below {rows.upper[k]:g}" if rows.censored[k] else f"{rows.upper[k]:g}"
            found.append(Surprise(rows.outputs[rows.output[k]], float(rows.time[k]), said, float(tail)))
    return tuple(sorted(found, key=lambda s: s.tail)[:5])
