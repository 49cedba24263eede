"""The surrogate of the Lugano response from burden alone for many patients: `lugano_burden_course` of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.outcomes.arrays.labels import LUGANO_BURDEN, NOT_EVALUABLE

__all__ = ["lugano_burden_labels"]

Floats = NDArray[np.float64]


def lugano_burden_labels(burden: Floats, *, baseline: Floats, complete_at: float) -> NDArray[np.int8]:
    """Return labels of `LUGANO_BURDEN` (n, visits) from burdens (n, visits) in order of day; NaN: no assessment.

    `baseline` (n,) in the same unit. Raises InputError for a baseline at or below `complete_at`, in which there is no disease.

    >>> found = lugano_burden_labels(np.array([[30.0, 1.0, 40.0]]), baseline=np.array([100.0]), complete_at=2.0)
    >>> [LUGANO_BURDEN.names[k] for k in found[0]]
    ['PR', 'CR', 'PD']
    """
    absent = np.flatnonzero(baseline <= complete_at)
    if len(absent):
        raise InputError(
            f"baseline of patient {absent[0]} is {baseline[absent[0]]:g}, expected a burden above complete_at ({complete_at:g}); "
            "there is no disease to respond"
        )
    seen = np.where(np.isnan(burden), np.inf, burden)
    lowest = np.minimum.accumulate(np.concatenate([baseline[:, None], seen[:, :-1]], axis=1), axis=1)
    number = LUGANO_BURDEN.number
    with np.errstate(invalid="ignore"):
        tests = [
            np.isnan(burden),
            burden <= complete_at,
            burden >= 1.5 * np.maximum(lowest, complete_at),
            burden <= 0.5 * baseline[:, None],
        ]
    return np.select(tests, [NOT_EVALUABLE, number("CR"), number("PD"), number("PR")], number("SD")).astype(np.int8)
