"""What is observed besides continuous outputs, as values of the language: times to event, counts and categories.

Each is declared by name in `Model(outcomes=...)` and is one term of the log-likelihood of a patient. Its numbers are parameters of the
model, so that they vary between patients, follow covariates and are estimated as any other.
"""

from autologue.terms.categories import Binary, Ordered
from autologue.terms.counts import NegativeBinomial, Poisson
from autologue.terms.hazards import Exponential, Gompertz, Hazard, Weibull
from autologue.terms.links import Current, Exposure, Linear, Link, Logarithm, Peak
from autologue.terms.outcome import Outcome

__all__ = [
    "Binary",
    "Current",
    "Exponential",
    "Exposure",
    "Gompertz",
    "Hazard",
    "Linear",
    "Link",
    "Logarithm",
    "NegativeBinomial",
    "Ordered",
    "Outcome",
    "Peak",
    "Poisson",
    "Weibull",
]
