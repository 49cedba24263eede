"""Stein 2019, tisagenlecleucel: the abstract's headline numbers, the typical patient, and what the two readings of the table imply.

What cannot be checked: individual data are not public. The abstract finds no effect of tocilizumab on the growth rate while the
table prints a factor of 1.2; that is no contradiction where 1 lies within its uncertainty, which is not at hand.
"""

import math
import sys

import numpy as np

from autologue.library.stein_2019 import MODEL, POPULATIONS
from autologue.model import Names, call
from autologue.qualify.cases import run_cases
from autologue.qualify.claims import claim, print_claims

VISITS, LIMIT = np.array([0.0, 1, 3, 7, 11, 14, 21, 28]), 50.0
STUDIES, PATIENTS = 1000, 61
COMPUTED = "computed from the published equations independently"


def exposure_observed(seen):
    """Return AUC0-28 (patients,) of measurements (patients, visits): linear while they rise, logarithmic while they fall."""
    before, after, width = seen[:, :-1], seen[:, 1:], np.diff(VISITS)
    falls = (after < before) & (after > 0)
    ratio = np.where(falls, before / np.where(falls, after, 1.0), 2.0)
    return (width * np.where(falls, (before - after) / np.log(ratio), (before + after) / 2)).sum(1)


def studies(population):
    """Return geometric mean and CV (%) of Cmax and AUC0-28, and median tmax, of simulated studies (studies, 5)."""
    people = population.sample(STUDIES * PATIENTS, seed=2019)
    p = Names("parameter", {name: people[name][:, None] for name in MODEL.parameters})
    states = call(MODEL.closed_form, t=VISITS[None, :], p=p)
    noise = np.exp(0.56 * np.random.default_rng(2019).standard_normal((len(people), len(VISITS))))
    seen = (states["effector"] + states["memory"]) * noise
    seen = np.where(seen < LIMIT, 0.0, seen)
    cmax, tmax = seen.max(1), VISITS[seen.argmax(1)]
    auc = exposure_observed(seen)
    logs = [np.log(np.where(x > 0, x, np.nan)).reshape(STUDIES, PATIENTS) for x in (cmax, auc)]
    rows = [x for log in logs for x in (np.exp(np.nanmean(log, 1)), 100 * np.sqrt(np.expm1(np.nanvar(log, 1, ddof=1))))]
    return np.column_stack([*rows, np.median(tmax.reshape(STUDIES, PATIENTS), axis=1)])


def study_claims():
    """Compare medians over simulated studies; the tolerance adds four standard errors of our median to the printed precision."""
    expected = dict(sd=("20100", "112", "166000", "119"), variance=("18400", "152", "147000", "165"))
    labels = ("Cmax, geometric mean", "Cmax, geometric CV %", "AUC0-28, geometric mean", "AUC0-28, geometric CV %")
    rows = []
    for reading, printed in expected.items():
        found = studies(POPULATIONS[reading])
        for k, label in enumerate(labels):
            middle = float(np.median(found[:, k]))
            noise = 4 * 1.2533 * found[:, k].std() / math.sqrt(STUDIES)
            digits = {0: 50.0, 1: 0.5, 2: 500.0, 3: 0.5}[k]
            rows.append(
                claim(f"{label}, 61 patients, {reading}", source=COMPUTED, published=printed[k], ours=middle, tolerance=digits + noise)
            )
    return rows


def checks():
    """Return all claims."""
    return [*run_cases("stein_2019"), *study_claims()]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
