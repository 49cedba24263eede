"""One quantity against another, patient by patient, with a running median."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from autologue.plot.axes import Axis, axis_x, axis_y, decades, exponents_x, exponents_y, linear_domain
from autologue.plot.bands import band_levels
from autologue.plot.extra import alt
from autologue.plot.marks import band_areas, end_labels, floored
from autologue.plot.tables import checked
from autologue.plot.theme import HEIGHT, PALETTE, PAPER, layered

__all__ = ["scatter_with_band"]


def scatter_with_band(points: pd.DataFrame, band: pd.DataFrame | None = None, *, x: Axis, y: Axis) -> alt.LayerChart:
    """Return patients as dots and, behind them, the running median with its bands.

    `points`: columns x, y. `band`: columns x, median and pairs lower_90, upper_90 (any levels), as `running_bands` makes them.
    On a logarithmic axis zero is drawn at the foot. Raises InputError for missing columns.
    """
    checked(points, ("x", "y"), what="points")
    edges: list[str] = []
    if band is not None:
        edges = [f"{side}_{level}" for level in band_levels(band) for side in ("lower", "upper")]
        checked(band, ("x", "median", *edges), what="the running band")
    heights: list[ArrayLike] = [points["y"], *([] if band is None else [band[["median", *edges]]])]
    across, up = ((decades if axis.log else linear_domain)(values) for axis, values in ((x, [points["x"]]), (y, heights)))
    horizontal = axis_x("x", x, across)
    marks: list[Any] = []
    for axis, domain, name in ((x, across, "x"), (y, up, "y")):
        points = floored(points, [name], domain[0]) if axis.log else points
    size = 34 if len(points) <= 300 else 12
    dots = alt.Chart(points).mark_circle(
        color=PALETTE[5], size=size, fillOpacity=0.75 if len(points) <= 300 else 0.35, stroke=PAPER, strokeWidth=0.5
    )
    vertical = axis_y("y", y, up)
    marks += [dots.encode(x=horizontal, y=vertical), *exponents_x(horizontal, x, across), *exponents_y(vertical, y, up)]
    if band is not None:
        shown = floored(band, ["median", *edges], up[0]) if y.log else band
        shown = shown.sort_values("x")
        marks += band_areas(shown, horizontal, axis_y("median", y, up), colour=PALETTE[0])
        last = shown.iloc[-1]
        ends = {f"{level} %": float(last[f"upper_{level}"]) for level in band_levels(band)} | {"running median": float(last["median"])}
        marks.append(end_labels(ends, y, domain=up, height=HEIGHT, colours=dict.fromkeys(ends, PALETTE[0])))
    return layered(marks)
