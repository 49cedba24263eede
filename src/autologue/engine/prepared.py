"""Prepared calls, for estimation: the tables of one set of patients built once, then many calls with new parameters.

`closed_form` and `solve` build the tables of times, regimens and summaries anew for each call, which for a few patients
takes longer than the arithmetic. A prepared call takes `parameters` (sets, parameters of the model in its order), one set
a patient, or a multiple of that: the patients one after another, again and again, as the chains of a sampler have them. It
may be called from several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

from autologue.engine.arrays import Arrays, Tables, checked_parameters, tabulate
from autologue.engine.closed import chosen_outputs, closed_kernel
from autologue.engine.solve import STIFF, Solution, Solver, has_steady, prepare, run, solve
from autologue.engine.summary import Summary
from autologue.errors import InputError
from autologue.model import Model
from autologue.regimen import Regimen

__all__ = ["prepare_closed", "prepare_solve"]

Floats = NDArray[np.float64]
Times = Floats | Sequence[Floats]
_KEPT = 8  # numbers of sets whose tables are kept: chains and, say, a single one


@overload
def prepare_closed(model: Model, times: Times, *, outputs: Sequence[str] | None = None, wrt: None = None) -> Callable[[Floats], Floats]: ...
@overload
def prepare_closed(
    model: Model, times: Times, *, outputs: Sequence[str] | None = None, wrt: Sequence[str]
) -> Callable[[Floats], tuple[Floats, Floats]]: ...
def prepare_closed(
    model: Model, times: Times, *, outputs: Sequence[str] | None = None, wrt: Sequence[str] | None = None
) -> Callable[[Floats], Floats] | Callable[[Floats], tuple[Floats, Floats]]:
    """Return a function of parameters (sets, p) that evaluates the model's closed form at `times`.

    `times` is one ascending array for all sets, or a sequence with one for each patient. The function returns outputs
    (sets, times, outputs), or (rows, outputs) for ragged times, set after set. With `wrt`, names of parameters, it returns
    these and their exact derivatives (..., outputs, wrt) with respect to the parameters themselves, from the model's
    graph; at a time where the course has a kink they are those of the side that the closed form itself takes.

    Raises ModelError where the model has no closed form, InputError for unknown names, unusable times or parameters of
    another shape. Results are new arrays each time.
    """
    ready = prepare(model)
    evaluate, chosen = closed_kernel(ready, tuple(wrt or ())), chosen_outputs(ready, outputs)
    slopes, known = len(wrt or ()), len(ready.system.outputs)
    stacked = _stacking(tabulate(ready.system, 1 if _shared(times) else len(times), times=times))

    def call(parameters: Floats) -> Floats | tuple[Floats, Floats]:
        checked = checked_parameters(ready.system, parameters)
        tables = stacked(len(checked))
        out = np.empty((known * (1 + slopes), tables.length))
        evaluate(checked, 0, len(checked), tables.flat, tables.first, tables.last, tables.rows, out)
        shape = (len(checked), len(tables.flat)) if tables.shared else (tables.length,)
        values = out[:known] if chosen is None else out[chosen]
        found = values.T.reshape(*shape, len(values))
        if wrt is None:
            return found
        gradient = out[known:].reshape(known, slopes, tables.length)
        gradient = np.moveaxis(gradient if chosen is None else gradient[chosen], 2, 0)
        return found, gradient.reshape(*shape, len(values), slopes)

    return call  # type: ignore[return-value]


def prepare_solve(
    model: Model,
    times: Times,
    *,
    horizon: float | None = None,
    start: float = 0.0,
    regimens: Sequence[Regimen | None] = (None,),
    visits: Sequence[float] = (),
    outputs: Sequence[str] | None = None,
    summaries: Sequence[Summary] = (),
    solver: Solver = STIFF,
    workers: int | None = None,
) -> Callable[..., Solution]:
    """Return a function of parameters (sets, p), and of `chance` (sets,) where the model has a birth-death tail, that solves the model.

    Arguments, results and errors are those of `solve`, and so are the values, bit by bit. How many doses lead to a steady
    state depends on the parameters, so with steady-state doses every call builds its tables anew.
    """
    ready = prepare(model)
    patients = len(regimens) if _shared(times) else len(times)
    if has_steady(regimens):

        def afresh(parameters: Floats, *, chance: Floats | None = None) -> Solution:
            copies = _copies(model, len(parameters), patients)
            return solve(
                model, parameters, times=times if _shared(times) else [*times] * copies, horizon=horizon, start=start,
                regimens=regimens if len(regimens) == 1 else [*regimens] * copies, visits=visits, outputs=outputs,
                summaries=summaries, chance=chance, solver=solver, workers=workers,
            )  # fmt: skip

        return afresh
    tables = tabulate(
        ready.system, patients, times=times, horizon=horizon, start=start, regimens=regimens, visits=visits, outputs=outputs,
        summaries=summaries,
    )  # fmt: skip
    stacked, kernel = _stacking(tables), ready.kernel(explicit=solver.explicit)

    def call(parameters: Floats, *, chance: Floats | None = None) -> Solution:
        checked = checked_parameters(ready.system, parameters, chance)
        return run(kernel, Arrays(stacked(len(checked)), checked), solver, workers=workers)

    return call


def _shared(times: Times) -> bool:
    return isinstance(times, np.ndarray) and times.ndim == 1


def _copies(model: Model, sets: int, patients: int) -> int:
    if sets % patients:
        raise InputError(f"model {model.name}: {sets} sets of parameters for {patients} patients; expected one a patient, or a multiple")
    return sets // patients


def _stacking(tables: Tables) -> Callable[[int], Tables]:
    """Return the function that gives the tables for a number of sets, made once for each number."""

    @lru_cache(maxsize=_KEPT)
    def stacked(sets: int) -> Tables:
        return tables.stacked(_copies(tables.system.model, sets, tables.count))

    return stacked
