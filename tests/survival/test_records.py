"""What a table must be, and what is said when it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.survival import TimeToEvent, interval_censored, kaplan_meier, time_to_event

GOOD = {"time": [1.0, 2.0, 3.0], "status": [1, 0, 1]}


@pytest.mark.parametrize(
    ("change", "keywords", "message"),
    [
        ({"time": [1.0, -0.5, 3.0]}, {}, "row 2, column 'time': -0.5 is below time zero"),
        ({"time": [1.0, np.nan, 3.0]}, {}, "row 2, column 'time': .* is not a finite number"),
        ({"time": [1.0, 2.0, "soon"]}, {}, "row 3, column 'time': 'soon' is not a finite number"),
        ({"status": [1, 0, 7]}, {}, "row 3, column 'status': 7 is not a declared status; known: 0 .censored., 1 .event."),
        ({"entry": [0.0, 2.0, 0.0]}, {"entry": "entry"}, "row 2, column 'entry': entry 2 is not before the time 2"),
        ({"weight": [1.0, 1.0, -1.0]}, {"weight": "weight"}, "row 3, column 'weight'"),
        ({"arm": ["a", None, "b"]}, {"arm": "arm"}, "row 2, column 'arm': the arm is missing"),
        ({}, {"time": "tme"}, "unknown column 'tme'; did you mean time"),
        ({"age": [1.0, np.inf, 2.0]}, {"covariates": ["age"]}, "row 2, column 'age'"),
    ],
)
def test_bad_rows_are_named(change: dict[str, list[object]], keywords: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        time_to_event(pd.DataFrame({**GOOD, **change}), **keywords)  # type: ignore[arg-type]


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(InputError, match="no rows"):
        time_to_event(pd.DataFrame({"time": [], "status": []}))


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(InputError, match="row 2, column 'upper': 1 is below the lower bound 2"):
        interval_censored(pd.DataFrame({"lower": [0.0, 2.0], "upper": [1.0, 1.0]}))


def test_methods_for_exact_times_refuse_intervals() -> None:
    data = interval_censored(pd.DataFrame({"lower": [0.0, 2.0], "upper": [1.0, 3.0]}))
    with pytest.raises(InputError, match="interval censored"):
        kaplan_meier(data)


def test_arms_and_causes() -> None:
    table = pd.DataFrame({"time": [1, 2, 3, 4], "status": ["r", "d", "c", "d"], "arm": ["b", "a", "b", "a"]})
    data = time_to_event(table, codes={"c": None, "r": "relapse", "d": "death"}, arm="arm")
    assert data.arms == ("a", "b")
    assert data.causes == ("relapse", "death")
    assert {arm: part.lower.tolist() for arm, part in data.by_arm()} == {"a": [2, 4], "b": [1, 3]}
    death = data.only("death")
    assert death.event.tolist() == [False, True, False, True]
    assert np.isinf(death.upper).tolist() == [True, False, True, False]
    with pytest.raises(InputError, match="cause 'cure' is not declared"):
        data.only("cure")


def test_data_cannot_be_changed() -> None:
    data: TimeToEvent = time_to_event(pd.DataFrame(GOOD))
    with pytest.raises(ValueError, match="read-only"):
        data.lower[0] = 9.0


def test_text_in_an_upper_bound_is_no_censoring() -> None:
    with pytest.raises(InputError, match="row 2, column 'upper': 'soon' is no number"):
        interval_censored(pd.DataFrame({"lower": [0.0, 2.0], "upper": [1.0, "soon"]}))


def test_statuses_that_are_true_or_false() -> None:
    assert time_to_event(pd.DataFrame({"time": [1.0, 2.0], "status": [True, False]})).event.tolist() == [True, False]


def test_an_empty_status_is_said_as_a_person_would() -> None:
    with pytest.raises(InputError, match="row 2, column 'status': an empty cell is not a declared status"):
        time_to_event(pd.DataFrame({"time": [1.0, 2.0], "status": [1.0, np.nan]}))


def test_a_unit_that_is_no_time_is_refused() -> None:
    with pytest.raises(InputError, match="the unit of time is 'kg'; expected one like day"):
        time_to_event(pd.DataFrame(GOOD), unit="kg")
