"""Quantile bands, computed here so that a chart only draws them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from autologue.errors import InputError

__all__ = ["band_levels", "quantile_bands", "running_bands"]


def quantile_bands(times: ArrayLike, values: ArrayLike, *, levels: Sequence[int] = (50, 90)) -> pd.DataFrame:
    """Return median and central bands over curves: columns time, median, lower_50, upper_50, lower_90, upper_90.

    `times` has shape (time,), `values` (curve, time) in any one unit; `levels` are percentages of curves inside. Quantiles are linear
    between order statistics (numpy's default); NaN is left out. Raises InputError where the shapes do not fit.

    >>> quantile_bands([0, 1], [[1, 10], [2, 20], [3, 30]], levels=[50]).round(1).to_dict("list")
    {'time': [0, 1], 'median': [2.0, 20.0], 'lower_50': [1.5, 15.0], 'upper_50': [2.5, 25.0]}
    """
    time, curves = np.asarray(times), np.asarray(values, np.float64)
    if curves.ndim != 2 or curves.shape[1] != time.size or not curves.size:
        raise InputError(f"bands over {time.size} times need values of shape (curve, {time.size}), got {curves.shape}.")
    return pd.DataFrame({"time": time, **_quantiles(curves, levels)})


def running_bands(x: ArrayLike, y: ArrayLike, *, share: float = 0.15, at: int = 60, levels: Sequence[int] = (50, 90)) -> pd.DataFrame:
    """Return running median and bands of y along x: columns x, median, lower_50, upper_50, ...

    At each of `at` places, which are quantiles of x, the nearest `share` of the points counts, half on either side by rank.
    Raises InputError for fewer than 20 points, or a share outside 0 to 1.

    >>> running_bands(range(101), range(101), at=3, share=0.2, levels=[])["median"].tolist()
    [10.0, 50.0, 90.0]
    """
    across, up = np.asarray(x, np.float64), np.asarray(y, np.float64)
    known = np.isfinite(across) & np.isfinite(up)
    across, up = across[known], up[known]
    if across.size < 20 or not 0 < share < 1:
        raise InputError(f"a running band needs at least 20 points and a share between 0 and 1, got {across.size} points and {share:g}.")
    order = np.argsort(across, kind="stable")
    across, up = across[order], up[order]
    half = max(2, round(share * across.size / 2))
    centres = np.linspace(half, across.size - 1 - half, at).round().astype(int)
    windows = np.stack([up[centre - half : centre + half + 1] for centre in centres], axis=1)
    return pd.DataFrame({"x": across[centres], **_quantiles(windows, levels)}).drop_duplicates("x", ignore_index=True)


def _quantiles(curves: np.ndarray[tuple[int, ...], np.dtype[np.float64]], levels: Sequence[int]) -> dict[str, ArrayLike]:
    found: dict[str, ArrayLike] = {"median": np.nanmedian(curves, axis=0)}
    for level in levels:
        tail = (100 - level) / 2
        found[f"lower_{level}"], found[f"upper_{level}"] = np.nanpercentile(curves, [tail, 100 - tail], axis=0)
    return found


def band_levels(frame: pd.DataFrame) -> list[int]:
    """Return the levels of the bands in a table, the widest first.

    >>> band_levels(quantile_bands([0], [[1.0], [2.0]]))
    [90, 50]
    """
    found = {int(match[1]) for name in frame.columns if (match := re.fullmatch(r"lower_(\d+)", str(name)))}
    return sorted((level for level in found if f"upper_{level}" in frame.columns), reverse=True)
