"""Exposure of each patient: from a table of samples, or from ragged arrays of many simulated profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from autologue.errors import InputError
from autologue.nca.kernel import COLUMNS, VERDICTS, profile_all
from autologue.nca.method import NCA
from autologue.nca.samples import floats, mark_limits, sort_samples

__all__ = ["Exposure", "estimate_exposure", "nca_profiles"]

_KINDS = {  # column: kind of unit
    "samples": "count", "measurable": "count", "cmax": "value", "tmax": "time", "clast": "value", "tlast": "time",
    "auc_last": "area", "auc_inf": "area", "auc_inf_extrapolated": "fraction", "lambda_z": "rate", "half_life": "time",
    "r2_adjusted": "fraction", "terminal_points": "count", "terminal_start": "time", "terminal_end": "time", "terminal": "verdict",
}  # fmt: skip


@dataclass(frozen=True)
class Exposure:
    """What non-compartmental analysis found: one row a patient, a unit for each column, and the rules that were used."""

    table: pd.DataFrame
    units: Mapping[str, str]
    method: NCA


def nca_profiles(times: ArrayLike, values: ArrayLike, blq: ArrayLike, offsets: ArrayLike, *, method: NCA | None = None) -> pd.DataFrame:
    """Return the quantities of profiles given as flat arrays, one row a profile; row i is samples offsets[i] to offsets[i + 1].

    `times` count from the infusion and rise strictly within a profile; `values` are positive where measurable, and hold the limit
    of quantification (or 0 if it is unknown) where `blq` is true. Columns: samples and measurable (counts), cmax, tmax (first
    peak), clast, tlast, auc_last (0 to Tlast), auc_inf and its extrapolated fraction, lambda_z, half_life, r2_adjusted,
    terminal_points, _start, _end (the points of the slope are consecutive measurable ones), terminal (the verdict), and for each
    window its area, its reach (how far into it samples go, measurable or not; with Tail.MEASURED, where the area stops) and its
    extrapolated fraction. What cannot be said is NaN. Raises InputError for arrays that break these rules.

    >>> found = nca_profiles([0, 1, 2, 3, 0, 1], [0, 8, 4, 2, 5, 5], [True, *[False] * 3, True, True], [0, 4, 6])
    >>> found[["cmax", "tmax", "tlast", "terminal"]]
       cmax  tmax  tlast            terminal
    0   8.0   1.0    3.0      too few points
    1   NaN   NaN    NaN  nothing measurable
    """
    rules = method or NCA()
    t, v, b = np.asarray(times, np.float64), np.asarray(values, np.float64), np.asarray(blq, np.bool_)
    bounds = np.asarray(offsets, np.int64)
    _check_profiles(t, v, b, bounds)
    count, last = bounds.size - 1, rules.terminal
    out, areas = np.full((count, len(COLUMNS)), np.nan), np.full((count, len(rules.windows), 3), np.nan)
    verdicts = np.zeros(count, np.int64)
    windows = np.array([(w.start, w.end, w.tail) for w in rules.windows], np.float64).reshape(-1, 3)
    below = np.array([rules.below.first, rules.below.middle, rules.below.last], np.int64)
    points, tolerance = (last.points, last.tolerance) if last else (0, 0.0)
    profile_all(t, v, b, bounds, below, windows, int(rules.trapezoid), points, tolerance, out, areas, verdicts)
    columns = {name: out[:, i] for i, name in enumerate(COLUMNS)}
    columns |= {name: columns[name].astype(np.int64) for name in ("samples", "measurable")}
    table = {**columns, "terminal": np.array(VERDICTS, object)[verdicts]}
    for w, window in enumerate(rules.windows):
        table |= {window.name + suffix: areas[:, w, k] for k, suffix in enumerate(("", "_reach", "_extrapolated"))}
    return pd.DataFrame(table)


def estimate_exposure(data: pd.DataFrame, method: NCA | None = None, *, value_unit: str, time_unit: str = "day") -> Exposure:
    """Return the exposure of each patient in `data`: one row a sample, columns id, time, value, and optionally blq, lloq, group, dose.

    `time` counts from the infusion, in `time_unit`; `value` is in `value_unit`. A value is below the limit where `blq` says so; without
    that column, where it is under `lloq`; and always where it is zero. `group` and `dose` are constant within a patient; a dose
    adds cmax and auc_last per unit of dose. Windows are in `time_unit`. Raises InputError naming patient and column.

    >>> data = pd.DataFrame({"id": 1, "time": [0, 1, 2, 3, 4], "value": [0, 16, 8, 4, 2]})
    >>> estimate_exposure(data, value_unit="copies/ug").table[["id", "cmax", "half_life"]]
       id  cmax  half_life
    0   1  16.0        1.0
    """
    rules = method or NCA()
    samples = sort_samples(data)
    values, blq = mark_limits(samples)
    codes = samples["_patient"].to_numpy()
    offsets = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [codes.size]]) if codes.size else np.zeros(1, np.int64)
    found = nca_profiles(floats(samples, "time"), values, blq, offsets, method=rules)
    heads = samples.iloc[offsets[:-1]].reset_index(drop=True)
    carried = [name for name in ("id", "group", "dose") if name in samples]
    table = pd.concat([heads[carried], found], axis=1)
    if "dose" in carried:
        dose = floats(table, "dose")
        table = table.assign(cmax_per_dose=table["cmax"] / dose, auc_last_per_dose=table["auc_last"] / dose)
    return Exposure(table, _units(table, time_unit, value_unit), rules)


def _units(table: pd.DataFrame, time: str, value: str) -> dict[str, str]:
    """Return the unit of each column that is a quantity."""
    area = f"{value}*{time}"
    names = {"count": "1", "fraction": "1", "verdict": "", "value": value, "time": time, "rate": f"1/{time}", "area": area}
    units = {}
    for column in (name for name in map(str, table.columns) if name not in ("id", "group", "dose")):
        if column.endswith("_per_dose"):
            units[column] = f"{value if column.startswith('cmax') else area}/dose"
        elif column in _KINDS:
            units[column] = names[_KINDS[column]]
        else:
            units[column] = time if column.endswith("_reach") else "1" if column.endswith("_extrapolated") else area
    return units


def _check_profiles(times: NDArray[np.float64], values: NDArray[np.float64], blq: NDArray[np.bool_], offsets: NDArray[np.int64]) -> None:
    """Raise InputError unless the flat arrays make profiles."""
    if not times.ndim == values.ndim == blq.ndim == 1 or not times.size == values.size == blq.size:
        raise InputError(f"times, values and blq must be flat and of one length, not {times.shape}, {values.shape} and {blq.shape}")
    if offsets.ndim != 1 or not offsets.size or offsets[0] != 0 or offsets[-1] != times.size or (np.diff(offsets) < 0).any():
        raise InputError(f"offsets must rise from 0 to the number of samples, {times.size}")
    falls = np.zeros(times.size, np.bool_)
    falls[1:] = np.diff(times) <= 0.0
    falls[offsets[offsets < times.size]] = False
    faults = (
        (~np.isfinite(times), times, "a time must be a finite number"),
        (falls, times, "times must rise strictly within a profile"),
        (~np.isfinite(values) | (values < 0.0), values, "a value must be a finite number, zero or more"),
        (~blq & (values == 0.0), values, "a measurable value must be above zero: mark it in blq"),
    )
    for wrong, array, expected in faults:
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            profile = int(np.searchsorted(offsets, at, side="right")) - 1
            raise InputError(f"profile {profile}, sample {at - int(offsets[profile])}: {expected}, not {array[at]:g}")
