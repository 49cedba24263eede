"""Barros 2021, CARTmath: threshold of the dose, memory, a second tumour, fractions, equilibria.

Contradictions of the paper, in sight as missed: memory cells of figure 4a, and one equilibrium, whose tumour does not fit its own CAR-T
cells. How many fractions the paper gave, and of what dose, is not at hand: of two to six parts of eight doses from 1e6 to 1e7 only four
parts of 1.3e6 cells, a dose that the paper names, give both printed figures. Rows of fractions rest on that reading and are no
independent check.
"""

import sys

import numpy as np
from scipy.optimize import root

from autologue.library.barros_2021 import MODEL, infusion
from autologue.model import Names, call
from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims
from autologue.qualify.course import follow

TEXT = "text"
TIMES = np.arange(0.0, 300.05, 0.1)
ROUNDED = "1,442,520 here and 1,442,522 printed: the seventh digit, where the parameters are rounded"
UNFIT = "the printed CAR-T cells, put into the paper's equation for effectors, give 1,091 tumour cells"


def memory(plan):
    """Return memory cells on day 200 under a regimen."""
    return follow("barros_2021", TIMES, regimen=plan, explicit=False).at("memory", 200.0)


def fraction_claims():
    """Compare what a dose in fractions adds to memory cells."""
    whole, rows = memory(infusion(1.3e6, day=42.0)), []
    for rest, number in ((7.0, "7"), (14.0, "15")):
        more = memory(infusion(1.3e6, day=42.0, parts=4, rest=rest)) / whole - 1
        text = f"memory cells that fractions {rest:g} days apart add by day 200, % (read as four of 1.3e6 cells, see above)"
        rows.append(claim(text, source=TEXT, published=number, ours=100 * more))
    return rows


def threshold_claims():
    """Halve the interval of doses until the threshold is known to three digits."""
    low, high = 2.5e5, 2.6e5
    while high / low > 1.0005:
        middle = (low * high) ** 0.5
        cleared = follow("barros_2021", TIMES, regimen=infusion(middle, day=42.0), explicit=False).at("tumour", 300.0) <= 8e5
        low, high = (low, middle) if cleared else (middle, high)
    text = f"the threshold of the dose lies between 2.5e5 and the printed 2.6e5 cells (ours: {high:.4g})"
    return [claim(text, source=TEXT, published=True, ours=2.5e5 < low < high < 2.6e5)]


def equilibrium(*guess):
    """Return the equilibrium (effectors, memory, tumour) near a guess, in logarithms."""
    p = Names("parameter", MODEL.with_typical())

    def rates(logs):
        y = dict(zip(MODEL.states, map(float, np.exp(logs)), strict=True))
        return [rate / y[name] for name, rate in call(MODEL.phases[0].rhs, y=Names("state", y), p=p).items()]

    return np.exp(root(rates, np.log(guess), tol=1e-14).x)


def equilibrium_claims():
    """Compare the two equilibria with CAR-T cells, a tumour kept and a tumour small."""
    rows = []
    for name, printed in (("P2", ("1.5205e4", "2.63e2", "1.442522e6")), ("P3", ("1.5205e4", "1.97519e5", "1.089e3"))):
        found = equilibrium(*(1.1 * float(number) for number in printed))
        for what, number, value in zip(("effectors", "memory cells", "tumour"), printed, found, strict=True):
            note = "" if what != "tumour" else UNFIT if name == "P3" else ROUNDED
            rows.append(claim(f"equilibrium {name}: {what}", source=TEXT, published=number, ours=value, note=note))
    return rows


def checks():
    """Return all claims."""
    return [*run_cases("barros_2021", "barros_2021_raji"), *threshold_claims(), *fraction_claims(), *equilibrium_claims()]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
