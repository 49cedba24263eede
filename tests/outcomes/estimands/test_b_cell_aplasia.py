"""Recovery of B cells among responders."""

from __future__ import annotations

from typing import Any

import pytest

from autologue.errors import InputError
from autologue.outcomes.estimands.b_cell_aplasia import b_cell_aplasia
from autologue.outcomes.estimands.estimand import Status
from autologue.outcomes.estimands.record import PatientRecord
from autologue.outcomes.response.assessment import Assessment, Category, Response

REMISSION = (Assessment(38, Response("x", "CR", Category.COMPLETE, 2, "")),)


def record(**changes: Any) -> PatientRecord:
    return PatientRecord(**{"patient": "A", "infusion": 10, "last_contact": 500, "assessments": REMISSION, **changes})


@pytest.mark.parametrize(
    ("counts", "changes", "time", "status"),
    [
        ([(0, 90), (40, 0), (100, 2), (200, 60), (300, 0)], {}, 190, Status.EVENT),
        ([(40, 0), (100, 2)], {}, 90, Status.CENSORED),
        ([(40, 50)], {}, 30, Status.EVENT),
        ([(40, 0), (200, 60)], {"transplant": 150}, 30, Status.CENSORED),
        ([(0, 90)], {}, None, Status.EXCLUDED),
        ([(40, 0)], {"assessments": ()}, None, Status.EXCLUDED),
        ([(40, 0)], {"infusion": None}, None, Status.EXCLUDED),
    ],
)
def test_time_to_recovery(counts: list[tuple[float, float]], changes: dict[str, Any], time: float | None, status: Status) -> None:
    result = b_cell_aplasia(record(**changes), counts, threshold=50)
    assert (result.time, result.status) == (time, status)


def test_the_interval_holds_the_recovery() -> None:
    assert b_cell_aplasia(record(), [(40, 0), (100, 2), (200, 60)], threshold=50).interval == (90, 190)


@pytest.mark.parametrize(
    ("counts", "threshold", "words"), [([(40, 0)], 0, "threshold is 0"), ([(40, -1)], 50, "B-cell count -1 on day 40")]
)
def test_bad_input(counts: list[tuple[float, float]], threshold: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        b_cell_aplasia(record(), counts, threshold=threshold)
