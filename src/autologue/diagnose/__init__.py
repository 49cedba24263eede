"""Is a fit right? Residuals, prediction errors and visual predictive checks, each with the censoring that the data have."""

from autologue.diagnose.npde import PredictionErrors, npde
from autologue.diagnose.residuals import residuals
from autologue.diagnose.vpc import VisualCheck, visual_check

__all__ = ["PredictionErrors", "VisualCheck", "npde", "residuals", "visual_check"]
