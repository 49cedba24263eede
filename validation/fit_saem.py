"""SAEM on theophylline, censored theophylline and warfarin, over several seeds, against the exact maximum, nlmixr2 and saemix.

Data and models as in `_nlme.py`. Each cohort is fitted with the default settings and seeds 0, 1, ...; "spread" is the standard deviation of
an estimate from seed to seed, in its standard errors. Tolerances, chosen before:
- the mean over seeds lies within 0.1 standard errors of the maximum of the likelihood by adaptive quadrature (the same model and data),
  and the spread is at most 0.15. Warfarin's absorption is flat: its rate and random effect are allowed twice that;
- a single run by another engine has a spread of its own: it lies within 0.1 standard errors and three of our spreads of our mean;
- the log-likelihood by importance sampling lies within 4 Monte-Carlo errors of quadrature with many nodes, and within 0.1 and 4
  Monte-Carlo errors of saemix's.
Figures: nlmixr2est 7.0.2 and saemix 3.4. nlmixr2's SAEM of that release ends censored theophylline at log CL 127; saemix ignores censoring.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme

from autologue.fit import Fit, fit
from autologue.fit.quadrature import Quadrature, quadrature_marginal
from autologue.patient import Cohort
from autologue.population import Parametric
from autologue.variability import Combined2

NLMIXR2 = dict(
    theophylline=dict(
        ka=1.5778, cl=2.7538, v=31.559, omega_ka=0.39898**0.5, omega_cl=0.07214**0.5, omega_v=0.01725**0.5, sd_concentration=0.69703
    ),
    warfarin=dict(
        ka=0.6471, cl=0.13286, v=8.104, omega_ka=0.45013**0.5, omega_cl=0.07011**0.5, omega_v=0.03625**0.5, cv_concentration=0.22526
    ),
)
FLAT = {("warfarin", "ka"), ("warfarin", "omega_ka")}
NEAR, SPREAD = 0.1, 0.15


def runs(cohort: Cohort, population: Parametric, seeds: int) -> list[Fit]:
    """Return the fits of some seeds."""
    return [fit(cohort, population, seed=seed) for seed in range(seeds)]


def estimates(words: str, found: list[Fit], nodes: int) -> list[dict[str, object]]:
    """Compare estimates on their scales with the maximum and with another engine."""
    first = found[0]
    exact = fit(first.cohort, first.start, method=Quadrature(nodes=nodes, probes=0))
    errors, names = np.sqrt(np.diagonal(exact.covariance)), list(first.table.index)
    vectors = np.array([each.estimated.vector for each in found])
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0, ddof=1)
    rows = []
    for k, name in enumerate(names):
        more = 2.0 if (words, name) in FLAT else 1.0
        off, wide = (mean[k] - exact.estimated.vector[k]) / errors[k], spread[k] / errors[k]
        rows.append(nlme.claim(f"{words}, {name}, standard errors from maximum", "quadrature", 0.0, off, more * NEAR))
        rows.append(nlme.claim(f"{words}, {name}, spread over {len(found)} seeds", "at most", 0.0, wide, more * SPREAD))
        if name in NLMIXR2.get(words, {}):
            tolerance = NEAR * errors[k] + 3.0 * spread[k]
            rows.append(nlme.claim(f"{words}, log {name}", "nlmixr2 SAEM", float(np.log(NLMIXR2[words][name])), mean[k], tolerance))
    return rows


def likelihood(words: str, found: Fit, nodes: int) -> dict[str, object]:
    """Compare importance sampling with quadrature at the same estimates."""
    there = quadrature_marginal(found.problem, found.estimated.vector, found.individuals.mode[None], None, nodes=nodes)
    sampled = found.estimated.log_likelihoods[0]
    return nlme.claim(f"{words}, log-likelihood", f"quadrature, {nodes} nodes", there.value.sum(), sampled.value, 4 * sampled.error)


def saemix(error: object, published: float, words: str) -> dict[str, object]:
    """Compare the log-likelihood by importance sampling with saemix's."""
    found = fit(*nlme.saemix_theophylline(nlme.SHARED, error=error), seed=0)
    sampled = found.estimated.log_likelihoods[0]
    return nlme.claim(f"{words}, log-likelihood", "saemix, importance sampling", published, sampled.value, 0.1 + 4 * sampled.error)


def checks(*, quick: bool) -> list[dict[str, object]]:
    """Return one row a claim."""
    seeds, nodes = (3, 7) if quick else (20, 15)
    censored = runs(*nlme.theophylline(nlme.SHARED, after_zero=True, lloq=2.0), seeds)
    rows = [*estimates("censored theophylline", censored, nodes), likelihood("censored theophylline", censored[0], 15)]
    rows.append(saemix(None, -172.7165, "theophylline of saemix, constant"))
    if quick:
        return rows
    rows.append(saemix(Combined2(sd=0.5, cv=0.1), -171.6895, "theophylline of saemix, combined"))
    for words, (cohort, population) in dict(theophylline=nlme.theophylline(nlme.SHARED), warfarin=nlme.warfarin(nlme.SHARED)).items():
        found = runs(cohort, population, seeds)
        rows += [*estimates(words, found, nodes), likelihood(words, found[0], 21)]
    return rows


if __name__ == "__main__":
    sys.exit(nlme.report(checks(quick="--quick" in sys.argv)))
