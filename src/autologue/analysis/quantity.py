"""What is asked of a model: an output at a time, the time of an extreme, or a summary of the whole course; all in the model's units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.engine.probe import choose_solver
from autologue.engine.solve import REASONS, Solver, solve
from autologue.engine.summary import Area, FirstAbove, FirstBelow, LastAbove, Maximum, Minimum, Summary
from autologue.errors import InputError, unknown
from autologue.model import Model
from autologue.population import Individuals
from autologue.regimen import Regimen

__all__ = ["At", "Evaluated", "Quantity", "TimeOf", "check_quantities", "evaluate_quantities", "quantity_name", "quantity_unit"]

Floats = NDArray[np.float64]
TIMES = (LastAbove, FirstAbove, FirstBelow)


@dataclass(frozen=True, slots=True)
class At:
    """The value of an output at a time, which is in the model's unit."""

    output: str
    time: float


@dataclass(frozen=True, slots=True)
class TimeOf:
    """The time at which an output is largest or smallest (tmax)."""

    extreme: Maximum | Minimum


Quantity = At | TimeOf | Summary


@dataclass(frozen=True)
class Evaluated:
    """Quantities of many parameter sets: values (sets, quantities), NaN where failed or never reached; status (sets,) of the solver."""

    values: Floats
    status: NDArray[np.int64]

    @property
    def failed(self) -> int:
        """How many sets could not be solved."""
        return int((self.status != 0).sum())

    def reasons(self) -> dict[str, int]:
        """Return how many sets failed in each way, in words."""
        codes, counts = np.unique(self.status[self.status != 0], return_counts=True)
        return {REASONS[code]: int(count) for code, count in zip(codes, counts, strict=True)}


def quantity_name(model: Model, quantity: Quantity) -> str:
    """Return a quantity in words.

    >>> from autologue.library import load
    >>> quantity_name(load("stein_2019"), At("transgene", 28)), quantity_name(load("stein_2019"), TimeOf(Maximum("transgene")))
    ('transgene at 28 day', 'time of largest transgene')
    """
    if isinstance(quantity, At):
        return f"{quantity.output} at {quantity.time:g} {model.time}"
    if isinstance(quantity, TimeOf):
        return f"time of {quantity_name(model, quantity.extreme)}"
    words = {Maximum: "largest", Minimum: "smallest", Area: "area under", LastAbove: "last", FirstAbove: "first", FirstBelow: "first"}
    name = f"{words[type(quantity)]} {quantity.output}"
    if isinstance(quantity, TIMES):
        name += f" {'below' if isinstance(quantity, FirstBelow) else 'above'} {quantity.limit:g}"
    if np.isfinite(quantity.start) or np.isfinite(quantity.stop):
        low = "start" if not np.isfinite(quantity.start) else f"{quantity.start:g}"
        high = "end" if not np.isfinite(quantity.stop) else f"{quantity.stop:g}"
        name += f", {low} to {high} {model.time}"
    return name


def quantity_unit(model: Model, quantity: Quantity) -> str:
    """Return the unit of a quantity.

    >>> from autologue.library import load
    >>> quantity_unit(load("stein_2019"), Area("transgene", 0, 28))
    'copies/ug*day'
    """
    if isinstance(quantity, (TimeOf, *TIMES)):
        return model.time
    output = model.outputs.get(quantity.output)
    unit = output.unit if output else "1"
    return f"{unit}*{model.time}" if isinstance(quantity, Area) else unit


def evaluate_quantities(
    model: Model,
    parameters: Floats,
    quantities: Sequence[Quantity],
    *,
    regimens: Sequence[Regimen | None] | None = None,
    horizon: float | None = None,
    solver: Solver | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evaluated:
    """Return the quantities of parameter sets (sets, parameters of the model in its order), solved in parallel.

    `regimens` has one entry for all sets or one a set (None: the model's own). The course goes on to `horizon`, to the last time that a
    quantity names, or to the model's own horizon where a summary has no end. The last cells of a birth-death tail are taken at their
    mean. Raises InputError for an unknown output.
    """
    check_quantities(model, quantities)
    moments = sorted({q.time for q in quantities if isinstance(q, At)})
    summaries: list[Summary] = []
    for quantity in quantities:
        if not isinstance(quantity, At):
            wanted = quantity.extreme if isinstance(quantity, TimeOf) else quantity
            summaries += [] if wanted in summaries else [wanted]
    outputs = list(dict.fromkeys(q.output for q in quantities if isinstance(q, At))) or [next(iter(model.outputs))]
    end = _end(model, quantities, horizon)
    given: Sequence[Regimen | None] = (model.regimen,) if regimens is None else regimens
    if solver is None:
        people = Individuals(model, np.arange(len(parameters)), parameters)
        solver, _ = choose_solver(people, horizon=end, regimens=given)
    found = solve(
        model, parameters, times=np.array(moments, dtype=float), horizon=end, regimens=given, outputs=outputs, summaries=summaries,
        solver=solver, workers=workers, progress=progress,
    )  # fmt: skip
    values = np.empty((len(parameters), len(quantities)))
    for k, quantity in enumerate(quantities):
        if isinstance(quantity, At):
            values[:, k] = found.values[:, moments.index(quantity.time), outputs.index(quantity.output)]
        elif isinstance(quantity, TimeOf):
            values[:, k] = found.summaries[:, summaries.index(quantity.extreme), 1]
        else:
            values[:, k] = found.summaries[:, summaries.index(quantity), 0]
    values[found.status != 0] = np.nan
    return Evaluated(values, found.status)


def check_quantities(model: Model, quantities: Sequence[Quantity]) -> None:
    """Raise InputError for no quantity, an unknown output or a time that is no number."""
    if not quantities:
        raise InputError(f"nothing is asked of model {model.name}; give a quantity, like At('{next(iter(model.outputs))}', 28)")
    known = [*model.outputs, *([f"{model.birth_death.state}_extinction_probability"] if model.birth_death else [])]
    for quantity in quantities:
        output = quantity.extreme.output if isinstance(quantity, TimeOf) else quantity.output
        if output not in known:
            raise InputError(f"model {model.name}: {unknown('output', output, known)}")
        if isinstance(quantity, At) and not np.isfinite(quantity.time):
            raise InputError(f"'{output}' is asked for at time {quantity.time!r}; a finite number of {model.time}s is expected")
        if isinstance(quantity, Area) and not (np.isfinite(quantity.start) and np.isfinite(quantity.stop)):
            raise InputError(f"the area under '{output}' needs a start and an end; write Area('{output}', 0, 28)")


def _end(model: Model, quantities: Sequence[Quantity], horizon: float | None) -> float:
    whole = [q.extreme if isinstance(q, TimeOf) else q for q in quantities]
    ends = [q.time if isinstance(q, At) else q.stop for q in whole]
    if horizon is not None:
        return horizon
    finite = [end for end in ends if np.isfinite(end)]
    return float(max([*finite, model.horizon if len(finite) < len(ends) else 0.0]))
