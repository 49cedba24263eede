"""CAR-T cells against cancer stem cells, effectors against tumour, and TGF-beta that protects both.

Swanson ER, Kose E, Zollinger EA, Elliott SL. Mathematical modeling of tumor and cancer stem cells treated with CAR-T therapy and
inhibition of TGF-beta. Bull Math Biol 2022;84:58, doi:10.1007/s11538-022-01015-5.

Stem cells renew or turn into tumour cells, both in one capacity. CAR-T cells kill stem cells only, effectors kill tumour cells only.
The tumour makes TGF-beta, which protects it; effectors turn into regulatory T cells, which kill effectors and CAR-T cells and make
TGF-beta. Three sets of parameters, each fitted to tumour growth in another experiment (Tang 2020, Han 2021, Zhang 2019).

To know before use. The sign of the term b E is as printed: effectors and CAR-T cells multiply at 0.43 to 0.48 per day, with or without
tumour. Only regulatory T cells, which come from effectors, hold them back: CAR-T cells given alone multiply without end. TGF-beta is
made at a fixed rate once there are more than some 1e5 tumour cells, and comes to rest at a/dB, after thousands of days.

Left out: sizes and schedules of treatment are not at hand. CAR-T cells and effectors come as a dose or, at a constant rate, by the
inputs (the paper's vC and vE). Of the start only the tumour is published; whatever else is at zero.
"""

from autologue.model import Dosing, Input, Model, Output, Parameter, Phase, State
from autologue.population import Parametric

SETS = ("tang_2020", "han_2021", "zhang_2019")
TABLE = dict(  # the three sets, unit, meaning
    renewal=(0.1351, 0.4063, 0.4063, "1", "share of divisions of a stem cell that renew it"),
    r_stem=(0.3628, 0.4218, 0.2895, "1/day", "division rate of stem cells"),
    kill_stem=(1e-6, 1e-6, 4e-6, "1/(cell*day)", "killing of stem cells by a CAR-T cell"),
    r_tumour=(0.0454, 0.1661, 0.1133, "1/day", "growth rate of tumour cells"),
    kill_tumour=(2e-5, 1e-5, 2e-5, "1/(cell*day)", "killing of tumour cells by an effector, without TGF-beta"),
    r_immune=(0.4843, 0.4254, 0.4254, "1/day", "growth rate of effectors and CAR-T cells, sign as printed"),
    recruitment=(0.0011, 0.002, 0.002, "1/(cell*day)", "recruitment by tumour and stem cells, without TGF-beta"),
    to_regulatory=(0.0125, 0.01, 0.01, "1/day", "effectors that turn into regulatory T cells"),
    tgf_made=(0.5917, 0.6011, 0.6011, "ng/(mL*day)", "TGF-beta made by a large tumour"),
    tgf_regulatory=(1e-8, 1e-7, 1e-7, "ng/(mL*cell*day)", "TGF-beta made by a regulatory T cell"),
)
PARAMETERS = {
    **{name: Parameter(row[0], row[3], row[4], None, "Table 1") for name, row in TABLE.items()},
    **dict(
        capacity=Parameter(1e9, "cells", "capacity for tumour and stem cells together", None, "Table 1"),
        shield_tumour=Parameter(100.0, "mL/ng", "protection of the tumour by TGF-beta", None, "Table 1"),
        shield_recruitment=Parameter(0.1224, "mL/(ng*cell)", "inhibition of recruitment by TGF-beta, per tumour cell", None, "Table 1"),
        kill_regulatory=Parameter(1e-5, "1/(cell*day)", "killing of effectors and CAR-T cells by a regulatory T cell", None, "Table 1"),
        d_effector=Parameter(1e-5, "1/day", "death of effectors", None, "Table 1"),
        d_car=Parameter(1e-4, "1/day", "death of CAR-T cells", None, "Table 1"),
        tgf_50=Parameter(1.875e9, "cells^2", "squared tumour cells at half the production of TGF-beta", None, "Table 1"),
        d_tgf=Parameter(7e-4, "1/day", "loss of TGF-beta", None, "Table 1"),
        d_regulatory=Parameter(1e-5, "1/day", "death of regulatory T cells", None, "Table 1"),
        tumour_0=Parameter(3.4e7, "cells", "tumour cells at the start", None, "text"),
        stem_share=Parameter(0.01, "1", "stem cells at the start over tumour cells", None, "text"),
    ),
}


def initial(p):
    return dict(stem=p.stem_share * p.tumour_0, tumour=p.tumour_0, effector=0.0, car=0.0, tgf=0.0, regulatory=0.0)


def course(y, p, u):
    room = 1 - (y.tumour + y.stem) / p.capacity
    recruitment = p.recruitment / (1 + p.shield_recruitment * y.tumour * y.tgf)
    immune = p.r_immune - p.kill_regulatory * y.regulatory
    return dict(
        stem=p.renewal * p.r_stem * room * y.stem - p.kill_stem * y.car * y.stem,
        tumour=p.r_tumour * room * y.tumour
        + (1 - p.renewal) * p.r_stem * room * y.stem
        - p.kill_tumour / (1 + p.shield_tumour * y.tgf) * y.effector * y.tumour,
        effector=u.effector_supply + (immune + recruitment * y.tumour - p.d_effector - p.to_regulatory) * y.effector,
        car=u.car_supply + (immune + recruitment * y.stem - p.d_car) * y.car,
        tgf=p.tgf_made * y.tumour**2 / (p.tgf_50 + y.tumour**2) + p.tgf_regulatory * y.regulatory - p.d_tgf * y.tgf,
        regulatory=p.to_regulatory * y.effector - p.d_regulatory * y.regulatory,
    )


MODEL = Model(
    name="swanson_2022",
    title="Cancer stem cells, CAR-T cells, effectors and TGF-beta",
    disease="solid tumour with cancer stem cells, fitted to tumour growth in three experiments",
    product="CAR-T cells against cancer stem cells",
    answers=("fate of stem and tumour cells under CAR-T cells, effectors or both", "what TGF-beta protects"),
    silent_on=("a published schedule of treatment", "patients", "spread between patients", "toxicity", "chance extinction"),
    time="day",
    horizon=60.0,
    states=dict(
        stem=State("cells", "cancer stem cells"),
        tumour=State("cells", "tumour cells"),
        effector=State("cells", "effector T cells"),
        car=State("cells", "CAR-T cells"),
        tgf=State("ng/mL", "TGF-beta", absolute=1e-6),
        regulatory=State("cells", "regulatory T cells"),
    ),
    parameters=PARAMETERS,
    inputs=dict(
        effector_supply=Input(0.0, "cells/day", "effectors given at a constant rate"),
        car_supply=Input(0.0, "cells/day", "CAR-T cells given at a constant rate"),
    ),
    initial=initial,
    phases=[Phase(course)],
    outputs=dict(
        stem_cells=Output(lambda y: y.stem, "cells", None, "tumour", "cancer stem cells"),
        tumour_cells=Output(lambda y: y.tumour, "cells", None, "tumour", "tumour cells"),
        car_t=Output(lambda y: y.car, "cells", None, "tumour", "CAR-T cells"),
        tgf_beta=Output(lambda y: y.tgf, "ng/mL", None, "tumour", "TGF-beta"),
    ),
    dosing=dict(infusion=Dosing("car", "cells"), effectors=Dosing("effector", "cells")),
    reference="doi:10.1007/s11538-022-01015-5",
    provisional="treatment, and the start of all but the tumour, are not at hand; the growth of immune cells without tumour is as printed",
    validation="validation/swanson_2022.py",
)

POPULATIONS = {
    name: Parametric(model=MODEL, name=name, typical={n: float(row[k]) for n, row in TABLE.items()}, source=f"Table 1, set {name}")
    for k, name in enumerate(SETS)
}
