"""Treatment without CAR T cells, as statistics: response, transplant, progression, death, and crossover to the cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from autologue.outcomes.arrays.labels import ALL_NCCN, COMPLETE, IMWG, LUGANO_BURDEN, PARTIAL, PROGRESSION, STABLE, Labels
from autologue.protocol import Arm, Comparator, Protocol
from autologue.trial.columns import no_toxicity, people
from autologue.trial.events import after_failure, earliest
from autologue.trial.flow import MONTH, Flow
from autologue.trial.mortality import late_death
from autologue.trial.streams import Stream, normals, uniforms
from autologue.trial.table import Courses
from autologue.trial.values import Values

__all__ = ["compare", "curve_times"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Again = Callable[[Integers, Floats], Courses]
_KINDS = {"all_nccn": ALL_NCCN, "lugano_burden": LUGANO_BURDEN, "imwg_2016": IMWG}
_INSTEAD = {COMPLETE: ("CR",), PARTIAL: ("PR", "CRi"), STABLE: ("SD", "NR"), PROGRESSION: ("PD", "relapse")}


def compare(protocol: Protocol, flow: Flow, v: Values, *, background: Floats, seed: int, again: Again | None) -> Courses:
    """Return the table of patients in comparator arms; rows of other arms hold nothing of use.

    `again` gives the course of some patients (their rows) who receive CAR T cells on some day after all.
    """
    made = None
    for number, arm in enumerate(protocol.arms.values()):
        if arm.comparator is None:
            continue
        whole = _arm(protocol, arm, arm.comparator, flow, v, background=background, seed=seed)
        if arm.crossover is not None and again is not None:
            whole = _crossed(whole, arm, flow.arm == number, again, seed=seed)
        made = whole if made is None else _where(flow.arm == number, whole, made)
    assert made is not None
    return made


def _where(chosen: NDArray[np.bool_], one: Courses, other: Courses) -> Courses:
    changed: dict[str, Any] = {name: _pick(chosen, getattr(one, name), getattr(other, name)) for name in _CHANGING}
    return replace(other, **changed)


_CHANGING = ("best_day", "best_label", "progression", "failure", "new_therapy", "transplant", "crossover", "death", "cause", "day", "label")


def _pick(chosen: NDArray[np.bool_], one: NDArray[np.generic], other: NDArray[np.generic]) -> NDArray[np.generic]:
    found: NDArray[np.generic] = np.where(chosen.reshape(-1, *[1] * (one.ndim - 1)), one, other).astype(one.dtype)
    return found


@dataclass(frozen=True, eq=False)
class _Course:
    """Category of the response (n,), days of transplant and true progression (n,), infinite where they do not come."""

    response: Integers
    transplant: Floats
    progression: Floats


def _course(plan: Comparator, arm: Arm, v: Values, *, ids: Integers, seed: int) -> _Course:
    """Return response and progression; where death follows a curve of its own, response goes with survival."""
    u, z = uniforms(seed, Stream.COMPARATOR, ids, 4), normals(seed, Stream.COMPARATOR, ids, 1, attempt=1)[:, 0]
    if plan.curve is not None:
        rho = v["response_with_survival"]
        u[:, 0] = ndtr(rho * ndtri(_curve_uniform(ids, seed)) + np.sqrt(1.0 - rho**2) * ndtri(u[:, 0]))
    complete, partial = v[f"{arm.name}.complete"], v[f"{arm.name}.partial"]
    response = np.select([u[:, 0] < complete, u[:, 0] < complete + partial], [COMPLETE, PARTIAL], STABLE)
    responded = response >= PARTIAL
    transplant = np.full(len(ids), np.inf)
    if plan.transplant is not None and plan.transplant_day is not None:
        transplant = np.where(responded & (u[:, 1] < plan.transplant.value), plan.transplant_day.value, np.inf)
    if plan.progression is None:
        return _Course(response, transplant, np.full(len(ids), np.inf))
    time = np.clip(
        plan.progression.median.value * np.exp(plan.progression.sd.value * z), plan.progression.lower.value, plan.progression.upper.value
    )
    held = np.isfinite(transplant) if plan.transplant is not None else response == COMPLETE
    durable = held & (u[:, 2] < (0.0 if plan.durable is None else plan.durable.value))
    progression = np.where(responded, np.where(durable, np.inf, plan.day.value + time), plan.day.value)
    return _Course(response, np.where(transplant < progression, transplant, np.inf), progression)


def _arm(protocol: Protocol, arm: Arm, plan: Comparator, flow: Flow, v: Values, *, background: Floats, seed: int) -> Courses:
    n = len(flow)
    course = _course(plan, arm, v, ids=flow.ids, seed=seed)
    kinds = LUGANO_BURDEN if protocol.response is None else _KINDS[protocol.response.criteria.value]
    day, label = _visits(protocol, plan, course, kinds, flow, seed)
    seen = kinds.category(label) == PROGRESSION
    failure = np.where(seen.any(axis=1), day[np.arange(n), np.argmax(seen, axis=1)], np.inf)
    late, never = late_death(v, ids=flow.ids, seed=seed), np.full(n, np.inf)
    therapy, transplant_death = never, never
    if plan.curve is not None:
        disease = curve_times(plan.curve.months, plan.curve.survival, _curve_uniform(flow.ids, seed)) * MONTH
    else:
        after = after_failure(failure, v, ids=flow.ids, seed=seed)
        therapy, disease = after.therapy, after.disease_death
        u = uniforms(seed, Stream.COMPARATOR, flow.ids, 2, attempt=3)
        transplant_death = np.where(u[:, 0] < v["transplant_mortality"], course.transplant + 365.0 * u[:, 1], np.inf)
    death, cause = earliest(disease=disease, late=late, background=background, transplant=transplant_death)
    responded = course.response >= PARTIAL
    return Courses(
        **people(protocol, flow, v, seed) | {"salvage_start": np.zeros(n), "infusion": np.full(n, np.nan)},
        kinds=kinds, cmax=np.full(n, np.nan), tmax=np.full(n, np.nan), auc_28=np.full(n, np.nan), extinct=np.full(n, np.nan),
        best_day=np.where(responded & (plan.day.value < death), plan.day.value, np.nan),
        best_label=np.where(responded & (plan.day.value < death), _numbers(kinds)[course.response], 0).astype(np.int8),
        mrd_negative=np.zeros(n, bool), progression=failure, antigen_negative=np.zeros(n, bool), failure=failure, new_therapy=therapy,
        transplant=course.transplant, crossover=never, death=death, cause=cause, **no_toxicity(n), day=day, label=label,
        burden=np.full(day.shape, np.nan), normal=np.full((n, day.shape[1] - 1), np.nan), failed=np.zeros(n, bool),
    )  # fmt: skip


def _visits(protocol: Protocol, plan: Comparator, course: _Course, kinds: Labels, flow: Flow, seed: int) -> tuple[Floats, NDArray[np.int8]]:
    """Return days and labels (n, visits + 1): the rhythm of the trial's visits, from the first assessment of the comparator on."""
    rhythm = np.zeros(1) if protocol.response is None else np.array(protocol.response.days) - protocol.response.days[0]
    window = 0.0 if protocol.response is None else protocol.response.window.value
    jitter = window * (2.0 * uniforms(seed, Stream.VISITS, flow.ids, len(rhythm)) - 1.0)
    day = np.concatenate([np.zeros((len(flow), 1)), plan.day.value + rhythm[None, :] + jitter], axis=1)
    gone = course.progression[:, None] <= np.concatenate([np.zeros(1), plan.day.value + rhythm])[None, :]
    category = np.where(gone, PROGRESSION, course.response[:, None])
    category[:, 0] = STABLE
    return day, _numbers(kinds)[category].astype(np.int8)


def _numbers(kinds: Labels) -> Integers:
    """Return the label that stands for each category code."""
    found = np.zeros(5, np.int64)
    for category, names in _INSTEAD.items():
        found[category] = kinds.number(next(name for name in names if name in kinds.names))
    return found


def _crossed(whole: Courses, arm: Arm, chosen: NDArray[np.bool_], again: Again, *, seed: int) -> Courses:
    """Return the table in which some of those who failed receive CAR T cells and die when those patients do."""
    assert arm.crossover is not None
    u = uniforms(seed, Stream.CROSSOVER, whole.ids)[:, 0]
    day = whole.failure + arm.crossover.after.value
    rows = np.flatnonzero(chosen & (u < arm.crossover.share.value) & (day < whole.death) & np.isfinite(day))
    if not len(rows):
        return whole
    second = again(rows, day[rows])
    crossover, therapy, death, cause = (getattr(whole, name).copy() for name in ("crossover", "new_therapy", "death", "cause"))
    crossover[rows], therapy[rows], death[rows], cause[rows] = day[rows], np.inf, second.death, second.cause
    return replace(whole, crossover=crossover, new_therapy=therapy, death=death, cause=cause)


def _curve_uniform(ids: Integers, seed: int) -> Floats:
    """Return the survival at which each patient dies on a published curve (n,)."""
    return uniforms(seed, Stream.COMPARATOR, ids, 1, attempt=2)[:, 0]


def curve_times(months: tuple[float, ...], survival: tuple[float, ...], u: Floats) -> Floats:
    """Return the months at which survival reaches `u` (n,): hazards constant between the points, and after the last as before it.

    >>> curve_times((6.0, 12.0), (0.5, 0.25), np.array([0.5, 0.25, 0.125])).round(6).tolist()
    [6.0, 12.0, 18.0]
    """
    time, hazard = np.array([0.0, *months]), -np.log(np.array([1.0, *survival]))
    target = -np.log(u)
    inside = np.interp(target, hazard, time)
    rate = (hazard[-1] - hazard[-2]) / (time[-1] - time[-2])
    return np.asarray(np.where(target > hazard[-1], time[-1] + (target - hazard[-1]) / rate, inside))
