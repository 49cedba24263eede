"""Charts of a fitted hazard: the observed Kaplan-Meier curve within those of simulated cohorts, and residuals of Cox and Snell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autologue.plot.axes import Axis, axis_x, axis_y, time_x
from autologue.plot.extra import alt
from autologue.plot.theme import MUTED, PALETTE, layered

__all__ = ["cox_snell_chart", "survival_check"]


def survival_check(curve: pd.DataFrame, *, event: str, time_unit: str = "day") -> alt.LayerChart:
    """Return the observed curve (columns time, observed) as steps over the band of simulated ones (low, middle, high), in percent."""
    shown = 100.0 * curve[["observed", "low", "middle", "high"]].assign(time=curve["time"] / 100.0)
    x, y = time_x("time", float(curve["time"].max()), time_unit), axis_y("observed", Axis(f"Free of {event}", "%"), (0, 100))
    whole = alt.Chart(shown.dropna(subset=["low", "high"]))
    area = whole.mark_area(color=PALETTE[0], fillOpacity=0.22).encode(
        x=x, y=alt.Y("low:Q", scale=y["scale"], axis=y["axis"]), y2="high"
    )  # fmt: skip
    middle = whole.mark_line(color=PALETTE[0], strokeWidth=1, strokeDash=[4, 3]).encode(
        x=x, y=alt.Y("middle:Q", scale=y["scale"], axis=y["axis"])
    )  # fmt: skip
    line = alt.Chart(shown.dropna(subset=["observed"])).mark_line(color=PALETTE[5], strokeWidth=1.6, interpolate="step-after")
    return layered([area, middle, line.encode(x=x, y=y)])


def cox_snell_chart(residuals: pd.DataFrame) -> alt.LayerChart:
    """Return the Nelson-Aalen cumulative hazard of residuals (columns cox_snell, event) against them, with the line of identity."""
    ordered = residuals.sort_values(["cox_snell", "event"], ascending=[True, False])
    at_risk = np.arange(len(ordered), 0, -1)
    points = ordered.assign(hazard=np.cumsum(ordered["event"].to_numpy() / at_risk))
    points = points[points["event"] == 1]
    top = 1.05 * max(float(points["hazard"].max()), float(points["cox_snell"].max())) if len(points) else 1.0
    x, y = axis_x("cox_snell", Axis("Cox-Snell residual"), (0, top)), axis_y("hazard", Axis("Cumulative hazard of residuals"), (0, top))
    ends = pd.DataFrame({"cox_snell": [0.0, top], "hazard": [0.0, top]})
    line = alt.Chart(ends).mark_line(color=MUTED, strokeWidth=1).encode(x=x, y=y)
    return layered([line, alt.Chart(points).mark_line(color=PALETTE[5], interpolate="step-after").encode(x=x, y=y)])
