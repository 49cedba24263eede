"""Leon-Triana 2021, equations 3a to 3c: B cells return, the leukaemia returns, CAR-T cells answer."""

import sys

import numpy as np

from autologue.engine.reference import solve_reference
from autologue.library.leon_triana_2021_source import MODEL
from autologue.qualify.claims import claim, print_claims

COMPUTED = "computed from the curated equations independently"
TIMES = np.arange(0.0, 500.005, 0.01)


def solve(**parameters):
    """Return the states over 500 days."""
    return solve_reference(MODEL, parameters, TIMES)


def checks():
    """Return all claims."""
    found = solve()
    at = {day: int(np.searchsorted(TIMES, day - 1e-6)) for day in (60, 180, 365)}
    low, again = int(found["leukaemia"][TIMES < 300].argmin()), int(np.where(TIMES > 200, found["car"], 0.0).argmax())
    untreated = solve(car_0=0.0, leukaemia_0=0.0, b_0=1e8)["b_cells"]
    return [
        claim("B cells on day 60", source=COMPUTED, published="1.0002e7", ours=found["b_cells"][at[60]]),
        claim("B cells on day 180", source=COMPUTED, published="8.4204e7", ours=found["b_cells"][at[180]]),
        claim("B cells on day 365", source=COMPUTED, published="9.9276e7", ours=found["b_cells"][at[365]]),
        claim("leukaemia on day 60", source=COMPUTED, published="4.1381e5", ours=found["leukaemia"][at[60]]),
        claim("leukaemia at its lowest", source=COMPUTED, published="4.0986e5", ours=found["leukaemia"][low]),
        claim("time of the lowest leukaemia, days", source=COMPUTED, published="57.06", ours=TIMES[low]),
        claim("first CAR-T peak, day", source=COMPUTED + ', "near day 12"', published="12", ours=TIMES[found["car"][TIMES < 60].argmax()]),
        claim("second CAR-T peak, cells", source=COMPUTED, published="1.65299e10", ours=found["car"][again]),
        claim("second CAR-T peak, day", source=COMPUTED, published="443.28", ours=TIMES[again]),
        claim("B cells that marrow alone holds", source=COMPUTED, published="1e8", ours=untreated[-1], tolerance=1e2),
    ]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
