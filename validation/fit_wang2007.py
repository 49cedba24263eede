"""Objective functions of mixed-effects estimation at fixed parameters: ten subjects, two samples each, one random effect.

Wang 2007, J Pharmacokinet Pharmacodyn 34:575-593, doi:10.1007/s10928-007-9060-6, table 2: what NONMEM computes; further errors, and
quadrature, from the tests of nlmixr2est (7.0), which reproduce NONMEM. Of FOCE with additive and proportional variances nlmixr2est
has two figures, 39.499 from its closed form and 39.562 from its differential equations, where the deviation follows the random effects all
the same; the first is the method's definition. Its quadrature has two nodes, scaled by the first-order curvature, and its `laplace` one,
which is FOCEI. Laplace's method proper, and quadrature that has converged, are held against the oracle (`_oracle.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme
import _oracle as oracle

from autologue.fit import FO, FOCE, FOCEI, Laplace, Quadrature, read_structure
from autologue.fit.problem import pose
from autologue.likelihood import Likelihood
from autologue.variability import Combined1, Combined2, Constant, LogNormal, Power, Proportional

SD = float(np.sqrt(0.1))
SOURCE = "Wang 2007, nlmixr2est"
PUBLISHED = [  # error, FOCEI, FOCE, FO, two-node quadrature
    ("proportional", Proportional(cv=SD), 39.458, 39.207, 39.213, 39.297),
    ("constant", Constant(sd=SD), -2.059, -2.059, 0.026, None),
    ("combined 1", Combined1(sd=SD, cv=SD), 43.554, 43.394, 43.398, None),
    ("combined 2", Combined2(sd=SD, cv=SD), 39.735, 39.499, 39.505, 39.581),
    ("power 0.5", Power(cv=SD, exponent=0.5), 9.966, 9.331, 9.651, None),
    ("log-normal", LogNormal(sd=SD), 40.039, 40.039, 40.055, 40.054),
]
TOLERANCE = 1e-3  # the figures have three decimals


def checks(*, nodes: int = 15) -> list[dict[str, object]]:
    """Return one row a claim."""
    rows = []
    for name, error, focei, foce, fo, two in PUBLISHED:
        cohort, population = nlme.wang(nlme.SHARED, error=error)
        problem = pose(read_structure(cohort, population), Likelihood(cohort, population))
        same = nlme.oracle_of(cohort, population)

        def at(method, problem=problem, cohort=cohort):
            found = method.marginal(problem, problem.start, np.zeros((1, problem.patients, problem.varying)))
            return nlme.objective(float(found.value.sum()), cohort)

        rows += [
            nlme.claim(f"{name}, {label}", SOURCE, published, at(method), TOLERANCE)
            for label, method, published in (("FOCEI", FOCEI(), focei), ("FOCE", FOCE(), foce), ("FO", FO(), fo))
        ]
        if two is not None:
            rows.append(nlme.claim(f"{name}, quadrature with 2 nodes", SOURCE, two, at(Quadrature(nodes=2)), TOLERANCE))
        rows.append(nlme.claim(f"{name}, Laplace", "oracle", oracle.laplace(same), at(Laplace()), 1e-5))
        rows.append(nlme.claim(f"{name}, quadrature", "oracle, 51 nodes", oracle.quadrature(same, 51), at(Quadrature(nodes=nodes)), 1e-5))
    return rows


if __name__ == "__main__":
    sys.exit(nlme.report(checks()))
