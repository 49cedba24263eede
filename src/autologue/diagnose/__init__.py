"""Is a fit right? Individual curves, residuals, prediction errors and visual checks, each with the censoring that the data have."""

from autologue.diagnose.curves import individual_curves
from autologue.diagnose.npde import PredictionErrors, npde
from autologue.diagnose.residuals import residuals
from autologue.diagnose.vpc import VisualCheck, visual_check

__all__ = ["PredictionErrors", "VisualCheck", "individual_curves", "npde", "residuals", "visual_check"]
