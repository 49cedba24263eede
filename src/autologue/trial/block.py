"""A block of whole replicates: patients from screening to their last day, as one table of draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue.outcomes.arrays.labels import PARTIAL
from autologue.protocol import Protocol
from autologue.survival.life_table import LifeTable
from autologue.trial.columns import no_toxicity, people, placed, toxicity_columns
from autologue.trial.comparator import compare
from autologue.trial.courses import DiseaseCourse
from autologue.trial.events import after_failure, earliest, failure_day, transplanted
from autologue.trial.flow import MONTH, Flow, or_never, reach_infusion
from autologue.trial.mortality import background_death, infection_death, late_death
from autologue.trial.responses import Assessed, assess
from autologue.trial.table import Courses
from autologue.trial.toxicity.course import toxicity_course
from autologue.trial.values import Values
from autologue.trial.waiting import with_progression

__all__ = ["Setting", "simulate_block"]

Floats = NDArray[np.float64]
_MOST = 3.0  # of ln peak over its median, which a link multiplies
_SECOND = 1 << 40  # patient numbers of a second course, after crossover


@dataclass(frozen=True)
class Setting:
    """What every block of a trial shares: protocol, disease course (None: no patient receives cells), seed, life table."""

    protocol: Protocol
    course: DiseaseCourse | None
    seed: int
    life_table: LifeTable | None = None


def simulate_block(setting: Setting, values: Values, *, first: int, size: int) -> Courses:
    """Return the patients of replicates `first` on, `size` each, as many replicates as `values` has."""
    protocol, seed = setting.protocol, setting.seed
    flow = reach_infusion(protocol, values, seed=seed, first=first, size=size)
    v = values.spread(flow.replicate - first)
    background = background_death(v, age=flow.age, female=flow.female, ids=flow.ids, seed=seed, table=setting.life_table)
    if setting.course is None:
        return compare(protocol, flow, v, background=background, seed=seed, again=None)
    flow = with_progression(protocol, flow, v, seed=seed)
    treated = _treated(setting, flow, v, background)
    if not any(arm.treatment == "comparator" for arm in protocol.arms.values()):
        return treated

    def again(rows: NDArray[np.int64], day: Floats) -> Courses:
        """Return the course of control patients who cross over to CAR T cells on `day`."""
        some = _crossing(flow.rows(rows), day)
        return _treated(setting, some, v.spread(rows), background[rows])

    others = compare(protocol, flow, v, background=background, seed=seed, again=again)
    control = np.array([arm.treatment == "comparator" for arm in protocol.arms.values()])[flow.arm]
    return _mixed(treated, others, control)


def _crossing(flow: Flow, day: Floats) -> Flow:
    """Return patients who are infused on a day of their own, with other random numbers than before."""
    return replace(
        flow, ids=flow.ids + _SECOND, infusion=day, manufactured=np.ones(len(flow), bool), lymphodepleted=np.ones(len(flow), bool),
        baseline=flow.burden, lost=np.full(len(flow), np.nan), progressed=np.full(len(flow), np.nan),
    )  # fmt: skip


def _treated(setting: Setting, flow: Flow, v: Values, background: Floats) -> Courses:
    """Return the table of patients who were meant to receive cells."""
    protocol, course, seed = setting.protocol, setting.course, setting.seed
    plan = protocol.response
    assert course is not None
    assert plan is not None
    burdens = course.follow(flow, v, seed=seed, days=np.array(plan.days))
    assessed = assess(plan, flow, burdens, v, seed=seed)
    failure = failure_day(assessed)
    transplant, protects, transplant_death = transplanted(assessed, v, flow=flow, failure=failure, seed=seed)
    assessed = assessed.held_complete(np.where(np.isfinite(protects), protects, np.inf))
    failure = np.where(np.isfinite(protects), np.inf, failure)
    seen, first = failure, np.fmin(failure, or_never(flow.progressed))
    failure = np.where(flow.infused, np.where(np.isfinite(assessed.response()), seen, first), np.fmin(flow.left, or_never(flow.progressed)))
    after = after_failure(failure, v, ids=flow.ids, seed=seed)
    therapy = np.where(flow.infused, after_failure(seen, v, ids=flow.ids, seed=seed).therapy, after.therapy)
    peak, peak_day = burdens.peak()
    toxic, tox = _toxicity(setting, flow, v, peak)
    since = np.where(flow.infused, flow.infusion, np.inf)
    death, cause = earliest(
        disease=after.disease_death, toxicity=since + toxic["death"], infection=since + infection_death(v, ids=flow.ids, seed=seed),
        late=since + late_death(v, ids=flow.ids, seed=seed), background=background,
        waiting=np.where(flow.lost_dead, flow.lost, np.inf), transplant=transplant_death,
    )  # fmt: skip
    best_day, best_label = assessed.best(plan, flow.infusion, np.minimum(death, np.minimum(therapy, transplant)))
    return Courses(
        **people(protocol, flow, v, seed), kinds=assessed.kinds, cmax=peak, tmax=peak_day, auc_28=burdens.exposure(),
        extinct=flow.infusion + burdens.extinct, best_day=best_day, best_label=best_label,
        mrd_negative=_residual_negative(assessed, best_day), progression=or_never(assessed.progression()),
        antigen_negative=_antigen_negative(assessed), failure=failure, new_therapy=therapy, transplant=transplant,
        crossover=np.full(len(flow), np.inf), death=death, cause=cause, **tox, day=assessed.day, label=assessed.label,
        burden=assessed.burden, normal=burdens.normal, failed=burdens.failed,
    )  # fmt: skip


def _residual_negative(assessed: Assessed, best_day: Floats) -> NDArray[np.bool_]:
    """Return who had no residual disease at a visit in remission within the window of the best response."""
    complete = assessed.category[:, 1:] > PARTIAL
    return np.asarray((assessed.residual_negative & complete & (assessed.day[:, 1:] <= best_day[:, None] + 2 * MONTH)).any(axis=1))


def _antigen_negative(assessed: Assessed) -> NDArray[np.bool_]:
    """Return whether the disease seen at the first progression was mostly without antigen."""
    when = assessed.progression()
    place = np.argmax(assessed.day[:, 1:] == when[:, None], axis=1)
    return np.asarray(np.isfinite(when) & assessed.negative[np.arange(len(when)), place])


def _toxicity(setting: Setting, flow: Flow, v: Values, peak: Floats) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Return the day of toxic death after infusion (n,), and the columns of toxicity."""
    n = len(flow)
    plan, course = setting.protocol.toxicity, setting.course
    assert course is not None
    chosen = np.flatnonzero(flow.infused)
    if plan is None or not len(chosen):
        return {"death": np.full(n, np.inf)}, no_toxicity(n)
    some = flow.rows(chosen)
    with np.errstate(divide="ignore", invalid="ignore"):
        ln = np.log(np.where(peak[chosen] > 0, peak[chosen], np.nan))
    centre = course.typical_peak
    expansion = np.clip(np.nan_to_num(ln - np.log(centre)), -_MOST, _MOST)
    found = toxicity_course(
        plan, v.spread(chosen), relative=course.relative(some), expansion=expansion, age=some.age, ids=some.ids, seed=setting.seed
    )
    return {"death": placed(or_never(found.death), chosen, n, np.inf)}, toxicity_columns(found, plan.crs.value, chosen, n)


def _mixed(treated: Courses, others: Courses, control: NDArray[np.bool_]) -> Courses:
    """Return the table in which control patients have the rows of `others`."""
    made: dict[str, Any] = {}
    for name in treated.__dataclass_fields__:
        mine, theirs = getattr(treated, name), getattr(others, name)
        if isinstance(mine, np.ndarray):
            made[name] = np.where(control.reshape(-1, *[1] * (mine.ndim - 1)), theirs, mine).astype(mine.dtype)
        elif isinstance(mine, Mapping):
            made[name] = {key: np.where(control, theirs[key], mine[key]).astype(mine[key].dtype) for key in mine}
        else:
            made[name] = mine
    return Courses(**made)
