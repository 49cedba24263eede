"""Worst grade, onset and duration; re-grading a cohort."""

from __future__ import annotations

import pytest

from autologue.errors import InputError
from autologue.outcomes.toxicity.episode import Episode, summarise_grades
from autologue.outcomes.toxicity.findings import DailyFindings, Oxygen, PressorDose
from autologue.outcomes.toxicity.grading import Grade
from autologue.outcomes.toxicity.regrade import regrade
from autologue.outcomes.toxicity.scales import SCALES


def grades(*values: int | None) -> list[Grade]:
    return [Grade("crs_penn", value, value or 0, "") for value in values]


@pytest.mark.parametrize(
    ("days", "values", "expected"),
    [
        ([0, 1, 2, 3, 4], [0, 1, 3, 2, 0], Episode("crs_penn", 3, 2, 1, 3, 3, False)),
        ([4, 3, 2, 1, 0], [0, 2, 3, 1, 0], Episode("crs_penn", 3, 2, 1, 3, 3, False)),
        ([0, 1], [0, 0], Episode("crs_penn", 0, None, None, None, None, False)),
        ([0, 1, 2], [0, 1, 2], Episode("crs_penn", 2, 2, 1, 2, 2, True)),
        ([0, 1, 2], [0, 1, 5], Episode("crs_penn", 5, 2, 1, 2, 2, False)),
        ([0, 3, 9], [1, 0, 1], Episode("crs_penn", 1, 0, 0, 9, 10, True)),
        ([0, 1, 2], [1, None, 0], Episode("crs_penn", 1, 0, 0, 0, 1, False, (1,))),
    ],
)
def test_worst_onset_duration(days: list[float], values: list[int | None], expected: Episode) -> None:
    assert summarise_grades(days, grades(*values)) == expected


def test_bad_courses_are_refused() -> None:
    with pytest.raises(InputError, match="2 days and 1 grades"):
        summarise_grades([0, 1], grades(1))
    with pytest.raises(InputError, match="one day twice"):
        summarise_grades([1, 1], grades(1, 1))


def sick(patient: str, day: int, **changes: object) -> DailyFindings:
    values: dict[str, object] = {
        "temperature_c": 39.0, "constitutional": True, "hospitalised": True, "hypotension": False, "iv_fluids": False, "pressors": 0,
        "vasopressin": False, "oxygen": Oxygen.NONE, "blood_products": False, "creatinine_grade": 0, "transaminase_grade": 0,
    }  # fmt: skip
    return DailyFindings(patient=patient, day=day, **{**values, **changes})  # type: ignore[arg-type]


def test_penn_counts_grade_3_where_astct_counts_2() -> None:
    cohort = [
        sick("A", 1, hypotension=True, iv_fluids=True),
        sick("B", 1, pressors=1, pressor_dose=PressorDose.LOW),
        sick("B", 2),
        sick("C", 1),
    ]
    result = regrade(cohort, source=SCALES["crs_penn"], target=SCALES["crs_astct_2019"])
    assert result.worst == {"A": (3, 2), "B": (3, 3), "C": (2, 1)}
    assert result.crosstab() == {(3, 2): 1, (3, 3): 1, (2, 1): 1}
    assert result.share_at_least(3) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_a_record_that_does_not_allow_the_other_scale_is_refused() -> None:
    cohort = [sick("A", 1), sick("B", 4, pressors=1)]
    with pytest.raises(InputError) as caught:
        regrade(cohort, source=SCALES["crs_astct_2019"], target=SCALES["crs_penn"])
    assert "Penn CRS needs pressor_dose, which is not recorded for patient B, day 4" in str(caught.value)


def test_empty_and_double_records_are_refused() -> None:
    scales = {"source": SCALES["crs_penn"], "target": SCALES["crs_lee_2014"]}
    with pytest.raises(InputError, match="no record"):
        regrade([], **scales)
    with pytest.raises(InputError, match="patient A, day 1 comes twice"):
        regrade([sick("A", 1), sick("A", 1)], **scales)
