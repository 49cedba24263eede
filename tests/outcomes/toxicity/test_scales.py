"""Every cell of the published toxicity tables (reference/trials.md, section 9), one expectation a row."""

from __future__ import annotations

from typing import Any

import pytest

from autologue.outcomes.toxicity.findings import DailyFindings
from autologue.outcomes.toxicity.grading import Course, grade, grade_course
from autologue.outcomes.toxicity.scales import SCALES

WELL: dict[str, Any] = {
    "age_years": 40, "temperature_c": 36.8, "constitutional": False, "hospitalised": False, "hypotension": False, "iv_fluids": False,
    "pressors": 0, "vasopressin": False, "oxygen": "none", "fio2": 0.21, "creatinine_grade": 0, "transaminase_grade": 0,
    "other_organ_grade": 0, "blood_products": False, "antipyretic": False, "tocilizumab": False, "steroid": False, "ice_score": 10,
    "consciousness": "alert", "seizure": "none", "motor_weakness": False, "oedema": "none",
}  # fmt: skip
FEVER = {"temperature_c": 38.0}
CHILD = {"age_years": 8, "ice_score": None, "capd": 0}


def record(**changes: Any) -> DailyFindings:
    """A complete, well day with some changes; words become the declared values as they do from a table."""
    from autologue.outcomes.toxicity.columns import findings_from_row

    return findings_from_row({"patient": "A", "day": 3, **WELL, **changes}, 1)


ASTCT_CRS = [
    ({}, 0), ({"temperature_c": 37.9}, 0), (FEVER, 1), ({"temperature_c": 41.0}, 1),
    ({"hypotension": True}, 2), ({"oxygen": "nasal_cannula", "oxygen_flow": 6}, 2), ({"oxygen": "blow_by"}, 2),
    ({"pressors": 1}, 3), ({"pressors": 1, "vasopressin": True}, 3), ({"vasopressin": True}, 3),
    ({"oxygen": "nasal_cannula", "oxygen_flow": 6.1}, 3), ({"oxygen": "high_flow_cannula"}, 3), ({"oxygen": "face_mask"}, 3),
    ({"oxygen": "non_rebreather"}, 3), ({"oxygen": "venturi"}, 3),
    ({"pressors": 2}, 4), ({"pressors": 3, "vasopressin": True}, 4), ({"oxygen": "cpap"}, 4), ({"oxygen": "bipap"}, 4),
    ({"oxygen": "ventilator"}, 4), ({"death": "crs"}, 5), ({"death": "other"}, 1),
    ({"creatinine_grade": 4, "other_organ_grade": 4}, 1),  # organ toxicity plays no part
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), ASTCT_CRS)
def test_astct_crs(changes: dict[str, Any], expected: int) -> None:
    base = FEVER if changes and "temperature_c" not in changes else {}
    assert grade(record(**base, **changes), SCALES["crs_astct_2019"]).value == expected


LEE = [
    ({}, 0), (FEVER, 1), ({"constitutional": True}, 1),
    ({"hypotension": True}, 2), ({"iv_fluids": True}, 2), ({"pressors": 1, "pressor_dose": "low"}, 2),
    ({"oxygen": "nasal_cannula", "fio2": 0.39}, 2), ({"creatinine_grade": 2}, 2), ({"other_organ_grade": 2}, 2),
    ({"transaminase_grade": 2}, 2),
    ({"pressors": 1, "pressor_dose": "high"}, 3), ({"pressors": 2, "pressor_dose": "low"}, 3),
    ({"pressors": 1, "vasopressin": True, "pressor_dose": "low"}, 3), ({"oxygen": "face_mask", "fio2": 0.40}, 3),
    ({"oxygen": "cpap", "fio2": 0.5}, 3), ({"creatinine_grade": 3}, 3), ({"other_organ_grade": 3}, 3), ({"transaminase_grade": 3}, 3),
    ({"transaminase_grade": 4}, 3), ({"oxygen": "ventilator", "fio2": 0.3}, 4), ({"creatinine_grade": 4}, 4), ({"other_organ_grade": 4}, 4),
    ({"death": "crs"}, 5), ({"death": "icans"}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), LEE)
def test_lee(changes: dict[str, Any], expected: int) -> None:
    assert grade(record(**changes), SCALES["crs_lee_2014"]).value == expected


PENN = [
    ({}, 0), (FEVER, 1), ({"constitutional": True}, 1),
    ({"hospitalised": True}, 2), ({"creatinine_grade": 2}, 2), ({"transaminase_grade": 3}, 2), ({"transaminase_grade": 2}, 0),
    ({"iv_fluids": True}, 3), ({"pressors": 1, "pressor_dose": "low"}, 3), ({"vasopressin": True, "pressor_dose": "low"}, 3),
    ({"oxygen": "nasal_cannula", "oxygen_flow": 2, "fio2": 0.28}, 3), ({"oxygen": "bipap", "fio2": 0.6}, 3), ({"blood_products": True}, 3),
    ({"creatinine_grade": 3}, 3), ({"transaminase_grade": 4}, 3),
    ({"oxygen": "ventilator", "fio2": 0.6}, 4), ({"pressors": 1, "pressor_dose": "high"}, 4), ({"death": "crs"}, 5),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), PENN)
def test_penn(changes: dict[str, Any], expected: int) -> None:
    assert grade(record(**changes), SCALES["crs_penn"]).value == expected


ICANS = [
    *[({"ice_score": score}, expected) for score, expected in zip(range(11), [3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 0], strict=True)],
    ({"ice_score": 0, "consciousness": "unarousable"}, 4), ({"ice_score": 0, "consciousness": "alert"}, 3),
    ({"consciousness": "spontaneous"}, 1), ({"consciousness": "voice"}, 2), ({"consciousness": "touch"}, 3),
    ({"consciousness": "unarousable"}, 4),
    ({"seizure": "brief"}, 3), ({"seizure": "prolonged"}, 4), ({"motor_weakness": True}, 4), ({"oedema": "focal"}, 3),
    ({"oedema": "diffuse"}, 4),
    ({"death": "icans"}, 5), ({"death": "crs"}, 0), ({"ice_score": 3, "seizure": "brief"}, 3),
    ({"age_years": 12, "ice_score": 5}, 2),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), ICANS)
def test_icans(changes: dict[str, Any], expected: int) -> None:
    result = grade(record(**changes), SCALES["icans_astct_2019"])
    assert result.value == expected
    assert not result.unverified


def test_ice_items_add_up_to_the_score() -> None:
    items = {"ice_orientation": 3, "ice_naming": 2, "ice_command": 1, "ice_writing": 0, "ice_attention": 0}
    assert grade(record(ice_score=None, **items), SCALES["icans_astct_2019"]).value == 2


@pytest.mark.parametrize("changes", [{"capd": 9}, {"capd": 1}])
def test_a_grade_that_rests_on_capd_alone_says_that_the_row_is_unverified(changes: dict[str, Any]) -> None:
    result = grade(record(**{**CHILD, **changes}), SCALES["icans_astct_2019"])
    assert result.unverified
    assert "secondary source" in result.reason


def test_a_child_is_not_graded_by_ice_nor_an_adult_by_capd() -> None:
    scale = SCALES["icans_astct_2019"]
    assert grade(record(age_years=8, ice_score=0, capd=0), scale).value == 0
    assert grade(record(age_years=30, capd=20), scale).value == 0


def test_other_domains_grade_a_child_without_the_unverified_row() -> None:
    result = grade(record(**CHILD, seizure="brief"), SCALES["icans_astct_2019"])
    assert (result.value, result.unverified) == (3, False)


def course(*days: dict[str, Any], scale: str = "crs_astct_2019") -> list[int | None]:
    records = [record(**{"day": number, **changes}) for number, changes in enumerate(days)]
    return [result.value for result in grade_course(records, SCALES[scale])]


def test_fever_is_required_at_onset() -> None:
    assert course({"pressors": 2}, {"oxygen": "ventilator"}) == [0, 0]


@pytest.mark.parametrize("given", ["antipyretic", "tocilizumab", "steroid"])
def test_after_treatment_hypotension_and_hypoxia_drive_the_grade_without_fever(given: str) -> None:
    assert course(FEVER, {given: True, "pressors": 1}, {"oxygen": "blow_by"}, {}) == [1, 3, 2, 0]


def test_without_treatment_fever_stays_required() -> None:
    assert course(FEVER, {"pressors": 1}) == [1, 0]


def test_treatment_before_the_first_fever_does_not_count() -> None:
    assert course({"antipyretic": True}, FEVER, {"pressors": 1}) == [0, 1, 0]


def test_days_may_come_in_any_order() -> None:
    later, first = record(day=1, pressors=1), record(day=0, temperature_c=39, steroid=True)
    assert [result.value for result in grade_course([later, first], SCALES["crs_astct_2019"])] == [3, 1]


@pytest.mark.parametrize("name", ["crs_astct_2019", "crs_lee_2014", "crs_penn"])
def test_findings_explained_otherwise_are_not_crs(name: str) -> None:
    assert grade(record(temperature_c=40, pressors=2, pressor_dose="high", other_cause=True), SCALES[name]).value == 0


def test_neurology_explained_otherwise_is_not_icans_and_explained_fever_starts_no_course() -> None:
    assert grade(record(seizure="prolonged", neuro_other_cause=True), SCALES["icans_astct_2019"]).value == 0
    assert course({"temperature_c": 40, "other_cause": True, "steroid": True}, {"pressors": 1}) == [0, 0]


MISSING = [
    ("crs_astct_2019", {"temperature_c": None, "hypotension": True}, "temperature_c", 0),
    ("crs_astct_2019", {**FEVER, "oxygen": "nasal_cannula"}, "oxygen_flow", 2),
    ("crs_astct_2019", {**FEVER, "pressors": None}, "pressors", 1),
    ("crs_astct_2019", {**FEVER, "oxygen": None, "fio2": None}, "oxygen", 1),
    ("crs_lee_2014", {"pressors": 1}, "pressor_dose", 2),
    ("crs_lee_2014", {"oxygen": "face_mask", "fio2": None}, "fio2", 2),
    ("crs_lee_2014", {"constitutional": None}, "constitutional", 0),
    ("crs_penn", {"pressors": 1}, "pressor_dose", 3),
    ("crs_penn", {"blood_products": None}, "blood_products", 0),
    ("icans_astct_2019", {"ice_score": None}, "ice_score", 0),
    ("icans_astct_2019", {"age_years": None, "ice_score": 5}, "age_years", 0),
    ("icans_astct_2019", {"oedema": None, "seizure": "brief"}, "oedema", 3),
    ("icans_astct_2019", {**CHILD, "capd": None}, "capd", 0),
]


@pytest.mark.parametrize(("name", "changes", "missing", "sure"), MISSING)
def test_a_missing_finding_is_named_and_the_certain_grade_given(name: str, changes: dict[str, Any], missing: str, sure: int) -> None:
    result = grade(record(**changes), SCALES[name])
    assert result.value is None
    assert missing in result.missing
    assert result.at_least == sure
    assert missing in result.reason
    assert "patient A, day 3" in result.reason


def test_a_missing_finding_that_cannot_matter_is_not_asked_for() -> None:
    assert grade(record(**FEVER, oxygen="ventilator", pressors=None, hypotension=None), SCALES["crs_astct_2019"]).value == 4
    assert grade(record(consciousness="unarousable", ice_score=None, oedema=None), SCALES["icans_astct_2019"]).value == 4
    assert grade(record(pressors=2, vasopressin=None, **FEVER), SCALES["crs_astct_2019"]).value == 4


@pytest.mark.parametrize(
    ("changes", "sure"),
    [({"fio2": 0.22}, 2), ({"fio2": 0.21}, 1), ({"oxygen_flow": 1, "fio2": None}, 2), ({"oxygen_flow": 0, "fio2": None}, 1)],
)
def test_a_flow_or_a_raised_fio2_shows_oxygen_without_a_device(changes: dict[str, Any], sure: int) -> None:
    result = grade(record(**FEVER, **{"oxygen": None, **changes}), SCALES["crs_astct_2019"])
    assert (result.value, result.at_least) == (None, sure)


def test_unknown_fever_or_treatment_of_an_earlier_day_is_said() -> None:
    result = grade(record(pressors=1), SCALES["crs_astct_2019"], course=Course(fever_seen=None, treated=True))
    assert result.value is None
    assert "earlier day" in result.reason


@pytest.mark.parametrize("name", list(SCALES))
def test_every_grade_of_a_scale_can_be_reached_and_has_its_reference(name: str) -> None:
    assert {clause.grade for clause in SCALES[name].clauses} == {1, 2, 3, 4, 5}
    assert SCALES[name].reference.startswith("doi:10.")
