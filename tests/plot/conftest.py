"""Synthetic tables that look like the real ones: expansion, contraction and persistence of 300 patients over a year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from autologue.plot import quantile_bands, running_bands

LIMIT = 50.0
DAYS = np.unique(np.concatenate([np.linspace(0, 28, 57), np.linspace(28, 365, 60)]))


@pytest.fixture(scope="session")
def expansion() -> NDArray[np.float64]:
    """Transgene in copies/ug, shape (300, time): rise to a peak near day 9, then two exponentials, with a persistent share."""
    random = np.random.default_rng(7)
    n = 300
    peak = 24000 * np.exp(random.normal(0, 1.0, n))
    t_max = 9.3 * np.exp(random.normal(0, 0.3, n))
    alpha, beta = 0.16 * np.exp(random.normal(0, 0.4, n)), 0.0032 * np.exp(random.normal(0, 0.7, n))
    share = 0.0079 * np.exp(random.normal(0, 0.9, n))
    time = DAYS[:, None]
    rise = peak * np.exp(-np.log(3900) * np.maximum(1 - time / t_max, 0))
    fall = peak * ((1 - share) * np.exp(-alpha * (time - t_max)) + share * np.exp(-beta * (time - t_max)))
    return np.where(time < t_max, rise, fall).T


@pytest.fixture(scope="session")
def bands(expansion: NDArray[np.float64]) -> pd.DataFrame:
    return quantile_bands(DAYS, expansion)


@pytest.fixture(scope="session")
def samples(expansion: NDArray[np.float64]) -> pd.DataFrame:
    """Twelve patients at the visits of a trial, with an assay error and the limit."""
    random = np.random.default_rng(8)
    visits = [1, 4, 7, 11, 14, 21, 28, 60, 90, 180, 270, 365]
    frames = []
    for patient in range(12):
        value = np.interp(visits, DAYS, expansion[patient]) * np.exp(random.normal(0, 0.4, len(visits)))
        frames.append(pd.DataFrame({"id": f"patient {patient + 1:02d}", "time": visits, "value": value, "blq": value < LIMIT}))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def curves(expansion: NDArray[np.float64]) -> pd.DataFrame:
    """The curves of the first 79 patients, tidy: id, time, value."""
    shown = expansion[:79]
    ids = np.repeat([f"P{patient:03d}" for patient in range(len(shown))], DAYS.size)
    return pd.DataFrame({"id": ids, "time": np.tile(DAYS, len(shown)), "value": shown.ravel()})


@pytest.fixture(scope="session")
def inflammation() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Peak inflammation against burden at infusion: patients, and the running band."""
    random = np.random.default_rng(9)
    x = 10 ** random.uniform(8.2, 12.4, 400)
    y = 3 * (x / 1e10) ** 0.42 * np.exp(random.normal(0, 0.55, 400))
    return pd.DataFrame({"x": x, "y": y})[:200], running_bands(x, y)


@pytest.fixture(scope="session")
def comparison() -> pd.DataFrame:
    """A table as a virtual trial prints it."""
    numbers = ["lower", "median", "upper", "published", "published_lower", "published_upper"]
    nan = float("nan")
    rows = [
        ("Kinetics", "Cmax, geometric mean", "copies/ug", 17800, 24300, 33100, 34700, nan, nan, "not comparable", ""),
        ("Kinetics", "Time of the peak, median", "day", 8.1, 9.3, 10.4, 9.9, 8.7, 11.1, "reproduced input", "inside"),
        ("Kinetics", "AUC 0–28 days, geometric mean", "day*copies/ug", 168000, 229000, 312000, 318000, nan, nan, "not comparable", ""),
        ("Kinetics", "Half-life of contraction", "day", 3.6, 4.4, 5.3, 4.3, nan, nan, "reproduced input", "inside"),
        ("Kinetics", "Persistence at 6 months", "%", 71, 80, 88, 68, 56, 79, "unverified", ""),
        ("Leukaemia", "B-cell aplasia at 6 months", "%", 74, 84, 92, 83, 69, 91, "independent", "inside"),
        ("Leukaemia", "Blasts below 5 % at day 28", "%", 78, 87, 94, 82, 72, 90, "independent", "inside"),
        ("Inflammation", "Onset, median", "day", 4.2, 5.6, 7.3, 3, nan, nan, "independent", "outside"),
    ]
    return pd.DataFrame(rows, columns=["panel", "quantity", "unit", *numbers, "kind", "verdict"])


@pytest.fixture(scope="session")
def survival() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Kaplan-Meier tables and numbers at risk of two arms, computed here by hand."""
    random = np.random.default_rng(10)
    tables, risks = [], []
    for arm, scale, n in (("CAR-T", 42.0, 79), ("standard care", 11.0, 76)):
        event, censor = random.exponential(scale, n), random.uniform(14, 38, n)
        time, dead = np.minimum(event, censor), event <= censor
        order = np.argsort(time)
        time, dead = time[order], dead[order]
        at_risk = n - np.arange(n)
        estimate = np.cumprod(1 - dead / at_risk)
        error = estimate * np.sqrt(np.cumsum(dead / np.maximum(at_risk * (at_risk - dead), 1)))
        lower, upper = np.clip(estimate - 1.96 * error, 0, 1), np.clip(estimate + 1.96 * error, 0, 1)
        tables.append(pd.DataFrame({"arm": arm, "time": time, "estimate": estimate, "lower": lower, "upper": upper, "censored": 1 - dead}))
        risks.append(pd.DataFrame({"arm": arm, "time": range(0, 37, 6), "at_risk": [(time >= month).sum() for month in range(0, 37, 6)]}))
    return pd.concat(tables, ignore_index=True), pd.concat(risks, ignore_index=True)
