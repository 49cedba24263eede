"""Data sets that lifelines ships, and simulated ones, for the survival tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_gbsg2, load_lung

from autologue.survival import TimeToEvent, time_to_event


@pytest.fixture(scope="session")
def lung() -> TimeToEvent:
    """North Central Cancer Treatment Group lung cancer, 228 patients, 165 deaths, days."""
    return time_to_event(load_lung(), arm="sex", covariates=["age"], unit="day")


@pytest.fixture(scope="session")
def breast() -> TimeToEvent:
    """German Breast Cancer Study Group 2: recurrence-free survival of 686 women, years of 365 days (flexsurv's `bc`)."""
    table = load_gbsg2()
    return time_to_event(table.assign(years=table.time / 365), time="years", status="cens", arm="horTh", unit="year")


@pytest.fixture(scope="session")
def cured() -> pd.DataFrame:
    """400 simulated patients, 40 % cured, the rest Weibull (shape 1.3, scale 6), censored evenly between 24 and 48 months."""
    rng = np.random.default_rng(20)
    n = 400
    event = np.where(rng.random(n) < 0.4, np.inf, 6 * rng.weibull(1.3, n))
    end = rng.uniform(24, 48, n)
    return pd.DataFrame({"time": np.minimum(event, end), "status": (event <= end).astype(int)})
