"""Is a fit right, and how sure is it? Curves, residuals, prediction errors, visual checks, bootstrap, profiles, importance resampling.

What is censored stays censored in each of them.
"""

from autologue.diagnose.bootstrap import Bootstrap, Cases, FromModel, Scheme, bootstrap
from autologue.diagnose.correlations import conditional_samples, correlation_tests
from autologue.diagnose.curves import individual_curves
from autologue.diagnose.effects import covariate_effects
from autologue.diagnose.events import EventCheck, event_check, event_residuals
from autologue.diagnose.npde import PredictionErrors, npde
from autologue.diagnose.profile import Profile, profile_estimates, profile_likelihood
from autologue.diagnose.residuals import residuals
from autologue.diagnose.screening import BIC, Criterion, LikelihoodRatio, Screening, screen_covariates
from autologue.diagnose.sir import Resampled, sir
from autologue.diagnose.vpc import VisualCheck, visual_check

__all__ = [
    "BIC",
    "Bootstrap",
    "Cases",
    "Criterion",
    "EventCheck",
    "FromModel",
    "LikelihoodRatio",
    "PredictionErrors",
    "Profile",
    "Resampled",
    "Scheme",
    "Screening",
    "VisualCheck",
    "bootstrap",
    "conditional_samples",
    "correlation_tests",
    "covariate_effects",
    "event_check",
    "event_residuals",
    "individual_curves",
    "npde",
    "profile_estimates",
    "profile_likelihood",
    "residuals",
    "screen_covariates",
    "sir",
    "visual_check",
]
