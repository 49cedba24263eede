"""Progression and death before infusion: disease is assessed while the cells are made, and who waits too long may never get them.

A patient seen to progress may be withdrawn, may die of the disease before the infusion, or is infused with the larger burden. Progression
of leukaemia is not defined while there is no remission; what waiting costs there is burden, and the losses of the protocol.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autologue.outcomes.arrays.labels import PROGRESSION
from autologue.protocol import Protocol
from autologue.trial.events import after_failure
from autologue.trial.flow import Flow, or_never
from autologue.trial.growth import waiting_burden
from autologue.trial.responses import labels_of_burden
from autologue.trial.streams import Stream, uniforms
from autologue.trial.values import Values

__all__ = ["with_progression"]

Floats = NDArray[np.float64]


def with_progression(protocol: Protocol, flow: Flow, v: Values, *, seed: int) -> Flow:
    """Return the flow with the day of progression before infusion, without infusion for those whom it stops.

    Disease is assessed on the days of the protocol (`waiting.assessed`) and once more when the product is there, before
    lymphodepletion; each time against the lowest burden so far.
    """
    progressed = _progressed(protocol, flow, v, seed)
    seen = np.isfinite(progressed)
    if not seen.any():
        return flow
    leaves = uniforms(seed, Stream.WAITING_GROWTH, flow.ids, 1, attempt=1)[:, 0] < v["withdrawn_at_progression"]
    death = after_failure(or_never(progressed), v, ids=flow.ids, seed=seed).disease_death
    withdrawn = seen & flow.infused & leaves
    dead = seen & flow.infused & ~leaves & (death < flow.infusion)
    gone = withdrawn | dead
    lost = np.where(withdrawn, progressed, np.where(dead, death, flow.lost))
    with np.errstate(invalid="ignore"):
        released = np.where(gone & ~(flow.released <= lost), np.nan, flow.released)
    return replace(
        flow, progressed=progressed, lost=lost, lost_dead=flow.lost_dead | dead, released=released,
        infusion=np.where(gone, np.nan, flow.infusion), baseline=np.where(gone, np.nan, flow.baseline),
        lymphodepleted=flow.lymphodepleted & ~gone,
    )  # fmt: skip


def _progressed(protocol: Protocol, flow: Flow, v: Values, seed: int) -> Floats:
    """Return the day on which progression was first seen before infusion or loss (n,), NaN where it was not."""
    plan, wait = protocol.response, protocol.waiting
    never = np.full(len(flow), np.nan)
    if plan is None or wait is None or plan.criteria.value == "all_nccn":
        return never
    assert protocol.lymphodepletion is not None
    staged = flow.infusion - protocol.lymphodepletion.before.value
    end = np.where(flow.infused, staged, flow.left)
    planned = np.broadcast_to(np.array(wait.assessed), (len(flow), len(wait.assessed)))
    days = np.concatenate([np.where((planned < end[:, None]) & flow.treated[:, None], planned, np.nan), staged[:, None]], axis=1)
    burden = waiting_burden(protocol, flow.burden, v, bridged=flow.bridged, days=days, ids=flow.ids, seed=seed)
    hit = labels_of_burden(plan, burden, baseline=flow.burden) == PROGRESSION
    return np.where(hit.any(axis=1), days[np.arange(len(flow)), np.argmax(hit, axis=1)], never)
