"""Axicabtagene ciloleucel in large B-cell lymphoma: competition with normal T cells, tumour, cure by chance.

Kimmel GJ, Locke FL, Altrock PM. Proc R Soc B 2021;288:20210229, doi:10.1098/rspb.2021.0229.

CAR-T cells and normal T cells share one capacity (Gompertz growth), so lymphodepletion makes room; tumour grows exponentially
and is killed at a saturating rate. Fitted to ZUMA-1 (101 patients) and 23 patients of routine care.

`MODEL` is the deterministic system. `MODEL_EXTINCTION` adds the chance death of a tumour below 100 cells: each cell divides at
the growth rate and dies at the killing rate, the simplest split (the paper's own is in its supplement, section 5).

Units: cells per microlitre of blood and millilitres of tumour. One cell/uL is 5e8 cells of the body, 1 mL of tumour 1e9 cells;
a second infusion is given in cells/uL by that rule. Axes of the paper's figure 2 say "per mL" where they are per microlitre.

Growth of the tumour spans 0.01 to 0.50 per day between patients in Table 1; 0.19 is a value inside that range, chosen here for
the reference run, no estimate of the paper. The quartile ranges printed for `a` and `b` do not contain the estimates; the ranges
come from fits, and none of them is used as a spread between patients. Tumour growth of 0.5 crosses 1.2 x baseline within hours of the
infusion and falls again: progression is to be looked for after the minimum.
"""

from dataclasses import replace

from autologue.functions import log
from autologue.model import BirthDeath, Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric

TABLE = "Table 1, whole-body value in blood units as in BioModels BIOMD0000001041"
ODD = "Table 1, whose printed quartiles do not contain it"
PARAMETERS = dict(
    k_normal=Parameter(500.0, "cells/uL", "capacity for normal T cells", None, TABLE),
    k_car=Parameter(139.0, "cells/uL", "capacity for CAR-T cells", None, TABLE),
    r_normal=Parameter(0.170, "1/day", "growth rate of normal T cells", None, "Table 1"),
    rho_car=Parameter(0.0251, "1/day", "basal growth rate of CAR-T cells", None, "Table 1"),
    a=Parameter(0.423, "1", "shape of the boost of CAR-T growth by lymphopenia", None, ODD),
    b=Parameter(0.525, "1/day", "height of the boost of CAR-T growth by lymphopenia", None, ODD),
    r_tumour=Parameter(0.19, "1/day", "growth rate of the tumour", None, "chosen inside the range 0.01 to 0.50 of Table 1"),
    kill=Parameter(1.15, "1/day", "maximal rate of killing", None, "Table 1"),
    k_kill=Parameter(4.05, "cells/uL", "CAR-T cells at half the maximal killing", None, TABLE),
    normal_0=Parameter(6.0, "cells/uL", "normal T cells after lymphodepletion", None, TABLE),
    car_0=Parameter(0.36, "cells/uL", "CAR-T cells infused (1.8e8 cells)", None, TABLE),
    tumour_0=Parameter(94.86, "mL", "tumour at the infusion", None, TABLE),
)


def initial(p):
    return dict(normal=p.normal_0, car=p.car_0, tumour=p.tumour_0)


def competition(y, p):
    total = y.normal + y.car
    room = (total - p.k_normal) ** 2
    r_car = p.rho_car + p.b * room / (p.a * total**2 + room)
    return dict(
        normal=-p.r_normal * y.normal * log(total / p.k_normal),
        car=-r_car * y.car * log(total / p.k_car),
        tumour=p.r_tumour * y.tumour - killing(y, p) * y.tumour,
    )


def killing(y, p):
    return p.kill * y.car / (p.k_kill + y.car)


MODEL = Model(
    name="kimmel_2021",
    title="Axicabtagene ciloleucel: T-cell competition after lymphodepletion, and the tumour",
    disease="large B-cell lymphoma",
    product="axicabtagene ciloleucel",
    answers=("expansion after lymphodepletion", "depth and time of the tumour minimum", "time of progression", "a second infusion"),
    silent_on=("spread between patients", "toxicity", "loss of antigen", "chance extinction (see kimmel_2021_extinction)"),
    time="day",
    horizon=365.0,
    states=dict(
        normal=State("cells/uL", "normal T cells in blood"),
        car=State("cells/uL", "CAR-T cells in blood"),
        tumour=State("mL", "tumour volume"),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(competition)],
    outputs=dict(
        car_t=Output(lambda y: y.car, "cells/uL", None, "blood", "CAR-T cells"),
        normal_t=Output(lambda y: y.normal, "cells/uL", None, "blood", "normal T cells"),
        tumour_volume=Output(lambda y: y.tumour, "mL", None, "imaging", "tumour volume"),
    ),
    dosing=dict(infusion=Dosing("car", "cells/uL")),
    reference="doi:10.1098/rspb.2021.0229",
    validation="validation/kimmel_2021.py",
)

MODEL_EXTINCTION = replace(
    MODEL,
    name="kimmel_2021_extinction",
    title="Axicabtagene ciloleucel: T-cell competition, and cure when the last tumour cells die by chance",
    answers=(*MODEL.answers, "probability and time of cure"),
    silent_on=("spread between patients", "toxicity", "loss of antigen"),
    birth_death=BirthDeath("tumour", birth=lambda p: p.r_tumour, death=killing, below=100.0, cells_per_unit=1e9),
)

POPULATIONS = dict(typical=Parametric(model=MODEL, name="typical", source="Table 1, fitted values"))
POPULATIONS_EXTINCTION = dict(typical=Parametric(model=MODEL_EXTINCTION, name="typical", source="Table 1, fitted values"))
