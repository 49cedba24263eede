"""Following the patients of a trial: all replicates, the figures of its own families beside them, and its historical control."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from autologue.protocol import Protocol
from autologue.survival.life_table import LifeTable
from autologue.trial.calibration.posterior import Drawing, drawing_for
from autologue.trial.compared import compare_families
from autologue.trial.course_result import CourseResult
from autologue.trial.families import Family, shipped_families
from autologue.trial.replicate import plan_course, replicate_course
from autologue.trial.shelf import load_protocol

__all__ = ["CONTROLS", "families_of", "follow_trial"]

CONTROLS = 100  # replicates of a control, which is only drawn
REGISTRY = "RW "  # how the names of registries begin


def families_of(protocol: Protocol) -> tuple[Family, ...]:
    """Return the families of figures that a report of this trial shows: those simulated under it, registries left to validation."""
    stem = Path(protocol.file).stem
    return tuple(f for f in shipped_families() if f.protocol == stem and not f.rows[0].trial.startswith(REGISTRY))


def follow_trial(
    protocol: Protocol, replicates: int, *, drawing: Drawing, seed: int, uncertain: bool, parts: Path | None = None,
    life_table: LifeTable | None = None, progress: Callable[[int], None] | None = None, scheduler: str = "", prior: bool = False,
    posterior: Path | None = None,
) -> CourseResult:  # fmt: skip
    """Return the patients of a trial, compared with its published figures; see `conduct`.

    drawing: where its links are drawn from; those of its control are found here, by `prior` and `posterior`.
    """
    plan = plan_course(protocol, seed=seed, uncertain=uncertain, calibrated=drawing.calibrated, life_table=life_table)
    trial = replicate_course(plan, replicates, parts=parts, progress=progress, scheduler=scheduler)
    control = None
    if protocol.control:
        other = load_protocol(protocol.control)
        drawn = drawing_for(other, prior=prior, posterior=posterior).calibrated
        other_plan = plan_course(other, seed=seed, uncertain=uncertain, calibrated=drawn, life_table=life_table)
        control = replicate_course(other_plan, min(replicates, CONTROLS), parts=parts, progress=progress)
    return CourseResult(plan, trial, compare_families(trial, families_of(protocol)), drawing.words, control)
