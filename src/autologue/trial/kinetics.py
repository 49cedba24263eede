"""Kinetics: transgene in blood after Stein 2019, measured at the visits and analysed as a laboratory would.

Exposure is computed on simulated measurements, with residual error and assay limit, never on the true curve. The individual
parameters are kept beside it, for rows that only give back what went in. The model has no effect of dose, age, weight or burden.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue import seeds
from autologue.engine.closed import closed_form
from autologue.nca import NCA, Window, nca_profiles
from autologue.population import Individuals, Population
from autologue.protocol import Protocol

__all__ = ["MODEL", "OUTPUT", "PERSISTENCE", "UNITS", "kinetic_variables", "measure"]

MODEL, OUTPUT = "stein_2019", "transgene"
PERSISTENCE = {3: 91.3, 6: 182.6, 12: 365.2}  # months: day; read at the visit within TOLERANCE days
TOLERANCE = 10.0
MONTH = 28.0
_DAYS = ("model_t_max", "model_doubling_time", "model_contraction_half_life", "model_terminal_half_life", "tmax", "tlast", "half_life",
         "half_life_start", "half_life_end", "half_life_28", "half_life_28_start", "half_life_28_end")  # fmt: skip
UNITS = {
    **dict.fromkeys(_DAYS, "day"),
    **dict.fromkeys(("model_c_max", "cmax"), "copies/ug"),
    **dict.fromkeys(("auc_0_28", "auc_inf"), "day*copies/ug"),
    **dict.fromkeys(("model_fold_expansion", "auc_inf_extrapolated", *(f"above_{months}_months" for months in PERSISTENCE)), "1"),
}
Floats = NDArray[np.float64]
_ALL = NCA(windows=(Window(0, MONTH),))
_EARLY = NCA(windows=())


def kinetic_variables(protocol: Protocol, population: Population, individuals: Individuals, *, seed: int) -> dict[str, Floats]:
    """Return the variables of patients (n,) by name: individual parameters, exposure at the visits, persistence above the limit."""
    p = individuals
    return {
        "model_fold_expansion": p["fold_expansion"],
        "model_t_max": p["t_max"],
        "model_c_max": p["c_max"],
        "model_doubling_time": np.log(2) * p["t_max"] / np.log(p["fold_expansion"]),
        "model_contraction_half_life": np.log(2) / p["alpha"],
        "model_terminal_half_life": np.log(2) / p["beta"],
        **_exposure(protocol, measure(protocol, population, individuals, seed=seed)),
    }


def measure(protocol: Protocol, population: Population, individuals: Individuals, *, seed: int) -> Floats:
    """Return measured transgene (patients, visits) in copies/ug, with residual error; the same patient meets the same error."""
    days = np.array(protocol.visits.days)
    model = population.model
    true = closed_form(model, individuals.parameters, times=days, outputs=[OUTPUT])[:, :, 0]
    error = model.outputs[OUTPUT].error
    assert error is not None
    eps = seeds.normals(seed, seeds.Purpose.RESIDUAL, individuals.ids, len(days))
    measured: Floats = np.asarray(error.observe(true, eps), dtype=float)
    return measured


def _exposure(protocol: Protocol, measured: Floats) -> dict[str, Floats]:
    """Return what non-compartmental analysis and the assay limit say of each patient (n,)."""
    days, limit = np.array(protocol.visits.days), protocol.visits.limit.value
    blq = measured < limit
    found = _nca(days, measured, blq, limit, _ALL)
    early = days <= MONTH
    contraction = _nca(days[early], measured[:, early], blq[:, early], limit, _EARLY)
    names = {"cmax": "cmax", "tmax": "tmax", "auc_0_28": "auc_0_28", "auc_inf": "auc_inf", "auc_inf_extrapolated": "auc_inf_extrapolated",
             "half_life": "half_life", "half_life_start": "terminal_start", "half_life_end": "terminal_end", "tlast": "tlast"}  # fmt: skip
    out: dict[str, Floats] = {name: found[column].to_numpy(np.float64) for name, column in names.items()}
    out |= {"half_life_28": contraction["half_life"].to_numpy(np.float64)}
    out |= {f"half_life_28_{end}": contraction[f"terminal_{end}"].to_numpy(np.float64) for end in ("start", "end")}
    for months, day in PERSISTENCE.items():
        nearest = int(np.argmin(np.abs(days - day)))
        if abs(days[nearest] - day) <= TOLERANCE:
            out[f"above_{months}_months"] = (~blq[:, nearest]).astype(float)
    return out


def _nca(days: Floats, measured: Floats, blq: NDArray[np.bool_], limit: float, method: NCA):  # type: ignore[no-untyped-def]
    n, visits = measured.shape
    values = np.where(blq, limit, measured).ravel()
    return nca_profiles(np.tile(days, n), values, blq.ravel(), np.arange(0, n * visits + 1, visits), method=method)
