"""Numbers at risk, events and censored at each distinct time: what every non-parametric estimate is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autologue.survival.records import Floats, TimeToEvent

__all__ = ["Counts", "counts"]


@dataclass(frozen=True, eq=False)
class Counts:
    """Weighted counts at the distinct times, shape (time,); `at_risk` is just before each time.

    `by_cause` has shape (cause, time). `exit` and `entry` are the sorted times at which subjects leave and enter, with the
    cumulative weight from each onwards, so that the number at risk can be read at any time.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    by_cause: Floats
    exit: tuple[Floats, Floats]
    entry: tuple[Floats, Floats]

    def risk_at(self, times: Floats) -> Floats:
        """Return the weight of subjects that entered before and leave at or after each time; at 0, all that start then."""
        left = self.exit[1][np.searchsorted(self.exit[0], times, side="left")]
        late = self.entry[1][np.searchsorted(self.entry[0], times, side="left")]
        return left - late


def counts(data: TimeToEvent) -> Counts:
    """Return the counts of exact and right-censored data; refuses interval-censored data.

    A subject counts at risk at t when entry < t <= time; a censored subject counts at its own censoring time.
    """
    times, weight = data.time, data.weight
    distinct, position = np.unique(times, return_inverse=True)

    def total(amount: Floats) -> Floats:
        return np.asarray(np.bincount(position, amount, distinct.size), np.float64)

    by_cause = np.stack([total(weight * (data.cause == k + 1)) for k in range(len(data.causes))])
    late = data.entry > 0
    leave = _tail(distinct, total(weight))
    order = np.argsort(data.entry[late], kind="stable")
    arrive = _tail(data.entry[late][order], weight[late][order])
    events = by_cause.sum(0)
    found = Counts(distinct, events, events, total(weight * ~data.event), by_cause, leave, arrive)
    return Counts(distinct, found.risk_at(distinct), events, found.censored, by_cause, leave, arrive)


def _tail(times: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return times and the weight from each onwards, with a zero after the last."""
    return times, np.append(np.cumsum(weight[::-1])[::-1], 0.0)
