"""B-cell aplasia of many patients as a time to event: `b_cell_aplasia` of each."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.outcomes.arrays.observe import CENSORED, EVENT, EXCLUDED, Observed, first_responses
from autologue.outcomes.arrays.records import Records
from autologue.outcomes.estimands.b_cell_aplasia import DEPTH

__all__ = ["aplasia_times"]

Floats = NDArray[np.float64]


def aplasia_times(records: Records, days: Floats, counts: Floats, *, threshold: float) -> Observed:
    """Return the time from infusion to the first B-cell count of `threshold` or more, among responders.

    `days` and `counts` are (n, visits), days on the clock of the records in rising order, counts in the unit of the threshold; NaN where
    nothing was counted.
    """
    if not (isfinite(threshold) and threshold > 0):
        raise InputError(f"the B-cell threshold is {threshold:g}, expected a number above 0 in the unit of the counts; give one")
    stop = records.last_contact.copy()
    any_stop = np.full(len(records), np.inf)
    for name in ("new_therapy", "transplant", "crossover", "death"):
        day = getattr(records, name)
        with np.errstate(invalid="ignore"):
            any_stop = np.where(day >= records.infusion, np.minimum(any_stop, day), any_stop)
    stop = np.where(np.isfinite(any_stop), any_stop, stop)
    since = days - records.infusion[:, None]
    with np.errstate(invalid="ignore"):
        counted = np.isfinite(counts) & (since > 0) & (days <= stop[:, None])
        above = counted & (counts >= threshold)
    member = np.isfinite(first_responses(records, depth=DEPTH)) & np.isfinite(records.infusion) & counted.any(axis=1)
    first = np.argmax(above, axis=1)
    rows = np.arange(len(records))
    happened = above.any(axis=1)
    last = np.max(np.where(counted, since, -np.inf), axis=1, initial=-np.inf)
    time = np.where(member, np.where(happened, since[rows, first], last), np.nan)
    status = np.where(member, np.where(happened, EVENT, CENSORED), EXCLUDED).astype(np.int8)
    return Observed(time, status, np.ones(len(records)))
