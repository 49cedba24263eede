"""Kimmel 2021: expansion, tumour, cure by chance, a second infusion.

The chance of cure is computed here by quadrature of the birth-death process (Kendall 1948) from the moment when the tumour falls below
100 cells, independently of the engine. The paper's distribution of tumour growth between patients is not at hand: shares of cures
by day use growth rates spread evenly over its range, an assumption; the days of progression (mainly 200 to 500) depend on that
distribution most and are not compared.
"""

import sys

import numpy as np

from autologue.engine.reference import solve_reference
from autologue.library.kimmel_2021 import MODEL
from autologue.qualify.claims import claim, print_claims
from autologue.regimen import Bolus, Regimen

TEXT, COMPUTED = "text", "computed from the published equations independently"
TIMES = np.arange(0.0, 400.005, 0.01)
CELLS = 1e9  # in 1 mL of tumour


def solve(*, regimen=None, **parameters):
    """Return the states over 400 days."""
    return solve_reference(MODEL, parameters, TIMES, regimen=regimen)


def cure(found, **parameters):
    """Return the probability that the tumour is extinct at each time."""
    p = MODEL.with_typical(**parameters)
    below = np.flatnonzero(found["tumour"] * CELLS < 100)
    gone = np.zeros(len(TIMES))
    if not len(below):
        return gone
    start, car = below[0], found["car"][below[0] :]
    death = p["kill"] * car / (p["k_kill"] + car)
    log_weight = integral(death - p["r_tumour"])
    lost = integral(death * np.exp(log_weight))
    gone[start:] = (lost / (1 + lost)) ** 100
    return gone


def integral(values):
    step = TIMES[1] - TIMES[0]
    return np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2 * step)])


def course_claims(found):
    """Compare the course of the typical patient at a tumour growth of 0.19."""
    at = {day: round(day / (TIMES[1] - TIMES[0])) for day in (14, 28, 50, 90, 180)}
    top, low = int(found["car"].argmax()), int(found["tumour"].argmin())
    rows = [
        claim("CAR-T peak, cells/uL", source=COMPUTED, published="30.11", ours=found["car"][top]),
        claim("day of the CAR-T peak", source=COMPUTED, published="7.01", ours=TIMES[top]),
        claim("lowest tumour, cells", source=COMPUTED, published="1.1e3", ours=found["tumour"][low] * CELLS),
        claim("day of the lowest tumour", source=COMPUTED, published="63", ours=TIMES[low]),
        claim("day of progression (1.2 x baseline after the minimum)", source=COMPUTED, published="193.5", ours=progression(found)),
    ]
    points = (("car", 14, "8.975"), ("car", 28, "2.487"), ("car", 90, "0.338"), ("car", 180, "0.019"))
    points += (("normal", 14, "295.2"), ("normal", 28, "472.9"), ("normal", 50, "497.9"))
    return rows + [
        claim(f"{name} on day {day}, cells/uL", source=COMPUTED, published=number, ours=found[name][at[day]])
        for name, day, number in points
    ]


def progression(found):
    """Return the first day after the minimum on which the tumour is above 1.2 x baseline."""
    late = (np.arange(len(TIMES)) > found["tumour"].argmin()) & (found["tumour"] > 1.2 * found["tumour"][0])
    return float(TIMES[late.argmax()])


def cure_claims():
    """Compare when cures come, and what more normal T cells at the infusion do to them."""
    density = np.zeros(len(TIMES))
    for growth in np.linspace(0.01, 0.50, 50)[:20]:  # beyond 0.2 nobody is cured
        density += cure(solve(r_tumour=growth), r_tumour=growth)
    share = density / density[-1]
    early, late = share[8000] - share[2000], 1 - share[14000]
    few, many = (cure(solve(r_tumour=0.1, normal_0=n), r_tumour=0.1)[-1] for n in (2.0, 12.0))
    return [
        claim(f"most cures come on days 20 to 80 (ours: {100 * early:.0f} %)", source=TEXT, published=True, ours=early > 0.5),
        claim(
            f"cures after day 140 are rare (ours: {100 * late:.1f} %; our reading of rare: under 5 %)",
            source=TEXT,
            published=True,
            ours=late < 0.05,
        ),
        claim(
            f"12 instead of 2 normal T cells/uL lowers the chance of cure by orders of magnitude (growth 0.1: {few:.3g} to {many:.3g})",
            source=TEXT,
            published=True,
            ours=many < few / 100,
        ),
    ]


def sensitivity_claims():
    """Rank the parameters by the elasticity of the tumour minimum (what the paper's figure ranks is not at hand)."""
    names = ("k_car", "k_normal", "kill", "r_normal", "k_kill", "rho_car", "a", "r_tumour", "b")
    typical = MODEL.with_typical()
    change = {}
    for name in names:
        up, down = (np.log(solve(**{name: typical[name] * f})["tumour"].min()) for f in (1.01, 0.99))
        change[name] = abs(up - down)
    top = sorted(change, key=change.get, reverse=True)[:3]
    note = "we rank by the tumour minimum of the typical patient; the quantity and range of the paper's figure are not at hand"
    text = f"the three most sensitive parameters are k_car, k_normal, kill (ours: {', '.join(top)})"
    return [claim(text, source=TEXT, published=True, ours=set(top) == set(names[:3]), note=note)]


def second_claims(found):
    """Compare a second infusion, the same dose on day 60, without a second lymphodepletion."""
    again = solve(regimen=Regimen(Bolus(60.0, 0.36, "cells/uL", "infusion"), time="day"))
    later = progression(again) - progression(found)
    text = f"a second infusion on day 60 without lymphodepletion does not cure (it moves progression by {later:.0f} days)"
    return [claim(text, source=TEXT, published=True, ours=cure(again)[-1] < 1e-3)]


def checks():
    """Return all claims."""
    found = solve()
    return [*course_claims(found), *cure_claims(), *second_claims(found), *sensitivity_claims()]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
