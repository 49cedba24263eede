"""Forecasts: made to measure for one patient. Research and simulation, not a medical device."""

from autologue.forecast.account import Account, give_account
from autologue.forecast.calibration import Calibration, recorded_calibration
from autologue.forecast.domain import Domain, judge_domain
from autologue.forecast.drivers import ObservationPart, ParameterPart, level_at, observation_parts, parameter_parts
from autologue.forecast.forecast import Forecast, forecast
from autologue.forecast.history import History, retrace, update
from autologue.forecast.kept import KeptHistory, begin_history, read_history
from autologue.forecast.posterior import Posterior, Quality, sample_posterior
from autologue.forecast.score import leave_future_out
from autologue.forecast.statements import (
    DetectableAt,
    FallsBelow,
    HappensBefore,
    PeakAbove,
    Probability,
    RisesAgain,
    Statement,
    StaysBelow,
    state,
    usual_statements,
)
from autologue.forecast.visits import rank_visits
from autologue.forecast.what_if import WhatIf, what_if

__all__ = [
    "Account",
    "Calibration",
    "DetectableAt",
    "Domain",
    "FallsBelow",
    "Forecast",
    "HappensBefore",
    "History",
    "KeptHistory",
    "ObservationPart",
    "ParameterPart",
    "PeakAbove",
    "Posterior",
    "Probability",
    "Quality",
    "RisesAgain",
    "Statement",
    "StaysBelow",
    "WhatIf",
    "begin_history",
    "forecast",
    "give_account",
    "judge_domain",
    "leave_future_out",
    "level_at",
    "observation_parts",
    "parameter_parts",
    "rank_visits",
    "read_history",
    "recorded_calibration",
    "retrace",
    "sample_posterior",
    "state",
    "update",
    "usual_statements",
    "what_if",
]
