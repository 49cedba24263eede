"""Inflammation after Hanson 2016: peak, its time, and onset, against the burden at the infusion. Hours in the model, days here.

Assumed, because the paper does not say or its spread is not at hand: cells in proportion to blasts, the spread between patients, and
the level of the signal that counts as onset. The signal is not fever, and no grade of cytokine release follows from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.engine.solve import Solver, solve
from autologue.library import populations
from autologue.population import Individuals, Parametric
from autologue.protocol import Protocol
from autologue.trial.grid import first_above, highest
from autologue.trial.patients import Patients
from autologue.variability import LogNormal

__all__ = ["MODEL", "SOLVER", "UNITS", "inflamed_patients", "inflammation_population", "inflammation_variables"]

MODEL, OUTPUT = "hanson_2016", "inflammation"
VARYING = ("r_leukaemia", "kill", "made", "act_cytotoxic", "act_helper", "d_cytotoxic", "d_helper")
SOLVER = Solver(rtol=1e-4)
UNITS = {"peak": "signal", "peak_time": "day", "onset": "day", "rises": "1"}
GRID = np.concatenate([np.arange(0.0, 2.0, 1 / 24), np.arange(2.0, 30.01, 0.25)])  # days: the course that the paper shows
Floats = NDArray[np.float64]


def inflammation_population(protocol: Protocol) -> Parametric:
    """Return the published values with the assumed spread between patients."""
    (published,) = populations(MODEL).values()
    cv = protocol.assumptions.spread_inflammation.value
    return Parametric(
        model=published.model, name="assumed spread", variability=dict.fromkeys(VARYING, LogNormal(cv=cv)), source=published.source,
        assumed=f"coefficient of variation {100 * cv:g} % of {', '.join(VARYING)}",
    )  # fmt: skip


def inflamed_patients(protocol: Protocol, patients: Patients, sampled: Individuals) -> Individuals:
    """Return the sampled patients with leukaemia by their burden."""
    median = protocol.covariates["burden"].continuous().median
    return sampled.with_parameters(leukaemia_0=protocol.assumptions.inflammation_at_median_burden.value * patients.burden / median)


def inflammation_variables(protocol: Protocol, individuals: Individuals) -> tuple[dict[str, Floats], int]:
    """Return the variables of patients (n,) by name, times in days, and how many patients could not be solved."""
    model = individuals.model
    hours = units.convert(1.0, "day", model.time)
    limit = protocol.assumptions.onset_above.value * model.parameters["inflammation_0"].value
    found = solve(model, individuals.parameters, times=GRID * hours, outputs=[OUTPUT], solver=SOLVER, workers=1)
    signal = found.values[:, :, 0]
    good = np.where(found.status == 0, 1.0, np.nan)
    peak, peak_time = highest(GRID, signal)
    onset = first_above(GRID, signal, limit)
    rises = np.isfinite(onset)
    out = {
        "peak": peak,
        "peak_time": np.where(rises, peak_time, np.nan),
        "onset": onset,
        "rises": rises.astype(float),
    }
    return {name: value * good for name, value in out.items()}, int((found.status != 0).sum())
