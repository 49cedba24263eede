"""Response in acute lymphoblastic leukaemia for many patients: `all_course` of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.outcomes.arrays.labels import ALL_NCCN, NOT_EVALUABLE
from autologue.outcomes.response.all_nccn import ANC, BLASTS, PLATELETS

__all__ = ["all_labels"]

Floats = NDArray[np.float64]


def all_labels(blasts: Floats, *, extramedullary: Floats, anc: Floats, platelets: Floats) -> NDArray[np.int8]:
    """Return labels of `ALL_NCCN` (n, visits) from findings (n, visits) in order of day; NaN: not recorded.

    `extramedullary` is 1 or 0. Disease after CR or CRi is relapse.

    >>> nothing, good = np.zeros((1, 3)), np.full((1, 3), 1e3)
    >>> found = all_labels(np.array([[0.3, 0.01, 0.2]]), extramedullary=nothing, anc=good, platelets=good)
    >>> [ALL_NCCN.names[k] for k in found[0]]
    ['NR', 'CR', 'relapse']
    """
    with np.errstate(invalid="ignore"):
        disease = (blasts >= BLASTS) | (extramedullary > 0)
        clear = (blasts < BLASTS) & (extramedullary == 0)
        recovered = (anc > ANC) & (platelets > PLATELETS)
    number = ALL_NCCN.number
    remission = np.logical_or.accumulate(clear, axis=1)
    before = np.concatenate([np.zeros((len(blasts), 1), bool), remission[:, :-1]], axis=1)
    found = np.select(
        [disease & before, disease, clear & recovered, clear],
        [number("relapse"), number("NR"), number("CR"), number("CRi")],
        NOT_EVALUABLE,
    )
    return found.astype(np.int8)
