"""The `Survival` noun: reading curves off, refusing what is no curve, and the verb that makes it from data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autologue.errors import InputError
from autologue.survival import (
    Exponential,
    MixtureCure,
    ProductLimit,
    Survival,
    TimeToEvent,
    Weibull,
    estimate_survival,
    kaplan_meier,
    restricted_mean,
    stack_survival,
    time_to_event,
)

TIME = np.linspace(0, 10, 11)


def exponential(rates: list[float], *, step: bool = False) -> Survival:
    """One arm with a draw for each rate; the estimate is the first."""
    draws = np.exp(-np.outer(rates, TIME))[:, None]
    return Survival(TIME, draws[0], draws, ("a",), unit="year", step=step)


def test_smooth_curves_are_exact_for_a_constant_hazard() -> None:
    curve = exponential([0.2, 0.1, 0.4])
    assert curve.at(3.3).estimate[0] == pytest.approx(np.exp(-0.66), rel=1e-12)
    assert curve.median().estimate["a"] == pytest.approx(np.log(2) / 0.2, rel=1e-9)
    assert curve.restricted_mean(7.5).estimate["a"] == pytest.approx((1 - np.exp(-1.5)) / 0.2, rel=1e-9)
    assert curve.quantile(0.9).estimate["a"] == np.inf
    assert curve.milestone(5.0).loc["a"].tolist() == pytest.approx([np.exp(-1.0), np.exp(-2.0), np.exp(-0.5)])


def test_steps_are_those_of_kaplan_meier(lung: TimeToEvent) -> None:
    male = dict(lung.by_arm())["1"]
    curve, km = kaplan_meier(male).curve(draws=10), kaplan_meier(male)
    at = np.array([0.0, 10.9, 11.0, 250.0, 800.0])
    assert np.allclose(curve.at(at).estimate, km.at(at).estimate)
    assert curve.median().estimate["all"] == km.median()["estimate"]
    area = restricted_mean(male, 500.0).estimate.iloc[0]
    assert curve.restricted_mean(500.0).estimate["all"] == pytest.approx(area)


def test_a_curve_that_falls_to_zero_is_read_without_harm() -> None:
    values = np.array([[1.0, 0.5, 0.0]])
    curve = Survival(np.array([0.0, 1.0, 2.0]), values, values[None], ("a",))
    assert curve.at([1.5, 2.0]).estimate.tolist() == [0.25, 0.0]
    assert curve.restricted_mean(2.0).estimate["a"] == pytest.approx(0.5 / np.log(2) + 0.25)
    assert curve.quantile(1.0).estimate["a"] == 2.0


@pytest.mark.parametrize(
    ("time", "values", "message"),
    [
        ([1.0, 2.0], [1.0, 0.5], "start at 0"),
        ([0.0, 0.0], [1.0, 0.5], "increase"),
        ([0.0, 1.0], [1.0, 1.5], "between 0 and 1"),
        ([0.0, 1.0, 2.0], [1.0, 0.5, 0.6], "arm 'a' rise after 1 month"),
        ([0.0, 1.0], [1.0, 0.5, 0.2], "shape"),
    ],
)
def test_what_is_no_curve_is_refused(time: list[float], values: list[float], message: str) -> None:
    estimate = np.array([values])
    with pytest.raises(InputError, match=message):
        Survival(np.array(time), estimate, np.empty((0, *estimate.shape)), ("a",))


def test_times_outside_the_curve_are_refused() -> None:
    with pytest.raises(InputError, match="time 11 is outside the curve, which runs from 0 to 10 year"):
        exponential([0.2]).at([1.0, 11.0])


def test_arms_are_stacked_selected_and_compared() -> None:
    slow, fast = exponential([0.1, 0.1]), exponential([0.3, 0.2])
    both = stack_survival([slow, Survival(TIME, fast.estimate, fast.draws, ("b",), unit="year")])
    assert both.arms == ("a", "b")
    gap = both.restricted_mean_difference(10.0, reference="b")
    assert gap.estimate["a"] > 0
    assert gap.loc["b"].tolist() == [0, 0, 0]
    assert both.select(["b"]).restricted_mean(10.0).estimate["b"] == pytest.approx(both.restricted_mean(10.0).estimate["b"])
    with pytest.raises(InputError, match="unknown arm 'c'"):
        both.select(["c"])
    with pytest.raises(InputError, match="cannot be stacked"):
        stack_survival([slow, exponential([0.1], step=True)])


def test_background_mortality_multiplies() -> None:
    curve = exponential([0.1]).with_background(np.exp(-0.05 * TIME))
    assert curve.at(10.0).estimate[0] == pytest.approx(np.exp(-1.5))
    with pytest.raises(InputError, match="one value for each time"):
        curve.with_background(np.ones(3))


def test_labels(lung: TimeToEvent) -> None:
    curve = estimate_survival(lung, Weibull(), seed=4)
    assert curve.arms == ("1", "2")
    assert curve.provenance["method"] == "Weibull"
    labelled = curve.to_xarray()
    assert dict(labelled.sizes) == {"arm": 2, "time": 201, "draw": 1000}
    assert labelled.attrs["time_unit"] == "day"
    assert float(labelled.survival.sel(arm="2", time=0.0)) == 1.0


@pytest.mark.parametrize("method", [ProductLimit(50), Weibull(), MixtureCure(Exponential())])
def test_arms_are_estimated_apart(lung: TimeToEvent, method: ProductLimit | Weibull | MixtureCure) -> None:
    both = estimate_survival(lung, method, times=np.array([0.0, 200, 400, 800]))
    alone = estimate_survival(dict(lung.by_arm())["2"], method, times=np.array([0.0, 200, 400, 800]))
    assert np.allclose(both.select(["2"]).estimate, alone.estimate)


def test_the_default_times_end_where_every_arm_is_known(lung: TimeToEvent) -> None:
    curve = estimate_survival(lung, ProductLimit(20))
    ends = [float(part.time.max()) for _, part in lung.by_arm()]
    assert curve.time[-1] == min(ends)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """90 % intervals of the survival at 12 months, 150 simulated studies: coverage within three standard errors."""
    hit = 0
    for seed in range(150):
        rng = np.random.default_rng([77, seed])
        time, end = rng.exponential(10, 80), rng.uniform(6, 30, 80)
        data = time_to_event(pd.DataFrame({"time": np.minimum(time, end), "status": (time <= end).astype(int)}))
        found = estimate_survival(data, Exponential(), times=np.array([0.0, 12.0]), seed=seed).milestone(12.0, level=0.9).loc["all"]
        hit += bool(found.lower <= np.exp(-1.2) <= found.upper)
    assert abs(hit / 150 - 0.9) < 3 * np.sqrt(0.09 / 150)
