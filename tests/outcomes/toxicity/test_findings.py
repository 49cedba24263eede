"""Impossible and contradictory findings are refused in one sentence; scales are found by name."""

from __future__ import annotations

from typing import Any

import pytest

from autologue.errors import InputError
from autologue.outcomes.toxicity.findings import DailyFindings, Oxygen, PressorDose
from autologue.outcomes.toxicity.scales import named_scales

IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"temperature_c": 380}, "temperature_c is 380, expected 25 to 45"),
    ({"temperature_c": float("nan")}, "temperature_c is nan"),
    ({"day": -1}, "day is -1, expected 0"),
    ({"fio2": 40}, "fio2 is 40, expected 0.21 to 1"),
    ({"ice_score": 11}, "ice_score is 11"),
    ({"pressors": -1}, "pressors is -1"),
    ({"creatinine_grade": 6}, "creatinine_grade is 6"),
    ({"oxygen": Oxygen.NONE, "oxygen_flow": 2}, "oxygen is none but oxygen_flow"),
    ({"oxygen": Oxygen.NONE, "fio2": 0.3}, "oxygen is none but fio2"),
    ({"oxygen": Oxygen.HIGH_FLOW_CANNULA, "oxygen_flow": 6}, "high_flow_cannula but oxygen_flow is 6"),
    ({"pressors": 0, "vasopressin": False, "pressor_dose": PressorDose.LOW}, "no vasopressor is"),
    (
        {"ice_score": 9, "ice_orientation": 4, "ice_naming": 3, "ice_command": 1, "ice_writing": 1, "ice_attention": 1},
        "not the sum of the five ICE items",
    ),
]


@pytest.mark.parametrize(("values", "words"), IMPOSSIBLE)
def test_impossible_values_are_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        DailyFindings(**{"patient": "A", "day": 2, **values})
    assert words in str(caught.value)
    assert "patient A" in str(caught.value)
    assert "\n" not in str(caught.value)


LIMITS = [
    ("day", 0, 36_525), ("age_years", 0, 120), ("temperature_c", 25, 45), ("pressors", 0, 10), ("oxygen_flow", 0, 100), ("fio2", 0.21, 1),
    ("creatinine_grade", 0, 5), ("transaminase_grade", 0, 5), ("other_organ_grade", 0, 5), ("ice_orientation", 0, 4), ("ice_naming", 0, 3),
    ("ice_command", 0, 1), ("ice_writing", 0, 1), ("ice_attention", 0, 1), ("ice_score", 0, 10), ("capd", 0, 32),
]  # fmt: skip


@pytest.mark.parametrize(("name", "low", "high"), LIMITS)
def test_the_limits_themselves_are_possible_and_what_lies_beyond_is_not(name: str, low: float, high: float) -> None:
    for value in (low, high):
        assert getattr(DailyFindings(**{"patient": "A", "day": 2, name: value}), name) == value
    for value in (low - 0.01, high + 1):
        with pytest.raises(InputError, match=name):
            DailyFindings(**{"patient": "A", "day": 2, name: value})


def test_a_high_flow_cannula_may_run_above_6_l_per_min() -> None:
    assert DailyFindings(patient="A", day=2, oxygen=Oxygen.HIGH_FLOW_CANNULA, oxygen_flow=6.5).oxygen_flow == 6.5


def test_pressors_are_counted_only_where_both_numbers_are_known() -> None:
    known = DailyFindings(patient="A", day=2, pressors=1, vasopressin=True)
    assert known.total_pressors == 2
    assert DailyFindings(patient="A", day=2, pressors=1).total_pressors is None
    assert DailyFindings(patient="A", day=2, vasopressin=True).total_pressors is None


def test_an_unknown_scale_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="did you mean crs_astct_2019"):
        named_scales(["crs_astct"])
