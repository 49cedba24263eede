"""From screening to infusion: who reaches it, when, and with which burden. One clock for everything: day 0 is enrolment (apheresis)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.protocol import LogSpread, Protocol
from autologue.trial.growth import MONTH, waiting_burden
from autologue.trial.patients import Patients, sample_patients
from autologue.trial.streams import Stream, normals, uniforms
from autologue.trial.values import Values

__all__ = ["MONTH", "Flow", "or_never", "reach_infusion"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_ATTEMPTS = 100
_MOST_SCREENED = 100  # failures before one enrolment that are counted


def or_never(days: Floats) -> Floats:
    """Return days with infinity, which never comes, in place of NaN (any shape)."""
    return np.where(np.isnan(days), np.inf, days)


@dataclass(frozen=True)
class Flow:
    """What happened to patients (n,) until infusion; days since enrolment, NaN where something did not happen.

    `replicate` numbers the trials, `arm` the arms of the protocol. `screened` counts the patients screened for this one, himself
    included; `attempts` those of manufacturing, `dose` what is planned. `lost` is the day on which a patient was lost while waiting,
    `lost_dead` whether by death; `progressed` that on which disease was seen to progress before infusion. `treated` says who is meant to
    receive cells. `baseline` is the burden at infusion, the fraction of blasts in leukaemia, else in the unit of the
    protocol.
    """

    ids: NDArray[np.int64]
    replicate: NDArray[np.int64]
    arm: NDArray[np.int64]
    age: Floats
    weight: Floats
    female: Flags
    screened: NDArray[np.int64]
    burden: Floats
    attempts: NDArray[np.int64]
    manufactured: Flags
    released: Floats
    lost: Floats
    lost_dead: Flags
    bridged: Flags
    lymphodepleted: Flags
    infusion: Floats
    dose: Floats
    baseline: Floats
    progressed: Floats
    treated: Flags

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self.ids)

    @property
    def infused(self) -> Flags:
        """Who was infused."""
        return np.isfinite(self.infusion)

    @property
    def left(self) -> Floats:
        """The day on which those not infused left the trial (n,): lost while waiting, or when manufacturing had failed."""
        return np.where(np.isfinite(self.lost), self.lost, np.where(np.isfinite(self.released), self.released, MONTH))

    def rows(self, chosen: Flags | NDArray[np.int64]) -> Flow:
        """Return some of the patients."""
        return Flow(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def reach_infusion(protocol: Protocol, values: Values, *, seed: int, first: int, size: int) -> Flow:
    """Return the patients of replicates `first` on, `size` each; `values` has the numbers of as many replicates."""
    count = len(values.draws)
    patients = sample_patients(protocol, count * size, seed=seed, first=first * size)
    which = np.repeat(np.arange(count), size)
    arm = _arms(protocol, patients, seed)
    names = list(protocol.arms)
    treated = np.array([protocol.arms[name].treatment == "car_t" for name in names] or [True])[arm]
    if protocol.manufacturing is None:
        return _without_cells(patients, which + first, arm, _female(protocol, patients, seed))
    return _with_cells(protocol, patients, values.spread(which), seed=seed, replicate=which + first, arm=arm, treated=treated)


def _with_cells(
    protocol: Protocol, patients: Patients, v: Values, *, seed: int, replicate: NDArray[np.int64], arm: NDArray[np.int64], treated: Flags
) -> Flow:
    plan, wait, depletion = protocol.manufacturing, protocol.waiting, protocol.lymphodepletion
    assert plan is not None
    assert wait is not None
    assert depletion is not None
    ids = patients.ids
    attempts, manufactured, released = _made(plan.time, int(plan.attempts.value), v["manufacturing.failing"], ids, seed)
    ready = released + depletion.before.value
    u = uniforms(seed, Stream.WAITING, ids, 2)
    rate = wait.loss.value / MONTH * v["waiting_loss"]
    with np.errstate(divide="ignore"):
        leaving = np.where(rate > 0, -np.log(u[:, 0]) / rate, np.inf)
    lost = treated & (leaving < ready)
    infused = treated & manufactured & ~lost
    bridged = treated & _bridged(protocol, v, ids, seed)
    whole = np.where(infused, ready, np.nan)
    return Flow(
        ids=ids, replicate=replicate, arm=arm, age=patients.age, weight=patients.weight, female=_female(protocol, patients, seed),
        screened=patients.screened + _others_screened(v, ids, seed), burden=patients.burden, attempts=np.where(treated, attempts, 0),
        manufactured=treated & manufactured, released=np.where(treated & manufactured & ~(leaving < released), released, np.nan),
        lost=np.where(lost, leaving, np.nan), lost_dead=lost & (u[:, 1] < wait.deaths.value), bridged=bridged,
        lymphodepleted=infused & (uniforms(seed, Stream.LYMPHODEPLETION, ids)[:, 0] < v["lymphodepletion.share"]),
        infusion=whole, dose=patients.dose, progressed=np.full(len(ids), np.nan), treated=treated,
        baseline=waiting_burden(protocol, patients.burden, v, bridged=bridged, days=whole[:, None], ids=ids, seed=seed)[:, 0],
    )  # fmt: skip


def _without_cells(patients: Patients, replicate: NDArray[np.int64], arm: NDArray[np.int64], female: Flags) -> Flow:
    """Return patients of a trial in which nobody receives CAR T cells."""
    n = len(patients)
    never, no, none = np.full(n, np.nan), np.zeros(n, bool), np.zeros(n, np.int64)
    return Flow(
        ids=patients.ids, replicate=replicate, arm=arm, age=patients.age, weight=patients.weight, female=female, screened=patients.screened,
        burden=patients.burden, attempts=none, manufactured=no, released=never, lost=never, lost_dead=no, bridged=no, lymphodepleted=no,
        infusion=never, dose=never, baseline=never, progressed=never, treated=no,
    )  # fmt: skip


def _arms(protocol: Protocol, patients: Patients, seed: int) -> NDArray[np.int64]:
    if len(protocol.arms) < 2:
        return np.zeros(len(patients), np.int64)
    edges = np.cumsum([arm.share for arm in protocol.arms.values()])[:-1]
    found = np.searchsorted(edges, uniforms(seed, Stream.ARM, patients.ids)[:, 0], side="right")
    return np.asarray(found, dtype=np.int64)


def _female(protocol: Protocol, patients: Patients, seed: int) -> Flags:
    share = 0.5 if protocol.female is None else protocol.female.value
    found: Flags = uniforms(seed, Stream.SEX, patients.ids)[:, 0] < share
    return found


def _others_screened(v: Values, ids: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return how many failed screening, for reasons that no rule states, before each patient: a geometric number."""
    if "screening.failing" not in v:
        return np.zeros(len(ids), np.int64)
    u = uniforms(seed, Stream.SCREENING, ids)[:, 0]
    with np.errstate(divide="ignore"):
        count: Floats = np.floor(np.log(u) / np.log(v["screening.failing"]))
    return np.asarray(np.minimum(np.nan_to_num(count), _MOST_SCREENED), dtype=np.int64)


def _made(time: LogSpread, attempts: int, failing: Floats, ids: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], Flags, Floats]:
    """Return the attempts made, whether one succeeded, and the day of its release; each attempt takes its time."""
    u = uniforms(seed, Stream.MANUFACTURING, ids, attempts)
    success = u >= failing[:, None]
    made: Flags = np.asarray(success.any(axis=1))
    used = np.where(made, np.argmax(success, axis=1) + 1, attempts)
    days = np.stack([_drawn(time, seed, ids, k) for k in range(attempts)], axis=1)
    spent = np.cumsum(days, axis=1)[np.arange(len(ids)), used - 1]
    return used.astype(np.int64), made, spent


def _drawn(time: LogSpread, seed: int, ids: NDArray[np.int64], column: int) -> Floats:
    """Return log-normal times within their range, drawn again where they leave it."""
    out = np.full(len(ids), np.nan)
    todo = np.arange(len(ids))
    for attempt in range(_ATTEMPTS):
        z = normals(seed, Stream.MANUFACTURING, ids[todo], column + 1, attempt=attempt + 1)[:, column]
        value = time.median.value * np.exp(time.sd.value * z)
        out[todo] = value
        todo = todo[(value < time.lower.value) | (value > time.upper.value)]
        if not len(todo):
            return out
    raise InputError(f"manufacturing.time around {time.median.value:g} day stays outside its range; widen lower and upper")


def _bridged(protocol: Protocol, v: Values, ids: NDArray[np.int64], seed: int) -> Flags:
    if protocol.bridging is None:
        return np.zeros(len(ids), bool)
    found: Flags = uniforms(seed, Stream.BRIDGING, ids)[:, 0] < v["bridging.share"]
    return found
