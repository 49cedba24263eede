"""CAR-T cells against CD19 in B-cell leukaemia, with healthy B cells as a second target: sixty days.

Leon-Triana O, Sabir S, Calvo GF, Belmonte-Beitia J, Chulian S, Martinez-Rubio A, et al. Commun Nonlinear Sci Numer Simul
2021;94:105570, doi:10.1016/j.cnsns.2020.105570; equations 4a to 4c.

CAR-T cells are stimulated by every CD19+ cell, leukaemic or healthy, and kill both. One set of
values, as curated; no spread between patients is at hand. Left out in this reduced form: the marrow that makes new B cells, so healthy B
cells only vanish here and aplasia beyond day 60 is not to be read from it (see leon_triana_2021_source).

A public script infuses 1e8 cells ("10e7") where the curated model infuses 1e7: the latter is used.
"""

from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric

CURATED = "as in the curated BioModels encoding of the paper (equations 4a to 4c)"
PARAMETERS = dict(
    rho_car=Parameter(1.125e-11, "1/(day*cell)", "stimulation of CAR-T cells by a CD19+ cell, 0.25 x kill", None, CURATED),
    tau_car=Parameter(14.0, "day", "mean life of a CAR-T cell", None, CURATED),
    rho_leukaemia=Parameter(1 / 30, "1/day", "growth rate of leukaemia", None, CURATED),
    kill=Parameter(4.5e-11, "1/(day*cell)", "killing of a CD19+ cell by a CAR-T cell", None, CURATED),
    tau_b=Parameter(60.0, "day", "mean life of a healthy B cell", None, CURATED),
    car_0=Parameter(1e7, "cells", "CAR-T cells infused", None, CURATED),
    leukaemia_0=Parameter(5e10, "cells", "leukaemic cells at the infusion", None, CURATED),
    b_0=Parameter(2.5e10, "cells", "healthy B cells at the infusion", None, CURATED),
)
STATES = dict(
    car=State("cells", "CAR-T cells"), leukaemia=State("cells", "leukaemic cells"), b_cells=State("cells", "healthy CD19+ B cells")
)
OUTPUTS = dict(
    car_t=Output(lambda y: y.car, "cells", None, "whole body", "CAR-T cells"),
    leukaemic=Output(lambda y: y.leukaemia, "cells", None, "whole body", "leukaemic cells"),
    healthy_b=Output(lambda y: y.b_cells, "cells", None, "whole body", "healthy B cells"),
)


def initial(p):
    return dict(car=p.car_0, leukaemia=p.leukaemia_0, b_cells=p.b_0)


def predation(y, p):
    return dict(
        car=p.rho_car * (y.leukaemia + y.b_cells) * y.car - y.car / p.tau_car,
        leukaemia=p.rho_leukaemia * y.leukaemia - p.kill * y.leukaemia * y.car,
        b_cells=-p.kill * y.b_cells * y.car - y.b_cells / p.tau_b,
    )


MODEL = Model(
    name="leon_triana_2021",
    title="CAR-T cells, leukaemia and healthy B cells, without a source of B cells",
    disease="B-cell acute lymphoblastic leukaemia",
    product="CAR-T cells against CD19",
    answers=("CAR-T peak and its time", "fall of the leukaemia until day 60", "depletion of healthy B cells until day 60"),
    silent_on=("spread between patients", "recovery of B cells", "relapse after day 60", "loss of CD19", "toxicity"),
    time="day",
    horizon=60.0,
    states=STATES,
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(predation)],
    outputs=OUTPUTS,
    dosing=dict(infusion=Dosing("car", "cells")),
    reference="doi:10.1016/j.cnsns.2020.105570",
    validation="validation/leon_triana_2021.py",
)

POPULATIONS = dict(typical=Parametric(model=MODEL, name="typical", source="the values of the paper's example"))
