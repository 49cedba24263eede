"""Sensitivity and identifiability of Kimmel 2021: its published ranking and its pairs that data cannot tell apart.

The paper ranks parameters KC, KN, gB, rN, kB, rhoC, a, rB, b. Which quantity and range its figure uses is not at hand: we rank the log
of the smallest tumour volume (the depth that decides about cure), each parameter 20 % up or down, by five analyses that share nothing but
the solver. The order of the last four, whose indices are all within each other's intervals, is printed and not judged.

The paper reports correlations of -0.96 between kB and gB, and of 0.94 between kB and rB. Those signs are the ones of the *effects* of the
parameters on what is measured (a cosine); correlations of *estimates* have the opposite ones. Both are printed. The design is ours (the
paper's, tumour volumes of patients, is not at hand): imaging after 28, 90 and 180 days, as trials do.
"""

import sys

from autologue.analysis import PAWN, Design, Morris, Observed, Sobol, around, global_sensitivity, identify, local_sensitivity
from autologue.engine.summary import Minimum
from autologue.library.kimmel_2021 import MODEL
from autologue.qualify.claims import claim, print_claims
from autologue.variability import LogNormal

QUICK = "--quick" in sys.argv
TEXT = "text"
PUBLISHED = ("k_car", "k_normal", "kill", "r_normal", "k_kill", "rho_car", "a", "r_tumour", "b")
DEPTH = Minimum("tumour_volume")
RANGES = around(MODEL, 0.2, names=PUBLISHED)


def rankings():
    """Return the ranking by each way, most influential first."""
    samples = 128 if QUICK else 2048
    ways = {
        "Sobol, total": Sobol(samples),
        "Morris, mu*": Morris(30 if QUICK else 200),
        "PAWN": PAWN(600 if QUICK else 5000),
    }
    asked = {"logarithmic": True, "seed": 1}
    found = {name: global_sensitivity(MODEL, [DEPTH], way, factors=RANGES, **asked).ranking() for name, way in ways.items()}
    wide = global_sensitivity(MODEL, [DEPTH], Sobol(samples), factors=around(MODEL, 0.05, names=PUBLISHED), logarithmic=True, seed=1)
    found["Sobol, total, 5 %"] = wide.ranking()
    found["local elasticity"] = local_sensitivity(MODEL, [DEPTH], parameters=PUBLISHED).ranking()
    return found


def ranking_claims():
    """Return a row for each way: the first three in their published order."""
    rows = []
    for name, order in rankings().items():
        text = f"the three most sensitive parameters are k_car, k_normal, kill, in this order ({name}: {', '.join(order)})"
        rows.append(claim(text, source=TEXT, published=True, ours=tuple(order[:3]) == PUBLISHED[:3]))
    return rows


def pair_claims():
    """Return whether the published pairs are the ones that the design cannot tell apart."""
    imaging = Design((Observed("tumour_volume", (28.0, 90.0, 180.0), LogNormal(sd=0.2)),))
    found = identify(MODEL, imaging, parameters=["kill", "k_kill", "r_tumour"])
    pairs = {frozenset((r.first, r.second)): r for r in found.pairs.itertuples()}
    killing, growth = pairs[frozenset(("kill", "k_kill"))], pairs[frozenset(("k_kill", "r_tumour"))]
    top = found.pairs.iloc[0]
    said = "cosine of the effects {:.3f}, correlation of the estimates {:.3f}, collinearity {:.1f}"
    text = f"k_kill and kill are the pair hardest to tell apart ({said.format(killing.cosine, killing.correlation, killing.collinearity)})"
    rows = [claim(text, source="text, correlation -0.96", published=True, ours={top["first"], top["second"]} == {"kill", "k_kill"})]
    text = "the effects of k_kill and kill are as good as opposite (paper: -0.96; ours below -0.95)"
    rows.append(claim(text, source="text, correlation -0.96", published=True, ours=killing.cosine < -0.95))
    text = f"those of k_kill and r_tumour are alike ({said.format(growth.cosine, growth.correlation, growth.collinearity)}; ours above 0.9)"
    rows.append(claim(text, source="text, correlation 0.94", published=True, ours=growth.cosine > 0.9))
    return rows


def checks():
    """Return all claims."""
    return [*ranking_claims(), *pair_claims()]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
