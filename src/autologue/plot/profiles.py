"""Patients side by side: samples, those below the limit, doses and, where there is one, the predicted curve."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from autologue.errors import InputError
from autologue.plot.axes import Axis, axis_y, decades, exponents_y, time_x
from autologue.plot.bands import band_levels
from autologue.plot.extra import alt
from autologue.plot.marks import (
    ABOVE,
    BELOW,
    MEASURED,
    ZERO,
    band_areas,
    floored,
    foot,
    limit_rule,
    limit_steps,
    sample_kinds,
    sample_points,
)
from autologue.plot.tables import checked
from autologue.plot.theme import INK, MUTED, PALETTE, themed

__all__ = ["profiles"]

KINDS = (MEASURED, BELOW, ABOVE, ZERO)
MOST = 60  # panels that a page can hold
PANEL_WIDTH, PANEL_HEIGHT = 138, 104
PANEL_DAYS = (0, 7, 28, 90, 180, 365, 730, 1825)


def profiles(
    frame: pd.DataFrame,
    *,
    limit: float | None = None,
    unit: str,
    doses: pd.DataFrame | None = None,
    curves: pd.DataFrame | None = None,
    reference: pd.DataFrame | None = None,
    columns: int = 4,
    quantity: str = "CAR transgene in blood",
    time_unit: str = "day",
) -> alt.ConcatChart:
    """Return one small panel a patient, all on the same axes: samples as dots, those below the limit as open triangles.

    `frame`: columns id, time, value in `unit` like `limit`, and if known blq and alq (below and above what the assay measures) and
    limit, where samples have limits of their own. `doses`: columns id, time; an arrow at the top. `curves`: columns id, time, median
    and pairs lower_90, upper_90 (any levels). `reference`: columns id, time, median, a second curve, thin and grey. Raises InputError for
    missing columns, or more than 60 patients.
    """
    least = 0.0 if limit is None else foot(limit)
    ids, edges = _checked(frame, doses, curves)
    own = frame["limit"] if "limit" in frame else pd.Series(limit, index=frame.index, dtype=float)
    marked = frame.assign(limit=own, kind=sample_kinds(frame, float("nan") if limit is None else limit))
    kinds = [each for each in KINDS if each in set(marked["kind"])] if limit is None else list(KINDS[:2])
    heights: list[ArrayLike] = [frame["value"].where(marked["kind"] != BELOW, own / 1.5), own / 1.5]
    times = [frame["time"], *([] if curves is None else [curves["time"]]), *([] if doses is None else [doses["time"]])]
    if curves is not None:
        heights.append(curves[["median", *edges]].clip(lower=least))
    if reference is not None:
        heights.append(reference["median"].clip(lower=least))
    axis, domain = Axis(quantity, unit, log=True), decades(heights)
    start, horizon = min(0.0, *(float(each.min()) for each in times)), max(float(each.max()) for each in times[: 1 + (curves is not None)])
    marked = floored(marked, ["value"], domain[0])
    shown = None if curves is None else floored(curves, ["median", *edges], domain[0])
    typical = None if reference is None else floored(reference, ["median"], domain[0])
    panels = []
    for place, patient in enumerate(ids):
        x = _x(horizon, time_unit, start=start, labels=place >= len(ids) - columns)
        left = place % columns == 0
        y = axis_y("value", axis, domain, ticks=False, title=None, labels=left)
        mine = marked[marked["id"] == patient]
        marks = [*_limits(mine, x, y), *(exponents_y(y, axis, domain) if left else [])]
        if typical is not None:
            line = alt.Chart(typical[typical["id"] == patient].sort_values("time")).mark_line(color=MUTED, strokeWidth=1.1)
            marks.append(line.encode(x=x, y=axis_y("median", axis, domain, ticks=False, title=None, labels=left)))
        if shown is not None:
            curve = shown[shown["id"] == patient].sort_values("time")
            marks += band_areas(curve, x, axis_y("median", axis, domain, ticks=False, title=None, labels=left), colour=PALETTE[0])
        marks.append(sample_points(mine, x, y, limit=float("nan"), size=20, kinds=kinds))
        if doses is not None:
            marks.append(_doses(doses[doses["id"] == patient], x))
        name = alt.Chart(pd.DataFrame({"name": [str(patient)]})).mark_text(align="left", color=INK, fontWeight=600)
        marks.append(name.encode(text="name:N", x=alt.value(0), y=alt.value(-10)))
        panels.append(alt.layer(*marks).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT))
    across = "days after infusion, square-root scale" if time_unit == "day" and horizon > 60 else f"{time_unit}s after infusion"
    words = alt.Title(f"{axis.title} over {across}", fontWeight="normal", anchor="start", offset=4)
    return themed(alt.concat(*panels, columns=columns, spacing={"row": 46, "column": 22}, bounds="flush", title=words))


def _checked(frame: pd.DataFrame, doses: pd.DataFrame | None, curves: pd.DataFrame | None) -> tuple[list[object], list[str]]:
    """Return the patients and the edges of the bands, once the tables have what is needed."""
    checked(frame, ("time", "value"), what="profiles", others=("id",))
    ids = list(dict.fromkeys(frame["id"]))
    if len(ids) > MOST:
        raise InputError(f"{len(ids)} patients do not fit on one page of panels; choose at most {MOST}, or draw them with spaghetti.")
    edges = [] if curves is None else [f"{side}_{level}" for level in band_levels(curves) for side in ("lower", "upper")]
    if curves is not None:
        checked(curves, ("time", "median", *edges), what="curves", others=("id",))
    if doses is not None:
        checked(doses, ("time",), what="doses", others=("id",))
    return ids, edges


def _limits(mine: pd.DataFrame, x: Any, y: Any) -> list[Any]:
    """Return the limit of one patient: a rule, or steps where it moves; nothing where it is unknown."""
    known = mine[["time", "limit"]].dropna().sort_values("time")
    if known.empty:
        return []
    return [limit_rule(float(known["limit"].iloc[0]), y) if known["limit"].nunique() == 1 else limit_steps(known, x, y)]


def _x(horizon: float, time_unit: str, *, start: float, **more: Any) -> Any:
    values: dict[str, Any] = {"values": [day for day in PANEL_DAYS if day <= horizon]} if time_unit == "day" and horizon > 60 else {}
    values = values if time_unit == "day" else {"tickCount": 4}
    return time_x("time", horizon, time_unit, start=start, title=None, **values, **more)


def _doses(doses: pd.DataFrame, x: Any) -> Any:
    mark = alt.Chart(doses).mark_point(shape="triangle-down", filled=True, color=INK, size=34, opacity=1)
    return mark.encode(x=x, y=alt.value(2))
