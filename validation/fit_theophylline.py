"""Theophylline in twelve subjects by FOCEI and by quadrature, against NONMEM, nlmixr2 and saemix.

Upton's data (Boeckmann, Sheiner, Beal 1992) as `theo_sd` of nlmixr2data 2.0.9 and `theo.saemix` of saemix 3.4. One compartment, oral dose,
three independent log-normal random effects. Figures: objectives and estimates of nlmixr2 (vignettes and runs of nlmixr2est 7.0.2) and of
NONMEM as these print them; log-likelihoods of saemix 3.4. An objective must not lie above the lower of the references by more than
0.01; an estimate lies within 0.1 of its standard error. Standard errors are held against the same information from differences of
the oracle's objective (`_oracle.py`), not against those of nlmixr2, which do not follow from its own objective.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme
import _oracle as oracle

from autologue.fit import FOCEI, Fit, Quadrature, fit
from autologue.variability import Combined2, Proportional

NAMES = ("ka", "cl", "v", "omega_ka", "omega_cl", "omega_v")
ADDITIVE = (1.5947, 2.7532, 31.847, *np.sqrt([0.39860, 0.06980, 0.01979]))
PROPORTIONAL = (1.4594, 2.7908, 32.232, *np.sqrt([0.39512, 0.05765, 0.01463]))


def estimates(found: Fit, published, errors: dict[str, float], source: str, words: str) -> list[dict[str, object]]:
    """Return one row an estimate, on the scale of estimation, within 0.1 standard errors."""
    values = {**dict(zip(NAMES, published, strict=True)), **errors}
    table = found.table
    rows = []
    for name, value in values.items():
        se = table.loc[name].se / table.loc[name].estimate  # of the logarithm
        ours = table.loc[name].estimate
        row = nlme.claim(f"{words}, {name}", source, value, ours, 0.1 * se * ours)
        rows.append({**row, "passed": bool(abs(np.log(ours / value)) <= 0.1 * se)})
    return rows


def not_above(words: str, source: str, published: float, ours: float) -> dict[str, object]:
    """Return the row of an objective that must not lie above a reference."""
    row = nlme.claim(words, source, published, ours, 0.01, note="not above")
    return {**row, "passed": bool(ours <= published + 0.01)}


def information(found: Fit) -> np.ndarray:
    """Return the second derivative of half the oracle's FOCEI objective at the estimates, on their scales."""
    vector, structure = found.estimated.vector, found.structure

    def half(x: np.ndarray) -> float:
        return 0.5 * float(oracle.focei(nlme.oracle_of(found.cohort, structure.write(x))))

    p, h = len(vector), 0.02
    e = h * np.eye(p)
    centre = half(vector)
    side = np.array([[half(vector + s * e[k]) for s in (1, -1)] for k in range(p)])
    matrix = np.diag((side.sum(1) - 2 * centre) / h**2)
    for i in range(p):
        for j in range(i):
            both = half(vector + e[i] + e[j]) + half(vector - e[i] - e[j]) - side[i].sum() - side[j].sum() + 2 * centre
            matrix[i, j] = matrix[j, i] = both / (2 * h**2)
    return matrix


def checks(*, full: bool = True) -> list[dict[str, object]]:
    """Return one row a claim."""
    cohort, population = nlme.theophylline(nlme.SHARED)
    found = fit(cohort, population, method=FOCEI(probes=0))
    rows = [not_above("additive, objective", "NONMEM FOCEI", 116.803, nlme.objective(found.log_likelihood, cohort))]
    rows += estimates(found, ADDITIVE, dict(sd_concentration=0.69441), "nlmixr2 FOCEI", "additive")
    if full:
        errors = np.sqrt(np.diagonal(np.linalg.inv(information(found))))
        ours = np.sqrt(np.diagonal(found.covariance))
        rows += [
            nlme.claim(f"standard error of log {name}", "oracle's information", theirs, own, 0.01 * theirs)
            for name, theirs, own in zip(found.structure.names, errors, ours, strict=True)
        ]
    later, start = nlme.theophylline(nlme.SHARED, after_zero=True, error=Proportional(cv=0.2))
    found = fit(later, start, method=FOCEI(probes=0))
    rows.append(not_above("proportional, objective", "nlmixr2 FOCEI", 133.2001, nlme.objective(found.log_likelihood, later)))
    rows += estimates(found, PROPORTIONAL, dict(cv_concentration=0.15980), "nlmixr2 FOCEI", "proportional")
    for words, error, published in (("constant", None, -172.7393), ("combined", Combined2(sd=0.7, cv=0.1), -171.7168)):
        cohort, population = nlme.saemix_theophylline(nlme.SHARED, error=error)
        found = fit(cohort, population, method=Quadrature(nodes=9 if full else 5, probes=0))
        rows.append(saemix(words, published, found.log_likelihood))
    return rows


def saemix(words: str, published: float, ours: float) -> dict[str, object]:
    """Return the row of a likelihood that is at its maximum here, and near it where SAEM ended."""
    row = nlme.claim(f"{words}, maximum of the log-likelihood", "saemix 3.4, quadrature", published, ours, 0.1, note="theirs at SAEM's end")
    return {**row, "passed": bool(published - 0.01 <= ours <= published + 0.1)}


if __name__ == "__main__":
    sys.exit(nlme.report(checks(full="--quick" not in sys.argv)))
