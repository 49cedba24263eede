"""Simulate and refit: a test that an estimator's estimates and standard errors are those of the data's own model, and finds a bug in it.

Cohorts are drawn here, in plain numpy, from a mono-exponential decline: two random effects, log-normal error, more than half of the
samples below quantification, most of them just below, so that how they are scored matters. For an estimator that is right,
W = (found - true)' R (found - true), with R the information that it reports, is nearly chi-squared with one degree of freedom an
estimate; the sum over cohorts likewise. A calibration passes where that sum lies between the quantiles 0.0005 and 0.9995, so that a
right estimator fails one seed in a thousand (the seeds here are fixed). Too small a sum is a failure too: standard errors too large.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2

from autologue.functions import exp
from autologue.likelihood.rows import Rows
from autologue.model import Model, Output, Parameter, Phase, State
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric
from autologue.variability import LogNormal

TRUE = dict(start=100.0, rate=0.5, omega_start=0.5, omega_rate=0.3, sd_level=0.5)
TIMES = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0])
LIMIT = 20.0
PATIENTS, COHORTS = 200, 5

DECLINE = Model(
    name="decline",
    time="day",
    states=dict(level=State("copies/ug")),
    parameters=dict(
        start=Parameter(TRUE["start"], "copies/ug", "level at the start", LogNormal(sd=TRUE["omega_start"])),
        rate=Parameter(TRUE["rate"], "1/day", "rate of decline", LogNormal(sd=TRUE["omega_rate"])),
    ),
    initial=lambda p: dict(level=p.start),
    phases=[Phase(lambda y, p: dict(level=-p.rate * y.level))],
    outputs=dict(level=Output(lambda y: y.level, "copies/ug", LogNormal(sd=TRUE["sd_level"]))),
    closed_form=lambda t, p: dict(level=p.start * exp(-p.rate * t)),
    reference="none",
)
POPULATION = Parametric(model=DECLINE)


def cohort(seed: int) -> Cohort:
    """Return patients drawn from the truth."""
    random = np.random.default_rng([20261126, seed])
    eta = random.standard_normal((2, PATIENTS, 1))
    start = TRUE["start"] * np.exp(TRUE["omega_start"] * eta[0])
    rate = TRUE["rate"] * np.exp(TRUE["omega_rate"] * eta[1])
    y = start * np.exp(-rate * TIMES + TRUE["sd_level"] * random.standard_normal((PATIENTS, len(TIMES))))
    below = y < LIMIT
    low, high = np.where(below, -np.inf, y), np.where(below, LIMIT, y)
    return Cohort(
        tuple(
            Patient(id=str(k), observations=dict(level=Observations(TIMES, unit="copies/ug", lower=low[k], upper=high[k], limit=LIMIT)))
            for k in range(PATIENTS)
        )
    )


@dataclass(frozen=True)
class Fault:
    """A bug in how a censored row is scored, as a change of the table that the likelihood reads."""

    name: str

    def __call__(self, rows: Rows) -> Rows:
        """Return the table as code with this bug would read it."""
        censored = rows.censored
        match self.name:
            case "M3 term dropped":
                return replace(rows, low=np.where(censored, -np.inf, rows.low), high=np.where(censored, np.inf, rows.high))
            case "limit doubled":
                return replace(rows, high=np.where(censored, rows.high + np.log(2.0), rows.high))
            case "limit halved":
                return replace(rows, high=np.where(censored, rows.high - np.log(2.0), rows.high))
            case "side swapped":
                return replace(rows, low=np.where(censored, rows.high, rows.low), high=np.where(censored, np.inf, rows.high))
            case "limit taken as measured":
                return replace(rows, low=np.where(censored, rows.high, rows.low))
        return rows


FAULTS = [Fault(name) for name in ("M3 term dropped", "limit doubled", "limit halved", "side swapped", "limit taken as measured")]
NONE = Fault("none")


def distance(found: np.ndarray, information: np.ndarray) -> float:
    """Return W for estimates on their scales: logarithms all, in the order of TRUE."""
    off = found - np.log(list(TRUE.values()))
    return float(off @ information @ off)


def calibrated(distances: list[float]) -> bool:
    """Return whether a right estimator would give such distances."""
    low, high = chi2.ppf([0.0005, 0.9995], len(TRUE) * len(distances))
    return bool(low < sum(distances) < high)
