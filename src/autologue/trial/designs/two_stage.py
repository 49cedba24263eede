"""Operating characteristics of a two-stage design, exactly at given response rates and from replicates of a whole trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.errors import InputError
from autologue.trial.designs.error import by_draw, success_error
from autologue.trial.designs.simon import TwoStage, minimax_two_stage, optimal_two_stage
from autologue.trial.statistics import Replicates
from autologue.trial.variables import members, variable

__all__ = ["KINDS", "TwoStageCharacteristics", "TwoStageDesign", "operate_two_stage"]

Floats = NDArray[np.float64]
KINDS = {"optimal": optimal_two_stage, "minimax": minimax_two_stage}


@dataclass(frozen=True, slots=True)
class TwoStageDesign:
    """What is a response (a variable of patients), among whom, the rates that are too poor and good enough, errors, and the stages."""

    endpoint: str
    among: str
    poor: float
    good: float
    alpha: float
    beta: float
    stages: TwoStage


@dataclass(frozen=True, eq=False)
class TwoStageCharacteristics:
    """What replicates do under a two-stage design; `conditional` is the mean success over draws, (draws,).

    `early`: share that stops after the first stage; `patients`: expected number; `rate`: response among the patients of both stages,
    were all of them taken.
    """

    replicates: int
    success: float
    early: float
    patients: float
    rate: float
    conditional: Floats

    @property
    def error(self) -> float:
        """The Monte-Carlo standard error of `success`: over draws, and at least that of a share with one more success and failure."""
        return success_error(self.conditional, self.replicates)


def operate_two_stage(trial: Replicates, design: TwoStageDesign) -> TwoStageCharacteristics:
    """Apply the stages to the first patients of the analysis set of each replicate, in order of enrolment.

    Raises InputError for an unknown variable or set, and where a replicate has fewer such patients than both stages need.
    """
    stages = design.stages
    chosen = np.asarray(trial.grouped(members(trial.table, design.among), 1), bool)
    found = int(chosen.sum(axis=1).min())
    if found < stages.total:
        said = f"a replicate has {found} patients in the set '{design.among}', fewer than the {stages.total} of both stages"
        raise InputError(f"{said}; enrol more")
    order = np.argsort(np.where(chosen, np.asarray(trial.grouped(trial.table.entered, 1), float), np.inf), axis=1, kind="stable")
    value = variable(trial.table, design.endpoint, cut=np.inf)
    if not np.isin(value, (0.0, 1.0)).all():
        raise InputError(f"variable '{design.endpoint}' is not yes or no in every patient; expected one that is, as 'complete'")
    yes = np.asarray(trial.grouped(value == 1.0, 1), bool)
    response = np.take_along_axis(yes, order, axis=1)[:, : stages.total]
    first, total = response[:, : stages.first].sum(axis=1), response.sum(axis=1)
    early = first <= stages.stop
    success = (~early & (total > stages.reject)).astype(float)
    draws = np.asarray(trial.grouped(trial.table.draw, 1))[:, 0]
    return TwoStageCharacteristics(
        replicates=trial.count, success=float(success.mean()), early=float(early.mean()),
        patients=float(np.where(early, stages.first, stages.total).mean()), rate=float(response.mean()),
        conditional=by_draw(success, draws),
    )  # fmt: skip
