"""Forecasts: made to measure for one patient. Research and simulation, not a medical device."""

from autologue.forecast.domain import Domain, judge_domain
from autologue.forecast.drivers import ObservationPart, ParameterPart, observation_parts, parameter_parts
from autologue.forecast.forecast import Forecast, forecast
from autologue.forecast.posterior import Posterior, Quality, sample_posterior
from autologue.forecast.statements import (
    DetectableAt,
    FallsBelow,
    PeakAbove,
    Probability,
    RisesAgain,
    Statement,
    StaysBelow,
    state,
    usual_statements,
)

__all__ = [
    "DetectableAt",
    "Domain",
    "FallsBelow",
    "Forecast",
    "ObservationPart",
    "ParameterPart",
    "PeakAbove",
    "Posterior",
    "Probability",
    "Quality",
    "RisesAgain",
    "Statement",
    "StaysBelow",
    "forecast",
    "judge_domain",
    "observation_parts",
    "parameter_parts",
    "sample_posterior",
    "state",
    "usual_statements",
]
