"""Patients side by side: samples, those below the limit, doses and, where there is one, the predicted curve."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from autologue.errors import InputError
from autologue.plot.axes import Axis, axis_y, decades, exponents_y, time_x
from autologue.plot.bands import band_levels
from autologue.plot.extra import alt
from autologue.plot.marks import band_areas, floored, foot, limit_rule, sample_points
from autologue.plot.tables import checked
from autologue.plot.theme import INK, PALETTE, themed

__all__ = ["profiles"]

MOST = 60  # panels that a page can hold
PANEL_WIDTH, PANEL_HEIGHT = 138, 104
PANEL_DAYS = (0, 7, 28, 90, 180, 365, 730, 1825)


def profiles(
    frame: pd.DataFrame,
    *,
    limit: float,
    unit: str,
    doses: pd.DataFrame | None = None,
    curves: pd.DataFrame | None = None,
    columns: int = 4,
    quantity: str = "CAR transgene in blood",
    time_unit: str = "day",
) -> alt.ConcatChart:
    """Return one small panel a patient, all on the same axes: samples as dots, those below the limit as open triangles.

    `frame`: columns id, time, value in `unit` like `limit`, and blq if known. `doses`: columns id, time; an arrow at the top.
    `curves`: columns id, time, median and pairs lower_90, upper_90 (any levels). Raises InputError for missing columns, or more
    than 60 patients.
    """
    least = foot(limit)
    checked(frame, ("time", "value"), what="profiles", others=("id",))
    ids = list(dict.fromkeys(frame["id"]))
    if len(ids) > MOST:
        raise InputError(f"{len(ids)} patients do not fit on one page of panels; choose at most {MOST}, or draw them with spaghetti.")
    edges = [] if curves is None else [f"{side}_{level}" for level in band_levels(curves) for side in ("lower", "upper")]
    heights: list[ArrayLike] = [frame["value"].clip(lower=limit / 1.5), [limit / 1.5]]
    times = [frame["time"].max()]
    if curves is not None:
        checked(curves, ("time", "median", *edges), what="curves", others=("id",))
        heights.append(curves[["median", *edges]].clip(lower=least))
        times.append(curves["time"].max())
    if doses is not None:
        checked(doses, ("time",), what="doses", others=("id",))
    axis, domain, horizon = Axis(quantity, unit, log=True), decades(heights), float(max(times))
    shown = None if curves is None else floored(curves, ["median", *edges], domain[0])
    panels = []
    for place, patient in enumerate(ids):
        x = _x(horizon, time_unit, labels=place >= len(ids) - columns)
        left = place % columns == 0
        y = axis_y("value", axis, domain, ticks=False, title=None, labels=left)
        marks = [limit_rule(limit, y), *(exponents_y(y, axis, domain) if left else [])]
        if shown is not None:
            own = shown[shown["id"] == patient].sort_values("time")
            marks += band_areas(own, x, axis_y("median", axis, domain, ticks=False, title=None, labels=left), colour=PALETTE[0])
        marks.append(sample_points(frame[frame["id"] == patient], x, y, limit=limit, size=20))
        if doses is not None:
            marks.append(_doses(doses[doses["id"] == patient], x))
        name = alt.Chart(pd.DataFrame({"name": [str(patient)]})).mark_text(align="left", color=INK, fontWeight=600)
        marks.append(name.encode(text="name:N", x=alt.value(0), y=alt.value(-10)))
        panels.append(alt.layer(*marks).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT))
    across = "days after infusion, square-root scale" if time_unit == "day" and horizon > 60 else f"{time_unit}s after infusion"
    words = alt.Title(f"{axis.title} over {across}", fontWeight="normal", anchor="start", offset=4)
    return themed(alt.concat(*panels, columns=columns, spacing={"row": 46, "column": 22}, bounds="flush", title=words))


def _x(horizon: float, time_unit: str, **more: bool) -> Any:
    values = {"values": [day for day in PANEL_DAYS if day <= horizon]} if time_unit == "day" and horizon > 60 else {}
    return time_x("time", horizon, time_unit, title=None, **values, **more)


def _doses(doses: pd.DataFrame, x: Any) -> Any:
    mark = alt.Chart(doses).mark_point(shape="triangle-down", filled=True, color=INK, size=34, opacity=1)
    return mark.encode(x=x, y=alt.value(2))
