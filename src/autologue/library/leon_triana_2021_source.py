"""CAR-T cells against CD19 in B-cell leukaemia, with marrow that keeps making B cells: aplasia, relapse, second expansion.

Leon-Triana O, Sabir S, Calvo GF, Belmonte-Beitia J, Chulian S, Martinez-Rubio A, et al. Commun Nonlinear Sci Numer Simul
2021;94:105570, doi:10.1016/j.cnsns.2020.105570; equations 3a to 3c.

As leon_triana_2021, plus CD19+ progenitors of constant number that mature into B cells and stimulate CAR-T cells, both
dampened by CAR-T cells. The encoding BIOMD0000001012 reproduces the paper's figure 7a.

Two oddities, kept as curated. The stimulation by progenitors has no factor of CAR-T cells, which leaves a unit of cells
over: `beta` carries it here, and the term is too small to matter. And marrow alone holds B cells at 1e8 (progenitors x life of a
B cell / time to mature), far below the 2.5e10 at the infusion: aplasia is to be read against 1e8, or `b_0` set to it.
"""

from dataclasses import replace

from autologue.library.leon_triana_2021 import MODEL as REDUCED
from autologue.library.leon_triana_2021 import PARAMETERS as REDUCED_PARAMETERS
from autologue.model import Parameter, Phase
from autologue.population import Parametric

CURATED = "as in BioModels BIOMD0000001012 (equations 3a to 3c)"
PARAMETERS = {
    **REDUCED_PARAMETERS,
    **dict(
        tau_progenitor=Parameter(6.0, "day", "time in which a progenitor matures", None, CURATED),
        beta=Parameter(0.1, "cells", "weight of progenitors as stimulus (dimensionless in the paper, see above)", None, CURATED),
        c_50=Parameter(1e9, "cells", "CAR-T cells that halve the supply from marrow", None, CURATED),
        progenitors=Parameter(1e7, "cells", "CD19+ progenitors in marrow", None, CURATED),
    ),
}


def predation(y, p):
    supply = p.progenitors / (1 + y.car / p.c_50)
    return dict(
        car=p.rho_car * (y.leukaemia + y.b_cells) * y.car + p.rho_car * p.beta * supply - y.car / p.tau_car,
        leukaemia=p.rho_leukaemia * y.leukaemia - p.kill * y.leukaemia * y.car,
        b_cells=supply / p.tau_progenitor - p.kill * y.b_cells * y.car - y.b_cells / p.tau_b,
    )


MODEL = replace(
    REDUCED,
    name="leon_triana_2021_source",
    title="CAR-T cells, leukaemia and healthy B cells, with a source of B cells in marrow",
    answers=(*REDUCED.answers[:1], "fall and return of the leukaemia", "depletion and return of healthy B cells"),
    silent_on=("spread between patients", "loss of CD19", "chance extinction", "toxicity"),
    horizon=500.0,
    parameters=PARAMETERS,
    phases=[Phase(predation)],
    validation="validation/leon_triana_2021_source.py",
)

POPULATIONS = dict(typical=Parametric(model=MODEL, name="typical", source="the values of the paper's figure 7a"))
