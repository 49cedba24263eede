"""Fitted curves over a Kaplan-Meier curve, out to a horizon: what was observed and what is extrapolated, kept apart."""

from __future__ import annotations

import pandas as pd

from autologue.errors import InputError
from autologue.plot.axes import Axis, axis_y
from autologue.plot.extra import alt
from autologue.plot.marks import end_labels
from autologue.plot.survival import survival_curves
from autologue.plot.tables import checked
from autologue.plot.theme import HEIGHT, MUTED, PALETTE

__all__ = ["fitted_curves"]

TINTS = (PALETTE[1], PALETTE[2], PALETTE[3], PALETTE[4], PALETTE[5])


def fitted_curves(
    observed: pd.DataFrame, at_risk: pd.DataFrame, fits: pd.DataFrame, *, followed: float, time_unit: str, event: str, start: str
) -> alt.LayerChart:
    """Return the Kaplan-Meier curve of one arm with fitted curves on it, solid to the end of follow-up and dashed beyond.

    `observed` and `at_risk` are as for `survival_curves`, whose axis ends at the last time of `at_risk`; `fits`: columns family, time,
    estimate. Each curve is named where it ends. Raises InputError for missing columns or more than five families.
    """
    curves = checked(fits, ("time", "estimate"), what="fitted curves", others=("family",))
    names = list(dict.fromkeys(curves["family"]))
    if len(names) > len(TINTS):
        raise InputError(f"{len(names)} fitted curves are too many to tell apart; draw at most {len(TINTS)}.")
    chart = survival_curves(observed, at_risk, time_unit=time_unit, event=event, start=start)
    end = float(at_risk["time"].max())
    x = alt.X("time:Q", scale=alt.Scale(domain=[0, end], nice=False), axis=alt.Axis(values=sorted(set(at_risk["time"].astype(float)))))
    y = axis_y("estimate", Axis(event, "%"), (0, 100), values=[0, 25, 50, 75, 100])
    tints = dict(zip(names, TINTS, strict=False))
    marks = [_follow_up(followed, x)] if followed < end else []
    for name in names:
        own = curves[curves["family"] == name].assign(estimate=lambda table: 100 * table["estimate"])
        for part, dash in ((own[own["time"] <= followed], [1, 0]), (own[own["time"] >= followed], [5, 3])):
            marks.append(alt.Chart(part).mark_line(color=tints[name], strokeWidth=1.6, strokeDash=dash).encode(x=x, y=y))
    ends = {name: 100 * float(curves.loc[curves["family"] == name, "estimate"].iloc[-1]) for name in names}
    marks.append(end_labels(ends, Axis(event), domain=(0, 100), height=HEIGHT, colours=tints))
    chart.layer = [*chart.layer, *marks]
    return chart


def _follow_up(followed: float, x: object) -> alt.Chart:
    """Return a rule where follow-up ends."""
    rule = alt.Chart(pd.DataFrame({"time": [followed]})).mark_rule(color=MUTED, strokeDash=[2, 3], strokeWidth=1)
    found: alt.Chart = rule.encode(x=x)
    return found
