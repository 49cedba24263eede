"""The flow of patients through a trial: steps in boxes one under the other, losses at the side."""

from __future__ import annotations

import pandas as pd

from autologue.plot.extra import alt
from autologue.plot.tables import checked
from autologue.plot.theme import GRID, INK, MUTED, PALETTE, PAPER, layered

__all__ = ["patient_flow"]

WIDE, HIGH, BOX, SIDE = 430, 52, 190, 215  # pixels: the figure, one step, a box, where losses begin


def patient_flow(frame: pd.DataFrame) -> alt.LayerChart:
    """Return the flow; `frame` has columns step (words), kind ("step" or "loss"), median, lower and upper (numbers of patients).

    A loss stands beside the arrow into the step that follows it. Raises InputError for missing columns.
    """
    rows = checked(frame, ("median", "lower", "upper"), what="flow", others=("step", "kind"))
    texts = [_text(*row) for row in zip(rows["step"], rows["median"], rows["lower"], rows["upper"], strict=True)]
    rows = rows.assign(text=texts, place=(rows["kind"] == "step").cumsum() - 1)
    steps, losses = rows[rows["kind"] == "step"], rows[rows["kind"] != "step"]
    high = HIGH * len(steps)
    boxes = steps.assign(top=steps["place"] * HIGH, bottom=steps["place"] * HIGH + 30, left=0, right=BOX)
    arrows = boxes.iloc[:-1].assign(x=BOX / 2, y=boxes["bottom"].iloc[:-1] + 1, y2=boxes["bottom"].iloc[:-1] + HIGH - 31)
    share = losses.groupby("place").cumcount()
    count = losses.groupby("place")["place"].transform("size")
    beside = losses.assign(x=SIDE, y=(losses["place"] + 1) * HIGH - 11 + 14 * (share - (count - 1) / 2))
    x = alt.X("left:Q", scale=alt.Scale(domain=[0, WIDE], nice=False), axis=None)
    y = alt.Y("top:Q", scale=alt.Scale(domain=[0, high], reverse=True, nice=False), axis=None)
    marks = [
        alt.Chart(boxes)
        .mark_rect(fill=PAPER, stroke=PALETTE[0], strokeWidth=1.2, cornerRadius=3)
        .encode(x=x, x2="right:Q", y=y, y2="bottom:Q"),
        alt.Chart(boxes.assign(x=BOX / 2, y=boxes["top"] + 15))
        .mark_text(color=INK, baseline="middle")
        .encode(x=_same(x, "x"), y=_same(y, "y"), text="text:N"),
        alt.Chart(arrows).mark_rule(color=MUTED, strokeWidth=1).encode(x=_same(x, "x"), y=_same(y, "y"), y2="y2:Q"),
    ]
    if len(beside):
        lines = beside.assign(from_=BOX / 2, to=SIDE - 6)
        marks.append(alt.Chart(lines).mark_rule(color=GRID, strokeWidth=1).encode(x=_same(x, "from_"), x2="to:Q", y=_same(y, "y")))
        marks.append(
            alt.Chart(beside)
            .mark_text(align="left", baseline="middle", color=MUTED)
            .encode(x=_same(x, "x"), y=_same(y, "y"), text="text:N")
        )
    return layered(marks, width=WIDE, height=high)


def _text(step: str, median: float, lower: float, upper: float) -> str:
    bounds = f" ({lower:.0f}–{upper:.0f})" if upper > lower else ""
    return f"{step}: {median:.0f}{bounds}"


def _same(channel: alt.X | alt.Y, field: str) -> alt.X | alt.Y:
    """Return the channel for another field, on the same scale, without an axis."""
    return type(channel)(f"{field}:Q", scale=channel["scale"], axis=None)
