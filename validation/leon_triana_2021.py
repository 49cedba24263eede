"""Leon-Triana 2021, reduced equations 4a to 4c: CAR-T peak, leukaemia and B cells over 60 days."""

import math
import sys

import numpy as np

from autologue.engine.reference import solve_reference
from autologue.library.leon_triana_2021 import MODEL
from autologue.qualify.claims import claim, print_claims

COMPUTED = "computed from the curated equations independently"
TIMES = np.arange(0.0, 60.0005, 0.005)


def solve(**parameters):
    """Return the states over 60 days."""
    return solve_reference(MODEL, parameters, TIMES)


def checks():
    """Return all claims."""
    found = solve()
    peaks = [solve(car_0=dose)["car"].max() for dose in (1e6, 1e7, 1e8)]
    low = int(found["leukaemia"].argmin())
    return [
        claim("CAR-T peak, cells", source=COMPUTED, published="1.640e10", ours=found["car"].max()),
        claim("time of the CAR-T peak, days", source=COMPUTED, published="12.19", ours=TIMES[found["car"].argmax()]),
        claim("leukaemia at its highest, cells", source=COMPUTED, published="5.740e10", ours=found["leukaemia"].max()),
        claim("leukaemia on day 60, cells", source=COMPUTED, published="4.15e5", ours=found["leukaemia"][-1]),
        claim("healthy B cells on day 60, cells", source=COMPUTED, published="1.03e4", ours=found["b_cells"][-1]),
        claim("leukaemia at its lowest, cells", source=COMPUTED, published="4.11e5", ours=found["leukaemia"][low]),
        claim("time of the lowest leukaemia, days", source=COMPUTED, published="57.0", ours=TIMES[low]),
        claim(
            f"the peak depends little on the dose ({peaks[0]:.3g} to {peaks[2]:.3g} cells for 1e6 to 1e8 infused; elasticity < 0.1)",
            source="text",
            published=True,
            ours=abs(math.log(peaks[2] / peaks[0]) / math.log(100)) < 0.1,
        ),
    ]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
