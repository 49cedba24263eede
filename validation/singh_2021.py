"""Singh 2021, bb2121: peak of transgene by dose and by tumour burden. Provisional.

The paper's absolute figures need its supplement and are not compared. What is compared: our own regression points of the re-implementation,
and the paper's claim that tumour burden matters more than dose.
"""

import sys

import numpy as np

from autologue.library.singh_2021 import DOSES, infusion
from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims
from autologue.qualify.course import follow

TIMES = np.arange(0.0, 60.005, 0.01)


def peak(dose, tumour):
    """Return the peak of transgene from day 2."""
    return follow("singh_2021", TIMES, regimen=infusion(dose), explicit=False, tumour_0=tumour).peak("transgene", start=2.0)[0]


def checks():
    """Return all claims."""
    by_dose = peak(DOSES[-1], 2.5e9) / peak(DOSES[0], 2.5e9)
    by_tumour = peak(DOSES[2], 2.5e9) / peak(DOSES[2], 1e9)
    text = (
        f"burden matters more than dose: the peak changes {by_dose:.3g}-fold over 16-fold doses, {by_tumour:.3g}-fold over 2.5-fold tumours"
    )
    return [*run_cases("singh_2021"), claim(text, source="text", published=True, ours=by_tumour > 2.5 > max(by_dose, 1 / by_dose))]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
