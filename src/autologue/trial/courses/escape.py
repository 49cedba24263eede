"""Antigen-negative cells: founders at infusion, a Poisson number, each with a clone that the CAR-T cells cannot see.

They neither stimulate CAR-T cells nor are killed, and grow at the rate of the disease, so they need no differential equation. A clone of
one founder in a pure birth process has an exponential size at late times (Yule), a clone of m founders a gamma one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, pdtrik

from autologue.trial.streams import Stream, normals, uniforms
from autologue.trial.values import Values

__all__ = ["antigen_negative", "founders"]

Floats = NDArray[np.float64]
MANY = 1e6  # founders from which on chance no longer matters
LARGEST = 1e15  # cells, beyond any body


def founders(count: Floats, v: Values, *, relative: Floats, ids: NDArray[np.int64], seed: int) -> Floats:
    """Return the number of founders of each patient (n,), from the disease cells at infusion `count` (n,).

    The expected number is in proportion to the burden, `relative` to a median one (n,), and varies log-normally between patients (links
    `founders`, `founders_spread`); it never exceeds the disease itself.
    """
    z = normals(seed, Stream.ESCAPE, ids, 4)
    expected = np.minimum(v["founders"] * relative * np.exp(v["founders_spread"] * z[:, 2]), count)
    u = uniforms(seed, Stream.ESCAPE, ids, 1, attempt=1)[:, 0]
    few = np.minimum(expected, MANY)
    number = np.maximum(np.ceil(np.nan_to_num(pdtrik(u, few))), 0.0)  # the quantile of a Poisson number; NaN below its smallest: none
    return np.where(expected > MANY, expected, np.where(u <= np.exp(-few), 0.0, number))


def antigen_negative(
    count: Floats, growth: Floats, v: Values, *, relative: Floats, days: Floats, ids: NDArray[np.int64], seed: int
) -> Floats:
    """Return the number of antigen-negative cells (n, times) on `days` after infusion."""
    number = founders(count, v, relative=relative, ids=ids, seed=seed)
    u = uniforms(seed, Stream.ESCAPE, ids, 1, attempt=2)[:, 0]
    some = (number > 0) & (number < MANY)
    size = np.where(some, gammaincinv(np.maximum(number, 1.0), u), number)
    with np.errstate(divide="ignore"):
        grown = np.log(size)[:, None] + growth[:, None] * days[None, :]
    return np.exp(np.minimum(grown, np.log(LARGEST)))
