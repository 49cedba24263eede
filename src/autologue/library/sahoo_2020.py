"""CAR T-cells and glioma as predator and prey (CARRGO): growth, killing, and what lives on together.

Sahoo P, Yang X, Abler D, Maestrini D, Adhikarla V, Frankhouser D, et al. Mathematical deconvolution of CAR T-cell proliferation and
exhaustion from real-time killing assay data. J R Soc Interface 2020;17:20190734, doi:10.1098/rsif.2019.0734.

X' = rho X (1 - X/K) - k1 X Y and Y' = k2 X Y - theta Y, here in the paper's scaled form: tumour in shares of the capacity, x = X/K,
CAR T-cells by what they kill, y = k1 Y/rho, A = theta/rho and B = k2 K/rho (negative where CAR T-cells tire), but time in days. Three
equilibria: none alive, tumour alone (1, 0), and coexistence (A/B, 1 - A/B), which draws everything in when B > A.

The parameters are the paper's example of a pseudo-response (case 3: A 0.14, B 1.6), in which the tumour falls, returns and swings about
coexistence; its clock is the growth rate of one of three lines in vitro. The start is an ASSUMPTION: half the capacity, CAR T-cells at a
tenth of the scale.

Left out: fitted killing rates of the lines are not at hand, and the printed values for patients cannot be trusted, because
signs of exponents are lost in the text and the caption contradicts them. For data of a killing assay see brummer_2022.
"""

from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.population import Parametric

EXAMPLE, START = "example of case 3, scaled", "ASSUMED: the start of the example is not at hand"
GROWTH = dict(pbt138=0.72, pbt030=1.07, ht1080=2.1)  # 1/day, in vitro
PARAMETERS = dict(
    r_tumour=Parameter(GROWTH["pbt138"], "1/day", "growth rate of the tumour", None, "growth in vitro, PBT138 of high antigen"),
    death=Parameter(0.14, "1", "death rate of CAR T-cells over growth rate of the tumour (A)", None, EXAMPLE),
    stimulation=Parameter(1.6, "1", "growth of CAR T-cells at tumour capacity over growth rate of the tumour (B)", None, EXAMPLE),
    tumour_0=Parameter(0.5, "1", "tumour at the start, in shares of the capacity", None, START),
    car_0=Parameter(0.1, "1", "CAR T-cells at the start, in killing rate over growth rate", None, START),
)


def initial(p):
    return dict(tumour=p.tumour_0, car=p.car_0)


def predation(y, p):
    return dict(
        tumour=p.r_tumour * (1 - y.tumour - y.car) * y.tumour,
        car=p.r_tumour * (p.stimulation * y.tumour - p.death) * y.car,
    )


MODEL = Model(
    name="sahoo_2020",
    title="CARRGO: glioma and CAR T-cells as prey and predator, scaled",
    disease="glioblastoma, patient-derived lines in vitro",
    product="CAR T-cells against an antigen of the line",
    answers=("whether the tumour goes, stays or swings with CAR T-cells", "where tumour and CAR T-cells come to rest"),
    silent_on=("cells in numbers", "patients", "spread between wells", "dexamethasone (see brummer_2022)", "chance extinction"),
    time="day",
    horizon=60.0,
    states=dict(
        tumour=State("1", "tumour, in shares of the capacity"),
        car=State("1", "CAR T-cells, in killing rate over growth rate of the tumour"),
    ),
    parameters=PARAMETERS,
    initial=initial,
    phases=[Phase(predation)],
    outputs=dict(
        burden=Output(lambda y: y.tumour, "1", None, "well", "tumour, in shares of the capacity"),
        car_t=Output(lambda y: y.car, "1", None, "well", "CAR T-cells, in killing rate over growth rate of the tumour"),
    ),
    dosing=dict(cells=Dosing("car", "1")),
    reference="doi:10.1098/rsif.2019.0734",
    validation="validation/sahoo_2020.py",
)

POPULATIONS = {
    line: Parametric(
        model=MODEL,
        name=line,
        typical=dict(r_tumour=growth),
        source=f"example of case 3, on the clock of the growth of {line.upper()} in vitro",
        assumed="the start; the example is that of no particular line",
    )
    for line, growth in GROWTH.items()
}
