"""Fludarabine in children and adults before a transplant: exposure by weight and kidney function.

Langenhorst JB, Dorlo TPC, van Maarseveen EM, Nierkens S, Kuball J, Boelens JJ, van Kesteren C, Huitema ADR. Population pharmacokinetics
of fludarabine in children and adults during conditioning prior to allogeneic hematopoietic cell transplantation. Clin Pharmacokinet
2019;58:627-637, doi:10.1007/s40262-018-0715-9.

Three compartments of F-ara-A, what circulates of fludarabine phosphate within minutes. Clearance has a part of its own and a part that
follows kidney function; clearances scale with weight to the power 0.75, volumes with weight. 258 patients, 0.3 to 74 years, 2,605
concentrations. All values are read through a re-implementation (nlmixr2lib) that cites Table 2. Lymphodepletion before CAR-T cells
gives lower doses to other patients: exposure follows by dose, the spread of other patients is an extrapolation.

Weight and kidney function are parameters that a covariate replaces (covariate over reference, to the power 1). One random effect acts
on all clearances and one on all volumes: `clearance_factor` and `volume_factor`. Kidney function is the estimated glomerular filtration
rate for 1.73 m2 of body surface, capped by age in the paper (140 at most).

Doses: F-ara-A by route `fludarabine`; fludarabine phosphate, as labels and protocols give it, by route `phosphate`, of which 0.781 by
mass is F-ara-A. Which of the two was entered is not said where this was read; the printed exposure of adults agrees with the conversion
and not without it.

Left out: variation between the doses of one patient (12 % on clearances, 31 % on volumes; it would be `occasions=` of the population, with
the days of the doses as occasions): the spread of one day's exposure is too small by that, and of a whole course hardly.
"""

import math

from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Continuous, Parametric, PowerEffect
from autologue.regimen import Infusion, Regimen
from autologue.variability import LogNormal, Proportional

TABLE, COHORT = "Table 2, through a re-implementation", "Table 1, through a re-implementation"
SHARE = 285.23 / 365.21  # molar masses of F-ara-A and of its phosphate, g/mol
ADULTS, CHILDREN = (65.0, 78.0, 89.0, 47.0, 130.0), (14.0, 29.0, 52.0, 4.3, 96.0)  # weight: quartiles, median between, range, kg
PARAMETERS = dict(
    cl_other=Parameter(3.2, "L/hour", "clearance other than by the kidney, at 70 kg", None, TABLE),
    cl_slope=Parameter(0.78 * 0.06, "L*min/(mL*hour)", "clearance by the kidney over kidney function (0.78 in one unit)", None, TABLE),
    v_1=Parameter(39.0, "L", "central volume at 70 kg", None, TABLE),
    v_2=Parameter(20.0, "L", "first peripheral volume at 70 kg", None, TABLE),
    v_3=Parameter(50.0, "L", "second peripheral volume at 70 kg", None, TABLE),
    q_2=Parameter(8.6, "L/hour", "exchange with the first peripheral volume at 70 kg", None, TABLE),
    q_3=Parameter(3.8, "L/hour", "exchange with the second peripheral volume at 70 kg", None, TABLE),
    clearance_factor=Parameter(1.0, "1", "random effect shared by all clearances", LogNormal(cv=0.23), TABLE),
    volume_factor=Parameter(1.0, "1", "random effect shared by all volumes", LogNormal(cv=0.48), TABLE),
    share=Parameter(SHARE, "1", "F-ara-A by mass of fludarabine phosphate", None, "molar masses"),
    weight=Parameter(70.0, "kg", "body weight", None, "reference of Table 2"),
    kidney=Parameter(110.0, "mL/min", "glomerular filtration rate for 1.73 m2", None, f"{COHORT}: median of adults"),
    weight_reference=Parameter(70.0, "kg", "weight to which clearances and volumes belong", None, TABLE),
)


def initial():
    return dict(central=0.0, first=0.0, second=0.0, exposure=0.0)


def clearance(p):
    """Return the clearance in litres per hour."""
    return (p.cl_other + p.cl_slope * p.kidney) * (p.weight / p.weight_reference) ** 0.75 * p.clearance_factor


def volume(p):
    """Return what a volume at 70 kg is multiplied by."""
    return p.weight / p.weight_reference * p.volume_factor


def exchange(y, p):
    flow, size = (p.weight / p.weight_reference) ** 0.75 * p.clearance_factor, volume(p)
    concentration = y.central / (p.v_1 * size)
    first = p.q_2 * flow * (concentration - y.first / (p.v_2 * size))
    second = p.q_3 * flow * (concentration - y.second / (p.v_3 * size))
    return dict(central=-clearance(p) * concentration - first - second, first=first, second=second, exposure=concentration)


def regimen(daily: float, surface: float, *, days: int) -> Regimen:
    """Return daily one-hour infusions of fludarabine phosphate, `daily` in mg/m2 of a body surface in m2."""
    return Regimen(Infusion(0.0, daily * surface, 1.0, "mg", "phosphate", every=24.0, additional=days - 1), time="hour")


MODEL = Model(
    name="langenhorst_2019",
    title="Fludarabine: concentration and exposure by weight and kidney function",
    disease="any before an allogeneic transplant; here for lymphodepletion",
    product="fludarabine phosphate",
    answers=("exposure by dose, weight and kidney function, and its spread", "concentration by time"),
    silent_on=("effect on lymphocytes", "CAR-T cells", "toxicity", "cyclophosphamide", "variation between the doses of one patient"),
    time="hour",
    horizon=168.0,
    states=dict(
        central=State("mg", "F-ara-A in the central volume", absolute=1e-6),
        first=State("mg", "F-ara-A in the first peripheral volume", absolute=1e-6),
        second=State("mg", "F-ara-A in the second peripheral volume", absolute=1e-6),
        exposure=State("mg*hour/L", "area under the concentration so far", absolute=1e-6),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(exchange)],
    outputs=dict(
        concentration=Output(lambda y, p: y.central / (p.v_1 * volume(p)), "mg/L", Proportional(cv=0.063), "plasma", "F-ara-A"),
        auc=Output(lambda y: y.exposure, "mg*hour/L", None, "plasma", "area under the concentration of F-ara-A so far"),
    ),
    dosing=dict(phosphate=Dosing("central", "mg", bioavailability=lambda p: p.share), fludarabine=Dosing("central", "mg")),
    reference="doi:10.1007/s40262-018-0715-9",
    validation="validation/langenhorst_2019.py",
)


def cohort(name, weights, kidney):
    lower, median, upper, least, most = weights
    spread = math.log(upper / lower) / (2 * 0.67449)  # quartiles of a log-normal
    return Parametric(
        model=MODEL,
        name=name,
        typical=dict(weight=median, kidney=kidney),
        covariates=dict(weight=Continuous(median, "kg", LogNormal(sd=spread, lower=least, upper=most), COHORT)),
        effects=[PowerEffect("weight", "weight", median, 1.0, "the parameter is the covariate")],
        source=f"Table 2; weights of {name} in Table 1, through a re-implementation",
        assumed="weight is log-normal between the printed quartiles; kidney function is the median for everybody",
    )


POPULATIONS = dict(
    typical=Parametric(model=MODEL, name="typical", source="Table 2 at 70 kg, with the kidney function of the median adult"),
    adults=cohort("adults", ADULTS, 110.0),
    children=cohort("children", CHILDREN, 140.0),
)
