"""Tisagenlecleucel in children and young adults with B-cell leukaemia: transgene in blood.

Stein AM, Grupp SA, Levine JE, Laetsch TW, Pulsipher MA, Boyer MW, et al. Tisagenlecleucel model-based cellular kinetic
analysis of CAR-T cells. CPT Pharmacometrics Syst Pharmacol 2019;8(5):285-295, doi:10.1002/psp4.12388.

Cells grow exponentially from the infusion to a peak at `t_max`, then decline with two slopes: most die, a small fraction
lives on as memory. 90 patients of ELIANA and ENSIGN, aged 3 to 25 years (median 12), 14 to 140 kg (median 39).

Two readings of one column. The random effects are read here as standard deviations of the logarithm (population `sd`) and as
variances (population `variance`): two public re-implementations of the paper disagree, its table was not at hand to settle
it, and simulated studies lean to `variance` without proving it. Both ship; neither is tuned.

Truncated: an expansion below 1-fold (3 in 10,000 patients under `sd`, hardly any under `variance`) and a memory fraction above 0.95
are drawn again; the paper's equations have no meaning there.

Left out: the covariate model on the peak (sex, ancestry, Down syndrome, earlier transplant, fludarabine, study, comedication,
transduction efficiency, dose). None of its effects was significant and the paper's final model has none; to state it
faithfully one needs its own reference peak, the share of the two studies and the spread of transduction efficiency, which are
not at hand. Comedication acts on the growth rate only, through inputs that are 0 until the regimen sets them to 1.
"""

from autologue.functions import exp, log, where
from autologue.model import Input, Model, Output, Parameter, Phase, State
from autologue.population import Parametric
from autologue.variability import LogNormal

TABLE = "Table 1, read through two re-implementations that agree on it"
CARD = dict(fold_expansion=2.4, t_max=0.38, c_max=0.65, alpha=0.91, memory_fraction=0.80, beta=0.86)  # random effects as printed
RANGE = dict(fold_expansion=dict(lower=1.0), memory_fraction=dict(upper=0.95))


def spread(name, scale):
    return LogNormal(**{scale: CARD[name]}, **RANGE.get(name, {}))


PARAMETERS = dict(
    fold_expansion=Parameter(3900.0, "1", "expansion from the infusion to the peak", spread("fold_expansion", "sd"), TABLE),
    t_max=Parameter(9.3, "day", "time of the peak", spread("t_max", "sd"), TABLE),
    c_max=Parameter(24000.0, "copies/ug", "transgene at the peak", spread("c_max", "sd"), TABLE),
    alpha=Parameter(0.16, "1/day", "rate of the first decline", spread("alpha", "sd"), TABLE),
    memory_fraction=Parameter(0.0079, "1", "share of the peak that lives on as memory", spread("memory_fraction", "sd"), TABLE),
    beta=Parameter(0.0032, "1/day", "rate of the late decline", spread("beta", "sd"), TABLE),
    f_tocilizumab=Parameter(1.2, "1", "factor on the growth rate once tocilizumab is given", None, TABLE),
    f_steroid=Parameter(1.0, "1", "factor on the growth rate once corticosteroids are given", None, TABLE),
)


COMEDICATION = "from non-randomised data, given because cells expand"


def initial(p):
    return dict(effector=p.c_max / p.fold_expansion, memory=0.0)


def expansion(y, p, u):
    comedication = (1 + (p.f_tocilizumab - 1) * u.tocilizumab) * (1 + (p.f_steroid - 1) * u.steroid)
    return dict(effector=log(p.fold_expansion) / p.t_max * comedication * y.effector, memory=0.0)


def split(y, p):
    return dict(effector=(1 - p.memory_fraction) * y.effector, memory=p.memory_fraction * y.effector)


def contraction(y, p):
    return dict(effector=-p.alpha * y.effector, memory=-p.beta * y.memory)


def closed_form(t, p):
    """Return the states at time t where no comedication is given."""
    growing, since = t < p.t_max, t - p.t_max
    rate = where(growing, log(p.fold_expansion) / p.t_max, -p.alpha)
    return dict(
        effector=where(growing, p.c_max, (1 - p.memory_fraction) * p.c_max) * exp(rate * since),
        memory=where(growing, 0.0, p.memory_fraction * p.c_max * exp(-p.beta * since)),
    )


MODEL = Model(
    name="stein_2019",
    title="Tisagenlecleucel: expansion, contraction and persistence of the transgene",
    disease="B-cell acute lymphoblastic leukaemia, children and young adults",
    product="tisagenlecleucel",
    answers=("peak and time of the peak", "exposure over 28 days", "how long the transgene stays above an assay limit"),
    silent_on=("effect of the dose", "leukaemia", "toxicity", "effect of comedication on anything but growth before the peak"),
    time="day",
    horizon=365.0,
    states=dict(
        effector=State("copies/ug", "transgene of cells that expand and contract"),
        memory=State("copies/ug", "transgene of cells that persist"),
    ),
    parameters=PARAMETERS,
    inputs=dict(
        tocilizumab=Input(0.0, "1", "1 once tocilizumab is given", COMEDICATION),
        steroid=Input(0.0, "1", "1 once corticosteroids are given", COMEDICATION),
    ),
    initial=initial,
    phases=[Phase(expansion, until=lambda p: p.t_max, reset=split), Phase(contraction)],
    outputs=dict(
        transgene=Output(
            lambda y: y.effector + y.memory, "copies/ug", LogNormal(sd=0.56), "blood", "CAR transgene by qPCR, per microgram of genomic DNA"
        )
    ),
    closed_form=closed_form,
    reference="doi:10.1002/psp4.12388",
    validation="validation/stein_2019.py",
)

POPULATIONS = dict(
    sd=Parametric(model=MODEL, name="sd", source="Table 1, random effects read as standard deviations of the logarithm"),
    variance=Parametric(
        model=MODEL,
        name="variance",
        variability={name: spread(name, "variance") for name in CARD},
        source="Table 1, random effects read as variances of the logarithm",
    ),
)
