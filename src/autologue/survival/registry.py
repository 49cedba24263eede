"""Names of the families, for the command line only; in Python a family is chosen by its value."""

from __future__ import annotations

from collections.abc import Mapping

from autologue.errors import InputError, unknown
from autologue.survival.families.cure import MixtureCure, NonMixtureCure
from autologue.survival.families.exponential import Exponential
from autologue.survival.families.family import Family
from autologue.survival.families.generalised_gamma import GeneralisedGamma
from autologue.survival.families.gompertz import Gompertz
from autologue.survival.families.log_logistic import LogLogistic
from autologue.survival.families.log_normal import LogNormal
from autologue.survival.families.royston_parmar import Hazards, NormalDeviates, Odds, RoystonParmar
from autologue.survival.families.weibull import Weibull

__all__ = ["CURE", "PARAMETRIC", "SPLINES", "family_named"]

PARAMETRIC: Mapping[str, Family] = {
    "exponential": Exponential(),
    "weibull": Weibull(),
    "gompertz": Gompertz(),
    "log-normal": LogNormal(),
    "log-logistic": LogLogistic(),
    "generalised-gamma": GeneralisedGamma(),
}
SPLINES: Mapping[str, Family] = {
    f"spline-{scale.word}-{interior}": RoystonParmar(interior, scale)
    for scale in (Hazards(), Odds(), NormalDeviates())
    for interior in (1, 2, 3)
}
CURE: Mapping[str, Family] = {
    **{f"mixture-{name}": MixtureCure(family) for name, family in PARAMETRIC.items()},
    **{f"non-mixture-{name}": NonMixtureCure(family) for name, family in PARAMETRIC.items()},
}


def family_named(name: str) -> Family:
    """Return the family of a name.

    >>> family_named("weibull")
    Weibull()
    """
    known = {**PARAMETRIC, **SPLINES, **CURE}
    if name not in known:
        raise InputError(unknown("family", name, known))
    return known[name]
