"""A distribution of parameters (and covariates) for a model: the hinge of the chain.

A published model, a fit and a conditioned patient are all a `Population`: `Parametric` (typical values, covariance,
covariate effects, residual errors) or `Drawn` (weighted draws). Sampling is keyed by seed and patient number, so that the
same patient comes out the same for any chunking.
"""

from autologue.population.covariates import Categorical, CategoryEffect, Continuous, Effect, LinearEffect, PowerEffect
from autologue.population.drawn import Drawn
from autologue.population.estimates import Estimate, Kind, Scale, Uncertainty, estimates_of, read_estimates, with_estimates
from autologue.population.individuals import Individuals
from autologue.population.occasions import by_occasion, in_occasions, in_one_occasion
from autologue.population.parametric import Correlation, Parametric, apply_effects, varied

__all__ = [
    "Categorical",
    "CategoryEffect",
    "Continuous",
    "Correlation",
    "Drawn",
    "Effect",
    "Estimate",
    "Individuals",
    "Kind",
    "LinearEffect",
    "Parametric",
    "Population",
    "PowerEffect",
    "Scale",
    "Uncertainty",
    "apply_effects",
    "by_occasion",
    "estimates_of",
    "in_occasions",
    "in_one_occasion",
    "read_estimates",
    "varied",
    "with_estimates",
]

Population = Parametric | Drawn
