"""Time to event: curves with draws, estimated with or without a model, and what is needed to compare and extrapolate them.

    data = time_to_event(table, arm="arm")
    km = kaplan_meier(data)
    fit = fit_survival(data, MixtureCure(Weibull()))
    curves = estimate_survival(data, MixtureCure(Weibull()), times=times)

Names are loaded when first used, so that importing the package stays light.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "records": ["TimeToEvent"],
    "read": ["interval_censored", "time_to_event"],
    "adtte": ["read_adtte", "write_adtte"],
    "curves": ["Survival", "stack_survival"],
    "kaplan_meier": ["Interval", "KaplanMeier", "Log", "LogLog", "Plain", "kaplan_meier"],
    "compare": [
        "Equal",
        "FlemingHarrington",
        "LogRank",
        "log_rank",
        "milestone",
        "milestone_difference",
        "restricted_mean",
        "restricted_mean_difference",
    ],
    "competing": ["CumulativeIncidence", "aalen_johansen"],
    "turnbull": ["Turnbull", "turnbull"],
    "cox": ["CoxFit", "fit_cox"],
    "families.family": ["Family"],
    "families.exponential": ["Exponential"],
    "families.weibull": ["Weibull"],
    "families.gompertz": ["Gompertz"],
    "families.log_normal": ["LogNormal"],
    "families.log_logistic": ["LogLogistic"],
    "families.generalised_gamma": ["GeneralisedGamma"],
    "families.royston_parmar": ["Hazards", "NormalDeviates", "Odds", "RoystonParmar"],
    "families.cure": ["IdentityLink", "LogLogLink", "LogitLink", "MixtureCure", "NonMixtureCure"],
    "fitting": ["SurvivalFit", "compare_fits", "fit_survival"],
    "uncertainty": ["Asymptotic", "Bootstrap", "draw_curve"],
    "estimate": ["ProductLimit", "estimate_survival"],
    "life_table": ["LifeTable", "read_life_table"],
    "guyot": ["Reconstruction", "reconstruct"],
    "registry": ["CURE", "PARAMETRIC", "SPLINES", "family_named"],
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_WHERE)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'autologue.survival' has no attribute '{name}'")
    return getattr(import_module(f"autologue.survival.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
