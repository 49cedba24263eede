"""Swanson 2022, cancer stem cells: TGF-beta at rest, and the course without and with immune cells.

One figure is published: TGF-beta that is left in the end. The other rows are computed from the published equations and Table 1, with
assumed treatment, among them CAR-T cells alone, which multiply without end. Not reproduced: treatment, whose schedule is not at hand.
"""

import sys

from autologue.qualify.cases import run_cases
from autologue.qualify.claims import print_claims


def checks():
    """Return all claims."""
    return run_cases("swanson_2022")


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
