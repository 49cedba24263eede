"""Every cell of the CAR-HEMATOTOX table (reference/trials.md, section 11), at its borders."""

from __future__ import annotations

import pytest

from autologue.outcomes.scores.car_hematotox import MAXIMUM, Hematotox, car_hematotox
from autologue.outcomes.scores.laboratory import Lab

BEST = {"platelets": 200.0, "anc": 3000.0, "haemoglobin": 13.0, "crp": 0.5, "ferritin": 100.0}
UNITS = {"platelets": "1e9/L", "anc": "/uL", "haemoglobin": "g/dL", "crp": "mg/dL", "ferritin": "ng/mL"}


def score(**changes: float) -> Hematotox:
    labs = {name: Lab(value, UNITS[name]) for name, value in {**BEST, **changes}.items()}
    return car_hematotox(labs.pop("platelets"), **labs)


@pytest.mark.parametrize(
    ("item", "value", "points"),
    [
        ("platelets", 175.1, 0), ("platelets", 175, 1), ("platelets", 75, 1), ("platelets", 74.9, 2),
        ("anc", 1200, 0), ("anc", 1199, 1), ("haemoglobin", 9.0, 0), ("haemoglobin", 8.9, 1),
        ("crp", 2.9, 0), ("crp", 3.0, 1), ("ferritin", 649, 0), ("ferritin", 650, 1), ("ferritin", 2000, 1), ("ferritin", 2001, 2),
    ],
)  # fmt: skip
def test_each_cell(item: str, value: float, points: int) -> None:
    result = score(**{item: value})
    assert result.points[item] == points
    assert result.total == points
    assert result.high == (points >= 2)


def test_the_maximum_is_seven_and_two_is_high() -> None:
    worst = score(platelets=20, anc=100, haemoglobin=7, crp=10, ferritin=5000)
    assert (worst.total, MAXIMUM, worst.high) == (7, 7, True)
    assert score(anc=100).high is False
    assert score(anc=100, crp=3).high is True
    assert "platelets 20 1e9/L: 2" in worst.reason
