"""The stiffness probe: which method for this model and population, decided once, by counting rather than timing.

Rodas5P solves up to 64 patients (the typical one, each varying parameter far down and far up, then sampled ones). Along
their courses the spectral radius of the Jacobian says how many steps an explicit method would need for stability
alone; operation counts of both generated steps say what a step costs. The answer is the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autologue.engine.evaluate import evaluate
from autologue.engine.solve import Prepared, Solver, prepare, solve
from autologue.population import Individuals, Parametric, Population
from autologue.regimen import Regimen
from autologue.variability import LogNormal

__all__ = ["choose_solver"]

Floats = NDArray[np.float64]
PATIENTS = 64
FAR_OUT = 2.5
REAL_STABILITY = 3.3


def _panel(population: Population) -> Floats:
    """Return up to 64 parameter sets: typical, one parameter far out at a time, sampled."""
    typical = population.typical_values()
    rows = [typical]
    if isinstance(population, Parametric):
        order = list(population.model.parameters)
        for name in population.varying:
            scale = population.effect_scale(name)
            if not isinstance(scale, LogNormal):
                continue
            for side in (-FAR_OUT, FAR_OUT):
                row = typical.copy()
                row[order.index(name)] = min(max(row[order.index(name)] * math.exp(side * scale.sd), scale.lower), scale.upper)
                rows.append(row)
    rows = rows[: PATIENTS // 2]
    return np.vstack([rows, population.sample(PATIENTS - len(rows), seed=0).parameters])


def choose_solver(
    population: Population | Individuals,
    *,
    horizon: float,
    start: float = 0.0,
    regimens: Sequence[Regimen | None] = (None,),
    rtol: float = 1e-6,
) -> tuple[Solver, str]:
    """Return the solver for a population over `horizon` (the model's time unit) and the reason in words."""
    panel = population.parameters[:PATIENTS] if isinstance(population, Individuals) else _panel(population)
    ready = prepare(population.model)
    model = population.model
    span = horizon - start
    # denser where the course is young: expansion and killing happen in the first weeks
    times = start + span * np.unique(np.concatenate([np.linspace(0, 1, 41), np.linspace(0, 0.1, 41)]))
    stiff = Solver(rtol=rtol)
    given = regimens if len(regimens) == 1 else regimens[: len(panel)]
    found = solve(model, panel[: len(given)] if len(given) > 1 else panel, times=times, start=start, regimens=given,
                  outputs=[f"state:{n}" for n in model.states], solver=stiff, workers=1)  # fmt: skip
    good = found.status == 0
    if not good.any():
        return stiff, "Rodas5P: the probe could solve no patient, so the method for stiff models is kept"
    radius = _radius(ready, panel[: len(found.status)][good], times, found.values[good], found.marks[good])
    need = (0.5 * (radius[:, 1:] + radius[:, :-1]) * np.diff(times)).sum(axis=1) / REAL_STABILITY
    implicit = found.steps[good].astype(float)
    ratio = float(
        (np.maximum(need, 1.2 * implicit)).sum() * ready.step_cost(explicit=True) / (implicit.sum() * ready.step_cost(explicit=False))
    )
    numbers = f"{np.median(need):.0f} steps for stability against {np.median(implicit):.0f} steps of Rodas5P, cost ratio {ratio:.2f}"
    if ratio < 1.0:
        return Solver(explicit=True, rtol=rtol), f"Tsit5: the probe found the model not stiff ({numbers})"
    return stiff, f"Rodas5P: the probe found the model stiff ({numbers})"


def _radius(ready: Prepared, parameters: Floats, times: Floats, states: Floats, marks: Floats) -> Floats:
    """Return the spectral radius of the Jacobian (patients, times) along solved courses, zero where it is not finite."""
    system, n = ready.system, len(ready.model.states)
    phases = len(ready.model.phases)
    ends = marks[:, None, : phases - 1]
    values: dict[str, Floats | float] = {f"y{i}": states[:, :, i] for i in range(n)}
    values |= {f"y{i}": 0.0 for i in range(n, len(system.states))} | {f"r{i}": 0.0 for i in range(n)}
    values |= {f"p{i}": parameters[:, i, None] for i in range(parameters.shape[1])} | {f"p{parameters.shape[1]}": 1.0}
    values |= {f"u{i}": u.value for i, u in enumerate(ready.model.inputs.values())}
    values |= {"t": times[None, :], "ph": (ends <= times[None, :, None]).sum(axis=2).astype(float)}
    shape = states.shape[:2]
    jacobian = np.empty((*shape, n, n))
    for i, row in enumerate(system.jacobian[:n]):
        for j, entry in enumerate(evaluate(system.graph, row[:n], values)):
            jacobian[..., i, j] = np.broadcast_to(entry, shape)
    fine = np.isfinite(jacobian).all(axis=(2, 3))
    jacobian[~fine] = 0.0
    radius: Floats = np.abs(np.linalg.eigvals(jacobian)).max(axis=2)
    return radius
