"""Leon-Triana 2021, equations 3a to 3c: B cells return, the leukaemia returns, CAR-T cells answer."""

import sys

from autologue.qualify.cases import run_cases
from autologue.qualify.claims import print_claims


def checks():
    """Return all claims."""
    return run_cases("leon_triana_2021_source")


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
