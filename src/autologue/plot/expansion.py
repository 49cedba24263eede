"""Expansion and persistence: bands of a population, and the curves of its patients."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from autologue.errors import InputError, unknown
from autologue.plot.axes import Axis, axis_y, decades, exponents_y, time_x
from autologue.plot.bands import band_levels
from autologue.plot.extra import alt
from autologue.plot.marks import band_areas, end_labels, floored, foot, limit_rule, limit_text, sample_points
from autologue.plot.tables import checked
from autologue.plot.theme import HEIGHT, PALETTE, layered

__all__ = ["expansion_curves", "spaghetti"]


def expansion_curves(
    bands: pd.DataFrame,
    *,
    limit: float,
    unit: str,
    observed: pd.DataFrame | None = None,
    quantity: str = "CAR transgene in blood",
    time_unit: str = "day",
) -> alt.LayerChart:
    """Return median and bands of a concentration over time on a logarithmic axis, with the assay limit as a rule.

    `bands`: columns time, median and pairs lower_90, upper_90 (any levels), as `quantile_bands` makes them, in `unit` like `limit`.
    `observed`: samples, columns time, value and blq (a value under the limit is below it where there is no blq); those below the
    limit have a mark of their own under the rule. Zero is drawn at the foot of the axis. Raises InputError for missing columns, or
    a limit that is not above zero.
    """
    edges = [f"{side}_{level}" for level in band_levels(bands) for side in ("lower", "upper")]
    checked(bands, ("time", "median", *edges), what="bands")
    samples = None if observed is None else checked(observed, ("time", "value"), what="observed samples")
    axis = Axis(quantity, unit, log=True)
    domain = decades([bands["median"].clip(lower=foot(limit)), bands[edges].clip(lower=foot(limit)), *_samples(samples, limit)])
    shown = floored(bands.sort_values("time"), ["median", *edges], domain[0])
    x, y = time_x("time", float(bands["time"].max()), time_unit), axis_y("median", axis, domain)
    marks = [*band_areas(shown, x, y, colour=PALETTE[0]), limit_rule(limit, y), *exponents_y(y, axis, domain)]
    if samples is not None:
        marks.append(sample_points(samples, x, axis_y("value", axis, domain), limit=limit))
    last = shown.iloc[-1]
    ends = {f"{level} %": float(last[f"upper_{level}"]) for level in band_levels(bands)} | {"median": float(last["median"])}
    words = limit_text(limit, unit)
    labels = end_labels({**ends, words: limit}, axis, domain=domain, height=HEIGHT, colours=dict.fromkeys(ends, PALETTE[0]))
    return layered([*marks, labels])


def spaghetti(
    frame: pd.DataFrame,
    *,
    limit: float,
    unit: str,
    highlight: Sequence[object] | None = None,
    quantity: str = "CAR transgene in blood",
    time_unit: str = "day",
) -> alt.LayerChart:
    """Return one thin line a patient on a logarithmic axis; the patients in `highlight` (up to five) coloured and named.

    `frame`: columns id, time, value in `unit` like `limit`. Zero is drawn at the foot of the axis. Raises InputError for missing
    columns, an id to highlight that is not there, or more than five of them.
    """
    checked(frame, ("time", "value"), what="curves", others=("id",))
    chosen = [str(each) for each in highlight or ()]
    rows = frame.assign(id=frame["id"].astype(str))
    for each in chosen:
        if each not in set(rows["id"]):
            raise InputError(unknown("patient", each, sorted(set(rows["id"]))[:10]))
    if len(chosen) > len(PALETTE) - 1:
        raise InputError(f"{len(chosen)} patients are too many to tell apart by colour; highlight at most {len(PALETTE) - 1}.")
    axis = Axis(quantity, unit, log=True)
    domain = decades([rows["value"].clip(lower=foot(limit)), [limit]])
    rows = floored(rows, ["value"], domain[0]).sort_values(["id", "time"])
    x, y = time_x("time", float(rows["time"].max()), time_unit), axis_y("value", axis, domain)
    count = rows["id"].nunique()
    thin = alt.Chart(rows).mark_line(
        color=PALETTE[5] if chosen else PALETTE[0], strokeWidth=0.8, strokeOpacity=min(0.55, max(0.08, 22 / count))
    )
    marks = [thin.encode(x=x, y=y, detail="id:N"), limit_rule(limit, y), *exponents_y(y, axis, domain)]
    ends = {limit_text(limit, unit): limit}
    tints = dict(zip(chosen, PALETTE, strict=False))
    for each, colour in tints.items():
        own = rows[rows["id"] == each]
        marks.append(alt.Chart(own).mark_line(color=colour, strokeWidth=2).encode(x=x, y=y))
        ends[each] = float(own["value"].iloc[-1])
    labels = end_labels(ends, axis, domain=domain, height=HEIGHT, colours=tints)
    return layered([*marks, labels])


def _samples(samples: pd.DataFrame | None, limit: float) -> list[pd.Series]:
    return [pd.Series([limit / 1.5])] if samples is None else [samples["value"].clip(lower=limit / 1.5)]
