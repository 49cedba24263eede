"""Kareva and Gevertz 2023: three regimes of a treatment, by tumour, cytokine level and rise of cytokine.

The rows are computed from the authors' own code, whose two definitions of a storm (level above 6, rise above 0.417 per hour) agree here.
"""

import sys

from autologue.qualify.cases import run_cases
from autologue.qualify.claims import print_claims


def checks():
    """Return all claims."""
    return run_cases("kareva_gevertz_2023")


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
