"""Expected survival from a life table: hand sums, and relative survival put back together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.survival import LifeTable, MixtureCure, Weibull, draw_curve, fit_survival, kaplan_meier, read_life_table, time_to_event

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
        (ROWS.drop(columns="sex"), "unknown column 'sex'"),
    ],
)
def test_tables_with_holes_are_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_life_table(rows, source="invented")


def test_an_unknown_sex_is_named(table: LifeTable) -> None:
    with pytest.raises(InputError, match="unknown sex 'x'"):
        table.background([50.0], ["x"])


@pytest.mark.parametrize("age", [49.0, float("nan"), float("inf")])
def test_an_age_that_the_table_cannot_know_is_refused(table: LifeTable, age: float) -> None:
    with pytest.raises(InputError, match="expected a number of years from 50"):
        table.background([age], ["f"])
    with pytest.raises(InputError, match="where the life table begins"):
        table.expected_survival([age], ["f"], np.array([0.0, 1.0]))


def test_a_relative_cure_model_and_the_life_table_give_back_all_cause_survival() -> None:
    """Half are cured of an excess Weibull hazard, all die at the life table's: fit the excess, multiply, meet Kaplan-Meier."""
    rng = np.random.default_rng(31)
    n, hazard = 6000, 0.03
    table = read_life_table(pd.DataFrame({"age": [40, 41], "sex": "f", "hazard": hazard}), source="invented")
    excess = np.where(rng.random(n) < 0.5, np.inf, 2 * rng.weibull(1.2, n))
    time = np.minimum(np.minimum(excess, rng.exponential(1 / hazard, n)), 20.0)
    frame = pd.DataFrame({"time": time, "status": (time < 20).astype(int), "age": 40.0, "sex": "f"})
    frame["expected"] = table.background(frame.age + frame.time, frame.sex)
    data = time_to_event(frame, background="expected", unit="year")
    fit = fit_survival(data, MixtureCure(Weibull()))
    assert fit.natural["cure_fraction"] == pytest.approx(0.5, abs=0.03)
    at = np.linspace(0, 20, 21)
    all_cause = draw_curve(fit, at).with_background(table.expected_survival([40.0], ["f"], at))
    assert np.allclose(all_cause.estimate[0], kaplan_meier(data).at(at).estimate, atol=0.015)
