"""Is a fit right, and how sure is it? Curves, residuals, prediction errors, visual checks, bootstrap, profiles, importance resampling.

What is censored stays censored in each of them.
"""

from autologue.diagnose.bootstrap import Bootstrap, Cases, FromModel, Scheme, bootstrap
from autologue.diagnose.curves import individual_curves
from autologue.diagnose.events import EventCheck, event_check, event_residuals
from autologue.diagnose.npde import PredictionErrors, npde
from autologue.diagnose.profile import Profile, profile_likelihood
from autologue.diagnose.residuals import residuals
from autologue.diagnose.sir import Resampled, sir
from autologue.diagnose.vpc import VisualCheck, visual_check

__all__ = [
    "Bootstrap",
    "Cases",
    "EventCheck",
    "FromModel",
    "PredictionErrors",
    "Profile",
    "Resampled",
    "Scheme",
    "VisualCheck",
    "bootstrap",
    "event_check",
    "event_residuals",
    "individual_curves",
    "npde",
    "profile_likelihood",
    "residuals",
    "sir",
    "visual_check",
]
