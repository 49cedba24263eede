"""Non-compartmental analysis of theophylline, 12 subjects, against the figures that PKNCA 0.12.1 prints for the same data.

PKNCA: Denney, Duvvuri, Buckeridge 2015, J Pharmacokinet Pharmacodyn 42:S65, doi:10.1007/s10928-015-9432-2 (lin-up/log-down, BLQ
before the first measurable value 0, in the middle dropped). Its area over 0 to 24 h ends at the last sample in that window.
Data: theo_sd of nlmixr2data, read from the reference folder ($AUTOLOGUE_SHARED, or `shared` beside the repository).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autologue.nca import NCA, Tail, Window, estimate_exposure, read_concentrations, summarise_exposure

SHARED = Path(os.environ.get("AUTOLOGUE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
DATA = SHARED / "reference" / "data" / "nlme" / "nlmixr2data_theo_sd.csv"
SOURCE = "PKNCA 0.12.1"

SUMMARY = [  # quantity, figure, published, tolerance (half a unit of the last digit printed)
    ("auc_0_24", "geometric_mean", 74.6, 0.05),
    ("auc_0_24", "geometric_cv_percent", 24.3, 0.05),
    ("cmax", "geometric_mean", 8.65, 0.005),
    ("cmax", "geometric_cv_percent", 17.0, 0.05),
    ("tmax", "median", 1.14, 0.0051),  # 1.135 exactly
    ("tmax", "minimum", 0.63, 0.005),
    ("tmax", "maximum", 3.55, 0.005),
    ("half_life", "mean", 8.18, 0.005),
    ("half_life", "sd", 2.12, 0.005),
    ("auc_inf", "geometric_mean", 115.0, 0.5),
    ("auc_inf", "geometric_cv_percent", 28.4, 0.05),
]
SUBJECT_1 = [
    ("auc_0_24", 92.36544, 5e-6),
    ("auc_inf", 214.92363, 5e-6),
    ("lambda_z", 0.04845700, 5e-9),
    ("half_life", 14.304378, 5e-7),
]


def checks() -> list[dict[str, object]]:
    """Return one row a claim: claim, source, published, ours, tolerance, passed."""
    method = NCA(windows=(Window(0, 24, tail=Tail.MEASURED),))
    exposure = estimate_exposure(read_concentrations(DATA), method, time_unit="h", value_unit="mg/L")
    summary = summarise_exposure(exposure).set_index("quantity")
    first = exposure.table.set_index("id").loc[1]
    rows = [(f"{quantity}, {figure}", published, float(summary.loc[quantity, figure]), tol) for quantity, figure, published, tol in SUMMARY]
    rows += [(f"{quantity} of subject 1", published, float(first[quantity]), tolerance) for quantity, published, tolerance in SUBJECT_1]
    return [
        {
            "claim": claim,
            "source": SOURCE,
            "published": published,
            "ours": ours,
            "tolerance": tolerance,
            "passed": abs(ours - published) <= tolerance,
        }
        for claim, published, ours, tolerance in rows
    ]


def main() -> int:
    """Print the table and return 1 where a verdict fails."""
    found = checks()
    print(f"{'claim':35} {'published':>12} {'ours':>12} {'tolerance':>10}  verdict")
    for row in found:
        verdict = "agrees" if row["passed"] else "DIFFERS"
        print(f"{row['claim']:35} {row['published']:12.8g} {row['ours']:12.8g} {row['tolerance']:10.2g}  {verdict}")
    return 0 if all(row["passed"] for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
