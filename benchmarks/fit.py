"""How long fits take: SAEM on theophylline, warfarin, the design of Stein 2019 and an integrated model, warm, CPU seconds.

Budgets (2 cores): theophylline, 200 + 300 iterations of 3 chains, 0.5 s; warfarin the same 3 s; Stein 10 s; Leon-Triana 60 s. The
time is that of the whole call: estimates, standard errors, 300 samples of each patient, likelihood. Run as `python benchmarks/fit.py`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "validation"))
import _designs as designs
import _nlme as nlme

from autologue.fit import SAEM, fit
from autologue.patient import Cohort
from autologue.population import Parametric

CLASSIC = SAEM(chains=3, exploration=200, smoothing=300, stop=None)
WARM = SAEM(exploration=2, smoothing=2, samples=10, draws=10)


def problems() -> dict[str, tuple[Cohort, Parametric, SAEM, float]]:
    """Return cohort, start, method and budget of each problem."""
    stein, leon = designs.stein(), designs.leon_triana()
    limits = dict(car_t=1e7, leukaemic=1e8, healthy_b=1e8)
    simulated = designs.study(stein, designs.ELIANA, dict(transgene=designs.stein_limit(0)), patients=90, seed=1)
    courses = designs.study(leon, designs.LEON_TIMES, limits, patients=60, seed=1)
    return {
        "theophylline": (*nlme.theophylline(nlme.SHARED), CLASSIC, 0.5),
        "theophylline, default": (*nlme.theophylline(nlme.SHARED), SAEM(), 0.5),
        "warfarin": (*nlme.warfarin(nlme.SHARED), CLASSIC, 3.0),
        "Stein 2019, 90 patients": (simulated, designs.moved(stein, 1.3), SAEM(), 10.0),
        "Leon-Triana 2021, 60 patients": (courses, designs.moved(leon, 1.3), SAEM(), 60.0),
    }


def main() -> None:
    """Measure and print; the median of three runs of the small ones."""
    print(f"{'problem':32s} {'rows':>6s} {'CPU s':>8s} {'budget':>7s}  log-likelihood")
    for words, (cohort, start, method, budget) in problems().items():
        fit(cohort, start, method=WARM)
        taken = []
        for _ in range(3 if budget <= 3.0 else 1):
            begin = time.process_time()
            found = fit(cohort, start, method=method)
            taken.append(time.process_time() - begin)
        rows = sum(len(o) for p in cohort for o in p.observations.values())
        sampled = found.estimated.log_likelihoods[0]
        print(f"{words:32s} {rows:6d} {sorted(taken)[len(taken) // 2]:8.2f} {budget:7.1f}  {sampled.value:.2f} +- {sampled.error:.2f}")


if __name__ == "__main__":
    main()
