"""Turnbull's estimate: the non-parametric curve of interval-censored times, by self-consistency.

Turnbull (1976), JRSS B 38:290-295. Right-censored, exact and left-truncated subjects may be among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autologue.survival.records import Floats, TimeToEvent

__all__ = ["Turnbull", "turnbull"]


@dataclass(frozen=True, eq=False)
class Turnbull:
    """Probability `mass` of the event inside each innermost interval (`lower`, `upper`], all of shape (interval,).

    Where inside its interval the mass lies is not identified: `at` gives the least and greatest survival.
    """

    lower: Floats
    upper: Floats
    mass: Floats
    rounds: int

    def at(self, times: ArrayLike) -> tuple[Floats, Floats]:
        """Return the least and greatest survival at times, both shape (n,); equal outside the intervals."""
        when = np.atleast_1d(np.asarray(times, np.float64))[:, None]
        done = ((self.upper <= when) * self.mass).sum(1)
        begun = ((np.where(self.lower == self.upper, self.lower <= when, self.lower < when)) * self.mass).sum(1)
        return 1 - begun, 1 - done


def turnbull(data: TimeToEvent, *, tolerance: float = 1e-9, most: int = 50_000) -> Turnbull:
    """Return the self-consistent estimate of all subjects together, any cause counted as the event.

    Iterates until no interval's mass moves by more than `tolerance`, at most `most` rounds.
    """
    lower, upper = _innermost(data)
    exact = lower == upper
    inside = np.where(
        (data.lower == data.upper)[:, None],
        (data.lower[:, None] == upper) & exact,
        (lower >= data.lower[:, None]) & (upper <= data.upper[:, None]) & ~(exact & (lower == data.lower[:, None])),
    ).astype(np.float64)
    seen = (lower >= data.entry[:, None]) & ~(exact & (lower == data.entry[:, None]) & (data.entry[:, None] > 0))
    mass = np.full(lower.size, 1.0 / lower.size)
    rounds = 0
    while rounds < most:
        rounds += 1
        chance, visible = inside @ mass, seen @ mass
        belongs = (data.weight / chance) @ inside * mass
        unseen = (data.weight / visible) @ (1 - seen) * mass
        fresh = (belongs + unseen) / (belongs + unseen).sum()
        moved = float(np.max(np.abs(fresh - mass)))
        mass = fresh
        if moved < tolerance:
            break
    return Turnbull(lower, upper, mass, rounds)


def _innermost(data: TimeToEvent) -> tuple[Floats, Floats]:
    """Return the intervals that start at a lower bound and end at the next upper bound with no other bound between."""
    exact = data.lower == data.upper
    # order at a tie: an exact time begins, upper bounds end, lower bounds begin, because intervals are open on the left
    times = np.concatenate([data.lower[exact], data.upper, data.lower[~exact]])
    kind = np.repeat([0, 1, 2], [exact.sum(), data.upper.size, (~exact).sum()])
    order = np.lexsort((kind, times))
    times, opens = times[order], kind[order] != 1
    starts = np.flatnonzero(opens[:-1] & ~opens[1:])
    found = np.unique(np.stack([times[starts], times[starts + 1]]), axis=1)
    return found[0], found[1]
