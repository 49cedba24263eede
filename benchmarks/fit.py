"""How long fits take: SAEM and FOCEI on theophylline, warfarin, the design of Stein 2019 and an integrated model, warm, CPU seconds.

Budgets (2 cores): theophylline, 0.5 s by either, SAEM with 200 + 300 iterations of 3 chains; warfarin by SAEM the same 3 s; Stein 10 s;
Leon-Triana 60 s. FOCEI has none for the others. The time is that of the whole call: estimates, standard errors, likelihood, with SAEM
300 samples of each patient, with FOCEI a probe of other optima. Run as `python benchmarks/fit.py`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "validation"))
import _designs as designs
import _nlme as nlme

from autologue.fit import FOCEI, SAEM, Laplace, Quadrature, fit
from autologue.fit.estimated import Estimator
from autologue.patient import Cohort
from autologue.population import Parametric

CLASSIC = SAEM(chains=3, exploration=200, smoothing=300, stop=None)
NONE = float("inf")
WARM = SAEM(exploration=2, smoothing=2, samples=10, draws=10)


def problems() -> dict[str, tuple[Cohort, Parametric, Estimator, float]]:
    """Return cohort, start, method and budget of each problem."""
    stein, leon = designs.stein(), designs.leon_triana()
    limits = dict(car_t=1e7, leukaemic=1e8, healthy_b=1e8)
    simulated = designs.study(stein, designs.ELIANA, dict(transgene=designs.stein_limit(0)), patients=90, seed=1)
    courses = designs.study(leon, designs.LEON_TIMES, limits, patients=60, seed=1)
    theophylline, warfarin = nlme.theophylline(nlme.SHARED), nlme.warfarin(nlme.SHARED)
    censored = nlme.theophylline(nlme.SHARED, after_zero=True, lloq=2.0)
    return {
        "theophylline": (*theophylline, CLASSIC, 0.5),
        "theophylline, default": (*theophylline, SAEM(), 0.5),
        "warfarin": (*warfarin, CLASSIC, 3.0),
        "Stein 2019, 90 patients": (simulated, designs.moved(stein, 1.3), SAEM(), 10.0),
        "Leon-Triana 2021, 60 patients": (courses, designs.moved(leon, 1.3), SAEM(), 60.0),
        "theophylline, FOCEI": (*theophylline, FOCEI(), 0.5),
        "theophylline, FOCEI, no probe": (*theophylline, FOCEI(probes=0), 0.5),
        "warfarin, FOCEI": (*warfarin, FOCEI(), NONE),
        "censored theophylline, Laplace": (*censored, Laplace(), NONE),
        "censored theophylline, quadrature": (*censored, Quadrature(nodes=7), NONE),
        "Stein 2019, FOCEI": (simulated, designs.moved(stein, 1.3), FOCEI(probes=0), NONE),
        "Leon-Triana 2021, FOCEI": (courses, designs.moved(leon, 1.3), FOCEI(probes=0), NONE),
    }


def main() -> None:
    """Measure and print; the median of three runs of the small ones."""
    print(f"{'problem':34s} {'rows':>6s} {'CPU s':>8s} {'budget':>7s}  log-likelihood")
    for words, (cohort, start, method, budget) in problems().items():
        fit(cohort, start, method=WARM if isinstance(method, SAEM) else replace(method, iterations=2, probes=0))
        taken = []
        for _ in range(3 if len(cohort) <= 32 else 1):
            begin = time.process_time()
            found = fit(cohort, start, method=method)
            taken.append(time.process_time() - begin)
        rows = sum(len(o) for p in cohort for o in p.observations.values())
        sampled = found.estimated.log_likelihoods[0]
        allowed = f"{budget:7.1f}" if budget < NONE else "      -"
        print(f"{words:34s} {rows:6d} {sorted(taken)[len(taken) // 2]:8.2f} {allowed}  {sampled.value:.2f} +- {sampled.error:.2f}")


if __name__ == "__main__":
    main()
