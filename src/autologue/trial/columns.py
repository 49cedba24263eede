"""Columns of the table of draws that every kind of patient has: identity, the way to infusion, follow-up, toxicity or none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.protocol import Protocol
from autologue.trial.flow import MONTH, Flow, or_never
from autologue.trial.mortality import YEAR
from autologue.trial.streams import Stream, uniforms
from autologue.trial.toxicity.course import CRS_SCALES, NEURO_SCALE, Toxicity
from autologue.trial.values import Values

__all__ = ["no_toxicity", "people", "placed", "toxicity_columns"]


def people(protocol: Protocol, flow: Flow, v: Values, seed: int) -> dict[str, Any]:
    """Return the columns that the way to infusion gives, and follow-up."""
    analysis = protocol.analysis
    assert analysis is not None
    u = uniforms(seed, Stream.FOLLOW_UP, flow.ids, 2)
    with np.errstate(divide="ignore"):
        lost = -np.log(u[:, 1]) / (analysis.lost.value / YEAR)
    n = len(flow)
    return {
        "ids": flow.ids, "replicate": flow.replicate, "draw": v.draws, "arm": flow.arm, "age": flow.age, "female": flow.female,
        "screened": flow.screened, "entered": u[:, 0] * analysis.accrual.value * MONTH, "burden_at_enrolment": flow.burden,
        "baseline": flow.baseline, "attempts": flow.attempts, "manufactured": flow.manufactured, "lost_waiting": np.isfinite(flow.lost),
        "bridged": flow.bridged, "lymphodepleted": flow.lymphodepleted,
        "randomisation": np.zeros(n) if len(protocol.arms) > 1 else np.full(n, np.nan), "salvage_start": np.full(n, np.nan),
        "infusion": flow.infusion, "progressed_waiting": or_never(flow.progressed),
        "dose": np.where(flow.infused, flow.dose, np.nan), "lost_to_follow_up": lost,
    }  # fmt: skip


def toxicity_columns(found: Toxicity, scale: str, chosen: NDArray[np.int64], n: int) -> dict[str, Any]:
    """Return the columns of toxicity for `n` patients, of whom `chosen` had it simulated; `scale` is the trial's own."""
    columns = {
        "crs_onset": found.onset(scale), "crs_duration": found.duration(scale), "neuro_onset": found.onset(NEURO_SCALE),
        "tocilizumab": found.tocilizumab, "steroid": found.steroid,
    }  # fmt: skip
    whole = {name: placed(value, chosen, n, np.nan) for name, value in columns.items()}
    classes = {name: placed(getattr(found, name), chosen, n, 0) for name in ("pressure", "oxygen", "creatinine")}
    grades = {name: placed(found.worst(name), chosen, n, 0) for name in CRS_SCALES}
    return {**whole, **classes, "crs": {"trial": grades[scale], **grades}, "neuro": placed(found.worst(NEURO_SCALE), chosen, n, 0)}


def no_toxicity(n: int) -> dict[str, Any]:
    """Return the columns of toxicity for patients without any."""
    never, none = np.full(n, np.nan), np.zeros(n, np.int8)
    names = ("crs_onset", "crs_duration", "neuro_onset", "tocilizumab", "steroid")
    classes = dict.fromkeys(("pressure", "oxygen", "creatinine"), np.zeros(n, np.int64))
    return {**dict.fromkeys(names, never), **classes, "crs": dict.fromkeys(("trial", *CRS_SCALES), none), "neuro": none}


def placed(some: NDArray[Any], chosen: NDArray[np.int64], n: int, other: float) -> NDArray[Any]:
    """Return an array of `n` with `some` at the places `chosen` and `other` elsewhere."""
    whole = np.full(n, other, dtype=some.dtype)
    whole[chosen] = some
    return whole
