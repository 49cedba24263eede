"""Hanson 2016: inflammation against burden at the infusion. Times in hours.

The rows are computed from the curated encoding, which reproduces the paper's figure 3.
"""

import sys

import numpy as np

from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims
from autologue.qualify.course import follow

BURDENS = (100.0, 300.0, 1200.0)
TIMES = np.arange(0.0, 2000.05, 0.1)


def checks():
    """Return all claims."""
    peaks = [follow("hanson_2016", TIMES, explicit=False, leukaemia_0=burden).peak("inflammation")[0] for burden in BURDENS]
    rising = bool((np.diff(peaks) > 0).all())
    return [
        *run_cases("hanson_2016"),
        claim("peak inflammation rises with burden at the infusion", source="text", published=True, ours=rising),
    ]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
