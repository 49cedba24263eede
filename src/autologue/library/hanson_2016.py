"""Inflammation after CAR-T cells in B-cell leukaemia: the higher the burden, the earlier and higher the peak.

Hanson S, Grimes DR, Taylor-King JP, Bauer B, Warman PI, Frankenstein Z, et al. Toxicity management in CAR T cell therapy for
B-ALL: mathematical modelling as a new avenue for improvement. bioRxiv 2016, doi:10.1101/049908 (BioModels BIOMD0000000837).

Memory CAR-T cells, cytotoxic and helper, turn into effectors where leukaemia meets inflammation; effectors and leukaemia
together feed inflammation, a cytokine level in no stated unit ("signal"). The paper draws a virtual population around these
values; its spread is not at hand, so patients do not differ here.

Time is in HOURS: the curated encoding reproduces figure 3 over 720, which is 30 days; peaks then fall on days 1 to 22, where
cytokine release is seen; as days they would come months late. Counts are cells per microlitre in scale, as curated.

An anti-inflammatory drug is an input that removes signal at a constant rate whatever is left, so a long or strong one drives the
level below zero: as in the paper. The room for lymphocytes has a kink at zero (a maximum).
"""

from autologue.functions import maximum
from autologue.model import Dosing, Input, Model, Output, Parameter, Phase, State
from autologue.population import Parametric

CURATED = "as in BioModels BIOMD0000000837"


def quantity(value, unit, meaning):
    return Parameter(value, unit, meaning, None, CURATED)


PARAMETERS = dict(
    divisions=quantity(6.0, "1", "divisions of a memory cell on its way to effectors"),
    r_leukaemia=quantity(0.003, "1/hour", "growth rate of leukaemia"),
    r_cytotoxic=quantity(0.1, "1/hour", "growth rate of cytotoxic memory CAR-T cells"),
    r_helper=quantity(0.1, "1/hour", "growth rate of helper memory CAR-T cells"),
    r_other=quantity(0.1, "1/hour", "growth rate of other lymphocytes"),
    kill=quantity(2e-4, "uL/(cell*hour)", "killing of leukaemia by a cytotoxic effector"),
    loss_inflammation=quantity(1.5, "1/hour", "loss of inflammation"),
    d_cytotoxic=quantity(0.004, "1/hour", "death of cytotoxic effectors"),
    d_helper=quantity(0.004, "1/hour", "death of helper effectors"),
    d_other=quantity(2e-4, "1/hour", "death of other lymphocytes"),
    basal=quantity(200.0, "signal/hour", "inflammation made without CAR-T cells"),
    made=quantity(0.002, "signal*uL^2/(cell^2*hour)", "inflammation made where leukaemia meets effectors"),
    source_other=quantity(0.4, "cells/(uL*hour)", "supply of other lymphocytes"),
    act_cytotoxic=quantity(4e-7, "uL/(cell*hour)", "activation of cytotoxic memory by leukaemia"),
    boost=quantity(2.0, "uL/cell", "boost of that activation by helper effectors"),
    act_helper=quantity(8e-5, "uL/(cell*hour)", "activation of helper memory by leukaemia"),
    half=quantity(800.0, "signal", "inflammation at half activation"),
    k_lymphocytes=quantity(1600.0, "cells/uL", "room for lymphocytes"),
    k_leukaemia=quantity(4800.0, "cells/uL", "capacity for leukaemia"),
    car_0=quantity(10.0, "cells/uL", "CAR-T cells of each of the four kinds at the infusion"),
    other_0=quantity(1600.0, "cells/uL", "other lymphocytes at the infusion"),
    inflammation_0=quantity(140.0, "signal", "inflammation at the infusion"),
    leukaemia_0=quantity(300.0, "cells/uL", "leukaemia at the infusion"),
)


def initial(p):
    return dict(
        cytotoxic_memory=p.car_0,
        cytotoxic_effector=p.car_0,
        helper_memory=p.car_0,
        helper_effector=p.car_0,
        other=p.other_0,
        inflammation=p.inflammation_0,
        leukaemia=p.leukaemia_0,
    )


def activation(y, p, u):
    active = y.inflammation**2 / (y.inflammation**2 + p.half**2)
    effectors = y.cytotoxic_effector + y.helper_effector
    total = y.leukaemia + effectors + y.cytotoxic_memory + y.helper_memory + y.other
    room = maximum(0.0, 1 - total / p.k_lymphocytes)
    cytotoxic = p.act_cytotoxic * y.leukaemia * y.cytotoxic_memory * (1 + p.boost * y.helper_effector) * active
    helper = p.act_helper * y.leukaemia * y.helper_memory * active
    return dict(
        cytotoxic_memory=p.r_cytotoxic * y.cytotoxic_memory * room - cytotoxic,
        cytotoxic_effector=2.0**p.divisions * cytotoxic - p.d_cytotoxic * y.cytotoxic_effector,
        helper_memory=p.r_helper * y.helper_memory * room - helper,
        helper_effector=2.0**p.divisions * helper - p.d_helper * y.helper_effector,
        other=p.source_other + p.r_other * y.other * room - p.d_other * y.other,
        inflammation=p.basal + p.made * y.leukaemia * effectors - p.loss_inflammation * y.inflammation - u.drug,
        leukaemia=p.r_leukaemia * y.leukaemia * (1 - y.leukaemia / p.k_leukaemia) - p.kill * y.leukaemia * y.cytotoxic_effector,
    )


def all_car(y):
    return y.cytotoxic_memory + y.cytotoxic_effector + y.helper_memory + y.helper_effector


MODEL = Model(
    name="hanson_2016",
    title="Inflammation against burden after CAR-T cells",
    disease="B-cell acute lymphoblastic leukaemia",
    product="CAR-T cells, cytotoxic and helper",
    answers=("peak and time of inflammation by burden at the infusion", "effect of an anti-inflammatory drug by time and rate"),
    silent_on=("spread between patients", "cytokines in units of an assay", "grade of cytokine release syndrome", "neurotoxicity", "cure"),
    time="hour",
    horizon=720.0,
    states=dict(
        cytotoxic_memory=State("cells/uL", "cytotoxic memory CAR-T cells"),
        cytotoxic_effector=State("cells/uL", "cytotoxic effector CAR-T cells"),
        helper_memory=State("cells/uL", "helper memory CAR-T cells"),
        helper_effector=State("cells/uL", "helper effector CAR-T cells"),
        other=State("cells/uL", "other lymphocytes"),
        inflammation=State("signal", "inflammation", absolute=1e-3),
        leukaemia=State("cells/uL", "leukaemic B cells"),
    ),
    parameters=PARAMETERS,
    inputs=dict(drug=Input(0.0, "signal/hour", "removal of inflammation by an anti-inflammatory drug")),
    initial=initial,
    phases=[Phase(activation)],
    outputs=dict(
        inflammation=Output(lambda y: y.inflammation, "signal", None, "blood", "inflammation"),
        car_t=Output(all_car, "cells/uL", None, "blood", "all CAR-T cells"),
        burden=Output(lambda y: y.leukaemia, "cells/uL", None, "blood", "leukaemic B cells"),
    ),
    dosing=dict(cytotoxic=Dosing("cytotoxic_memory", "cells/uL"), helper=Dosing("helper_memory", "cells/uL")),
    reference="doi:10.1101/049908",
    validation="validation/hanson_2016.py",
)

POPULATIONS = dict(typical=Parametric(model=MODEL, name="typical", source="the values of the curated encoding"))
