"""Derivatives of outputs with respect to parameters, by internal numerical differentiation (see `group`)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.engine.arrays import Arrays, checked_parameters, tabulate
from autologue.engine.group import drive_group, rare_in_group
from autologue.engine.solve import STIFF, Solver, has_steady, prepare, steady, threads
from autologue.errors import InputError, ModelError, unknown
from autologue.model import Model
from autologue.regimen import Regimen

__all__ = ["Sensitivities", "sensitivities"]

Floats = NDArray[np.float64]
COPIES = 7
STEP = 1e-7
CHUNK = 64


@dataclass(frozen=True)
class Sensitivities:
    """values: (patients, times, outputs); gradient: (patients, times, outputs, parameters); status: codes into REASONS.

    For ragged times the first two axes are one (rows). `gradient` is d output / d log parameter, or d output / d
    parameter where `logarithmic` is False (and for a parameter that is zero).
    """

    parameters: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Floats
    gradient: Floats
    status: NDArray[np.int64]


def sensitivities(
    model: Model,
    parameters: Floats,
    *,
    wrt: Sequence[str],
    times: Floats | Sequence[Floats],
    start: float = 0.0,
    regimens: Sequence[Regimen | None] = (None,),
    outputs: Sequence[str] | None = None,
    logarithmic: bool = True,
    sizes: Sequence[float] | Floats = (),
    solver: Solver = STIFF,
    workers: int | None = None,
) -> Sensitivities:
    """Return outputs and their derivatives with respect to the parameters `wrt`, through doses and phase ends too.

    sizes: of the parameters `wrt`, how large they usually are, where a value may lie near zero by chance: its difference is no smaller.
    """
    if model.rules:
        raise ModelError(
            f"model {model.name} has feedback rules, whose effect is not differentiable; remove the rules to ask for sensitivities"
        )
    order = list(model.parameters)
    for name in wrt:
        if name not in order:
            raise InputError(f"model {model.name}: {unknown('parameter', name, order)}")
    if has_steady(regimens):
        start, regimens = steady(model, parameters, regimens, solver)
    ready = prepare(model)
    kernel = ready.kernel(explicit=solver.explicit, group=True)
    base = checked_parameters(ready.system, parameters)
    n, groups = len(base), max(-(-len(wrt) // COPIES), 1)
    shared = isinstance(times, np.ndarray) and times.ndim == 1
    repeated = times if shared else [t for t in times for _ in range(groups)]
    plans = list(regimens) if len(regimens) == 1 else [r for r in regimens for _ in range(groups)]
    tables = tabulate(ready.system, n * groups, times=repeated, start=start, regimens=plans, outputs=outputs)
    arrays = Arrays(tables, np.repeat(base, groups, axis=0))
    sets, steps = _perturbed(arrays.parameters.reshape(n, groups, -1), [order.index(name) for name in wrt], sizes)
    out = np.full((len(arrays.out), COPIES + 1, len(tables.names)), np.nan)

    rare = rare_in_group(triggers=len(tables.guards) > 0)

    def work(a: int) -> None:
        drive_group(rare, *arrays.group_arguments(kernel, solver, sets, a, min(a + CHUNK, n * groups), out))

    pieces = range(0, n * groups, CHUNK)
    workers = min(workers or threads(), len(pieces))
    if workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, pieces))
    else:
        for a in pieces:
            work(a)
    return _assemble(arrays, out, base, steps, [order.index(q) for q in wrt], tuple(wrt), n, groups, shared=shared, logarithmic=logarithmic)


def _perturbed(base: Floats, columns: Sequence[int], sizes: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    """Return parameter sets (patients * groups, 8, parameters) and the absolute change of each asked parameter (patients, asked)."""
    n, groups, width = base.shape
    sets = np.repeat(base[:, :, None, :], COPIES + 1, axis=2)
    changes = np.empty((n, len(columns)))
    for k, column in enumerate(columns):
        value = base[:, 0, column]
        size = np.maximum(np.abs(value), sizes[k] if len(sizes) else 0.0)
        moved = value + np.where(size > 0.0, size, 1.0) * np.where(value < 0.0, -STEP, STEP)
        sets[:, k // COPIES, 1 + k % COPIES, column] = moved
        with np.errstate(invalid="ignore"):  # a value that has overflowed has no derivative
            changes[:, k] = moved - value
    return np.ascontiguousarray(sets.reshape(n * groups, COPIES + 1, width)), changes


def _assemble(
    arrays: Arrays, out: Floats, base: Floats, steps: Floats, columns: Sequence[int], wrt: tuple[str, ...], n: int, groups: int, *,
    shared: bool, logarithmic: bool,
) -> Sensitivities:  # fmt: skip
    tables = arrays.tables
    lengths = (tables.last - tables.first)[::groups]
    owner = np.repeat(np.arange(n), lengths)
    first = tables.rows.reshape(n, groups)
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values = out[first[owner, 0] + within, 0]
    gradient = np.empty((*values.shape, len(wrt)))
    for k, column in enumerate(columns):
        rows = first[owner, k // COPIES] + within
        with np.errstate(invalid="ignore", over="ignore"):  # of values that have overflowed
            slope = (out[rows, 1 + k % COPIES] - out[rows, 0]) / steps[owner, k, None]
        scale = np.where(base[owner, column] != 0.0, base[owner, column], 1.0) if logarithmic else np.ones(len(owner))
        gradient[..., k] = slope * scale[:, None]
    status = arrays.status.reshape(n, groups).max(axis=1)
    if shared:
        shape = (n, len(tables.flat), len(tables.names))
        values, gradient = values.reshape(shape), gradient.reshape(*shape, len(wrt))
    return Sensitivities(wrt, tables.names, values, gradient, status)
