"""Sahoo 2020, CARRGO: equilibria, and the pseudo-response of the printed example.

Not reproduced: times to complete killing in vitro (80 and 100 hours), because the killing rates of the lines are not at hand, and the
courses of three patients, because the printed values cannot be trusted (see the model). The start of the example is assumed, so the
computed rows are regression points of the equations and no figures of the paper.
"""

import sys

from autologue.qualify.cases import run_cases
from autologue.qualify.claims import print_claims


def checks():
    """Return all claims."""
    return run_cases("sahoo_2020")


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
