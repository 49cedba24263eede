"""Kaplan-Meier and log-rank of 228 patients with lung cancer, as R prints them.

Data: North Central Cancer Treatment Group (Loprinzi et al. 1994, J Clin Oncol 12:601-607), which lifelines ships. Figures:
survdiff(Surv(time, status) ~ sex) as printed in Machine Learning with R Cookbook, 2nd edition, chapter 6 (log-rank recipe), and
the first rows of survfit(Surv(time, status) ~ sex) as printed in public course notes (drkim.quarto.pub).
"""

from __future__ import annotations

import sys

from lifelines.datasets import load_lung

from autologue.qualify.claims import print_claims
from autologue.survival import Log, kaplan_meier, log_rank, time_to_event

COOKBOOK, NOTES = "R survdiff, Machine Learning with R Cookbook ch. 6", "R survfit, drkim.quarto.pub"
CURVE = [  # men: time, at risk, survival, standard error, lower bound (log scale)
    (11, 138, 0.9783, 0.0124, 0.9542),
    (60, 124, 0.8913, 0.0265, 0.8409),
    (107, 113, 0.8116, 0.0333, 0.7489),
    (147, 103, 0.7391, 0.0374, 0.6694),
    (179, 91, 0.6518, 0.0406, 0.5769),
]


def checks() -> list[dict[str, object]]:
    """Return one row a published figure: claim, source, published, ours, tolerance, passed."""
    data = time_to_event(load_lung(), arm="sex", unit="day")
    test = log_rank(data)
    found = [
        ("log-rank chi-square, men against women", COOKBOOK, 10.3267, test.statistic, 5e-5),
        ("log-rank p-value", COOKBOOK, 0.00131116, test.p_value, 5e-9),
        ("deaths expected, men", COOKBOOK, 91.5817, test.table.expected["1"], 5e-5),
        ("deaths expected, women", COOKBOOK, 73.4183, test.table.expected["2"], 5e-5),
    ]
    men = kaplan_meier(dict(data.by_arm())["1"], interval=Log())
    for time, risk, survival, error, lower in CURVE:
        row = men.at(time).iloc[0]
        found += [
            (f"men at risk at day {time}", NOTES, risk, men.numbers_at_risk(time).at_risk[0], 0.0),
            (f"survival of men at day {time}", NOTES, survival, row.estimate, 5e-5),
            (f"its standard error at day {time}", NOTES, error, row.standard_error, 5e-5),
            (f"its lower bound at day {time}", NOTES, lower, row.lower, 5e-5),
        ]
    keys = ("claim", "source", "published", "ours", "tolerance")
    return [{**dict(zip(keys, row, strict=True)), "passed": bool(abs(row[3] - row[2]) <= row[4] + 1e-12)} for row in found]


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
