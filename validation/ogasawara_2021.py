"""Ogasawara 2021, lisocabtagene maraleucel: times and half-lives come back out of the curve; the two readings of the peak.

What cannot be checked: the paper's typical peak, persisting fraction, spread and residual error are not at hand.
"""

import sys

import numpy as np

from autologue.library.ogasawara_2021 import MODEL, POPULATIONS
from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims

ABSTRACT = "paper or its abstract"
LOPSIDED = "the printed interval is not symmetric about the mean on the logarithm; its width is kept"


def spread(name):
    """Return the 95 % interval of the typical value that draws of the population have."""
    width = 1.959964 * POPULATIONS["typical"].uncertainty[name]
    return MODEL.parameters[name].value * np.exp([-width, width])


def checks():
    """Return all claims."""
    low, high = spread("t_lag")
    return [
        *run_cases("ogasawara_2021", "ogasawara_2021_from_lag"),
        claim("lag, lower end of the interval, days", source=ABSTRACT, published="2.71", ours=low, note=LOPSIDED),
        claim("lag, upper end of the interval, days", source=ABSTRACT, published="3.97", ours=high, note=LOPSIDED),
    ]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
