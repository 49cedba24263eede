"""Grades day by day: a row for each patient, a tile for each day, darker the worse."""

from __future__ import annotations

import pandas as pd

from autologue.plot.extra import alt
from autologue.plot.tables import checked
from autologue.plot.theme import GRID, INK, MUTED, PAPER, layered

__all__ = ["grade_tiles"]

TINTS = ("#e7eaee", "#f6d9b8", "#f0ac6b", "#d4702a", "#a3401c", "#4a1410")  # grades 0 to 5
ROW, DAY = 20, 20  # pixels


def grade_tiles(frame: pd.DataFrame) -> alt.LayerChart:
    """Return tiles of the grade of each patient (rows) on each day (columns); a day that was not graded is an open tile with a dash.

    `frame`: columns patient, day (days since infusion) and grade (0 to 5, missing where not graded). Raises InputError for missing columns.
    """
    rows = checked(frame, ("day",), what="grades", others=("patient", "grade"))
    rows = rows.assign(patient=rows["patient"].astype(str), grade=rows["grade"].astype("Float64"))
    rows = rows.assign(text=[("–" if pd.isna(grade) else f"{grade:.0f}") for grade in rows["grade"]], grade=rows["grade"].astype(float))
    patients = list(dict.fromkeys(rows["patient"]))
    axis = alt.Axis(title="Day since infusion", labelAngle=0, labelOverlap=True, domain=False, ticks=False)
    x = alt.X("day:O", axis=axis)
    y = alt.Y("patient:N", sort=patients, axis=alt.Axis(title=None, domain=False, ticks=False))
    tint = alt.Color("grade:O", scale=alt.Scale(domain=list(range(6)), range=list(TINTS)), legend=None)
    graded, other = rows[rows["grade"].notna()], rows[rows["grade"].isna()]
    tiles = alt.Chart(graded).mark_rect(stroke=PAPER, strokeWidth=1).encode(x=x, y=y, color=tint)
    holes = alt.Chart(other).mark_rect(fill=PAPER, stroke=GRID, strokeWidth=1).encode(x=x, y=y)
    marks = [tiles, holes]
    for part, colour in ((graded[graded["grade"] < 3], INK), (graded[graded["grade"] >= 3], PAPER), (other, MUTED)):
        marks.append(alt.Chart(part).mark_text(fontSize=10, color=colour).encode(x=x, y=y, text="text:N"))
    return layered(marks, width=max(DAY * rows["day"].nunique(), 120), height=ROW * len(patients))
