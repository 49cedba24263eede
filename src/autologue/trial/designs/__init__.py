"""Designs of trials: two stages, group-sequential bounds, and their operating characteristics over scenarios."""

from autologue.trial.designs.file import DesignFile, Scenario, read_design
from autologue.trial.designs.sequential import (
    crossing_probabilities,
    obrien_fleming_bounds,
    obrien_fleming_spent,
    pocock_bounds,
    spending_bounds,
)
from autologue.trial.designs.simon import TwoStage, minimax_two_stage, optimal_two_stage
from autologue.trial.designs.survival import Characteristics, SurvivalDesign, logrank_by_replicate, operate

__all__ = [
    "Characteristics",
    "DesignFile",
    "Scenario",
    "SurvivalDesign",
    "TwoStage",
    "crossing_probabilities",
    "logrank_by_replicate",
    "minimax_two_stage",
    "obrien_fleming_bounds",
    "obrien_fleming_spent",
    "operate",
    "optimal_two_stage",
    "pocock_bounds",
    "read_design",
    "spending_bounds",
]
