"""The observations of a cohort as one table, in the units of the model: what the term of continuous outputs reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue import units
from autologue.errors import InputError, unknown
from autologue.likelihood.density import LOGNORMAL
from autologue.likelihood.residual import error_numbers
from autologue.model import Model
from autologue.patient import Cohort, Observations, Patient
from autologue.population import Parametric

__all__ = ["Rows", "read_rows"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Observations, patient after patient, and within a patient output after output, then by time; arrays are (rows,).

    patient, output: numbers in the cohort and in `outputs`. time, lower, upper, above, limit: in the model's units, as in
    `Observations`. low, high, over: the bounds on the scale on which the error is normal (logarithms for a log-normal one). extra: what
    the log-density has that does not depend on the prediction. first: (patients + 1,), where each patient's rows begin.
    """

    outputs: tuple[str, ...]
    patient: Integers
    output: Integers
    time: Floats
    lower: Floats
    upper: Floats
    above: Floats
    limit: Floats
    low: Floats
    high: Floats
    over: Floats
    extra: Floats
    first: Integers

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.time)

    @property
    def censored(self) -> NDArray[np.bool_]:
        """Which rows are known as an interval only (rows,)."""
        found: NDArray[np.bool_] = self.lower < self.upper
        return found

    def of(self, who: Integers) -> tuple[Integers, Integers]:
        """Return the rows of these patients one after another, and where each patient's begin (patients + 1,)."""
        counts = np.diff(self.first)[who]
        begin = np.concatenate([[0], np.cumsum(counts)])
        return np.repeat(self.first[who] - begin[:-1], counts) + np.arange(begin[-1]), begin


def read_rows(population: Parametric, cohort: Cohort) -> tuple[Rows, Integers]:
    """Return the table of a cohort's observations and the kind of error of each output; raises InputError for what cannot be."""
    model = population.model
    outputs = tuple(name for name in cohort.outputs if name not in model.outcomes)
    if not any(len(o) for p in cohort for o in p.observations.values()) and not any(e in model.outcomes for p in cohort for e in p.events):
        raise InputError(f"cohort {cohort.name or 'without a name'} holds no observation; expected at least one")
    table: list[Floats] = [np.empty((7, 0))]
    for number, patient in enumerate(cohort):
        for k, name in enumerate(outputs):
            if name in patient.observations:  # counts and categories are terms of their own
                table.append(_converted(model, patient, name, number, k))
    columns = np.concatenate(table, axis=1)
    patient_of, output_of = columns[:2].astype(np.int64)
    time, lower, upper, above, limit = columns[2:]
    kinds = error_numbers(population, outputs)[0]
    logged = kinds[output_of] == LOGNORMAL
    _check(cohort, outputs, patient_of, output_of, time, lower, upper, above, logged)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high, over = (np.where(logged, np.log(np.maximum(bound, 0.0)), bound) for bound in (lower, upper, above))
    extra = np.where(logged & (lower == upper), -low, 0.0)
    first = np.searchsorted(patient_of, np.arange(len(cohort) + 1)).astype(np.int64)
    return Rows(outputs, patient_of, output_of, time, lower, upper, above, limit, low, high, over, extra, first), kinds


def _converted(model: Model, patient: Patient, name: str, number: int, output: int) -> Floats:
    """Return one output of one patient as columns (7, rows): patient, output, time, lower, upper, above, limit."""
    seen: Observations = patient.observations[name]
    where = f"patient {patient.id}, output '{name}'"
    if name not in model.outputs:
        raise InputError(f"{where}: model {model.name}: {unknown('output', name, model.outputs)}")
    declared = model.outputs[name]
    if seen.matrix and declared.matrix and seen.matrix != declared.matrix:
        what = f"was measured in {seen.matrix}, and the output of model {model.name} is in {declared.matrix}"
        raise InputError(f"{where} {what}; convert it, or name the output that it is")
    clock = units.convert(1.0, patient.time, model.time, what=f"{where}: time") if patient.time else 1.0
    factor = units.convert(1.0, seen.unit, declared.unit, what=where)
    times = seen.times * clock
    if len(times) and times[0] < 0.0:
        what = f"an observation at {times[0]:g} {model.time} lies before the model's start at 0"
        raise InputError(f"{where}: {what}; drop it, or shift all times")
    rows = np.empty((7, len(times)))
    rows[0], rows[1], rows[2] = number, output, times
    for k, field in enumerate(("lower", "upper", "above", "limit"), start=3):
        rows[k] = getattr(seen, field) * factor
    return rows


def _check(
    cohort: Cohort, outputs: Sequence[str], patient: Integers, output: Integers, time: Floats, lower: Floats, upper: Floats,
    above: Floats, logged: NDArray[np.bool_],
) -> None:  # fmt: skip
    measured = lower == upper
    faults = [
        (measured & logged & (lower <= 0.0), "is measured as {0:g}; a log-normal error needs values above zero (censor it at the limit)"),
        (~measured & logged & (upper <= 0.0), "lies below {1:g}; a log-normal error has no value there"),
        (upper <= above, "is at most {1:g}, and the likelihood is conditional on a value above {2:g}: expected a value above that"),
    ]
    for wrong, words in faults:
        if wrong.any():
            k = int(wrong.argmax())
            what = words.format(lower[k], upper[k], above[k])
            where = f"patient {cohort.patients[patient[k]].id}, output '{outputs[output[k]]}', time {time[k]:g}"
            raise InputError(f"{where}: the value {what}")
    if math.isnan(float(above.max(initial=-math.inf))):
        raise InputError("the value that the likelihood is conditional on (above=) is not a number; use -inf for none")
