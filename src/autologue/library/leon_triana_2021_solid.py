"""CAR-T cells against a solid tumour that disarms them, with one target or two.

Leon-Triana O, Perez-Martinez A, Ramirez-Orellana M, Perez-Garcia VM. Dual-target CAR-Ts with on- and off-tumour activity may override
immune suppression in solid cancers: a mathematical proof of concept. Cancers 2021;13:703, doi:10.3390/cancers13040703.

`MODEL`, one target: tumour stimulates CAR-T cells and inactivates them. `MODEL_DUAL`, two: CAR-T cells also see CD19, expand on healthy
B cells in blood, out of the tumour's reach, and move on into the tumour. As in BioModels BIOMD0000001013 and BIOMD0000001014.

To know before use: the tumour grows exponentially, without a capacity, and nothing dies out. Under one target it is held back and returns.
Under two it falls to a tenth of a cell on day 54 and returns from there, which no body would see: read it as a cure. The B cells of
the second model have no source.
"""

from dataclasses import replace

from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric

SINGLE, DUAL = "as in BioModels BIOMD0000001013", "as in BioModels BIOMD0000001014"


def shared(source, **values):
    return dict(
        stimulation=Parameter(0.9, "1/day", "maximal growth of CAR-T cells by target cells", None, source),
        target_50=Parameter(1e10, "cells", "target cells at half that growth", None, source),
        inactivation=Parameter(
            values["inactivation"], "1/day", "inactivation of CAR-T cells per tumour cell, at few CAR-T cells", None, source
        ),
        car_50=Parameter(2e9, "cells", "CAR-T cells at which their inactivation halves", None, source),
        tau_car=Parameter(7.0, "day", "mean life of CAR-T cells", None, source),
        r_tumour=Parameter(0.02, "1/day", "growth rate of the tumour", None, source),
        kill=Parameter(2.5e-10, "1/(cell*day)", "killing of tumour by a CAR-T cell", None, source),
        tumour_0=Parameter(values["tumour_0"], "cells", "tumour at the infusion", None, source),
        car_0=Parameter(values["car_0"], "cells", "CAR-T cells in the tumour at the infusion", None, source),
    )


PARAMETERS = shared(SINGLE, inactivation=0.04, tumour_0=6.7e9, car_0=4e8)
PARAMETERS_DUAL = {
    **shared(DUAL, inactivation=0.02, tumour_0=3.35e10, car_0=0.0),
    **dict(
        homing=Parameter(0.2, "1/day", "CAR-T cells that move from blood into the tumour", None, DUAL),
        kill_b=Parameter(4.5e-11, "1/(cell*day)", "killing of B cells by a CAR-T cell", None, DUAL),
        tau_b=Parameter(60.0, "day", "mean life of B cells", None, DUAL),
        blood_0=Parameter(2e8, "cells", "CAR-T cells in blood at the infusion", None, DUAL),
        b_0=Parameter(2.5e10, "cells", "healthy B cells at the infusion", None, DUAL),
    ),
}


def initial(p):
    return dict(car=p.car_0, tumour=p.tumour_0)


def suppression(y, p):
    growth = p.stimulation * y.tumour / (p.target_50 + y.tumour)
    return dict(
        car=(growth - p.inactivation * y.tumour / (p.car_50 + y.car) - 1 / p.tau_car) * y.car,
        tumour=(p.r_tumour - p.kill * y.car) * y.tumour,
    )


def initial_dual(p):
    return dict(car=p.car_0, tumour=p.tumour_0, blood=p.blood_0, b_cells=p.b_0)


def dual(y, p):
    inside = suppression(y, p)
    return dict(
        car=p.homing * y.blood + inside["car"],
        tumour=inside["tumour"],
        blood=(p.stimulation * y.b_cells / (p.target_50 + y.b_cells) - 1 / p.tau_car - p.homing) * y.blood,
        b_cells=-(p.kill_b * y.blood + 1 / p.tau_b) * y.b_cells,
    )


STATES = dict(car=State("cells", "CAR-T cells in the tumour"), tumour=State("cells", "tumour cells"))
OUTPUTS = dict(
    car_t=Output(lambda y: y.car, "cells", None, "tumour", "CAR-T cells in the tumour"),
    tumour_cells=Output(lambda y: y.tumour, "cells", None, "whole body", "tumour cells"),
)
MODEL = Model(
    name="leon_triana_2021_solid",
    title="CAR-T cells with one target against a solid tumour that inactivates them",
    disease="solid tumour",
    product="CAR-T cells with one target",
    answers=("how far a tumour is held back, and when it returns",),
    silent_on=("patients", "spread between patients", "a second target (see leon_triana_2021_solid_dual)", "chance extinction", "toxicity"),
    time="day",
    horizon=365.0,
    states=STATES,
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(suppression)],
    outputs=OUTPUTS,
    dosing=dict(infusion=Dosing("car", "cells")),
    reference="doi:10.3390/cancers13040703",
    validation="validation/leon_triana_2021_solid.py",
)
MODEL_DUAL = replace(
    MODEL,
    name="leon_triana_2021_solid_dual",
    title="CAR-T cells that also expand on healthy B cells, against a solid tumour that inactivates them",
    product="CAR-T cells with two targets, one on the tumour and CD19",
    answers=("what expansion outside the tumour does to a tumour that inactivates CAR-T cells", "depletion of healthy B cells"),
    silent_on=("patients", "spread between patients", "return of B cells", "chance extinction", "toxicity"),
    horizon=120.0,
    states=dict(**STATES, blood=State("cells", "CAR-T cells in blood"), b_cells=State("cells", "healthy B cells")),
    parameters=PARAMETERS_DUAL,
    initial=initial_dual,
    phases=[Phase(dual)],
    outputs=dict(
        **OUTPUTS,
        car_t_blood=Output(lambda y: y.blood, "cells", None, "blood", "CAR-T cells in blood"),
        b_cells=Output(lambda y: y.b_cells, "cells", None, "whole body", "healthy B cells"),
    ),
    dosing=dict(infusion=Dosing("blood", "cells")),
)

POPULATIONS = dict(typical=Parametric(model=MODEL, name="typical", source=SINGLE))
POPULATIONS_DUAL = dict(typical=Parametric(model=MODEL_DUAL, name="typical", source=DUAL))
