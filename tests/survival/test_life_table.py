"""Expected survival from a life table: hand sums, and relative survival put back together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.survival import LifeTable, read_life_table

ROWS = pd.DataFrame({"age": [50, 51, 52] * 2, "sex": ["f"] * 3 + ["m"] * 3, "hazard": [0.01, 0.02, 0.03, 0.02, 0.04, 0.06]})


@pytest.fixture
def table() -> LifeTable:
    return read_life_table(ROWS, source="invented")


def test_hazards_are_looked_up_by_whole_year_of_age(table: LifeTable) -> None:
    assert table.background([50.0, 50.9, 51.0, 80.0], ["f", "f", "m", "m"]).tolist() == [0.01, 0.01, 0.04, 0.06]
    assert table.background([51.0], ["f"], years_per_unit=1 / 12, ratio=3.0) == pytest.approx([0.005])


def test_cumulative_hazard_by_hand(table: LifeTable) -> None:
    """From 50.5: half a year at 0.01, a year at 0.02, then 0.03 for ever."""
    found = table.cumulative([50.5], ["f"], np.array([0.0, 0.25, 1.0, 3.5]))[0]
    assert found == pytest.approx([0.0, 0.0025, 0.005 + 0.01, 0.005 + 0.02 + 2.0 * 0.03])


def test_months_and_cohorts(table: LifeTable) -> None:
    years = table.expected_survival([50, 51], ["f", "m"], np.array([0.0, 1.0, 2.0]))
    months = table.expected_survival([50, 51], ["f", "m"], np.array([0.0, 12.0, 24.0]), years_per_unit=1 / 12)
    assert np.allclose(years, months)
    assert years[1] == pytest.approx((np.exp(-0.01) + np.exp(-0.04)) / 2)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS.drop(index=1), "every whole year of age for every sex"),
        (pd.concat([ROWS, ROWS.iloc[[0]]]), "row 7, column 'age': age 50 of f is there twice"),
        (ROWS.assign(hazard=-0.1), "row 1, column 'hazard'"),
    ],
)
def test_tables_with_holes_are_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_life_table(rows, source="invented")


def test_an_unknown_sex_is_named(table: LifeTable) -> None:
    with pytest.raises(InputError, match="unknown sex 'x'"):
        table.background([50.0], ["x"])
