"""The burden of patients who wait for their cells: it grows, each at a rate of its own, and bridging lowers and holds it for a while."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.protocol import Protocol
from autologue.protocol.plan import COURSES
from autologue.trial.streams import Stream, normals
from autologue.trial.values import Values

__all__ = ["FULL", "MONTH", "waiting_burden"]

Floats = NDArray[np.float64]
MONTH = 30.4375  # days
FULL = 0.99  # fraction of blasts that a marrow holds at most


def waiting_burden(
    protocol: Protocol, burden: Floats, v: Values, *, bridged: NDArray[np.bool_], days: Floats, ids: NDArray[np.int64], seed: int
) -> Floats:
    """Return the burden (n, k) of patients on `days` (n, k) since enrolment, from that at enrolment (n,); NaN where the day is NaN.

    The logarithm grows at a constant rate. Bridging takes it in a straight line to its fall, growth included, by the day
    on which it stops holding the disease (link `bridging_holds`); from then on it grows as without.
    """
    z = normals(seed, Stream.WAITING_GROWTH, ids)[:, 0]
    rate = (v["waiting_growth"] + v["waiting_growth_spread"] * z)[:, None] / MONTH
    change = rate * days
    if protocol.bridging is not None:
        fall = protocol.bridging.fall.value + protocol.bridging.spread.value * normals(seed, Stream.BRIDGING, ids, 3)[:, 2]
        holds = v["bridging_holds"][:, None]
        held = -fall[:, None] * np.minimum(days / holds, 1.0) + rate * np.maximum(days - holds, 0.0)
        change = np.where(bridged[:, None], held, change)
    grown = burden[:, None] * 10.0**change
    return np.minimum(grown, FULL) if COURSES[protocol.course] == "%" else grown
