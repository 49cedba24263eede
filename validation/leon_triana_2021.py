"""Leon-Triana 2021, reduced equations 4a to 4c: CAR-T peak, leukaemia and B cells over 60 days."""

import math
import sys

import numpy as np

from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims
from autologue.qualify.course import follow

TIMES = np.arange(0.0, 60.0005, 0.005)


def checks():
    """Return all claims."""
    peaks = [follow("leon_triana_2021", TIMES, car_0=dose).peak("car")[0] for dose in (1e6, 1e8)]
    text = f"the peak depends little on the dose ({peaks[0]:.3g} to {peaks[1]:.3g} cells for 1e6 to 1e8 infused; elasticity < 0.1)"
    flat = abs(math.log(peaks[1] / peaks[0]) / math.log(100)) < 0.1
    return [*run_cases("leon_triana_2021"), claim(text, source="text", published=True, ours=flat)]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
