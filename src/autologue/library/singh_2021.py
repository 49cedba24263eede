"""bb2121 in multiple myeloma: receptors that meet BCMA, expansion in marrow, M-protein and soluble BCMA.

Singh AP, Chen W, Zheng X, Mody H, Carpenter TJ, Zong A, Heald DL. Bench-to-bedside translation of chimeric antigen receptor (CAR) T
cells using a multiscale systems pharmacokinetic-pharmacodynamic model: a case study with anti-BCMA CAR-T. CPT Pharmacometrics Syst
Pharmacol 2021;10:362-376, doi:10.1002/psp4.12598.

PROVISIONAL. Equations and values are those of a re-implementation (github.com/mstadt/CART) that cites the paper's Table 1 and the authors'
code; the paper's supplement was not at hand. Receptors bind BCMA in marrow; complexes per CAR-T cell drive expansion, complexes per tumour
cell drive killing.

What is unsettled, and how it stands here:

- Amounts and concentrations are mixed. The dose goes as a number of cells into what exchanges with marrow as a concentration, and binding
  takes cells of marrow without its volume. All cells are numbers here, and the volumes count by their ratio only.
- Transgene is 0.002 copies/ug for each "cell" of blood, which makes the infusion itself a spike of 1e5 to 1.6e6 copies/ug, gone
  within hours at the printed elimination of 113 per day. Look at the curve from day 2.
- Complexes per cell at half expansion are 10 here and 1.15 in another branch of the code, 250 times the transgene.
- M-protein and soluble BCMA are relative to their start, because their units are not at hand. The conversion into memory cells (2e-5) and
  the tumour of 2.5e9 cells are called guesses there.

Peak transgene is some 3.5e4 copies/ug whatever the dose, on days 15 to 12. That much of the paper holds without the supplement: tumour
burden matters more than dose.
"""

from autologue.functions import hill
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric
from autologue.regimen import Bolus, Regimen

DAY, MOLE = 86400.0, 6.023e23  # seconds, and molecules as the code has it
CODE = "Table 1 through a re-implementation"
GUESS = "a guess of the re-implementation"
PARAMETERS = dict(
    into_marrow=Parameter(1.71, "1/day", "passage from blood into marrow", None, CODE),
    out_of_marrow=Parameter(0.176, "1/day", "passage from marrow into blood", None, CODE),
    v_blood=Parameter(5.0, "L", "volume of blood", None, CODE),
    v_marrow=Parameter(3.65, "L", "volume of marrow", None, CODE),
    d_effector=Parameter(113.0, "1/day", "elimination of effectors from blood", None, CODE),
    d_memory=Parameter(0.219, "1/day", "elimination of memory cells from blood", None, CODE),
    r_max=Parameter(1.73, "1/day", "maximal expansion of effectors in marrow", None, CODE),
    expansion_50=Parameter(10.0, "molecules/cell", "complexes per CAR-T cell at half expansion", None, CODE + "; 1.15 in another branch"),
    to_memory=Parameter(2e-5, "1/day", "effectors that turn into memory cells", None, GUESS),
    car_density=Parameter(15000.0, "molecules/cell", "receptors on a CAR-T cell", None, CODE),
    target_density=Parameter(12590.0, "molecules/cell", "BCMA on a tumour cell", None, CODE),
    on=Parameter(7.1e4 * DAY / MOLE, "1/(molecule*day)", "binding, 7.1e4 per molar and second in one litre", None, CODE),
    off=Parameter(2.39e-3 * DAY, "1/day", "unbinding, 2.39e-3 per second", None, CODE),
    kill_max=Parameter(0.343, "1/day", "maximal killing", None, CODE),
    kill_50=Parameter(2.24, "molecules/cell", "complexes per tumour cell at half the killing", None, CODE),
    r_tumour=Parameter(0.008, "1/day", "growth rate of the tumour", None, CODE),
    m_power=Parameter(0.215, "1", "power of the tumour in the production of M-protein", None, CODE),
    d_m_protein=Parameter(0.117, "1/day", "loss of M-protein", None, CODE),
    d_bcma=Parameter(0.7, "1/day", "loss of soluble BCMA", None, CODE),
    per_cell=Parameter(0.002, "copies/(ug*cell)", "transgene per CAR-T cell of blood", None, CODE),
    tumour_0=Parameter(2.5e9, "cells", "tumour cells at the infusion", None, GUESS),
)
DOSES = (50e6, 150e6, 450e6, 800e6)  # cells, of the trial


def initial(p):
    start = dict(tumour=p.tumour_0, m_protein=1.0, bcma=1.0)
    return start | dict.fromkeys(("blood_effector", "blood_memory", "effector", "memory", "complexes"), 0.0)


def infusion(cells: float) -> Regimen:
    """Return an infusion of CAR-T cells on day 0."""
    return Regimen(Bolus(0.0, cells, "cells", "infusion"), time="day")


def course(y, p):
    ratio = p.v_marrow / p.v_blood
    expansion = p.r_max * hill(y.complexes, p.expansion_50 * (y.effector + y.memory), 1.0)
    killing = p.kill_max * hill(y.complexes, p.kill_50 * y.tumour, 1.0)
    free_car = p.car_density * (y.effector + y.memory) - y.complexes
    free_target = p.target_density * y.tumour - y.complexes
    return dict(
        blood_effector=p.out_of_marrow * ratio * y.effector - (p.into_marrow + p.d_effector) * y.blood_effector,
        blood_memory=p.out_of_marrow * ratio * y.memory - (p.into_marrow + p.d_memory) * y.blood_memory,
        effector=p.into_marrow / ratio * y.blood_effector + (expansion - p.out_of_marrow - p.to_memory) * y.effector,
        memory=p.into_marrow / ratio * y.blood_memory + p.to_memory * y.effector - p.out_of_marrow * y.memory,
        complexes=p.on * free_car * free_target - p.off * y.complexes,
        tumour=(p.r_tumour - killing) * y.tumour,
        m_protein=p.d_m_protein * ((y.tumour / p.tumour_0) ** p.m_power - y.m_protein),
        bcma=p.d_bcma * (y.tumour / p.tumour_0 - y.bcma),
    )


MODEL = Model(
    name="singh_2021",
    title="bb2121: receptors and BCMA, expansion in marrow, M-protein",
    disease="multiple myeloma, relapsed or refractory",
    product="bb2121, the precursor of idecabtagene vicleucel",
    answers=("expansion by tumour burden and by density of receptor and target", "M-protein and soluble BCMA relative to their start"),
    silent_on=("absolute transgene (see the units)", "spread between patients", "progression-free survival", "toxicity", "loss of BCMA"),
    time="day",
    horizon=180.0,
    states=dict(
        blood_effector=State("cells", "effector CAR-T cells in blood"),
        blood_memory=State("cells", "memory CAR-T cells in blood"),
        effector=State("cells", "effector CAR-T cells in marrow"),
        memory=State("cells", "memory CAR-T cells in marrow"),
        complexes=State("molecules", "receptors bound to BCMA"),
        tumour=State("cells", "tumour cells in marrow"),
        m_protein=State("1", "M-protein in serum, relative to its start", absolute=1e-6),
        bcma=State("1", "soluble BCMA in serum, relative to its start", absolute=1e-6),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(course)],
    outputs=dict(
        transgene=Output(
            lambda y, p: p.per_cell * (y.blood_effector + y.blood_memory), "copies/ug", None, "blood", "CAR transgene, scale provisional"
        ),
        tumour_cells=Output(lambda y: y.tumour, "cells", None, "marrow", "tumour cells"),
        m_protein_ratio=Output(lambda y: y.m_protein, "1", None, "serum", "M-protein relative to its start"),
        bcma_ratio=Output(lambda y: y.bcma, "1", None, "serum", "soluble BCMA relative to its start"),
    ),
    dosing=dict(infusion=Dosing("blood_effector", "cells")),
    regimen=infusion(DOSES[2]),
    reference="doi:10.1002/psp4.12598",
    provisional="read through a re-implementation that mixes amounts and concentrations; the supplement with the units is not at hand",
    validation="validation/singh_2021.py",
)

POPULATIONS = dict(typical=Parametric(model=MODEL, name="typical", source=CODE))
