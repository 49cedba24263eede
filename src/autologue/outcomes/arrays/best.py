"""Best responses of many patients: `best_response` of each."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.outcomes.arrays.labels import NOT_EVALUABLE, PARTIAL, PROGRESSION, Labels

__all__ = ["best_responses"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
_NONE = -1.0


def best_responses(
    days: Floats, labels: Codes, kinds: Labels, *, confirm_days: float | None = None, by: Floats | float = inf, until: Floats | float = inf
) -> tuple[Floats, Codes]:
    """Return the day on which the best response was first reached (NaN: none) and its label (0: none), both (n,).

    `days` and `labels` are (n, visits) in order of day, with label 0 where nothing was evaluable; `by` and `until` are days or (n,).
    """
    n = len(days)
    day, label = np.full(n, np.nan), np.zeros(n, np.int8)
    limits = [np.broadcast_to(np.asarray(limit, dtype=float), (n,)).copy() for limit in (by, until)]
    confirm = _NONE if confirm_days is None else float(confirm_days)
    _best(days, labels, kinds.category(labels), kinds.rank(labels), confirm, limits[0], limits[1], day, label)
    return day, label


@compiled
def _held(days: Floats, categories: Codes, ranks: Codes, index: int, last: int, confirm: float) -> int:
    """Return the visit whose response is what is held from `index` on, -1 where a response is not confirmed."""
    if confirm < 0 or categories[index] < PARTIAL:
        return index
    lowest = index
    for later in range(index + 1, last + 1):
        if categories[later] == NOT_EVALUABLE:
            continue
        if ranks[later] < ranks[lowest]:
            lowest = later
        if days[later] > days[index] and days[later] >= days[index] + confirm:
            return lowest if categories[lowest] >= PARTIAL else -1
    return -1


@compiled
def _best(
    days: Floats, labels: Codes, categories: Codes, ranks: Codes, confirm: float, by: Floats, until: Floats, day: Floats, label: Codes
) -> None:
    for i in range(days.shape[0]):
        last = -1
        for k in range(days.shape[1]):
            if categories[i, k] == NOT_EVALUABLE or days[i, k] > until[i]:
                continue
            last = k
            if categories[i, k] == PROGRESSION:
                break
        best = -128
        for k in range(last + 1):
            if categories[i, k] == NOT_EVALUABLE or days[i, k] > by[i]:
                continue
            held = _held(days[i], categories[i], ranks[i], k, last, confirm)
            if held >= 0 and ranks[i, held] > best:
                best = ranks[i, held]
                day[i], label[i] = days[i, k], labels[i, held]
