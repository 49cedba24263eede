"""Two-stage designs with one arm and a yes-or-no outcome: Simon 1989, Control Clin Trials 10:1-10, doi:10.1016/0197-2456(89)90015-9."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from autologue.errors import InputError

__all__ = ["TwoStage", "minimax_two_stage", "optimal_two_stage"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TwoStage:
    """Stop after `first` patients with at most `stop` responses; else go on to `total` and call it promising above `reject` responses."""

    stop: int
    first: int
    reject: int
    total: int

    def passing(self, rate: float) -> float:
        """Return the probability of calling the treatment promising where its response rate is `rate`."""
        return float(_passing(_chances(rate, self.total), self.first, self.total)[self.stop, self.reject])

    def early(self, rate: float) -> float:
        """Return the probability of stopping after the first stage."""
        return float(binom.cdf(self.stop, self.first, rate))

    def patients(self, rate: float) -> float:
        """Return the expected number of patients."""
        return self.first + (1.0 - self.early(rate)) * (self.total - self.first)


def optimal_two_stage(*, poor: float, good: float, alpha: float, beta: float, largest: int = 100) -> TwoStage:
    """Return the design with the fewest patients expected where the rate is `poor`, among totals up to `largest`.

    >>> optimal_two_stage(poor=0.1, good=0.3, alpha=0.1, beta=0.1)
    TwoStage(stop=1, first=12, reject=5, total=35)
    """
    best, fewest = None, float("inf")
    for design in _designs(poor, good, alpha, beta, range(2, largest + 1)):
        if (expected := design.patients(poor)) < fewest:
            best, fewest = design, expected
    if best is None:
        raise _none(largest)
    return best


def minimax_two_stage(*, poor: float, good: float, alpha: float, beta: float, largest: int = 100) -> TwoStage:
    """Return, of the designs with the smallest total, that with the fewest patients expected where the rate is `poor`."""
    smallest: list[TwoStage] = []
    for design in _designs(poor, good, alpha, beta, range(2, largest + 1)):
        if smallest and design.total > smallest[0].total:
            break
        smallest.append(design)
    if not smallest:
        raise _none(largest)
    return min(smallest, key=lambda design: design.patients(poor))


def _designs(poor: float, good: float, alpha: float, beta: float, totals: range) -> Iterator[TwoStage]:
    """Yield the designs that keep both errors, by total: for each first stage and stop, the smallest number that rejects."""
    if not (0.0 < poor < good < 1.0 and 0.0 < alpha < 0.5 and 0.0 < beta < 0.5):
        raise InputError(f"rates {poor:g} and {good:g}, errors {alpha:g} and {beta:g}: expected 0 < poor < good < 1, errors under one half")
    if len(totals) == 0:
        return
    bad, well = _chances(poor, totals[-1]), _chances(good, totals[-1])
    for total in totals:
        for first in range(1, total):
            # stopping spends power only, so no stop may cost more than beta by itself
            stops = int((np.cumsum(well[first, : first + 1]) <= beta).sum())
            if not stops:
                continue
            fits = (_passing(bad, first, total)[:stops] <= alpha) & (_passing(well, first, total)[:stops] >= 1.0 - beta)
            for stop in np.flatnonzero(fits.any(axis=1)):
                yield TwoStage(int(stop), first, int(np.argmax(fits[stop])), total)


def _chances(rate: float, largest: int) -> Floats:
    """Return the binomial probability of k responses among n patients (n, k), up to `largest` patients."""
    found = np.zeros((largest + 1, largest + 1))
    found[0, 0] = 1.0
    for n in range(1, largest + 1):
        found[n] = found[n - 1] * (1.0 - rate)
        found[n, 1:] += found[n - 1, :-1] * rate
    return found


def _passing(chances: Floats, first: int, total: int) -> Floats:
    """Return the probability to pass (stops, rejects) for each stop 0..first-1 and reject 0..total."""
    seen, needed = np.arange(first + 1), np.arange(total + 1)
    above = np.append(1.0, 1.0 - np.cumsum(chances[total - first, : total - first + 1]))  # more than -1, 0, 1, ... of the second stage
    second = above[np.clip(needed[None, :] - seen[:, None], -1, total - first) + 1]
    weighted = chances[first, : first + 1, None] * second
    return np.asarray(np.cumsum(weighted[::-1], axis=0)[::-1][1:])


def _none(largest: int) -> InputError:
    return InputError(f"no two-stage design of up to {largest} patients keeps both errors; expected rates further apart, or a larger limit")
