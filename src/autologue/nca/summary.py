"""The table that labels print: n, geometric mean and CV, median and range, by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from autologue.errors import InputError, unknown
from autologue.nca.exposure import Exposure

__all__ = ["summarise_exposure"]


def summarise_exposure(exposure: Exposure, by: str | Sequence[str] = ()) -> pd.DataFrame:
    """Return one row a group and quantity: unit, n, geometric_mean, geometric_cv_percent, mean, sd, median, minimum, maximum.

    `by` names columns of the table (a group, a replicate); without it all patients are one group. `n` counts the patients who have
    the quantity, out of `patients`. Geometric figures are NaN where a value is zero; CV = 100 sqrt(exp(variance of ln) - 1).
    Raises InputError for a column that is not there.

    >>> from autologue.nca.exposure import estimate_exposure
    >>> data = pd.DataFrame({"id": [1, 1, 2, 2], "time": [0, 1, 0, 1], "value": [0, 10, 0, 1000]})
    >>> summary = summarise_exposure(estimate_exposure(data, value_unit="copies/ug"))
    >>> summary.loc[summary["quantity"] == "cmax", ["unit", "n", "geometric_mean", "median"]]
            unit  n  geometric_mean  median
    2  copies/ug  2           100.0   505.0
    """
    keys = [by] if isinstance(by, str) else list(by)
    for key in keys:
        if key not in exposure.table:
            raise InputError(unknown("column", key, map(str, exposure.table.columns)))
    quantities = [name for name, unit in exposure.units.items() if unit]
    values = exposure.table[quantities].astype(np.float64)
    groups = [exposure.table[key] for key in keys] or [pd.Series("all", index=values.index, name="group")]
    grouped = values.groupby(groups, dropna=False)
    log_grouped = values.where(values > 0.0).transform(np.log).groupby(groups, dropna=False)
    positive = grouped.min() > 0.0
    pieces = {
        "n": grouped.count(),
        "geometric_mean": log_grouped.mean().transform(np.exp).where(positive),
        "geometric_cv_percent": log_grouped.var().transform(lambda v: 100.0 * np.sqrt(np.expm1(v))).where(positive),
        "mean": grouped.mean(),
        "sd": grouped.std(),
        "median": grouped.median(),
        "minimum": grouped.min(),
        "maximum": grouped.max(),
    }
    sizes = grouped.size()
    tall = pd.concat({name: piece.rename_axis(columns="quantity").stack(future_stack=True) for name, piece in pieces.items()}, axis=1)
    summary: pd.DataFrame = tall.reset_index()
    names = [str(group.name) for group in groups]
    summary["patients"] = np.repeat(sizes.to_numpy(), len(quantities))
    summary["unit"] = summary["quantity"].map(dict(exposure.units))
    return summary[[*names, "quantity", "unit", "patients", *pieces]]
