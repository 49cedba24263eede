"""The term of continuous outputs: every observation with its residual error and its censoring."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.engine.solve import REASONS
from autologue.likelihood.course import CourseLanes
from autologue.likelihood.density import row_parts, row_value
from autologue.likelihood.rows import Rows

__all__ = ["IMPOSSIBLE", "NOT_A_NUMBER", "Measured", "add_chained"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NOT_A_NUMBER, IMPOSSIBLE = len(REASONS), len(REASONS) + 1  # status, after those of the solver


@compiled
def _sets(
    buffer: Floats, cells: Integers, begin: Integers, output: Integers, kind: Integers, bounds: Floats, numbers: Floats,
    predicted: Floats, total: Floats, status: Integers,
) -> None:  # fmt: skip
    """Add the log-density of each lane's rows to `total`, and write the predictions; `bounds` is (rows, 4)."""
    shared = numbers.shape[0] == 1
    for s in range(len(begin) - 1):
        e = 0 if shared else s
        value = 0.0
        for k in range(begin[s], begin[s + 1]):
            f, o = buffer[cells[k]], output[k]
            predicted[k] = f
            value += row_value(
                kind[k], f, bounds[k, 0], bounds[k, 1], bounds[k, 2], bounds[k, 3], numbers[e, o, 0], numbers[e, o, 1], numbers[e, o, 2]
            )
            if value == -math.inf and status[s] == 0:
                status[s] = IMPOSSIBLE if math.isfinite(f) else NOT_A_NUMBER
        total[s] = total[s] + value if status[s] == 0 else -math.inf


@compiled
def _rows(
    buffer: Floats, cells: Integers, begin: Integers, output: Integers, kind: Integers, bounds: Floats, numbers: Floats,
    found: Floats, status: Integers,
) -> None:  # fmt: skip
    """Write prediction, log-density and its first two derivatives by the prediction of each row into `found` (4, rows)."""
    shared = numbers.shape[0] == 1
    for s in range(len(begin) - 1):
        e = 0 if shared else s
        for k in range(begin[s], begin[s + 1]):
            f, o = buffer[cells[k]], output[k]
            found[0, k] = f
            found[1, k], found[2, k], found[3, k] = row_parts(
                kind[k], f, bounds[k, 0], bounds[k, 1], bounds[k, 2], bounds[k, 3], numbers[e, o, 0], numbers[e, o, 1], numbers[e, o, 2]
            )
            if found[1, k] == -math.inf and status[s] == 0:
                status[s] = IMPOSSIBLE if math.isfinite(f) else NOT_A_NUMBER


@compiled
def add_chained(begin: Integers, slope: Floats, slopes: Floats, total: Floats) -> None:
    """Add, for each lane, the sum over its rows of slope (rows,) times slopes (rows, wrt) to `total` (lanes, wrt)."""
    for s in range(len(begin) - 1):
        for k in range(begin[s], begin[s + 1]):
            for j in range(slopes.shape[1]):
                total[s, j] += slope[k] * slopes[k, j]


class Measured:
    """The rows of the patients of some lanes, one after another: numbers `row` in the table, lane `s` from begin[s] to begin[s + 1]."""

    def __init__(self, rows: Rows, kinds: Integers, place: Integers, course: CourseLanes) -> None:
        """Gather the rows of each lane; `place` is the number of each row's time among its patient's."""
        self.row, self.begin = rows.of(course.who)
        self.lane: Integers = np.repeat(np.arange(len(course.who)), np.diff(self.begin))
        self.output: Integers = rows.output[self.row]
        self.cells: Integers = course.cells(self.lane, place[self.row], self.output)
        self.kind: Integers = np.asarray(kinds, dtype=np.int64)[self.output]
        self.bounds: Floats = np.column_stack([c[self.row] for c in (rows.low, rows.high, rows.over, rows.extra)])

    def add(self, buffer: Floats, numbers: Floats, total: Floats, status: Integers) -> Floats:
        """Add the log-density to `total` (lanes,), set `status` where it is -inf, and return the predictions (rows,)."""
        predicted = np.empty(len(self.row))
        _sets(buffer, self.cells, self.begin, self.output, self.kind, self.bounds, numbers, predicted, total, status)
        return predicted

    def by_row(self, buffer: Floats, numbers: Floats, status: Integers) -> Floats:
        """Return prediction, log-density, slope and curvature of each row (4, rows)."""
        found = np.empty((4, len(self.row)))
        _rows(buffer, self.cells, self.begin, self.output, self.kind, self.bounds, numbers, found, status)
        return found
