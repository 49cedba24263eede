"""Lymphodepleting chemotherapy before CAR-T cells: dose, days of chemotherapy and days of rest decide who clears.

Owens K, Bozic I. Bull Math Biol 2021;83:42, doi:10.1007/s11538-021-00869-5.

Tumour, endogenous immune effectors and CAR-T cells, whose stimulation falls with the logarithm of their joint number over
a capacity; chemotherapy kills all three and, before the injection, makes room for the CAR-T cells. Parameters of four
patients: 1 large B-cell lymphoma, 2 chronic lymphocytic leukaemia, 3 and 4 melanoma. Each is a population of its own.

The pulse of chemotherapy. The paper says daily infusions of half an hour. That gives a peak of 2.65 uM for five days at
77 uM/day, not the peak it prints, 3.34 uM, and loses three of its four cures. A pulse of 0.63 h gives 3.33 uM and all eight printed
outcomes, so `regimen` uses 0.63 h. Times to clearance are looser: 17 and 21 days after injection against the
printed "about 30" and "about 18".

1 % of the injected CAR-T cells take effect (`share`, the bioavailability). The equations have no extinction; here a tumour below one cell
is gone for good. A public script takes 1/b for b (2e12 as 2e-12) and daily doses of 5 and 3: not copied.
"""

from autologue.functions import exp, hill, log
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric
from autologue.regimen import Bolus, Infusion, Regimen

PULSE = 0.63 / 24  # day: the width of a daily pulse that gives the printed peak, see above
PATIENTS = ("patient_1", "patient_2", "patient_3", "patient_4")
TABLE = dict(  # the four patients, unit, meaning
    r_tumour=(0.255, 0.176, 0.514, 0.514, "1/day", "growth rate of the tumour"),
    tumour_max=(2e12, 2e12, 9.804e8, 9.804e8, "cells", "capacity for the tumour"),
    kill_effector=(2.03, 2.03, 5.8, 4.23, "1/day", "maximal lysis by effectors"),
    kill_car=(2.25, 2.25, 2.25, 2.25, "1/day", "maximal lysis by CAR-T cells"),
    supply=(1.4e3, 4.7e4, 1.3e4, 1.3e4, "cells/day", "supply of effectors"),
    boost_effector=(0.011, 0.00746, 0.027, 0.027, "1/day", "stimulation of effectors by lysis"),
    boost_car=(0.242, 0.165, 0.6, 0.6, "1/day", "stimulation of CAR-T cells by lysis"),
    capacity=(1.65e9, 1.65e9, 1.65e8, 1.65e8, "cells", "joint capacity for effectors and CAR-T cells"),
    k_lysis=(2.019e5, 7e7, 2e7, 2e7, "cells^2/day^2", "squared lysis at half the maximal stimulation"),
    power=(1.395, 1.419, 1.36, 1.43, "1", "exponent of lysis"),
    steepness=(0.305, 0.305, 0.25, 0.36, "1", "ratio term at half lysis"),
    d_effector=(0.007, 0.034, 0.02, 0.02, "1/day", "death of effectors"),
    d_car=(0.0293, 0.0293, 0.0293, 0.0293, "1/day", "death of CAR-T cells"),
    wear_effector=(3.42e-11, 6.716e-11, 3.42e-10, 3.42e-10, "1/(day*cell)", "inactivation of effectors by tumour"),
    wear_car=(3e-11, 3e-11, 1.53e-9, 1.53e-9, "1/(day*cell)", "inactivation of CAR-T cells by tumour"),
    tumour_0=(5e9, 5e9, 5e8, 5e8, "cells", "tumour at the start, medium burden"),
)
PARAMETERS = {
    **{name: Parameter(row[0], row[4], row[5], None, "Table 1") for name, row in TABLE.items()},
    **dict(
        chemo_tumour=Parameter(0.7, "1/day", "kill of tumour by chemotherapy", None, "Table 1"),
        chemo_immune=Parameter(0.6, "1/day", "kill of effectors and CAR-T cells by chemotherapy", None, "Table 1"),
        chemo_loss=Parameter(0.9, "1/day", "elimination of chemotherapy", None, "Table 1"),
        potency=Parameter(1.0, "1/uM", "scale of the kill by chemotherapy", None, "unit scale in the equations"),
        effector_0=Parameter(4e5, "cells", "effectors at the start", None, "text"),
        share=Parameter(0.01, "1", "share of injected CAR-T cells that takes effect", None, "text"),
    ),
}


def initial(p):
    return dict(tumour=p.tumour_0, effector=p.effector_0, car=0.0, chemo=0.0)


def lysis(cells, tumour, most, p):
    """Return the tumour cells killed a day: most * (x/T)^l / (s + (x/T)^l) * T."""
    return most * hill(cells, p.steepness ** (1 / p.power) * tumour, p.power) * tumour


def course(y, p):
    by_effector = lysis(y.effector, y.tumour, p.kill_effector, p)
    by_car = lysis(y.car, y.tumour, p.kill_car, p)
    crowding = log((y.effector + y.car) / p.capacity)
    drug = 1 - exp(-p.potency * y.chemo)
    return dict(
        tumour=p.r_tumour * y.tumour * (1 - y.tumour / p.tumour_max) - by_effector - by_car - p.chemo_tumour * drug * y.tumour,
        effector=p.supply
        - p.d_effector * y.effector
        - p.boost_effector * crowding * by_effector**2 / (p.k_lysis + by_effector**2) * y.effector
        - p.wear_effector * y.effector * y.tumour
        - p.chemo_immune * drug * y.effector,
        car=-p.d_car * y.car
        - p.boost_car * crowding * by_car**2 / (p.k_lysis + by_car**2) * y.car
        - p.wear_car * y.car * y.tumour
        - p.chemo_immune * drug * y.car,
        chemo=-p.chemo_loss * y.chemo,
    )


def regimen(chemo_days: int, rest_days: float, dose: float, *, rate: float | None = None) -> Regimen:
    """Return daily chemotherapy from day 0 and, `rest_days` after its days, an injection of `dose` CAR-T cells.

    `rate` is the paper's S in uM/day; left out, 125 for three days of chemotherapy and 77 for any other number. Zero days or a
    dose of zero leave that part out.
    """
    strength = rate if rate is not None else 125.0 if chemo_days == 3 else 77.0
    events: list[Infusion | Bolus] = []
    if chemo_days:
        events.append(Infusion(0.0, strength * PULSE, PULSE, "uM", "chemotherapy", every=1.0, additional=chemo_days - 1))
    if dose:
        events.append(Bolus(chemo_days + rest_days, dose, "cells", "cells"))
    return Regimen(*events, time="day")


MODEL = Model(
    name="owens_bozic_2021",
    title="Lymphodepletion, rest and CAR-T dose",
    disease="large B-cell lymphoma, chronic lymphocytic leukaemia, melanoma (one set of parameters each, two for melanoma)",
    product="CAR-T cells after chemotherapy",
    answers=("whether a plan of chemotherapy, rest and CAR-T dose clears the tumour of a parameter set", "chemotherapy in blood"),
    silent_on=("spread between patients", "fludarabine and cyclophosphamide apart", "toxicity", "loss of antigen", "chance extinction"),
    time="day",
    horizon=200.0,
    states=dict(
        tumour=State("cells", "tumour cells", extinct_below=1.0),
        effector=State("cells", "endogenous immune effectors"),
        car=State("cells", "CAR-T cells that take effect"),
        chemo=State("uM", "chemotherapy in blood", absolute=1e-6),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(course)],
    outputs=dict(
        tumour_cells=Output(lambda y: y.tumour, "cells", None, "whole body", "tumour cells"),
        car_t=Output(lambda y: y.car, "cells", None, "whole body", "CAR-T cells"),
        chemotherapy=Output(lambda y: y.chemo, "uM", None, "blood", "chemotherapy"),
    ),
    dosing=dict(cells=Dosing("car", "cells", bioavailability=lambda p: p.share), chemotherapy=Dosing("chemo", "uM")),
    reference="doi:10.1007/s11538-021-00869-5",
    validation="validation/owens_bozic_2021.py",
)

POPULATIONS = {
    patient: Parametric(
        model=MODEL, name=patient, typical={name: float(row[k]) for name, row in TABLE.items()}, source=f"Table 1, patient {k + 1}"
    )
    for k, patient in enumerate(PATIENTS)
}
