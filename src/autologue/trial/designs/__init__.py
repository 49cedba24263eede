"""Designs of trials: two stages, group-sequential bounds with futility, and their operating characteristics over scenarios."""

from autologue.trial.designs.file import DesignFile, Scenario, read_design
from autologue.trial.designs.futility import Bounds, bounds_with_futility, conditional_power, predictive_power
from autologue.trial.designs.sequential import (
    crossing_probabilities,
    obrien_fleming_bounds,
    obrien_fleming_spent,
    pocock_bounds,
    spending_bounds,
    spent_error,
    stopping_probabilities,
)
from autologue.trial.designs.simon import TwoStage, minimax_two_stage, optimal_two_stage
from autologue.trial.designs.survival import Characteristics, Futility, SurvivalDesign, logrank_by_replicate, operate
from autologue.trial.designs.two_stage import TwoStageCharacteristics, TwoStageDesign, operate_two_stage

__all__ = [
    "Bounds",
    "Characteristics",
    "DesignFile",
    "Futility",
    "Scenario",
    "SurvivalDesign",
    "TwoStage",
    "TwoStageCharacteristics",
    "TwoStageDesign",
    "bounds_with_futility",
    "conditional_power",
    "crossing_probabilities",
    "logrank_by_replicate",
    "minimax_two_stage",
    "obrien_fleming_bounds",
    "obrien_fleming_spent",
    "operate",
    "operate_two_stage",
    "optimal_two_stage",
    "pocock_bounds",
    "predictive_power",
    "read_design",
    "spending_bounds",
    "spent_error",
    "stopping_probabilities",
]
