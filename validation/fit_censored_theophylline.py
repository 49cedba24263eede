"""Theophylline with 15 of 120 concentrations censored: FOCEI and Laplace against the maximum of the likelihood itself.

`theo_sd` of nlmixr2data after time 0, every value below 2.0 mg/L known only as such (M3); constant error, three independent log-normal
random effects. No published figures: nlmixr2est 7.0.2 reproduces FOCEI, and SAEM of that release ends at log CL 127. The reference is
the likelihood by adaptive quadrature, whose maximum is confirmed by the oracle (`_oracle.py`): there a Newton step with its gradient,
by differences, gains nothing. Tolerances, chosen before: typical values within 3 %, variances of random effects within 15 %.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme
import _oracle as oracle

from autologue.fit import FOCEI, Fit, Laplace, Quadrature, fit

TYPICAL, OMEGAS = ("ka", "cl", "v"), ("omega_ka", "omega_cl", "omega_v")


def newton_gain(found: Fit, nodes: int) -> tuple[float, float]:
    """Return what a Newton step with the oracle's gradient promises of the log-likelihood, and the oracle's log-likelihood itself."""
    vector, structure = found.estimated.vector, found.structure

    def log_likelihood(x: np.ndarray) -> float:
        posed = nlme.oracle_of(found.cohort, structure.write(x))
        measured = int(posed.rows.measured.sum())
        return -0.5 * (float(oracle.quadrature(posed, nodes, expected=True)) + measured * nlme.LOG_2PI)

    steps = 1e-3 * np.eye(len(vector))
    slope = np.array([(log_likelihood(vector + e) - log_likelihood(vector - e)) / 2e-3 for e in steps])
    return float(0.5 * slope @ found.covariance @ slope), log_likelihood(vector)


def checks(*, nodes: int = 9) -> list[dict[str, object]]:
    """Return one row a claim."""
    cohort, population = nlme.theophylline(nlme.SHARED, after_zero=True, lloq=2.0)
    censored = sum(int(o.censored.sum()) for p in cohort for o in p.observations.values())
    exact = fit(cohort, population, method=Quadrature(nodes=nodes, probes=0))
    gain, theirs = newton_gain(exact, nodes)
    rows = [
        nlme.claim("censored rows", "the data", 15, censored, 0),
        nlme.claim("log-likelihood, quadrature", f"oracle, {nodes} nodes", theirs, exact.log_likelihood, 1e-5),
        nlme.claim("gain of a Newton step from the maximum", "oracle", 0.0, gain, 1e-5),
    ]
    for method in (FOCEI(probes=0), Laplace(probes=0)):
        found = fit(cohort, population, method=method)
        rows.append(nlme.claim(f"{method.label}, log-likelihood", "quadrature", exact.log_likelihood, found.log_likelihood, 1.0))
        for name in (*TYPICAL, *OMEGAS):
            square = 2 if name in OMEGAS else 1
            want, ours = exact.table.loc[name].estimate ** square, found.table.loc[name].estimate ** square
            words = f"{method.label}, {'variance ' if square == 2 else ''}{name}"
            off = f"off by {100 * (ours / want - 1):+.2f} %"
            rows.append(nlme.claim(words, "maximum of the likelihood", want, ours, (0.15 if square == 2 else 0.03) * want, note=off))
    return rows


if __name__ == "__main__":
    sys.exit(nlme.report(checks(nodes=5 if "--quick" in sys.argv else 9)))
