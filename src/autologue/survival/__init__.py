"""Time to event: curves with draws, estimated with or without a model, and what is needed to compare and extrapolate them.

data = time_to_event(table, arm="arm")
km = kaplan_meier(data)
fit = fit_survival(data, MixtureCure(Weibull()))
curves = estimate_survival(data, MixtureCure(Weibull()), times=times)
"""

from __future__ import annotations

from autologue.survival.adtte import read_adtte, write_adtte
from autologue.survival.compare import (
    Equal,
    FlemingHarrington,
    LogRank,
    log_rank,
    milestone,
    milestone_difference,
    restricted_mean,
    restricted_mean_difference,
)
from autologue.survival.competing import CumulativeIncidence, aalen_johansen
from autologue.survival.cox import CoxFit, fit_cox
from autologue.survival.curves import Survival, stack_survival
from autologue.survival.estimate import ProductLimit, estimate_survival
from autologue.survival.families.cure import IdentityLink, LogitLink, LogLogLink, MixtureCure, NonMixtureCure
from autologue.survival.families.exponential import Exponential
from autologue.survival.families.family import Family
from autologue.survival.families.generalised_gamma import GeneralisedGamma
from autologue.survival.families.gompertz import Gompertz
from autologue.survival.families.log_logistic import LogLogistic
from autologue.survival.families.log_normal import LogNormal
from autologue.survival.families.royston_parmar import Hazards, NormalDeviates, Odds, RoystonParmar
from autologue.survival.families.weibull import Weibull
from autologue.survival.fitting import SurvivalFit, compare_fits, fit_survival
from autologue.survival.guyot import Reconstruction, reconstruct
from autologue.survival.kaplan_meier import Interval, KaplanMeier, Log, LogLog, Plain, kaplan_meier
from autologue.survival.life_table import LifeTable, read_life_table
from autologue.survival.read import interval_censored, time_to_event
from autologue.survival.records import TimeToEvent
from autologue.survival.registry import CURE, PARAMETRIC, SPLINES, family_named
from autologue.survival.turnbull import Turnbull, turnbull
from autologue.survival.uncertainty import Asymptotic, Bootstrap, draw_curve

__all__ = [
    "Asymptotic",
    "Bootstrap",
    "CURE",
    "CoxFit",
    "CumulativeIncidence",
    "Equal",
    "Exponential",
    "Family",
    "FlemingHarrington",
    "GeneralisedGamma",
    "Gompertz",
    "Hazards",
    "IdentityLink",
    "Interval",
    "KaplanMeier",
    "LifeTable",
    "Log",
    "LogLog",
    "LogLogLink",
    "LogLogistic",
    "LogNormal",
    "LogRank",
    "LogitLink",
    "MixtureCure",
    "NonMixtureCure",
    "NormalDeviates",
    "Odds",
    "PARAMETRIC",
    "Plain",
    "ProductLimit",
    "Reconstruction",
    "RoystonParmar",
    "SPLINES",
    "Survival",
    "SurvivalFit",
    "TimeToEvent",
    "Turnbull",
    "Weibull",
    "aalen_johansen",
    "compare_fits",
    "draw_curve",
    "estimate_survival",
    "family_named",
    "fit_cox",
    "fit_survival",
    "interval_censored",
    "kaplan_meier",
    "log_rank",
    "milestone",
    "milestone_difference",
    "read_adtte",
    "read_life_table",
    "reconstruct",
    "restricted_mean",
    "restricted_mean_difference",
    "stack_survival",
    "time_to_event",
    "turnbull",
    "write_adtte",
]
