"""Antigen as a toggle between memory, effector and exhausted CAR-T cells: why patients with leukaemia differ.

Kirouac DC, Zmurchok C, Deyati A, Sicherman J, Bond C, Zandstra PW. Deconvolution of clinical variance in CAR-T cell
pharmacology and response. Nat Biotechnol 2023;41:1606-1617, doi:10.1038/s41587-023-01687-x.

Fitted to mean curves of CAR-T cells and B-cell tumour in chronic lymphocytic leukaemia (CTL019), of patients with complete
response, partial response and none: twelve parameter sets each, found by particle swarm. The three populations here are the
medians of those twelve sets, parameter by parameter: computed for this file from the 36 published sets and rounded to six
digits. A median of parameters is no patient and no fit. `read_virtual_patients` reads the 36 sets themselves from a table that the
user has.

To know before use: only 1 part in 1 + `loss` of the dose ever arrives. In the partial responders the capacity of the tumour (2e8)
lies below its start (1e10), so most of their "response" is the logistic term, not killing. The tumour never dies out, not even
in complete responders. A negative state counts as zero in every Hill function. Transfer out of the depot
has rate 1 per day, a number that the paper leaves unsaid (`transfer`).
"""

from pathlib import Path

from autologue.errors import InputError
from autologue.functions import hill
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Drawn, Parametric

SETS = "median of 12 published sets, computed for this file (search ranges in Table 1)"
GROUPS = ("CR", "PR", "NR")
MEDIANS = dict(  # symbol of the paper, medians of CR, PR and NR, unit, meaning
    antigen_50=("B50", 1.99294e9, 3.72686e9, 3.09954e9, "cells", "antigen at half effect"),
    r_tumour=("uB", 0.0502727, 0.0505133, 0.0503443, "1/day", "growth rate of the tumour"),
    tumour_max=("Bmax", 2.26416e11, 2.01863e8, 1.61783e10, "cells", "capacity for the tumour"),
    kill=("k_kill", 0.938124, 0.916408, 0.142812, "1/day", "maximal rate of killing"),
    effector_50=("TK50", 1.14117e6, 6.51309e8, 6.05264e8, "cells", "effectors at half the maximal killing"),
    n_kill=("kt", 0.554116, 0.948346, 1.80047, "1", "Hill exponent of killing"),
    loss=("f_loss", 494.398, 733.627, 999.96, "1", "loss of the dose relative to its distribution, a ratio"),
    antigen_gain=("kB1", 0.987218, 0.809186, 0.533366, "1/day", "gain of antigen"),
    antigen_loss=("kB2", 0.601293, 0.579451, 0.1648, "1/day", "loss of antigen"),
    r_memory=("uM", 0.898568, 0.297554, 0.00103834, "1/day", "turnover of memory cells"),
    n_memory=("km", 0.762634, 1.3908, 0.730752, "1", "Hill exponent of self-renewal"),
    renewal_max=("f_max", 0.590809, 0.60003, 0.552375, "1", "largest fraction of self-renewal"),
    r_effector=("uE", 0.96115, 0.539906, 0.0865218, "1/day", "rate at which effectors expand"),
    n_effector=("ke", 2.48485, 2.63563, 1.19026, "1", "Hill exponent of expansion"),
    doublings=("N", 5.04137, 5.65299, 5.98567, "1", "doublings of an effector that expands"),
    r_exhaustion=("kex", 0.360533, 0.299986, 0.110908, "1/day", "rate of exhaustion"),
    n_exhaustion=("kx", 0.686166, 1.25723, 0.985763, "1", "Hill exponent of exhaustion"),
    r_return=("rM", 0.987425, 0.824386, 0.674787, "1/day", "return of effectors to memory"),
    n_return=("kr", 2.66142, 2.47666, 2.42807, "1", "Hill exponent of that return"),
    d_memory=("dM", 0.351805, 0.460753, 0.00103239, "1/day", "death of memory cells"),
    d_effector_1=("dE1", 0.0285396, 0.13482, 0.00118969, "1/day", "death of early effectors"),
    d_effector_2=("dE2", 0.442194, 0.67287, 0.0012916, "1/day", "death of expanded effectors"),
    d_exhausted=("dX", 0.00594608, 0.0905339, 0.0598584, "1/day", "death of exhausted cells"),
    to_memory=("f_Tm", 3.74669, 4.06642, 5.91209, "1/day", "entry of the dose into memory"),
    to_effector_1=("f_Te1", 7.85579, 1.52466, 9.91184, "1/day", "entry of the dose into early effectors"),
    to_effector_2=("f_Te2", 49.6916, 54.4773, 31.1005, "1/day", "entry of the dose into expanded effectors"),
    to_exhausted=("f_Tx", 23.5837, 20.2683, 7.321, "1/day", "entry of the dose into exhausted cells"),
)
PARAMETERS = {
    **{name: Parameter(row[1], row[4], row[5], None, SETS) for name, row in MEDIANS.items()},
    **dict(
        transfer=Parameter(1.0, "1/day", "distribution of the dose out of the depot", None, "unit rate in the equations"),
        dose=Parameter(1e8, "cells", "CAR-T cells infused", None, "initial condition of the equations"),
        tumour_0=Parameter(1e10, "cells", "tumour at the infusion", None, "initial condition of the equations"),
        antigen_0=Parameter(1e10, "cells", "antigen at the infusion", None, "initial condition of the equations"),
    ),
}


def initial(p):
    return dict(
        memory=0.0, effector_1=0.0, effector_2=0.0, exhausted=0.0, tumour=p.tumour_0, antigen=p.antigen_0, depot=p.dose, distributing=0.0
    )


def toggle(y, p):
    renewal = p.renewal_max * (1 - hill(y.antigen, p.antigen_50, p.n_memory))
    leaving = p.r_memory * (1 - renewal) * y.memory
    expanding = p.r_effector * hill(y.antigen, p.antigen_50, p.n_effector) * y.effector_1
    exhausting = p.r_exhaustion * hill(y.antigen, p.antigen_50, p.n_exhaustion) * y.effector_2
    returning = p.r_return * (1 - hill(y.antigen, p.antigen_50, p.n_return)) * y.effector_2
    entering = p.to_memory + p.to_effector_1 + p.to_effector_2 + p.to_exhausted
    return dict(
        memory=p.r_memory * renewal * y.memory - leaving - p.d_memory * y.memory + p.to_memory * y.distributing + returning,
        effector_1=2 * leaving - expanding - p.d_effector_1 * y.effector_1 + p.to_effector_1 * y.distributing,
        effector_2=2.0**p.doublings * expanding - exhausting - p.d_effector_2 * y.effector_2 + p.to_effector_2 * y.distributing - returning,
        exhausted=exhausting - p.d_exhausted * y.exhausted + p.to_exhausted * y.distributing,
        tumour=p.r_tumour * y.tumour * (1 - y.tumour / p.tumour_max) - p.kill * y.tumour * hill(y.effector_2, p.effector_50, p.n_kill),
        antigen=p.antigen_gain * y.tumour - p.antigen_loss * y.antigen,
        depot=-p.transfer * (p.loss + 1) * y.depot,
        distributing=p.transfer * y.depot - entering * y.distributing,
    )


MODEL = Model(
    name="kirouac_2023",
    title="CAR-T phenotypes switched by antigen, and the tumour",
    disease="chronic lymphocytic leukaemia",
    product="CTL019 (CAR-T cells against CD19)",
    answers=("CAR-T expansion by phenotype", "tumour course over a year by response group", "which parameters tell responders apart"),
    silent_on=("spread of whole patients (36 fitted sets only)", "cure", "healthy B cells", "loss of antigen by selection", "toxicity"),
    time="day",
    horizon=365.0,
    states=dict(
        memory=State("cells", "memory CAR-T cells"),
        effector_1=State("cells", "early effector CAR-T cells"),
        effector_2=State("cells", "expanded effector CAR-T cells"),
        exhausted=State("cells", "exhausted CAR-T cells"),
        tumour=State("cells", "tumour cells"),
        antigen=State("cells", "antigen, in tumour cells that carry it"),
        depot=State("cells", "dose before distribution", absolute=1.0),
        distributing=State("cells", "dose while it distributes", absolute=1.0),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(toggle)],
    outputs=dict(
        car_t=Output(lambda y: y.memory + y.effector_1 + y.effector_2 + y.exhausted, "cells", None, "whole body", "all CAR-T cells"),
        tumour_cells=Output(lambda y: y.tumour, "cells", None, "whole body", "tumour cells"),
    ),
    dosing=dict(infusion=Dosing("depot", "cells")),
    reference="doi:10.1038/s41587-023-01687-x",
    validation="validation/kirouac_2023.py",
)

POPULATIONS = {
    group: Parametric(
        model=MODEL,
        name=group,
        typical={name: float(row[1 + k]) for name, row in MEDIANS.items()},
        source=f"medians of the 12 published sets of {group}, computed for this file",
    )
    for k, group in enumerate(GROUPS)
}


def read_virtual_patients(path: str | Path) -> dict[str, Drawn]:
    """Return the published parameter sets by response group (CR, PR, NR), read from a CSV file given by the user.

    The table has a column `population` (the group) and one column for each symbol of the paper, one row a set. Raises
    InputError where the file cannot be read, a column is missing, or a value is no number.
    """
    import pandas as pd

    path = Path(path)
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as problem:
        raise InputError(f"{path.name}: cannot be read as a table of virtual patients ({problem}); expected CSV") from None
    need = ["population", *(row[0] for row in MEDIANS.values())]
    missing = [column for column in need if column not in table]
    if missing:
        raise InputError(f"{path.name}: column {missing[0]} is missing; a table of virtual patients has {', '.join(need)}")
    numbers = table[need[1:]].apply(pd.to_numeric, errors="coerce")
    bad = numbers.isna()
    if bad.to_numpy().any():
        column = str(bad.any().idxmax())
        row, value = int(bad[column].idxmax()) + 2, table[column][bad[column]].iloc[0]
        raise InputError(f"{path.name}, row {row}, column {column}: {value!r} is not a number")
    return {
        str(group): Drawn(
            model=MODEL,
            name=str(group),
            values={name: numbers.loc[rows.index, row[0]].to_numpy(float) for name, row in MEDIANS.items()},
            source=f"{len(rows)} sets of {group} read from {path.name}",
        )
        for group, rows in table.groupby("population", sort=False)
    }
