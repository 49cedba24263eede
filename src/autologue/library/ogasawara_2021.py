"""Lisocabtagene maraleucel in large B-cell lymphoma: the shape of the transgene curve, peak = 1.

Ogasawara K, Dodds M, Mack T, Lymp J, Dell'Aringa J, Smith J. Clin Pharmacokinet 2021;60:1621-1633,
doi:10.1007/s40262-021-01039-5.

After a lag the cells double steadily to a peak, then decline with two slopes. 261 patients of TRANSCEND NHL 001, 2524 observations.

Two readings of the time to the peak. 9.29 days may count from the infusion (`MODEL`: growth lasts 6.02 days, 251-fold) or from
the end of the lag (`MODEL_FROM_LAG`: 12.3 doublings, 5,100-fold, nearer to the 3,900-fold of Stein 2019 for tisagenlecleucel).
The text at hand does not settle it, so both ship.

Not at hand: the typical peak (hence the relative curve), the fraction that persists, the spread between patients and the
residual error. The fraction is an ASSUMPTION, Stein's 0.0079; nothing computed from it is a statement of this paper. The
95 % confidence intervals of the means are published and give the uncertainty of the typical values.
"""

import math
from dataclasses import replace

from autologue.functions import exp, log, where
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.population import Parametric

ABSTRACT = "population mean with 95 % confidence interval, read in the paper or its abstract"
INTERVALS = dict(
    t_lag=(2.71, 3.97), doubling_time=(0.667, 0.821), t_max=(8.81, 9.70), half_life_initial=(4.15, 5.90), half_life_terminal=(241.0, 647.0)
)
PARAMETERS = dict(
    t_lag=Parameter(3.27, "day", "lag before growth", None, ABSTRACT),
    doubling_time=Parameter(0.755, "day", "doubling time of growth", None, ABSTRACT),
    t_max=Parameter(9.29, "day", "time to the peak, from the infusion", None, ABSTRACT),
    half_life_initial=Parameter(5.00, "day", "half-life of the first decline", None, ABSTRACT),
    half_life_terminal=Parameter(352.0, "day", "half-life of the late decline", None, ABSTRACT),
    memory_fraction=Parameter(
        0.0079, "1", "share of the peak that persists", None, "ASSUMED: not at hand; Stein 2019 Table 1, another product"
    ),
)


def course(peak_at):
    """Return initial state, phases and closed form for a peak at `peak_at(p)`, in days from the infusion."""

    def start(p):
        return exp(-log(2.0) * (peak_at(p) - p.t_lag) / p.doubling_time)

    def initial(p):
        return dict(effector=start(p), memory=0.0)

    def lag():
        return dict(effector=0.0, memory=0.0)

    def growth(y, p):
        return dict(effector=log(2.0) / p.doubling_time * y.effector, memory=0.0)

    def split(y, p):
        return dict(effector=(1 - p.memory_fraction) * y.effector, memory=p.memory_fraction * y.effector)

    def decline(y, p):
        return dict(effector=-log(2.0) / p.half_life_initial * y.effector, memory=-log(2.0) / p.half_life_terminal * y.memory)

    def closed_form(t, p):
        before, growing, since = t < p.t_lag, t < peak_at(p), t - peak_at(p)
        first = (1 - p.memory_fraction) * exp(-log(2.0) * since / p.half_life_initial)
        return dict(
            effector=where(before, start(p), where(growing, exp(log(2.0) * since / p.doubling_time), first)),
            memory=where(growing, 0.0, p.memory_fraction * exp(-log(2.0) * since / p.half_life_terminal)),
        )

    phases = [Phase(lag, until=lambda p: p.t_lag), Phase(growth, until=peak_at, reset=split), Phase(decline)]
    return dict(initial=initial, phases=phases, closed_form=closed_form)


MODEL = Model(
    name="ogasawara_2021",
    title="Lisocabtagene maraleucel: relative transgene curve, peak counted from the infusion",
    disease="large B-cell lymphoma, relapsed or refractory",
    product="lisocabtagene maraleucel",
    answers=("shape of the curve relative to its peak", "uncertainty of the typical times and half-lives"),
    silent_on=("absolute transgene level", "spread between patients", "residual error", "effect of the dose", "lymphoma", "toxicity"),
    time="day",
    horizon=365.0,
    states=dict(effector=State("1", "cells that expand and contract, peak = 1"), memory=State("1", "cells that persist, peak = 1")),
    parameters=PARAMETERS,
    outputs=dict(relative_transgene=Output(lambda y: y.effector + y.memory, "1", None, "blood", "transgene relative to its peak")),
    reference="doi:10.1007/s40262-021-01039-5",
    provisional="the typical peak, the fraction that persists, the spread between patients and the residual error are not at hand",
    validation="validation/ogasawara_2021.py",
    **course(lambda p: p.t_max),
)

MODEL_FROM_LAG = replace(
    MODEL,
    name="ogasawara_2021_from_lag",
    title="Lisocabtagene maraleucel: relative transgene curve, peak counted from the end of the lag",
    parameters={**PARAMETERS, "t_max": Parameter(9.29, "day", "time to the peak, from the end of the lag", None, ABSTRACT)},
    **course(lambda p: p.t_lag + p.t_max),
)


def typical(model):
    return Parametric(
        model=model,
        name="typical",
        uncertainty={name: math.log(high / low) / (2 * 1.959964) for name, (low, high) in INTERVALS.items()},
        source="means and 95 % confidence intervals as published; standard errors of the logarithm from the width of the interval",
        assumed="the fraction that persists is that of another product; patients do not differ, because no spread is at hand",
    )


POPULATIONS = dict(typical=typical(MODEL))
POPULATIONS_FROM_LAG = dict(typical=typical(MODEL_FROM_LAG))
