"""Local sensitivity: what a small change of a parameter does to the typical patient, over time and for summaries.

Outputs over time use the engine's derivatives, which go through doses and phase ends; summaries use central differences of solutions at a
narrow tolerance. An elasticity is the change in percent for one percent of the parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.analysis.quantity import At, Quantity, check_quantities, evaluate_quantities, quantity_name, quantity_unit
from autologue.engine.probe import choose_solver
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import REASONS, Solver
from autologue.errors import InputError, SolveError, unknown
from autologue.model import Model
from autologue.population import Individuals, Parametric, Population
from autologue.regimen import Regimen

__all__ = ["LocalSensitivity", "local_sensitivity"]

Floats = NDArray[np.float64]
CHANGE = 1e-3  # of the logarithm of a parameter, for central differences
NARROW = 1e-11  # relative tolerance of the solutions that are subtracted


@dataclass(frozen=True)
class LocalSensitivity:
    """Derivatives at the typical patient, one row for each quantity and parameter.

    table: quantity, unit, output and time (for outputs over time), parameter, value, derivative (d quantity / d log parameter, in the
    unit of the quantity), elasticity (d log quantity / d log parameter), per_sd (the elasticity times the standard deviation of the
    logarithm between patients; NaN where it does not vary on that scale).
    """

    model: Model
    population: str
    table: pd.DataFrame

    def ranking(self, quantity: str | None = None) -> list[str]:
        """Return the parameters of a quantity (the first by default) by the size of their elasticity."""
        rows = self.table[self.table["quantity"] == (quantity or self.table["quantity"].iloc[0])]
        return list(rows.reindex(rows["elasticity"].abs().sort_values(ascending=False, kind="stable").index)["parameter"])


def local_sensitivity(
    population: Population | Model,
    quantities: Sequence[Quantity],
    *,
    parameters: Sequence[str] | None = None,
    regimen: Regimen | None = None,
    horizon: float | None = None,
    solver: Solver | None = None,
) -> LocalSensitivity:
    """Return the derivatives of quantities with respect to the logarithm of parameters (all that are not zero by default).

    Raises InputError for an unknown parameter or quantity, SolveError where the typical patient cannot be solved.
    """
    whole = Parametric(model=population, name="as the model states it") if isinstance(population, Model) else population
    model, typical = whole.model, whole.typical_values()
    check_quantities(model, quantities)
    order = list(model.parameters)
    for name in parameters or ():
        if name not in order:
            raise InputError(f"model {model.name}: {unknown('parameter', name, order)}")
        if typical[order.index(name)] == 0:
            raise InputError(f"model {model.name}: '{name}' is typically zero, so it has no sensitivity to its logarithm; leave it out")
    wrt = [n for n in order if typical[order.index(n)] != 0] if parameters is None else list(parameters)
    values, slopes = np.empty(len(quantities)), np.empty((len(quantities), len(wrt)))
    moments = [k for k, q in enumerate(quantities) if isinstance(q, At)]
    others = [k for k, q in enumerate(quantities) if not isinstance(q, At)]
    if moments:
        asked = [q for q in quantities if isinstance(q, At)]
        values[moments], slopes[moments] = _of_outputs(model, typical, asked, wrt, regimen, solver)
    if others:
        wanted = [quantities[k] for k in others]
        values[others], slopes[others] = _of_summaries(model, typical, wanted, wrt, regimen, horizon, solver)
    return LocalSensitivity(model, whole.name, _table(whole, quantities, wrt, values, slopes))


def _of_outputs(
    model: Model, typical: Floats, quantities: Sequence[At], wrt: Sequence[str], regimen: Regimen | None, solver: Solver | None
) -> tuple[Floats, Floats]:
    times, outputs = sorted({q.time for q in quantities}), list(dict.fromkeys(q.output for q in quantities))
    given = (model.regimen if regimen is None else regimen,)
    method = solver or _chosen(model, typical, max(times), given)
    found = sensitivities(model, typical[None], wrt=wrt, times=np.array(times, dtype=float), regimens=given, outputs=outputs, solver=method)
    if found.status[0]:
        raise SolveError(f"model {model.name}: the typical patient could not be solved: {REASONS[found.status[0]]}")
    places = [(times.index(q.time), outputs.index(q.output)) for q in quantities]
    return np.array([found.values[0, t, o] for t, o in places]), np.array([found.gradient[0, t, o] for t, o in places])


def _of_summaries(
    model: Model, typical: Floats, quantities: Sequence[Quantity], wrt: Sequence[str], regimen: Regimen | None, horizon: float | None,
    solver: Solver | None,
) -> tuple[Floats, Floats]:  # fmt: skip
    order = list(model.parameters)
    sets = np.repeat(typical[None], 1 + 2 * len(wrt), axis=0)
    for k, name in enumerate(wrt):
        sets[1 + 2 * k, order.index(name)] *= np.exp(CHANGE)
        sets[2 + 2 * k, order.index(name)] *= np.exp(-CHANGE)
    method = solver or Solver(explicit=_chosen(model, typical, horizon or model.horizon, (regimen or model.regimen,)).explicit, rtol=NARROW)
    regimens = None if regimen is None else (regimen,)
    found = evaluate_quantities(model, sets, quantities, regimens=regimens, horizon=horizon, solver=method)
    if found.status[0]:
        raise SolveError(f"model {model.name}: the typical patient could not be solved: {REASONS[found.status[0]]}")
    return found.values[0], (found.values[1::2] - found.values[2::2]).T / (2 * CHANGE)


def _chosen(model: Model, typical: Floats, horizon: float, regimens: Sequence[Regimen | None]) -> Solver:
    return choose_solver(Individuals(model, np.zeros(1, dtype=np.int64), typical[None]), horizon=horizon, regimens=regimens)[0]


def _table(population: Population, quantities: Sequence[Quantity], wrt: Sequence[str], values: Floats, slopes: Floats) -> pd.DataFrame:
    from autologue.variability import LogNormal

    scales = [population.effect_scale(n) if isinstance(population, Parametric) else None for n in wrt]
    spread = np.array([s.sd if isinstance(s, LogNormal) and s.sd > 0 else np.nan for s in scales])
    frames = []
    for quantity, value, slope in zip(quantities, values, slopes, strict=True):
        elasticity = slope / value if value != 0 else np.full(len(wrt), np.nan)
        moment = quantity.time if isinstance(quantity, At) else np.nan
        output = quantity.output if isinstance(quantity, At) else ""
        head = {"quantity": quantity_name(population.model, quantity), "unit": quantity_unit(population.model, quantity)}
        columns = {"parameter": list(wrt), "value": value, "derivative": slope, "elasticity": elasticity, "per_sd": elasticity * spread}
        frames.append(pd.DataFrame({**head, "output": output, "time": moment, **columns}))
    return pd.concat(frames, ignore_index=True)
