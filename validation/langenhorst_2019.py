"""Langenhorst 2019, fludarabine: exposure, the three exponentials, and the two random effects.

Exposure is dose over clearance in closed form. The concentration is held against the sum of three exponentials from the eigenvalues of
the exchange matrix. Printed medians of exposure belong to the paper's patients, who are not at hand: one patient near the median of
weight and kidney function stands for them, with an assumed body surface. Adults agree only if the dose was converted from phosphate.
"""

import sys

import numpy as np

from autologue.library.langenhorst_2019 import MODEL, POPULATIONS, SHARE, regimen
from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims
from autologue.qualify.course import follow

TIMES = np.arange(0.0, 96.25, 0.25)
TABLE, EXACT = "Table 2, through a re-implementation", "closed form"


def exponentials(dose, p):
    """Return the concentration at TIMES after a one-hour infusion of a dose of F-ara-A at 70 kg."""
    flow = p["cl_other"] + p["cl_slope"] * p["kidney"]
    out = np.array([[-flow - p["q_2"] - p["q_3"], p["q_2"], p["q_3"]], [p["q_2"], -p["q_2"], 0.0], [p["q_3"], 0.0, -p["q_3"]]])
    rates, vectors = np.linalg.eig(out / np.array([p["v_1"], p["v_2"], p["v_3"]])[None, :])
    weights = np.linalg.solve(vectors, np.array([dose, 0.0, 0.0]))
    ended = np.maximum(TIMES - 1.0, 0.0)[:, None]
    shape = (np.exp(rates * TIMES[:, None]) - np.exp(rates * ended)) / rates
    return (shape * (weights * vectors[0])).sum(1) / p["v_1"]


def course_claims():
    """Compare one infusion with the closed form."""
    seen = follow("langenhorst_2019", TIMES, regimen=regimen(40.0, 1.8, days=1))
    off = np.abs(seen["concentration"][1:] / exponentials(72.0 * SHARE, MODEL.with_typical())[1:] - 1).max()
    text = "concentration after one infusion: largest relative difference from three exponentials"
    plain = follow("langenhorst_2019", np.array([0.0, 1500.0]), regimen=regimen(40.0 / SHARE, 1.90, days=4), weight=78.0)["auc"][-1]
    wrong = f"without conversion from phosphate the exposure of adults misses 26 mg*h/L (it would be {plain:.3g})"
    return [
        claim(text, source=EXACT, published="0", ours=off, tolerance=1e-8),
        claim(wrong, source="section 3.3, through a re-implementation", published=True, ours=abs(plain - 26) > 5),
    ]


def spread_claims():
    """Compare the spread of sampled patients with Table 2."""
    people = POPULATIONS["adults"].sample(200_000, seed=1)
    rows = []
    for name, percent in (("clearance_factor", "23"), ("volume_factor", "48")):
        values = people[name]
        rows.append(
            claim(f"spread between patients of {name}, CV %", source=TABLE, published=percent, ours=100 * values.std() / values.mean())
        )
    weights = people["weight"]
    rows.append(
        claim("median weight of adults, kg", source="Table 1, through a re-implementation", published="78", ours=np.median(weights))
    )
    return rows


def checks():
    """Return all claims."""
    return [*run_cases("langenhorst_2019"), *course_claims(), *spread_claims()]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
