"""Ogasawara 2021, lisocabtagene maraleucel: times and half-lives come back out of the curve; the two readings of the peak.

What cannot be checked: the paper's typical peak, persisting fraction, spread and residual error are not at hand.
"""

import math
import sys

import numpy as np

from autologue.engine.reference import solve_reference
from autologue.library.ogasawara_2021 import MODEL, MODEL_FROM_LAG, POPULATIONS
from autologue.qualify.claims import claim, print_claims

ABSTRACT, COMPUTED = "paper or its abstract", "computed from the published means independently"
LOPSIDED = "the printed interval is not symmetric about the mean on the logarithm; its width is kept"


def solve(model, times):
    """Return the states of the typical patient."""
    return solve_reference(model, {}, times)


def spread(name):
    """Return the 95 % interval of the typical value that draws of the population have."""
    width = 1.959964 * POPULATIONS["typical"].uncertainty[name]
    return MODEL.parameters[name].value * np.exp([-width, width])


def checks():
    """Return all claims."""
    grow, fall = solve(MODEL, [4.0, 5.0])["effector"], solve(MODEL, [20.0, 21.0])
    first, last = (math.log(2) / math.log(fall[name][0] / fall[name][1]) for name in ("effector", "memory"))
    times = np.linspace(0.0, 14.0, 14001)
    curve = sum(solve(MODEL, times).values())
    begin = float(times[np.argmax(curve > curve[0] * 1.0001)])
    rows = [
        claim("lag, days", source=ABSTRACT, published="3.27", ours=begin),
        claim("doubling time, days", source=ABSTRACT, published="0.755", ours=math.log(2) / math.log(grow[1] / grow[0])),
        claim("time of the peak, days", source=ABSTRACT, published="9.29", ours=float(times[curve.argmax()])),
        claim("half-life of the first decline, days", source=ABSTRACT, published="5.00", ours=first),
        claim("terminal half-life, days", source=ABSTRACT, published="352", ours=last),
        claim("expansion, peak counted from the infusion", source=COMPUTED, published="251", ours=1 / solve(MODEL, [0.0])["effector"][0]),
        claim(
            "expansion, peak counted from the lag", source=COMPUTED, published="5.1e3", ours=1 / solve(MODEL_FROM_LAG, [0.0])["effector"][0]
        ),
    ]
    low, high = spread("t_lag")
    rows.append(claim("lag, lower end of the interval, days", source=ABSTRACT, published="2.71", ours=low, note=LOPSIDED))
    rows.append(claim("lag, upper end of the interval, days", source=ABSTRACT, published="3.97", ours=high, note=LOPSIDED))
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
