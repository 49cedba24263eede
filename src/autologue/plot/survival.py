"""Survival: Kaplan-Meier steps with bands, ticks at censored times, numbers at risk beneath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from autologue.errors import InputError
from autologue.plot.axes import Axis, axis_y
from autologue.plot.extra import alt
from autologue.plot.marks import end_labels
from autologue.plot.tables import checked
from autologue.plot.theme import HEIGHT, INK, MUTED, PALETTE, WIDTH, layered

__all__ = ["survival_curves"]

ROW = 17  # pixels of one line of the table


def survival_curves(
    frame: pd.DataFrame,
    at_risk: pd.DataFrame,
    *,
    time_unit: str = "month",
    event: str = "Survival",
    start: str = "infusion",
    key: Mapping[str, str] | None = None,
) -> alt.LayerChart:
    """Return survival in percent over time, one step line with its band an arm, and the numbers at risk under the axis.

    `frame`: columns time, estimate, lower, upper (shares from 0 to 1), and if given censored (how many at that time) and arm. A curve
    begins with 1 at time 0 if it does not say so. `at_risk`: columns time, at_risk and, with several arms, arm; its times are the
    ticks of the axis. `key` is a line of text over the figure for each arm, such as its median ("" without arms, and with arms a line
    that belongs to none). Raises InputError for missing columns, shares outside 0 to 1, or arms that the table at risk lacks.
    """
    curves = _from_zero(checked(frame, ("time", "estimate", "lower", "upper"), what="survival curves"))
    numbers = checked(at_risk, ("time", "at_risk"), what="numbers at risk")
    numbers = numbers if "arm" in numbers else numbers.assign(arm="")
    arms = list(dict.fromkeys(curves["arm"]))
    if len(arms) > len(PALETTE):
        raise InputError(f"{len(arms)} arms are too many to tell apart; draw at most {len(PALETTE)}.")
    if absent := [arm for arm in arms if arm not in set(numbers["arm"])]:
        raise InputError(f"the table of numbers at risk lacks the arm {absent[0]}; give its rows.")
    tints = dict(zip(arms, PALETTE, strict=False))
    end = float(max(curves["time"].max(), numbers["time"].max()))
    ticks = sorted(set(numbers["time"].astype(float)))
    scale = alt.Scale(domain=[0, end], nice=False)
    x = alt.X("time:Q", scale=scale, axis=alt.Axis(title=f"Time since {start} ({time_unit}s)", values=ticks))
    marks: list[Any] = []
    for arm in arms:
        marks += _curve(curves[curves["arm"] == arm], x, event, colour=tints[arm])
    if len(arms) > 1:
        last = {arm: curves[curves["arm"] == arm].iloc[-1] for arm in arms}
        places = {arm: (float(row["time"]) / end * WIDTH, 100 * max(float(row["estimate"]), 0.03)) for arm, row in last.items()}
        ends = {arm: height for arm, (_, height) in places.items()}
        across = {arm: x for arm, (x, _) in places.items()}
        marks.append(end_labels(ends, Axis(event), domain=(0, 100), height=HEIGHT, across=across, colours=tints))
    marks += _key(key or {}, tints)
    marks += _risk_table(numbers, arms, tints, scale)
    return layered(marks)


def _key(lines: Mapping[str, str], tints: Mapping[str, str]) -> list[Any]:
    """Return the lines above the plotting area, each behind a stroke of its arm's colour."""
    marks: list[Any] = []
    for place, (arm, line) in enumerate(lines.items()):
        height = alt.value(-38 - ROW * (len(lines) - 1 - place))
        text = f"{arm}: {line}" if arm else line
        words = alt.Chart(pd.DataFrame({"text": [text]})).mark_text(align="left", baseline="middle", color=INK)
        if arm in tints:
            stroke = alt.Chart(pd.DataFrame({"text": [text]})).mark_rule(color=tints[arm], strokeWidth=1.8)
            marks.append(stroke.encode(x=alt.value(-34), x2=alt.value(-14), y=height))
        marks.append(words.encode(text="text:N", x=alt.value(-8), y=height))
    return marks


def _from_zero(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the curves sorted, from 1 at time 0; follow-up that has ended (NaN) is left out."""
    rows = frame if "arm" in frame else frame.assign(arm="")
    rows = rows if "censored" in rows else rows.assign(censored=0)
    rows = rows.assign(arm=rows["arm"].astype(str)).dropna(subset=["estimate"])
    if not rows["estimate"].between(-1e-12, 1 + 1e-12).all():
        raise InputError("the column estimate of the table of survival curves must lie between 0 and 1; divide percentages by 100.")
    late = [arm for arm, own in rows.groupby("arm", sort=False) if own["time"].min() > 0]
    first = pd.DataFrame({"arm": late, "time": 0.0, "estimate": 1.0, "lower": 1.0, "upper": 1.0, "censored": 0})
    whole = pd.concat([first, rows], ignore_index=True) if late else rows
    order = {arm: place for place, arm in enumerate(dict.fromkeys(rows["arm"]))}
    return whole.assign(order=whole["arm"].map(order)).sort_values(["order", "time"], kind="stable").drop(columns="order")


def _curve(own: pd.DataFrame, x: Any, event: str, *, colour: str) -> list[Any]:
    shown = own.assign(**{name: 100 * own[name] for name in ("estimate", "lower", "upper")})
    axis = Axis(event, "%")
    y = axis_y("estimate", axis, (0, 100), values=[0, 25, 50, 75, 100])
    low = axis_y("lower", axis, (0, 100), values=[0, 25, 50, 75, 100])
    band = alt.Chart(shown.dropna(subset=["lower", "upper"])).mark_area(color=colour, fillOpacity=0.14, interpolate="step-after")
    line = alt.Chart(shown).mark_line(color=colour, interpolate="step-after", strokeWidth=1.8, strokeCap="butt")
    censored = alt.Chart(shown[shown["censored"] > 0]).mark_tick(color=colour, orient="vertical", size=8, thickness=1.1)
    return [band.encode(x=x, y=low, y2="upper:Q"), line.encode(x=x, y=y), censored.encode(x=x, y=y)]


def _risk_table(numbers: pd.DataFrame, arms: list[str], tints: dict[str, str], scale: Any) -> list[Any]:
    """Return the table as text under the axis, each number under its tick."""
    top = HEIGHT + 62
    title = alt.Chart(pd.DataFrame({"text": ["At risk"]})).mark_text(align="right", baseline="middle", color=MUTED, fontWeight=600)
    rows = [title.encode(text="text:N", x=alt.value(-16), y=alt.value(top - ROW * any(arms)))]
    for place, arm in enumerate(arms):
        own = numbers[numbers["arm"].astype(str) == arm].assign(text=lambda table: table["at_risk"].map("{:.0f}".format), name=arm)
        words = alt.Chart(own).mark_text(baseline="middle", color=INK if not arm else tints[arm])
        rows.append(words.encode(text="text:N", x=alt.X("time:Q", scale=scale), y=alt.value(top + ROW * place)))
        name = alt.Chart(own.head(1)).mark_text(align="right", baseline="middle", color=tints[arm])
        rows.append(name.encode(text="name:N", x=alt.value(-16), y=alt.value(top + ROW * place)))
    return rows
