"""CAR-T cells in mice with lymphoma: effectors, memory, a tumour with or without capacity (CARTmath).

Barros LRC, Paixao EA, Valli AMP, Naozuka GT, Fassoni AC, Almeida RC. CARTmath: a mathematical model of CAR-T immunotherapy in
preclinical studies of hematological cancers. Cancers 2021;13:2941, doi:10.3390/cancers13122941.

Effectors kill, turn into memory cells and are worn down by the tumour; memory cells turn back into effectors where they meet it. Two
xenografts: HDLM-2 (Hodgkin lymphoma) with CAR-T 123 and RAJI (Burkitt lymphoma) with CAR-T 19; RAJI also with the enzyme IDO, which wears
CAR-T cells down, and with IDO and its inhibitor 1-MT. `MODEL` holds HDLM-2 and `MODEL_RAJI` RAJI, whose tumour has no capacity.

Doses come by regimen: the models' own is that of the paper (2e6 cells on day 42 of HDLM-2, 1e7 on day 7 of RAJI), `infusion` makes
others, whole or in equal parts, and `challenge` adds a second tumour. In HDLM-2 the dose has a sharp threshold, between 2.5e5 and 2.6e5
cells, that the paper gives as about 2.6e5.

A tumour below a millionth of a cell is gone for good, as in the paper. CAR-T cells are not rounded down to zero: they have inflow, and
so small a rest does nothing. Only the difference of `proliferation` and `reduction` acts, so data cannot tell them apart; the paper
asks that it be negative and above minus `to_memory`.

Left out: the virtual population (5,000 mice, each parameter up to 60 % either way, kept where untreated survival is 100 to 207 days).
"""

from dataclasses import replace

from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric
from autologue.regimen import Bolus, Regimen

TABLE = dict(  # HDLM-2 with CAR-T 123, RAJI with CAR-T 19, unit, meaning
    proliferation=(0.265, 0.83, "1/day", "proliferation of effectors"),
    reduction=(0.350, 0.8300536, "1/day", "death of effectors and their turning into memory, together"),
    to_memory=(0.150, 1.59795, "1/day", "effectors that turn into memory cells"),
    d_memory=(5e-3, 6.89e-7, "1/day", "death of memory cells"),
    recall=(6e-6, 2.3e-4, "1/(cell*day)", "memory cells that turn into effectors where they meet tumour"),
    wear=(4.5e-8, 1.248506e-8, "1/(cell*day)", "inhibition of effectors by tumour"),
    r_tumour=(5.650026e-2, 0.5071721, "1/day", "growth rate of the tumour"),
    inverse_capacity=(1.404029e-12, 0.0, "1/cell", "one over the capacity for the tumour"),
    kill=(3.715843e-6, 3.365388e-8, "1/(cell*day)", "killing by effectors"),
    tumour_0=(2e6, 3e6, "cells", "tumour at the start"),
)
WEAR = dict(raji=1.248506e-8, raji_ido=1.461699e-8, raji_ido_1mt=1.261662e-8)  # 1/(cell*day)


def parameters(line):
    return {name: Parameter(float(row[line]), row[2], row[3], None, "table of parameters and scenarios") for name, row in TABLE.items()}


def initial(p):
    return dict(effector=0.0, memory=0.0, tumour=p.tumour_0)


def course(y, p):
    recalled = p.recall * y.tumour * y.memory
    return dict(
        effector=(p.proliferation - p.reduction - p.wear * y.tumour) * y.effector + recalled,
        memory=p.to_memory * y.effector - recalled - p.d_memory * y.memory,
        tumour=p.r_tumour * y.tumour * (1 - p.inverse_capacity * y.tumour) - p.kill * y.effector * y.tumour,
    )


def infusion(cells: float, *, day: float, parts: int = 1, rest: float = 7.0) -> Regimen:
    """Return a dose of CAR-T cells from a day on, in equal parts with days of rest between them."""
    return Regimen(Bolus(day, cells / parts, "cells", "infusion", every=rest, additional=parts - 1), time="day")


def challenge(day: float = 250.0, cells: float = 1e6) -> Regimen:
    """Return a second tumour of `cells` on a day."""
    return Regimen(Bolus(day, cells, "cells", "challenge"), time="day")


MODEL = Model(
    name="barros_2021",
    title="CAR-T effectors, memory and Hodgkin lymphoma in mice, by dose and schedule",
    disease="Hodgkin lymphoma, HDLM-2 xenografts in mice",
    product="CAR-T 123",
    answers=("dose that clears a burden", "memory cells and a second tumour", "a dose in fractions"),
    silent_on=("patients", "spread between mice", "toxicity", "loss of antigen", "chance extinction"),
    time="day",
    horizon=350.0,
    states=dict(
        effector=State("cells", "effector CAR-T cells"),
        memory=State("cells", "memory CAR-T cells"),
        tumour=State("cells", "tumour cells", extinct_below=1e-6),
    ),
    parameters=parameters(0),
    initial=initial,
    phases=[Phase(course)],
    outputs=dict(
        car_t=Output(lambda y: y.effector + y.memory, "cells", None, "whole body", "all CAR-T cells"),
        memory_cells=Output(lambda y: y.memory, "cells", None, "whole body", "memory CAR-T cells"),
        tumour_cells=Output(lambda y: y.tumour, "cells", None, "whole body", "tumour cells"),
    ),
    dosing=dict(infusion=Dosing("effector", "cells"), challenge=Dosing("tumour", "cells")),
    regimen=infusion(2e6, day=42.0),
    reference="doi:10.3390/cancers13122941",
    validation="validation/barros_2021.py",
)

MODEL_RAJI = replace(
    MODEL,
    name="barros_2021_raji",
    title="CAR-T effectors, memory and Burkitt lymphoma in mice, with IDO and its inhibitor",
    disease="Burkitt lymphoma, RAJI xenografts in mice",
    product="CAR-T 19",
    answers=("delay of the tumour by a dose", "inhibition of CAR-T cells by IDO"),
    horizon=14.0,
    parameters=parameters(1),
    regimen=infusion(1e7, day=7.0),
)

POPULATIONS = dict(hdlm2=Parametric(model=MODEL, name="hdlm2", source="HDLM-2 with CAR-T 123"))
POPULATIONS_RAJI = {
    name: Parametric(
        model=MODEL_RAJI,
        name=name,
        typical=dict(wear=wear),
        source="RAJI with CAR-T 19" + (", IDO" if "ido" in name else "") + (" and 1-MT" if "1mt" in name else ""),
    )
    for name, wear in WEAR.items()
}
