"""Hanson 2016: inflammation against burden at the infusion. Times in hours.

The rows are computed from the curated encoding, which reproduces the paper's figure 3.
"""

import sys

import numpy as np

from autologue.engine.reference import solve_reference
from autologue.library.hanson_2016 import MODEL
from autologue.qualify.claims import claim, print_claims

COMPUTED = "computed from the curated equations independently"
ROWS = {
    100: ("144.371", "529.8", "19.216", "685.6"),
    300: ("167.890", "160.3", "45.450", "259.9"),
    1200: ("679.501", "33.75", "417.165", "50.1"),
}
TIMES = np.arange(0.0, 2000.005, 0.01)


def solve(burden, times):
    """Return the states for a burden at the infusion (cells/uL)."""
    return solve_reference(MODEL, dict(leukaemia_0=burden), times)


def checks():
    """Return all claims."""
    rows, peaks = [], []
    for burden, printed in ROWS.items():
        found = solve(float(burden), TIMES)
        top, most = int(found["inflammation"].argmax()), int(found["cytotoxic_effector"].argmax())
        ours = (found["inflammation"][top], TIMES[top], found["cytotoxic_effector"][most], TIMES[most])
        labels = ("peak inflammation", "time of it, hours", "peak of cytotoxic effectors", "time of it, hours")
        rows += [
            claim(f"burden {burden}: {label}", source=COMPUTED, published=number, ours=value)
            for label, number, value in zip(labels, printed, ours, strict=True)
        ]
        peaks.append((ours[0], ours[1]))
    rows.append(
        claim("burden 1200: leukaemia at 100 hours", source=COMPUTED, published="5.39513", ours=solve(1200.0, [100.0])["leukaemia"][0])
    )
    rising = bool((np.diff([p[0] for p in peaks]) > 0).all())
    onset = all(1 <= p[1] / 24 <= 22.5 for p in peaks)
    rows.append(claim("peak inflammation rises with burden at the infusion", source="text", published=True, ours=rising))
    rows.append(claim("read in hours, peaks fall on days 1 to 22, where onset is observed", source="text", published=True, ours=onset))
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
