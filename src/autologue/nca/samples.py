"""From a tidy table of samples to checked, sorted arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.errors import InputError

__all__ = ["mark_limits", "sort_samples"]


def sort_samples(data: pd.DataFrame) -> pd.DataFrame:
    """Return the samples by patient (first seen first, numbered in `_patient`) and time; raise InputError naming what is wrong.

    >>> sort_samples(pd.DataFrame({"id": ["b", "a", "b"], "time": [2, 1, 1], "value": [1.0, 2.0, 3.0]}))["value"].tolist()
    [3.0, 1.0, 2.0]
    """
    missing = [name for name in ("id", "time", "value") if name not in data]
    if missing:
        found = ", ".join(map(str, data)) or "none"
        raise InputError(f"the samples lack {' and '.join(missing)}: columns id, time and value are needed, found {found}")
    for column in ("time", "value", "lloq", "dose"):
        if column in data and not pd.api.types.is_numeric_dtype(data[column]):
            raise InputError(f"column {column} must hold numbers, not {data[column].dtype}")
    if data["id"].isna().any():
        raise InputError("column id must name a patient in every row: one is empty")
    samples = data.assign(_patient=pd.factorize(data["id"])[0]).sort_values(["_patient", "time"], kind="stable")
    endless = ~np.isfinite(floats(samples, "time"))
    if endless.any():
        raise InputError(f"patient {samples.loc[endless, 'id'].iloc[0]} has no time in one of its rows: a finite number is expected")
    twice = samples.duplicated(["_patient", "time"])
    if twice.any():
        row = samples[twice].iloc[0]
        raise InputError(f"patient {row['id']} has two samples at time {row['time']:g}: one value per patient and time is expected")
    for column in ("group", "dose"):
        if column in samples:
            _check_constant(samples, column)
    return samples


def mark_limits(samples: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values (the limit, or 0 if it is unknown, where below it) and marks of what is below the limit.

    >>> mark_limits(pd.DataFrame({"id": 1, "time": [0, 1, 2], "value": [0.0, 80.0, 20.0], "lloq": 50.0}))
    (array([50., 80., 50.]), array([ True, False,  True]))
    """
    values = floats(samples, "value")
    lloq = floats(samples, "lloq") if "lloq" in samples else np.full(values.size, np.nan)
    if "blq" in samples:
        marks = samples["blq"]
        if marks.isna().any() or not marks.isin([0, 1]).all():
            raise InputError("column blq must hold true or false (1 or 0) in every row")
        blq = marks.to_numpy(np.bool_)
    else:
        blq = values < lloq
    blq = blq | (values == 0.0)
    limit = np.where(np.isfinite(lloq), lloq, np.where(np.isfinite(values), values, 0.0))
    bad = np.where(blq, limit < 0.0, ~np.isfinite(values) | (values <= 0.0))
    if bad.any():
        row = samples.iloc[int(np.flatnonzero(bad)[0])]
        fault = f"patient {row['id']} at time {row['time']:g} has the value {row['value']:g}"
        raise InputError(f"{fault}: expected a positive number, or a mark in blq and a limit that is not negative")
    return np.where(blq, limit, values), blq


def floats(samples: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as floats, NaN where it is empty.

    >>> floats(pd.DataFrame({"value": pd.array([1, None], "Int64")}), "value")
    array([ 1., nan])
    """
    return samples[column].to_numpy(np.float64, na_value=np.nan)


def _check_constant(samples: pd.DataFrame, column: str) -> None:
    """Raise InputError unless `column` has one value within each patient, and a dose is positive."""
    kinds = samples.groupby("_patient")[column].nunique(dropna=False)
    if (kinds > 1).any():
        patient = samples.loc[samples["_patient"] == kinds[kinds > 1].index[0], "id"].iloc[0]
        raise InputError(f"patient {patient} has more than one {column}: it must be the same in each row of a patient")
    if column == "dose":
        bad = ~(floats(samples, "dose") > 0.0)
        if bad.any():
            raise InputError(f"patient {samples.loc[bad, 'id'].iloc[0]} has no positive dose: give one, or leave the column out")
