"""The simulator of a calibration: one set of links in, the statistics of all targets in replicates of the real size out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autologue.protocol import Protocol
from autologue.trial.block import simulate_block
from autologue.trial.calibration.links import calibratable
from autologue.trial.calibration.targets import Aimed
from autologue.trial.endpoints import estimands_of
from autologue.trial.families import Published
from autologue.trial.flow import MONTH
from autologue.trial.link import Link
from autologue.trial.replicate import SHARED, Plan, plan_course
from autologue.trial.statistics import Replicates, row_statistic
from autologue.trial.values import trial_values

__all__ = ["TrialSimulator", "trial_simulator"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Bound:
    """A trial with its targets; `places` are the parameters that its links take, by their name within the protocol."""

    plan: Plan
    aimed: tuple[Aimed, ...]
    places: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class TrialSimulator:
    """Virtual trials as a function of links: see `autologue.calibrate.Simulator`.

    Links that are not moved, and shares of the protocol, are drawn from their own uncertainty, a draw for each pair of replicates: the
    likelihood is that of the moved links alone. Replicate k has the same patients and draws at every z.
    """

    links: Mapping[str, Link]
    bound: tuple[_Bound, ...]

    def __call__(self, z: Floats, *, first: int, count: int) -> Floats:
        """Return the statistics (count, targets) of replicates `first` on; `first` and `count` are even."""
        return np.hstack([self._trial(each, z, first, count) for each in self.bound])

    def _trial(self, bound: _Bound, z: Floats, first: int, count: int) -> Floats:
        plan, protocol = bound.plan, bound.plan.setting.protocol
        moved = list(self.links.values())
        fixed = {name: np.full(count, moved[k].at(z[k : k + 1])[0]) for name, k in bound.places.items()}
        draws = np.arange(first, first + count) // SHARED
        values = trial_values(protocol, plan.links, draws, seed=plan.setting.seed, fixed=fixed)
        table = simulate_block(plan.setting, values, first=first, size=plan.size)
        assert protocol.analysis is not None
        trial = Replicates(table, plan.size, estimands_of(protocol), protocol.analysis.cut_off.value * MONTH)
        return np.column_stack([_statistic(trial, each) for each in bound.aimed])

    def fingerprint(self) -> str:
        """Return a hash of all that the statistics depend on but z."""
        said = [(each.plan.fingerprint(), [_asked(one.simulated) for one in each.aimed], dict(each.places)) for each in self.bound]
        return hashlib.sha256(repr((list(self.links), said)).encode()).hexdigest()[:24]


def trial_simulator(
    protocols: Sequence[Protocol], aimed: Sequence[Sequence[Aimed]], links: Mapping[str, Link], *, seed: int
) -> TrialSimulator:
    """Return the simulator of these protocols, each with its targets."""
    order = {name: k for k, name in enumerate(links)}
    bound = []
    for protocol, own in zip(protocols, aimed, strict=True):
        places = {name: order[scoped] for scoped, (name, _) in calibratable(protocol).items() if scoped in order}
        bound.append(_Bound(plan_course(protocol, seed=seed, uncertain=True), tuple(own), places))
    return TrialSimulator(links, tuple(bound))


def _asked(row: Published) -> tuple[object, ...]:
    """Return what makes a statistic of replicates; the published value is no part of it."""
    return row.statistic, row.of, row.among, row.months, row.n, row.cut


def _statistic(trial: Replicates, aimed: Aimed) -> Floats:
    """Return the statistic of every replicate; that of a pair counts for both.

    Where far fewer patients than published belong to the set, as among responders when hardly anybody responds, all there are count.
    """
    row = aimed.simulated
    for n in (row.n, row.n // 2, row.n // 4, 1):
        values = row_statistic(trial, replace(row, n=max(n, 1)))
        if values is not None:
            return np.repeat(values / max(n, 1) if row.statistic == "count" else values, trial.count // len(values))
    return np.full(trial.count, np.nan)
