"""Kimmel 2021: expansion, tumour, cure by chance, a second infusion.

The chance of cure is the engine's birth-death tail, which `engine_against_scipy.py` holds against a quadrature of Kendall's formula. The
paper's distribution of tumour growth between patients is not at hand: shares of cures
by day use growth rates spread evenly over its range, an assumption; the days of progression (mainly 200 to 500) depend on that
distribution most and are not compared.
"""

import sys

import numpy as np

from autologue.engine.solve import Solver, solve
from autologue.library.kimmel_2021 import MODEL, MODEL_EXTINCTION
from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims
from autologue.qualify.course import follow

TEXT = "text"
TIMES = np.arange(0.0, 400.005, 0.01)
NARROW = Solver(explicit=True, rtol=1e-9)


def cures(**values):
    """Return the probability of extinction (patients, times) of patients whose parameters are typical but for these arrays."""
    columns = np.broadcast_arrays(*(values.get(n, np.atleast_1d(q.value)) for n, q in MODEL.parameters.items()))
    output = ["tumour_extinction_probability"]
    return solve(MODEL_EXTINCTION, np.column_stack(columns), times=TIMES, outputs=output, solver=NARROW).values[:, :, 0]


def cure_claims():
    """Compare when cures come, and what more normal T cells at the infusion do to them."""
    density = cures(r_tumour=np.linspace(0.01, 0.50, 50)[:20]).sum(0)  # beyond 0.2 nobody is cured
    share = density / density[-1]
    early, late = share[8000] - share[2000], 1 - share[14000]
    few, many = cures(r_tumour=np.array([0.1, 0.1]), normal_0=np.array([2.0, 12.0]))[:, -1]
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
        up, down = (np.log(follow("kimmel_2021", TIMES, **{name: typical[name] * f})["tumour"].min()) for f in (1.01, 0.99))
        change[name] = abs(up - down)
    top = sorted(change, key=change.get, reverse=True)[:3]
    note = "we rank by the tumour minimum of the typical patient; the quantity and range of the paper's figure are not at hand"
    text = f"the three most sensitive parameters are k_car, k_normal, kill (ours: {', '.join(top)})"
    return [claim(text, source=TEXT, published=True, ours=set(top) == set(names[:3]), note=note)]


def checks():
    """Return all claims."""
    return [*run_cases("kimmel_2021", "kimmel_2021_extinction"), *cure_claims(), *sensitivity_claims()]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
