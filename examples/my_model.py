"""CARRGO, CAR T-cells against glioma as predator and prey, in scaled form.

Sahoo P, Yang X, Abler D, et al. J R Soc Interface 2020;17:20190734, doi:10.1098/rsif.2019.0734. Tumour x (share of its
capacity) grows logistically and is killed by CAR T-cells y; time is in units of the tumour's growth. The example is the
paper's case 3, a pseudo-response: damped oscillations towards coexistence at (A/B, 1 - A/B).
"""

from autologue import Model, Output, Parameter, Phase, State

PARAMETERS = dict(
    a=Parameter(0.14, "1", "loss of CAR T-cells over growth of the tumour", source="case 3"),
    b=Parameter(1.6, "1", "stimulation of CAR T-cells over growth of the tumour", source="case 3"),
    pace=Parameter(1.0, "1/day", "growth of the tumour: the unit of time", source="scaled"),
    x_0=Parameter(0.5, "1", "tumour at the start", source="chosen for the example"),
    y_0=Parameter(0.1, "1", "CAR T-cells at the start", source="chosen for the example"),
)


def initial(p):
    return dict(tumour=p.x_0, car_t=p.y_0)


def rates(y, p):
    return dict(
        tumour=p.pace * (y.tumour * (1 - y.tumour) - y.tumour * y.car_t),
        car_t=p.pace * (p.b * y.tumour * y.car_t - p.a * y.car_t),
    )


MODEL = Model(
    name="my_carrgo",
    time="day",
    horizon=200.0,
    states=dict(tumour=State("1", "share of the capacity"), car_t=State("1", "scaled CAR T-cells")),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(rates)],
    outputs=dict(burden=Output(lambda y: y.tumour, "1"), car_t=Output(lambda y: y.car_t, "1")),
    reference="doi:10.1098/rsif.2019.0734",
)
