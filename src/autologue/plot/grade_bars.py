"""Worst grades by scale as stacked bars, darker the worse: the same patients, read by several scales."""

from __future__ import annotations

import pandas as pd

from autologue.plot.extra import alt
from autologue.plot.grades import TINTS
from autologue.plot.tables import checked
from autologue.plot.theme import PAPER, WIDTH, layered

__all__ = ["grade_bars"]

BAR = 34  # pixels


def grade_bars(frame: pd.DataFrame) -> alt.LayerChart:
    """Return one bar a scale; `frame` has columns scale, grade (0 to 5) and share (0 to 1). Raises InputError for missing columns."""
    rows = checked(frame, ("grade", "share"), what="grades by scale", others=("scale",))
    rows = rows.assign(share=100 * rows["share"])
    scales = list(dict.fromkeys(rows["scale"]))
    tint = alt.Color("grade:O", scale=alt.Scale(domain=list(range(6)), range=list(TINTS)), legend=alt.Legend(title=None))
    x = alt.X("share:Q", stack="zero", scale=alt.Scale(domain=[0, 100], nice=False), axis=alt.Axis(title="Patients by worst grade (%)"))
    y = alt.Y("scale:N", sort=scales, axis=alt.Axis(title=None, domain=False, ticks=False))
    bars = alt.Chart(rows).mark_bar(stroke=PAPER, strokeWidth=0.6).encode(x=x, y=y, color=tint, order=alt.Order("grade:Q"))
    return layered([bars], width=WIDTH, height=BAR * len(scales))
