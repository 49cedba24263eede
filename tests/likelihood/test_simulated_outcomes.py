"""Simulated times to event, counts and categories: each beside the formula that its uniform number gives."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from _outcomes import LINK, REFERENCE, falling, numbers, still
from scipy import stats

from autologue import Model, simulate, simulate_to_parquet
from autologue.errors import InputError
from autologue.seeds import Purpose, uniforms
from autologue.terms import Binary, Exponential, Gompertz, NegativeBinomial, Ordered, Poisson, Weibull

JOINT = falling(dict(relapse=Exponential(rate="rate", links=[LINK])), numbers("rate", "beta"))


def by_formula(a: np.ndarray, u: np.ndarray, after: float = 0.0) -> np.ndarray:
    b, base = -0.8 * 0.05, 0.01 * (a / REFERENCE) ** -0.8
    wanted = -np.log(u) / base + -math.expm1(-b * after) / b
    return -np.log(1.0 - wanted * b) / b


@pytest.mark.parametrize("after", [0.0, 20.0])
def test_times_are_where_the_cumulative_hazard_says(after: float) -> None:
    found = simulate(JOINT, times=[0, 100], patients=400, seed=3, event_free={"relapse": after}).data
    expected = by_formula(found["a"].to_numpy(), uniforms(3, Purpose.SURVIVAL, np.arange(400), 1)[:, 0], after)
    when = found["time_to_relapse"].to_numpy()
    assert (np.isnan(when) == (expected > 100)).all()
    np.testing.assert_allclose(when[expected <= 100], expected[expected <= 100], rtol=1e-5, atol=1e-5)
    assert found["time_to_relapse"].attrs["units"] == "day"
    assert found["hazard_relapse"].attrs["units"] == "1/day"


@pytest.mark.parametrize(
    ("outcome", "law"),
    [
        (Weibull(scale="scale", shape="shape"), stats.weibull_min(1.5, scale=80)),
        (Gompertz(rate="rate", slope="slope"), stats.gompertz(1.0, scale=100)),
        (Exponential(rate="rate"), stats.expon(scale=100)),
    ],
)
def test_times_without_a_course(outcome, law) -> None:
    model = still(dict(relapse=outcome), numbers("rate", "scale", "shape", "slope"))
    when = simulate(model, times=[0, 5000], patients=500, seed=1).data["time_to_relapse"].to_numpy()
    u = uniforms(1, Purpose.SURVIVAL, np.arange(500), 1)[:, 0]
    np.testing.assert_allclose(when, law.isf(u), rtol=1e-5, atol=1e-4)


def test_the_same_patients_in_any_company(tmp_path) -> None:
    whole = simulate(JOINT, times=[0, 90], patients=60, seed=5).patients()["time_to_relapse"]
    assert simulate(JOINT, times=[0, 90], patients=7, seed=5).patients()["time_to_relapse"].equals(whole[:7])
    simulate_to_parquet(JOINT, tmp_path / "x.parquet", patients=60, times=(), horizon=90, seed=5, chunk=11, workers=2)
    assert pd.read_parquet(tmp_path / "x.parquet")["time_to_relapse"].equals(whole)


def test_nothing_comes_after_a_terminal_event() -> None:
    death, own = Weibull(scale="scale", shape="shape"), numbers("rate", "scale", "shape")
    model = still(dict(relapse=Exponential(rate="rate"), death=replace(death, terminal=True)), own)
    found = simulate(model, times=[0, 1000], patients=2000, seed=2).patients()
    free = still(dict(relapse=Exponential(rate="rate"), death=death), own)
    plain = simulate(free, times=[0, 1000], patients=2000, seed=2).patients()
    first = plain["time_to_relapse"] < plain["time_to_death"]
    assert found["time_to_relapse"].isna().equals(~first)
    assert found["time_to_relapse"][first].equals(plain["time_to_relapse"][first])
    assert found["time_to_death"].equals(plain["time_to_death"])


def test_counts_and_categories_have_their_distributions() -> None:
    outcomes = dict(
        lesions=Poisson(mean="mean"), spots=NegativeBinomial(mean="mean", dispersion="dispersion"),
        grade=Ordered(first="first", steps=("step_1", "step_2")), fever=Binary(logit="logit"),
    )  # fmt: skip
    model: Model = still(outcomes, numbers("mean", "dispersion", "first", "step_1", "step_2", "logit"))
    found = simulate(model, times=[1, 2, 3], patients=4000, seed=4, residual=True).data
    expected = {
        "lesions": stats.poisson(2.0), "spots": stats.nbinom(2.0, 1 / (1 + 0.5 * 2.0)),
        "grade": stats.rv_discrete(values=([0, 1, 2, 3], np.diff([0, *stats.logistic.cdf([-1.0, 0.2, 1.2]), 1]))),
        "fever": stats.bernoulli(stats.logistic.cdf(-0.5)),
    }  # fmt: skip
    for name, law in expected.items():
        drawn = found[f"{name}_measured"].to_numpy()
        assert (drawn == np.round(drawn)).all()
        for value in range(3):  # binomial counts of 12,000 draws
            share, p = (drawn == value).mean(), float(law.pmf(value))
            assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / drawn.size) + 1e-12, (name, value)
        assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.08


def test_an_event_that_the_model_does_not_state() -> None:
    with pytest.raises(InputError, match="unknown time to event 'relaps'; did you mean relapse"):
        simulate(JOINT, times=[0, 10], patients=2, event_free={"relaps": 3.0})
