"""Leukaemia and healthy B cells after Leon-Triana 2021, the form with a source of B cells, which alone can speak beyond day 60.

Assumed, because the paper does not say: cells in proportion to blasts, the share of the dose that engrafts, and the spread between
patients. The model cannot lose its last leukaemic cell, so what it says of late burden is regrowth, not relapse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.engine.solve import Solver, solve
from autologue.library import load, populations
from autologue.population import Individuals, Parametric
from autologue.protocol import Protocol
from autologue.trial.grid import highest
from autologue.trial.patients import Patients
from autologue.variability import LogNormal

__all__ = [
    "DAYS",
    "MODEL",
    "SOLVER",
    "UNITS",
    "leukaemia_population",
    "leukaemia_variables",
    "leukaemic_patients",
    "marrow_level",
    "typical_marrow_level",
]

MODEL = "leon_triana_2021_source"
VARYING = ("rho_car", "tau_car", "rho_leukaemia", "kill", "tau_b")
DAYS = (28, 60, 180, 365)
FIRST_WAVE = 60.0  # days in which the first peak of CAR-T cells and the nadir of the leukaemia are sought
GRID = np.unique([*np.arange(1.0, 40.0, 0.25), *np.arange(40.0, 2 * FIRST_WAVE + 1), *DAYS])  # days
SOLVER = Solver(explicit=True, rtol=1e-4)
UNITS = {"car_peak": "cells", "car_peak_time": "day", "nadir_time": "day", "nadir_fall": "1"} | {
    f"{name}_{day}": "1" for name in ("burden_fall", "b_cells", "aplasia") for day in DAYS
}
Floats = NDArray[np.float64]


def leukaemia_population(protocol: Protocol) -> Parametric:
    """Return the published values with the assumed spread between patients."""
    (published,) = populations(MODEL).values()
    cv = protocol.assumptions.spread_leukaemia.value
    spread = LogNormal(cv=cv)
    return Parametric(
        model=published.model, name="assumed spread", variability=dict.fromkeys(VARYING, spread), source=published.source,
        assumed=f"coefficient of variation {100 * cv:g} % of {', '.join(VARYING)}",
    )  # fmt: skip


def leukaemic_patients(protocol: Protocol, patients: Patients, sampled: Individuals) -> Individuals:
    """Return the sampled patients with leukaemia by their burden and CAR-T cells by their dose."""
    assumed = protocol.assumptions
    median = protocol.covariates["burden"].continuous().median
    return sampled.with_parameters(
        leukaemia_0=assumed.leukaemia_at_median_burden.value * patients.burden / median,
        car_0=assumed.share_engrafted.value * patients.dose,
    )


def leukaemia_variables(protocol: Protocol, individuals: Individuals) -> tuple[dict[str, Floats], int]:
    """Return the variables of patients (n,) by name, and how many patients could not be solved."""
    found = solve(
        individuals.model, individuals.parameters, times=GRID, outputs=["leukaemic", "healthy_b", "car_t"], solver=SOLVER, workers=1
    )
    good = np.where(found.status == 0, 1.0, np.nan)
    wave, trough = GRID <= FIRST_WAVE, GRID <= 2 * FIRST_WAVE
    peak, peak_time = highest(GRID[wave], found.values[:, wave, 2])
    nadir, nadir_time = highest(GRID[trough], 1.0 / found.values[:, trough, 0])
    initial, level = individuals["leukaemia_0"], marrow_level(individuals)
    out = {"car_peak": peak, "car_peak_time": peak_time, "nadir_time": nadir_time, "nadir_fall": np.log10(initial * nadir)}
    for day in DAYS:
        k = int(np.searchsorted(GRID, day))
        leukaemia, b_cells = found.values[:, k, 0], found.values[:, k, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            out[f"burden_fall_{day}"] = np.log10(initial / leukaemia)
        out[f"b_cells_{day}"] = b_cells / level
        out[f"aplasia_{day}"] = (b_cells < protocol.assumptions.aplasia_below.value * level).astype(float)
    return {name: value * good for name, value in out.items()}, int((found.status != 0).sum())


def marrow_level(individuals: Individuals) -> Floats:
    """Return the B cells that marrow alone would hold (n,): supply times life."""
    level: Floats = individuals["progenitors"] / individuals["tau_progenitor"] * individuals["tau_b"]
    return level


def typical_marrow_level() -> float:
    """Return the B cells that marrow alone would hold in the published patient."""
    p = {name: parameter.value for name, parameter in load(MODEL).parameters.items()}
    return p["progenitors"] / p["tau_progenitor"] * p["tau_b"]
