"""A line for each patient, with a covariate that may act on its level: everything about it is normal and known."""

from __future__ import annotations

import numpy as np

from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Correlation, Parametric
from autologue.variability import Constant, Normal

SPREAD = (1.0, 0.3)
LINE = Model(
    name="line",
    time="day",
    states=dict(y=State("1")),
    parameters=dict(
        mu=Parameter(5.0, "1", "the level", Normal(sd=SPREAD[0])), slope=Parameter(0.5, "1/day", "the trend", Normal(sd=SPREAD[1]))
    ),
    initial=lambda p: dict(y=p.mu),
    phases=[Phase(lambda y, p: dict(y=p.slope + 0.0 * y.y))],
    outputs=dict(y=Output(lambda y: y.y, "1", Constant(sd=1.0))),
    closed_form=lambda t, p: dict(y=p.mu + p.slope * t),
    reference="a line for each patient",
)


def population(*, correlated: bool = False) -> Parametric:
    """The structure of the fit, with or without a correlation of the two."""
    return Parametric(model=LINE, correlations=[Correlation("mu", "slope", 0.1)] if correlated else [])


def lines(seed: int, *, effect: float = 0.0, correlation: float = 0.0, noise: float = 1.0, patients: int = 40) -> Cohort:
    """A cohort with covariates x (normal, with an effect on the level), w (normal, above zero, without one) and g (a or b, without one)."""
    rng, times = np.random.default_rng(seed), np.arange(4.0)
    x, w, g = rng.normal(0, 1, patients), rng.normal(0, 0.3, patients), np.where(rng.random(patients) < 0.4, "b", "a")
    z = rng.normal(0, 1, (patients, 2))
    z[:, 1] = correlation * z[:, 0] + np.sqrt(1 - correlation**2) * z[:, 1]
    off = z * SPREAD
    off[:, 0] += effect * x
    return Cohort(
        tuple(
            Patient(
                id=f"{k}",
                covariates=dict(x=float(x[k]), w=float(70 * np.exp(w[k])), g=str(g[k])),
                observations={"y": Observations(times, 5 + u + (0.5 + v) * times + rng.normal(0, noise, 4), unit="1")},
            )
            for k, (u, v) in enumerate(off)
        ),
        "lines",
    )
