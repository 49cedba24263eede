"""Best response, confirmation, time to response, visit windows, and baselines after bridging."""

from __future__ import annotations

import pytest

from autologue.errors import InputError
from autologue.outcomes.response.all_eliana import eliana_remission
from autologue.outcomes.response.assessment import Assessment, Category, Response, Visit, at_visits, best_response, time_to_response
from autologue.outcomes.response.bridging import credited, reset_baseline

KINDS = {
    "CR": (Category.COMPLETE, 3), "CRi": (Category.COMPLETE, 2), "PR": (Category.PARTIAL, 2), "SD": (Category.STABLE, 1),
    "PD": (Category.PROGRESSION, 0), "NE": (Category.NOT_EVALUABLE, 9),
}  # fmt: skip
Visits = list[tuple[float, str]]


def seen(visits: Visits) -> list[Assessment]:
    return [Assessment(day, Response("x", label, *KINDS[label], "")) for day, label in visits]


def best(visits: Visits, confirm_days: float | None = None) -> tuple[float, str] | None:
    found = best_response(seen(visits), confirm_days=confirm_days).assessment
    return None if found is None else (found.day, found.response.label)


@pytest.mark.parametrize(
    ("visits", "plain", "held"),
    [
        ([(28, "PR"), (60, "CR"), (90, "CR")], (60, "CR"), (60, "CR")),
        ([(28, "PR"), (60, "CR"), (90, "PR")], (60, "CR"), (28, "PR")),
        ([(28, "CR"), (40, "CR")], (28, "CR"), None),
        ([(28, "CR"), (40, "PD"), (60, "CR"), (90, "CR")], (28, "CR"), (40, "PD")),
        ([(28, "CR"), (40, "NE"), (60, "CR")], (28, "CR"), (28, "CR")),
        ([(28, "CR"), (40, "SD"), (60, "CR")], (28, "CR"), (40, "SD")),
        ([(60, "CR"), (28, "SD")], (60, "CR"), (28, "SD")),
        ([(28, "NE")], None, None),
        ([], None, None),
    ],
)
def test_best_response_plain_and_held_for_28_days(visits: Visits, plain: tuple[float, str] | None, held: tuple[float, str] | None) -> None:
    assert best(visits) == plain
    assert best(visits, 28) == held


def test_two_consecutive_assessments_confirm_with_zero_days() -> None:
    assert best([(28, "CR"), (29, "CR")], 0) == (28, "CR")
    assert best([(28, "CR"), (29, "PR"), (30, "PR")], 0) == (28, "PR")


def test_new_therapy_ends_what_counts() -> None:
    assert best_response(seen([(28, "SD"), (90, "CR")]), until=60).reason == "SD on day 28: "
    assert time_to_response(seen([(28, "SD"), (90, "CR")]), since=0, until=60) is None


def test_time_to_response() -> None:
    visits = seen([(28, "SD"), (60, "PR"), (70, "SD"), (90, "CR"), (130, "CR")])
    assert time_to_response(visits, since=10) == 50
    assert time_to_response(visits, since=10, confirm_days=28) == 80


@pytest.mark.parametrize(
    ("visits", "expected"),
    [
        ([(28, "CR"), (60, "CR")], "CR"),
        ([(91, "CRi"), (119, "CRi")], "CRi"),
        ([(92, "CR"), (130, "CR")], None),
        ([(28, "CR"), (55, "CR")], None),
        ([(-3, "CR"), (28, "SD")], "SD"),
    ],
)
def test_eliana_remission_within_three_months_and_held_28_days(visits: Visits, expected: str | None) -> None:
    found = eliana_remission(seen(visits), infusion=0).assessment
    assert (None if found is None else found.response.label) == expected


VISITS = [Visit("month 1", 28, 7, 7), Visit("month 3", 91, 14, 14)]


def test_a_visit_takes_the_nearest_assessment_in_its_window() -> None:
    found = at_visits(seen([(20, "CR"), (24, "PR"), (30, "SD"), (32, "CR"), (120, "CR")]), VISITS)
    assert found["month 1"] is not None
    assert found["month 1"].day == 30
    assert found["month 3"] is None


@pytest.mark.parametrize(
    ("visits", "words"), [([VISITS[0], Visit("late", 40, 6, 0)], "overlap"), ([Visit("x", 1, -1, 0)], "negative window")]
)
def test_bad_windows_are_refused(visits: list[Visit], words: str) -> None:
    with pytest.raises(InputError, match=words):
        at_visits([], visits)


def test_an_assessment_has_a_date() -> None:
    with pytest.raises(InputError, match="dated nan"):
        seen([(float("nan"), "CR")])


def test_the_baseline_is_set_after_bridging() -> None:
    measured = [(-40.0, 100.0), (-12.0, 60.0), (-5.0, 30.0), (28.0, 1.0)]
    assert reset_baseline(measured, infusion=0).burden == 30
    again = reset_baseline(measured, infusion=0, bridging_end=-12)
    assert (again.day, again.burden, again.after_bridging) == (-5, 30, True)
    assert again.reason == "day -5: last measurement between the end of bridging and infusion"


@pytest.mark.parametrize(("end", "words"), [(-2.0, "no burden was measured between the end of bridging"), (3.0, "after infusion")])
def test_a_baseline_that_cannot_be_told_from_bridging_is_refused(end: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        reset_baseline([(-40, 100), (-5, 30), (28, 1)], infusion=0, bridging_end=end)


@pytest.mark.parametrize(
    ("at_baseline", "expected"),
    [(None, ["PR", "CR", "PD"]), ("SD", ["PR", "CR", "PD"]), ("PR", ["NE", "CR", "PD"]), ("CR", ["NE", "NE", "PD"])],
)
def test_a_response_to_bridging_is_not_credited_to_the_cells(at_baseline: str | None, expected: list[str]) -> None:
    found = credited(
        seen([(-20, "PR"), (28, "PR"), (60, "CR"), (200, "PD")]),
        infusion=0,
        at_baseline=None if at_baseline is None else seen([(-2, at_baseline)])[0],
    )
    assert [each.response.label for each in found] == expected
    assert all("not credited" in each.response.reason for each in found if each.response.label == "NE")


def test_an_assessment_on_the_day_of_infusion_is_not_after_it() -> None:
    assert credited(seen([(0, "CR"), (28, "PR")]), infusion=0) == seen([(28, "PR")])


@pytest.mark.parametrize(("day", "inside"), [(20, False), (21, True), (35, True), (36, False)])
def test_both_edges_of_a_window_belong_to_it(day: float, inside: bool) -> None:
    assert (at_visits(seen([(day, "CR")]), VISITS)["month 1"] is not None) is inside


def test_windows_that_share_a_day_overlap_and_neighbours_do_not() -> None:
    with pytest.raises(InputError, match="overlap"):
        at_visits([], [Visit("a", 10, 0, 5), Visit("b", 20, 5, 0)])
    assert at_visits([], [Visit("a", 10, 0, 5), Visit("b", 20, 4, 0)]) == {"a": None, "b": None}


@pytest.mark.parametrize(("day", "found"), [(60, "CR"), (61, "SD")])
def test_the_last_day_to_reach_a_response_counts(day: float, found: str) -> None:
    best = best_response(seen([(28, "SD"), (day, "CR")]), by=60).assessment
    assert best is not None
    assert best.response.label == found
