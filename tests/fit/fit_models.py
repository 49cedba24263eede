"""Models and data of the tests of estimation, those of the validation scripts, and a problem ready to be maximised."""

from __future__ import annotations

from _nlme import DECAY, THEOPHYLLINE, WARFARIN, oracle_of, theophylline, wang, warfarin

from autologue.fit.problem import Problem
from autologue.fit.problem import pose as pose_structure
from autologue.fit.structure import read_structure
from autologue.likelihood import Likelihood
from autologue.patient import Cohort
from autologue.population import Parametric

__all__ = ["DECAY", "THEOPHYLLINE", "WARFARIN", "oracle_of", "pose", "theophylline", "wang", "warfarin"]


def pose(cohort: Cohort, population: Parametric, **options) -> Problem:
    return pose_structure(read_structure(cohort, population, **options), Likelihood(cohort, population))
