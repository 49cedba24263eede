"""Swimmer plot: a lane for each patient from infusion to the last contact, with what happened on the way."""

from __future__ import annotations

import pandas as pd

from autologue.plot.extra import alt
from autologue.plot.tables import checked
from autologue.plot.theme import INK, PALETTE, RULE, WIDTH, layered

__all__ = ["HAPPENINGS", "swimmer"]

LANE = 4.6  # pixels
HAPPENINGS = {  # colour and, for readers who see colours otherwise, shape
    "response": (PALETTE[2], "triangle-right"),
    "progression": (PALETTE[1], "diamond"),
    "transplant": (PALETTE[3], "square"),
    "death": (INK, "cross"),
    "alive": (PALETTE[0], "arrow"),
}


def swimmer(lanes: pd.DataFrame, marks: pd.DataFrame, *, unit: str = "month", start: str = "infusion") -> alt.LayerChart:
    """Return the lanes, the longest on top.

    `lanes`: columns patient and end (time of the last contact); `marks`: columns patient, time and kind (one of `HAPPENINGS`). Raises
    InputError for missing columns.
    """
    rows = checked(lanes, ("end",), what="lanes", others=("patient",)).sort_values("end", ascending=False, kind="stable")
    place = {patient: number + 0.5 for number, patient in enumerate(rows["patient"])}
    rows = rows.assign(row=[place[p] for p in rows["patient"]], begin=0.0)
    events = checked(marks, ("time",), what="marks of lanes", others=("patient", "kind"))
    events = events.assign(row=[place[p] for p in events["patient"]])
    high = max(int(LANE * len(rows)), 60)
    x = alt.X(
        "begin:Q", scale=alt.Scale(domain=[0, float(rows["end"].max())], nice=False), axis=alt.Axis(title=f"Time since {start} ({unit}s)")
    )
    y = alt.Y("row:Q", scale=alt.Scale(domain=[0, len(rows)], reverse=True, nice=False), axis=None)
    kinds = list(HAPPENINGS)
    tint = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[HAPPENINGS[k][0] for k in kinds]), legend=alt.Legend(title=None))
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=[HAPPENINGS[k][1] for k in kinds]), legend=alt.Legend(title=None))
    lane = alt.Chart(rows).mark_rule(color=RULE, strokeWidth=1.4).encode(x=x, x2="end:Q", y=y)
    point = alt.Chart(events).mark_point(filled=True, size=24, opacity=1)
    return layered(
        [lane, point.encode(x=alt.X("time:Q", scale=x["scale"], axis=x["axis"]), y=y, color=tint, shape=shape)], width=WIDTH, height=high
    )
