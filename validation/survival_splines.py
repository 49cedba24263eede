"""Log likelihoods of breast cancer fits that the R package flexsurv keeps in its tests: splines, truncation, no censoring.

Data: German Breast Cancer Study Group 2, as lifelines ships it; years are days / 365, as in flexsurv. Figures: chjackson/flexsurv-dev,
tests/testthat/test_spline.R and test_flexsurvreg.R. Its figures with the covariate `group` are left out: the prognostic group is
not in the shipped data.
"""

from __future__ import annotations

import sys

import numpy as np
from lifelines.datasets import load_gbsg2

from autologue.qualify.claims import print_claims
from autologue.survival import (
    Family,
    Hazards,
    LogLogistic,
    LogNormal,
    NormalDeviates,
    Odds,
    RoystonParmar,
    Weibull,
    fit_survival,
    time_to_event,
)

SPLINE, REGRESSION = "flexsurv, test_spline.R", "flexsurv, test_flexsurvreg.R"
CLAIMS: list[tuple[str, str, Family, float, float, float | None, bool]] = [  # ..., published, tolerance, late entry, events only
    ("spline on hazards, no knots", SPLINE, RoystonParmar(0, Hazards()), -873.207054864145, 1e-6, None, False),
    ("Weibull, recurrence after 2 years", SPLINE, RoystonParmar(0, Hazards()), -432.9048860461514, 1e-6, 0.0, False),
    ("Weibull, recurrence after 2 years, entry at 1.9", SPLINE, RoystonParmar(0, Hazards()), -400.3556493114977, 1e-6, 1.9, False),
    ("Weibull, women with recurrence only", REGRESSION, Weibull(), -477.2455, 5e-4, None, True),
]
SAME: list[tuple[str, Family, Family]] = [  # flexsurv holds these pairs equal
    ("spline on hazards without knots is the Weibull", RoystonParmar(0, Hazards()), Weibull()),
    ("spline on odds without knots is the log-logistic", RoystonParmar(0, Odds()), LogLogistic()),
    ("spline on normal deviates without knots is the log-normal", RoystonParmar(0, NormalDeviates()), LogNormal()),
]


def checks() -> list[dict[str, object]]:
    """Return one row a published figure: claim, source, published, ours, tolerance, passed."""
    table = load_gbsg2()
    table = table.assign(time=table.time / 365, status=table.cens)
    rows: list[dict[str, object]] = []
    for claim, source, family, published, tolerance, entry, events in CLAIMS:
        chosen = table[table.time > 2] if entry is not None else table
        chosen = chosen[chosen.status == 1] if events else chosen
        data = time_to_event(chosen.assign(entry=entry or 0.0), entry="entry", unit="year")
        ours = fit_survival(data, family).log_likelihood
        row = {"claim": f"{claim}: log likelihood", "source": source, "published": published, "ours": ours, "tolerance": tolerance}
        rows.append({**row, "passed": abs(ours - published) <= tolerance})
    everyone = time_to_event(table, unit="year")
    for claim, spline, plain in SAME:
        one, other = fit_survival(everyone, spline).log_likelihood, fit_survival(everyone, plain).log_likelihood
        row = {"claim": claim, "source": SPLINE, "published": other, "ours": one, "tolerance": 1e-7}
        rows.append({**row, "passed": bool(np.isclose(one, other, rtol=0, atol=1e-7))})
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
