"""Mixed-effects estimation: from a cohort and a population's structure to a fitted population."""

from autologue.fit.archive import load_fit
from autologue.fit.compare import compare_structures
from autologue.fit.estimated import Conditional, Covariance, Estimated, Estimator, LogLikelihood, Trace
from autologue.fit.fitted import Fit
from autologue.fit.fo import FO
from autologue.fit.foce import FOCE
from autologue.fit.focei import FOCEI
from autologue.fit.initials import export_initials
from autologue.fit.laplace import Laplace
from autologue.fit.nuts import NUTS
from autologue.fit.quadrature import Quadrature
from autologue.fit.run import fit
from autologue.fit.saem import SAEM, Stop
from autologue.fit.structure import Prior, Structure, read_structure

__all__ = [
    "Conditional",
    "Covariance",
    "Estimated",
    "Estimator",
    "FO",
    "FOCE",
    "FOCEI",
    "Fit",
    "Laplace",
    "LogLikelihood",
    "NUTS",
    "Prior",
    "Quadrature",
    "SAEM",
    "Stop",
    "Structure",
    "Trace",
    "compare_structures",
    "export_initials",
    "fit",
    "load_fit",
    "read_structure",
]
