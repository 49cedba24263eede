"""CAR-HEMATOTOX as published: every cell, the maximum of 7 and the two classes; EASIX, m-EASIX and s-EASIX by their formulas.

Sources: Rejeski 2021, doi:10.1182/blood.2020010543; Pennisi 2021, doi:10.1182/bloodadvances.2020003885.
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

from autologue.outcomes.scores.car_hematotox import Hematotox, car_hematotox
from autologue.outcomes.scores.easix import easix, m_easix, s_easix
from autologue.outcomes.scores.laboratory import Lab
from autologue.qualify.claims import print_claims

REJESKI, PENNISI = "doi:10.1182/blood.2020010543", "doi:10.1182/bloodadvances.2020003885"
UNITS = {"platelets": "1e9/L", "anc": "/uL", "haemoglobin": "g/dL", "crp": "mg/dL", "ferritin": "ng/mL"}
BEST = {"platelets": 200.0, "anc": 3000.0, "haemoglobin": 13.0, "crp": 0.5, "ferritin": 100.0}
CELLS: list[tuple[str, float, int]] = [
    *(("platelets", value, points) for value, points in ((176, 0), (175, 1), (75, 1), (74, 2))),
    *(("anc", value, points) for value, points in ((1200, 0), (1199, 1))),
    *(("haemoglobin", value, points) for value, points in ((9.0, 0), (8.9, 1))),
    *(("crp", value, points) for value, points in ((2.9, 0), (3.0, 1))),
    *(("ferritin", value, points) for value, points in ((649, 0), (650, 1), (2000, 1), (2001, 2))),
]


def hematotox(values: dict[str, float]) -> Hematotox:
    """Return the score of values in the published units."""
    labs = {name: Lab(value, UNITS[name]) for name, value in values.items()}
    return car_hematotox(labs.pop("platelets"), **labs)


def row(claim: str, source: str, published: float, ours: float, tolerance: float = 0.0) -> dict[str, Any]:
    """Return one line of the table."""
    passed = abs(ours - published) <= tolerance
    return {"claim": claim, "source": source, "published": published, "ours": ours, "tolerance": tolerance, "passed": passed}


def checks() -> list[dict[str, Any]]:
    """Return one row per claim: claim, source, published, ours, tolerance, passed."""
    rows = [
        row(f"points of {name} {value:g} {UNITS[name]}", REJESKI, p, hematotox({**BEST, name: value}).total) for name, value, p in CELLS
    ]
    grid = {name: [value for item, value, _ in CELLS if item == name] for name in BEST}
    scores = [hematotox(dict(zip(grid, values, strict=True))) for values in itertools.product(*grid.values())]
    rows.append(row("maximum of CAR-HEMATOTOX", REJESKI, 7, max(score.total for score in scores)))
    rows.append(row("minimum of CAR-HEMATOTOX", REJESKI, 0, min(score.total for score in scores)))
    rows.append(row("lowest score called high", REJESKI, 2, min(score.total for score in scores if score.high)))
    rows.append(row("highest score called low", REJESKI, 1, max(score.total for score in scores if not score.high)))
    ldh, platelets = Lab(480, "U/L"), Lab(120, "1e9/L")
    rows.append(
        row(
            "EASIX = LDH x creatinine / platelets", PENNISI, 4.8, easix(ldh, creatinine=Lab(1.2, "mg/dL"), platelets=platelets).value, 1e-12
        )
    )
    rows.append(row("m-EASIX = LDH x CRP / platelets", PENNISI, 14.0, m_easix(ldh, crp=Lab(35, "mg/L"), platelets=platelets).value, 1e-12))
    rows.append(row("s-EASIX = LDH / platelets", PENNISI, 4.0, s_easix(ldh, platelets=platelets).value, 1e-12))
    return rows


if __name__ == "__main__":
    sys.exit(print_claims(checks()))
