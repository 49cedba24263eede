"""From predictions to the log-density of each patient's rows, with its gradient and curvature, in one compiled pass.

With prediction f of location l (f, or log f for a log-normal error) and deviation s, a row's curvature is, for a measured
value, the expected one given f, (l'/s)^2 + 2 (s'/s)^2: the first-order conditional method with interaction. A censored row,
and the condition of M2 and M4, have no residual of zero mean, so that theirs is minus the second derivative by l, as observed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.likelihood.density import CONSTANT, LOGNORMAL, deviation, row_parts

__all__ = ["assemble", "deviations"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def _row(
    kind: int, f: float, held: float, low: float, high: float, over: float, extra: float, sd: float, cv: float, exponent: float
) -> tuple[float, float, float]:
    """Return a row's log-density, its derivative by f and its curvature; `held`: the deviation where it does not follow f, else NaN."""
    if held == held and kind != LOGNORMAL:
        kind, sd = CONSTANT, held
    value, slope, bend = row_parts(kind, f, low, high, over, extra, sd, cv, exponent)
    if not math.isfinite(value):
        return value, 0.0, 0.0
    log = kind == LOGNORMAL
    if low < high:
        return value, slope, -bend - (slope / f if log else 0.0)
    s, s1, _ = deviation(kind, f, sd, cv, exponent)
    curve = (1.0 / (s * f)) ** 2 if log else (1.0 + 2.0 * s1 * s1) / (s * s)
    if over > -math.inf:
        _, plain, straight = row_parts(kind, f, low, high, -math.inf, extra, sd, cv, exponent)
        curve += straight - bend - ((slope - plain) / f if log else 0.0)
    return value, slope, curve


@compiled
def assemble(
    first: Integers, output: Integers, low: Floats, high: Floats, over: Floats, extra: Floats, kinds: Integers, sigma: Floats,
    held: Floats, f: Floats, g: Floats, value: Floats, slope: Floats, curve: Floats,
) -> None:  # fmt: skip
    """Fill value (copies, patients), slope (..., k) and curve (..., k, k) from predictions f (copies, rows) and slopes g (..., k).

    first (patients + 1,), output, low, high, over, extra: as in `Rows`. kinds (outputs,) and sigma (copies, outputs, 3): the
    errors. held (copies, rows): deviations that do not follow the prediction, or NaN.
    """
    copies, patients, k = slope.shape
    slope[:] = 0.0
    curve[:] = 0.0
    for c in range(copies):
        for i in range(patients):
            total = 0.0
            for r in range(first[i], first[i + 1]):
                o = output[r]
                term, by, bend = _row(
                    kinds[o], f[c, r], held[c, r], low[r], high[r], over[r], extra[r], sigma[c, o, 0], sigma[c, o, 1], sigma[c, o, 2]
                )
                total += term
                for x in range(k):
                    slope[c, i, x] += by * g[c, r, x]
                    for y in range(x + 1):
                        curve[c, i, x, y] += bend * g[c, r, x] * g[c, r, y]
            value[c, i] = total
            for x in range(k):
                for y in range(x):
                    curve[c, i, y, x] = curve[c, i, x, y]


@compiled
def deviations(output: Integers, kinds: Integers, sigma: Floats, f: Floats, out: Floats) -> None:
    """Fill out (copies, rows) with the standard deviation of each row at predictions f (copies, rows)."""
    for c in range(f.shape[0]):
        for r in range(f.shape[1]):
            o = output[r]
            out[c, r] = deviation(kinds[o], f[c, r], sigma[c, o, 0], sigma[c, o, 1], sigma[c, o, 2])[0]
