"""Simulated times to event, counts and categories: each a function of a patient's hazard or distribution and of one uniform number.

An event comes when the cumulative hazard has grown by -log u. It is found on a grid of times, then on a finer one inside the cell where
it lies, and there between two times by the cubic that has the cumulative hazard and the hazard at both: of fourth order in cells that
are a few thousandths of the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import nbinom, poisson

from autologue import seeds
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.seeds import Purpose
from autologue.terms import Hazard
from autologue.terms.categories import Category

__all__ = ["Follow", "draw_events", "draw_values", "hazards_of"]

Floats = NDArray[np.float64]
Follow = Callable[[Sequence[Floats], Sequence[str]], Floats]
"""From one array of times a patient, and names of outputs, to their values, (rows of all patients, outputs)."""
COARSE, FINE = 129, 17  # times over the horizon, and within one of its cells
BISECTIONS = 60


def hazards_of(model: Model) -> tuple[str, ...]:
    """Return the names of the times to event of a model."""
    return tuple(name for name, outcome in model.outcomes.items() if isinstance(outcome, Hazard))


def draw_events(
    model: Model, follow: Follow, ids: NDArray[np.int64], *, seed: int, start: float, horizon: float, free: Mapping[str, ArrayLike]
) -> dict[str, Floats]:
    """Return when each event of the model comes (patients,), NaN where not until the horizon or after a terminal event.

    free: times until which an event is known not to have come, one for all or (patients,).
    """
    names = hazards_of(model)
    for name in free:
        if name not in names:
            raise InputError(f"model {model.name}: {unknown('time to event', name, names)}")
    u = seeds.uniforms(seed, Purpose.SURVIVAL, ids, len(names))
    after = {name: np.maximum(np.broadcast_to(np.asarray(free.get(name, start), dtype=float), len(ids)), start) for name in names}
    wanted = -np.log(u)
    coarse = start + (horizon - start) * np.linspace(0.0, 1.0, COARSE) ** 2
    grid = [coarse] * len(ids)
    outputs = [output for name in names for output in model.outcomes[name].outputs(name)]
    values = follow(grid, outputs).reshape(len(ids), len(coarse), len(outputs))
    found = {name: _times(follow, outputs, k, coarse, values, wanted[:, k], after[name], horizon) for k, name in enumerate(names)}
    ends = [found[name] for name in names if getattr(model.outcomes[name], "terminal", False)]
    last = np.fmin.reduce(ends) if ends else np.full(len(ids), np.nan)
    return {name: np.where(when > last, np.nan, when) for name, when in found.items()}


def _times(
    follow: Follow, outputs: Sequence[str], number: int, coarse: Floats, values: Floats, wanted: Floats, after: Floats, horizon: float
) -> Floats:
    """Return when the cumulative hazard of event `number` has grown by `wanted` since `after`."""
    when = np.full(len(wanted), np.nan)
    total = values[:, :, 2 * number + 1]
    base = follow(list(after[:, None]), outputs[2 * number + 1 : 2 * number + 2])[:, 0] if after.max() > 0 else 0.0
    target = base + wanted
    hit = np.flatnonzero((total[:, -1] >= target) & (after < horizon))
    if not len(hit):
        return when
    everyone = np.arange(len(wanted))
    cell = np.clip((np.maximum.accumulate(total, axis=1) < target[:, None]).sum(axis=1), 1, len(coarse) - 1)
    fine = np.linspace(coarse[cell - 1], coarse[cell], FINE, axis=1)
    inner = follow(list(fine), outputs[2 * number : 2 * number + 2]).reshape(len(wanted), FINE, 2)
    rise = np.maximum.accumulate(inner[:, :, 1], axis=1)
    place = np.clip((rise < target[:, None]).sum(axis=1), 1, FINE - 1)
    a, b = fine[everyone, place - 1], fine[everyone, place]
    sides = inner[everyone, place - 1], inner[everyone, place]
    when[hit] = _crossing(a, b, sides, target)[hit]
    return when


def _crossing(a: Floats, b: Floats, sides: tuple[Floats, Floats], target: Floats) -> Floats:
    """Return where the cubic with these slopes and values (patients, 2) at a and at b reaches the target."""
    (slope_low, low), (slope_high, high), width = sides[0].T, sides[1].T, b - a
    left, right = np.zeros_like(a), np.ones_like(a)
    for _ in range(BISECTIONS):
        s = 0.5 * (left + right)
        value = low * (1 + 2 * s) * (1 - s) ** 2 + high * s * s * (3 - 2 * s)
        value += width * (slope_low * s * (1 - s) ** 2 + slope_high * s * s * (s - 1))
        below = value < target
        left, right = np.where(below, s, left), np.where(below, right, s)
    found: Floats = a + width * 0.5 * (left + right)
    return found


def draw_values(model: Model, name: str, read: Mapping[str, Floats], ids: NDArray[np.int64], *, seed: int) -> Floats:
    """Return counts or categories (patients, times) from the outputs (patients, times) that say their distribution."""
    outcome = model.outcomes[name]
    parts = [read[output] for output in outcome.outputs(name)]
    child = seeds.child_seed(seed, Purpose.RESIDUAL, 1_000 + list(model.outcomes).index(name))
    u = seeds.uniforms(child, Purpose.RESIDUAL, ids, parts[0].shape[1])
    if isinstance(outcome, Category):
        below = np.stack([expit(logit) for logit in parts])
        return np.asarray((u > below).sum(axis=0), dtype=float)
    law = poisson(parts[0]) if len(parts) == 1 else nbinom(1.0 / parts[1], 1.0 / (1.0 + parts[0] * parts[1]))
    drawn: Floats = np.asarray(law.ppf(u), dtype=float)
    return np.where(np.isfinite(parts[0]), drawn, math.nan)
