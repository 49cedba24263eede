"""Mixed-effects estimation: from a cohort and a population's structure to a fitted population."""

from autologue.fit.archive import load_fit
from autologue.fit.estimated import Conditional, Covariance, Estimated, Estimator, LogLikelihood, Trace
from autologue.fit.fitted import Fit
from autologue.fit.run import fit
from autologue.fit.saem import SAEM, Stop
from autologue.fit.structure import Prior, Structure, read_structure

__all__ = [
    "Conditional",
    "Covariance",
    "Estimated",
    "Estimator",
    "Fit",
    "LogLikelihood",
    "Prior",
    "SAEM",
    "Stop",
    "Structure",
    "Trace",
    "fit",
    "load_fit",
    "read_structure",
]
