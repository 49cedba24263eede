"""Cytokine storm as a second stable state: treatment that fails, works, or works at the price of a storm.

Kareva I, Gevertz JL. Cytokine storm mitigation for exogenous immune agonists, 2023; equations and values from the authors' own code,
https://github.com/jgevertz/CytokineStorm.

Immune cells are raised by the drug (any immune agonist, CAR-T cells among them) and by killing tumour; immune cells raise cytokines,
which above `cytokine_low` raise immune cells further and above `cytokine_high` lower them. The tumour needs a founder's number (Allee
effect): below `founders` it dies out by itself. All quantities are dimensionless; time is in hours, as a comment in the code has it.

To know before use: a large tumour makes immune cells grow out of any remainder, a cell of 1e-17 included, thousands of hours later. No
state therefore has an amount below which it is left alone, and a course beyond some 1,000 hours says more of the equations than of a
body.

Three regimes, by killing of tumour and stimulation of cytokines: at the authors' defaults the tumour grows back (`ineffective`); more
killing makes it vanish, with a storm where cytokines are stimulated strongly (`storm`) and without where they are not (`effective`). A
storm is a cytokine level above 6; a treatment is effective where the tumour ends below 0.1. The dose, 10 at hour 200, is the model's
regimen.
"""

from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric
from autologue.regimen import Bolus, Regimen

CODE = "code of the authors"


def quantity(value, unit, meaning):
    return Parameter(value, unit, meaning, None, CODE)


PARAMETERS = dict(
    inflow=quantity(0.1, "1/hour", "drug that turns into immune cells"),
    recruitment=quantity(2.0, "1", "immune cells raised for tumour killed"),
    kill=quantity(0.05, "1/hour", "killing of tumour"),
    feedback=quantity(0.01, "1/hour", "effect of cytokines on immune cells"),
    cytokine_low=quantity(1.0, "1", "cytokine level above which it raises immune cells"),
    cytokine_high=quantity(6.0, "1", "cytokine level above which it lowers immune cells"),
    d_immune=quantity(0.693 / 7, "1/hour", "death of immune cells"),
    basal=quantity(1e-4, "1/hour", "cytokine made without immune cells"),
    d_cytokine=quantity(0.42, "1/hour", "loss of cytokine"),
    stimulation=quantity(0.8, "1/hour", "cytokine raised by immune cells"),
    r_tumour=quantity(0.06, "1/hour", "growth rate of the tumour"),
    founders=quantity(0.05, "1", "tumour below which it dies out by itself"),
    tumour_max=quantity(1.0, "1", "capacity for the tumour"),
    tumour_0=quantity(0.1, "1", "tumour at the start"),
)
REGIMES = dict(ineffective={}, storm=dict(stimulation=1.55, kill=0.15), effective=dict(stimulation=0.6, kill=0.15))


def initial(p):
    return dict(immune=0.0, cytokine=0.0, drug=0.0, tumour=p.tumour_0)


def storm(y, p):
    active = y.immune / (1 + y.immune)
    killed = p.kill * active * y.tumour
    feedback = p.feedback * (y.cytokine - p.cytokine_low) * (p.cytokine_high - y.cytokine) * active
    return dict(
        immune=p.inflow * y.drug + p.recruitment * killed + feedback - p.d_immune * y.immune,
        cytokine=p.basal + p.stimulation * active * y.cytokine - p.d_cytokine * y.cytokine,
        drug=-p.inflow * y.drug,
        tumour=p.r_tumour * (y.tumour - p.founders) * (1 - y.tumour / p.tumour_max) * y.tumour - killed,
    )


MODEL = Model(
    name="kareva_gevertz_2023",
    title="Cytokine storm as a second stable state, dimensionless",
    disease="tumour, none in particular",
    product="immune agonist, CAR-T cells among others",
    answers=("whether a treatment works, and whether at the price of a storm", "a dose in fractions against a storm"),
    silent_on=("anything in units", "patients", "a particular product or tumour", "grade of cytokine release syndrome"),
    time="hour",
    horizon=3600.0,
    states=dict(
        immune=State("1", "immune cells"),
        cytokine=State("1", "cytokine"),
        drug=State("1", "drug"),
        tumour=State("1", "tumour, in shares of the capacity"),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(storm)],
    outputs=dict(
        immune_cells=Output(lambda y: y.immune, "1", None, "", "immune cells"),
        cytokine_level=Output(lambda y: y.cytokine, "1", None, "", "cytokine"),
        tumour_size=Output(lambda y: y.tumour, "1", None, "", "tumour, in shares of the capacity"),
    ),
    dosing=dict(infusion=Dosing("drug", "1")),
    regimen=Regimen(Bolus(200.0, 10.0, "1", "infusion"), time="hour"),
    reference="https://github.com/jgevertz/CytokineStorm",
    validation="validation/kareva_gevertz_2023.py",
)

POPULATIONS = {
    name: Parametric(
        model=MODEL, name=name, typical=changed, source="defaults of the authors' code" if not changed else "inside the authors' sweep"
    )
    for name, changed in REGIMES.items()
}
