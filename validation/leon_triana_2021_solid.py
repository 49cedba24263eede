"""Leon-Triana 2021, solid tumours: one target holds the tumour back, two drive it below one cell.

The rows are computed from the curated encodings BIOMD0000001013 and BIOMD0000001014.
"""

import sys

from autologue.qualify.cases import run_cases
from autologue.qualify.claims import print_claims


def checks():
    """Return all claims."""
    return run_cases("leon_triana_2021_solid", "leon_triana_2021_solid_dual")


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
