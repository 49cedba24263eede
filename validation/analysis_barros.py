"""Steady states, dose threshold and virtual mice of Barros 2021.

Published: equilibria P2 (15205, 263, 1.442522e6) and P3 (15205, 197519, 1089), as effectors, memory cells and tumour; complete response
(at most 8e5 tumour cells on day 300) from a dose of about 2.6e5 cells on for a tumour of 2e6, none at 2.5e5; 5,000 virtual mice, each
parameter spread evenly by 60 %, two constraints kept, untreated survival between 100 and 207 days with mean about 137 and median about 128.

What burden ends a mouse's survival is not said in what is at hand. We take the burden at which the typical mouse lives 137 days, 4.6e9
cells, and say so: that the published range can be met, and with it the mean and the median, is then the claim.
"""

import sys

import numpy as np

from autologue.analysis import At, DoseOf, Holds, Mean, Outcome, Quantile, Within, accept, around, find_equilibria, find_threshold
from autologue.engine.summary import FirstAbove
from autologue.library.barros_2021 import MODEL, infusion
from autologue.qualify.claims import claim, print_claims
from autologue.regimen import Regimen

QUICK = "--quick" in sys.argv
TEXT, OURS = "text", "ours: the paper's word for it is not at hand"
CURED = Outcome(At("tumour_cells", 300.0), 8e5)
VARIED = ("proliferation", "reduction", "to_memory", "d_memory", "recall", "wear", "r_tumour", "inverse_capacity", "kill")
LETHAL = 4.6e9  # cells: where the typical untreated mouse arrives on day 137


def equilibrium_claims():
    """Compare the published steady states, whose last digits depend on rounding in the paper's chain of formulas."""
    found = [e for e in find_equilibria(MODEL).found if all(v > 0 for v in e.states.values())]
    low, high = sorted(found, key=lambda e: e.states["tumour"])
    rows = []
    for point, values, kind in (("P2", high, "saddle"), ("P3", low, "stable (spiral)")):
        published = {"P2": ("1.5205e4", "2.63e2", "1.442522e6"), "P3": ("1.5205e4", "1.97519e5", "1.089e3")}[point]
        for state, printed in zip(("effector", "memory", "tumour"), published, strict=True):
            note = {
                ("P2", "tumour"): "the printed value is 1.7e-6 off the root of the equations with the printed parameters (1.442520e6)",
                ("P3", "tumour"): "the root of the equations with the printed parameters is 1091.2; the residual at 1089 is not zero",
            }.get((point, state), "")
            text = f"{point}, {state} cells ({values.kind})"
            rows.append(claim(text, source=TEXT, published=printed, ours=values.states[state], note=note))
        rows.append(claim(f"{point} is {kind} (ours: {values.kind})", source=OURS, published=True, ours=values.kind == kind))
    return rows


def threshold_claims():
    """Compare the dose threshold."""
    found = find_threshold(MODEL, CURED, DoseOf(infusion(1.0, day=42.0)), lower=1e4, upper=1e7)
    low, high = found.bracket
    text = f"the dose that clears 2e6 cells lies between 2.5e5 and 2.6e5 ({low:.5g} to {high:.5g})"
    rows = [claim(text, source="text and equations", published=True, ours=2.5e5 < low < high < 2.6e5)]
    text = "larger doses clear, smaller ones do not"
    return [*rows, claim(text, source=TEXT, published=True, ours=bool(found.rising))]


def virtual_claims():
    """Make the virtual mice and compare their untreated survival; then their own dose thresholds, which the paper says vary."""
    death = FirstAbove("tumour_cells", LETHAL)
    conditions = [
        Holds("proliferation < reduction", lambda p: p.proliferation < p.reduction),
        Holds("proliferation > reduction - to_memory", lambda p: p.proliferation > p.reduction - p.to_memory),
        Within(death, 100.0, 207.0),
    ]
    found = accept(
        MODEL, conditions, targets=[Mean(death, 137.0), Quantile(death, 0.5, 128.0)], ranges=around(MODEL, 0.6, names=VARIED),
        proposals=5000, regimen=Regimen(), seed=1,
    )  # fmt: skip
    share = found.effective / found.accepted
    rows = [
        claim(f"some of 5,000 proposals are accepted (ours: {found.accepted})", source=TEXT, published=True, ours=found.accepted > 100),
        claim("mean untreated survival, days, after weighting", source=TEXT, published="137", ours=found.targets["after"].iloc[0]),
        claim("share that survives at most 128 days, after weighting", source=TEXT, published="0.50", ours=found.targets["after"].iloc[1]),
        claim(
            f"the weights move the accepted mice little (effective share {share:.2f}; ours above 0.8)", source=OURS, published=True,
            ours=share > 0.8,
        ),
    ]  # fmt: skip
    mice = 60 if QUICK else 400
    each = find_threshold(found.population, CURED, DoseOf(infusion(1.0, day=42.0)), lower=1e3, upper=1e9, patients=mice, seed=1)
    turned = each.table.loc[each.table["verdict"] == "turns", "upper"]
    spread = float(np.log10(turned.quantile(0.95) / turned.quantile(0.05)))
    text = f"thresholds differ between mice ({len(turned)} of {mice} have one; 90 % of them within {spread:.1f} decades)"
    return [*rows, claim(text, source=OURS, published=True, ours=len(turned) > mice / 2 and spread > 0.3)]


def checks():
    """Return all claims."""
    return [*equilibrium_claims(), *threshold_claims(), *virtual_claims()]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
