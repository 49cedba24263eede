"""Simulate and refit with SAEM: the design of Stein 2019, and an integrated model, Leon-Triana 2021, with three outputs.

Stein 2019: 90 patients, the visits of the paediatric study over two years, an assay limit below which half of the samples after day 90
lie. Leon-Triana 2021: 60 patients, with variability and assays that the paper does not state. Each fit starts 30 % away from the truth.

Claims: over the replicates, (estimate - truth) / standard error has a mean of zero, and its squares one of one, within 3.5 Monte-Carlo
errors; 90 to 99 % of the 95 % intervals hold the truth (full mode only: quick has one small cohort). The bias on the log scale is printed
with its 95 % Monte-Carlo interval.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _designs as designs
import _nlme as nlme

from autologue.fit import SAEM, Fit, fit


def replicate(words: str, seed: int, patients: int, method: SAEM) -> Fit:
    """Return the fit of one simulated cohort."""
    if words == "Stein":
        truth, limits, times = designs.stein(), dict(transgene=designs.stein_limit(0)), designs.ELIANA
    else:
        truth, limits, times = designs.leon_triana(), dict(car_t=1e7, leukaemic=1e8, healthy_b=1e8), designs.LEON_TIMES
    cohort = designs.study(truth, times, limits, patients=patients, seed=seed)
    return fit(cohort, designs.moved(truth, 1.3), method=method, seed=seed)


def away(found: Fit, truth: object) -> tuple[np.ndarray, np.ndarray]:
    """Return estimate less truth on the scales, and that in standard errors."""
    off = found.estimated.vector - found.structure.read(truth)
    return off, off / np.sqrt(np.diagonal(found.covariance))


def checks(*, quick: bool) -> list[dict[str, object]]:
    """Return one row a claim."""
    if quick:
        found = replicate("Stein", 1, 40, SAEM(samples=100, draws=200))
        z = away(found, designs.stein())[1]
        return [nlme.claim("Stein, 40 patients, largest distance in standard errors", "below 3.5", 0.0, float(np.abs(z).max()), 3.5)]
    rows = []
    for words, truth, count, patients in (("Stein", designs.stein(), 200, 90), ("Leon-Triana", designs.leon_triana(), 40, 60)):
        found = [replicate(words, seed, patients, SAEM(draws=200)) for seed in range(1, count + 1)]
        pairs = [away(each, truth) for each in found]
        off, z = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
        for k, name in enumerate(found[0].structure.names):
            half = 1.96 * off[:, k].std(ddof=1) / np.sqrt(count)
            bias = f"bias {off[:, k].mean():+.3f} +- {half:.3f} on its scale"
            rows.append(nlme.claim(f"{words}, {name}, mean of z", "0", 0.0, z[:, k].mean(), 3.5 / np.sqrt(count), note=bias))
            rows.append(nlme.claim(f"{words}, {name}, mean square of z", "1", 1.0, (z[:, k] ** 2).mean(), 3.5 * np.sqrt(2 / count)))
            rows.append(nlme.claim(f"{words}, {name}, coverage of 95 %", "0.90 to 0.99", 0.945, (abs(z[:, k]) < 1.96).mean(), 0.045))
    return rows


if __name__ == "__main__":
    sys.exit(nlme.report(checks(quick="--quick" in sys.argv)))
