"""One patient's forecast: samples, bands, the assay limit, today, and where the phases of the model change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from autologue.plot.axes import Axis, axis_y, decades, exponents_y, linear_domain, time_x
from autologue.plot.bands import band_levels
from autologue.plot.extra import alt
from autologue.plot.marks import band_areas, end_labels, floored, limit_rule, limit_text, sample_points
from autologue.plot.tables import checked
from autologue.plot.theme import HEIGHT, INK, MUTED, PALETTE, PAPER, layered

__all__ = ["calibration_curve", "forecast_curve", "forecast_history"]

DECADES = 8  # below the top of the axis that are worth drawing
BELOW, ABOVE = 2, 4  # decades beyond what was measured that are worth drawing


def forecast_curve(
    bands: pd.DataFrame,
    *,
    observed: pd.DataFrame,
    unit: str,
    quantity: str,
    now: float,
    phases: Mapping[str, float] | None = None,
    time_unit: str = "day",
    log: bool = True,
) -> alt.LayerChart:
    """Return median and bands over time with the patient's samples, the assay limits, a line at `now` and marks where phases end.

    `bands`: as `quantile_bands` makes them. `observed`: columns time, value, blq, limit (NaN where unknown); a value that is not quantified
    has blq true and its upper bound as value.
    """
    levels = band_levels(bands)
    edges = [f"{side}_{level}" for level in levels for side in ("lower", "upper")]
    checked(bands, ("time", "median", *edges), what="bands")
    axis = Axis(quantity, unit, log=log)
    limits = sorted({float(each) for each in observed["limit"].dropna()} | set(observed.loc[observed["blq"], "value"].astype(float)))
    heights: list[ArrayLike] = [bands[["median", *edges]], observed["value"], [each / 2 for each in limits]]
    domain = _decades(heights[0], heights[1:]) if log else linear_domain(heights)
    shown = bands.sort_values("time")
    if log:
        inside = {name: shown[name].clip(*domain) for name in edges}
        shown = shown.assign(median=shown["median"].clip(domain[0]).where(shown["median"] <= domain[1]), **inside)
    x, y = time_x("time", float(bands["time"].max()), time_unit), axis_y("median", axis, domain)
    value = axis_y("value", axis, domain)
    marks: list[Any] = [*band_areas(shown, x, y, colour=PALETTE[0]), *exponents_y(y, axis, domain)]
    marks += [limit_rule(each, value) for each in limits]
    marks += [_upright(now, "today", x, colour=INK, dash=[1, 0])]
    marks += [_upright(time, name, x, colour=MUTED, dash=[2, 3]) for name, time in (phases or {}).items()]
    marks += _samples(observed, limits, x, value)
    last = bands.sort_values("time").iloc[-1]
    ends = {f"{level} %": float(last[f"upper_{level}"]) for level in levels} | {"median": float(last["median"])}
    ends = {name: value for name, value in ends.items() if value <= domain[1]}
    words = {limit_text(each, unit): each for each in limits}
    labels = end_labels({**ends, **words}, axis, domain=domain, height=HEIGHT, colours=dict.fromkeys(ends, PALETTE[0]))
    return layered([*marks, labels])


def _decades(bands: ArrayLike, seen: list[ArrayLike]) -> tuple[float, float]:
    """Return the decades to draw: what was measured is in sight, and bands that go far beyond it end at the edge."""
    if not any((np.asarray(each, dtype=float) > 0).any() for each in seen):
        return decades([bands], most=DECADES)
    (low, high), (least, most) = decades(seen), decades([bands, *seen], most=600)
    return max(least, low * 10.0**-BELOW), min(most, high * 10.0**ABOVE)


def forecast_history(history: pd.DataFrame, *, unit: str, quantity: str, time_unit: str = "day", log: bool = True) -> alt.LayerChart:
    """Return how the answer moved: a bar for each forecast over the time until which data went into it.

    Columns now, median, pairs lower_90, upper_90 of at most two levels, the widest as a thin bar; and, if known, retraced: such a forecast
    was made later, as it would have been then, and its median is an open point.
    """
    levels = band_levels(history)
    edges = [f"{side}_{level}" for level in levels for side in ("lower", "upper")]
    checked(history, ("now", "median", *edges), what="history")
    axis = Axis(quantity, unit, log=log)
    domain = decades([history[["median", *edges]]], most=DECADES) if log else linear_domain([history[["median", *edges]]])
    shown = floored(history, ["median", *edges], domain[0]) if log else history
    first, last = float(history["now"].min()), float(history["now"].max())
    margin = 0.06 * (last - first) or 1.0
    x = alt.X("now:Q", title=f"Data until {time_unit}", scale=alt.Scale(domain=[max(first - margin, 0.0), last + margin], nice=False))
    y = axis_y("median", axis, domain)
    marks = [*exponents_y(y, axis, domain), alt.Chart(shown).mark_line(color=MUTED, strokeWidth=1, strokeDash=[2, 3]).encode(x=x, y=y)]
    for level, width in zip(levels, (2, 7), strict=False):
        bar = alt.Chart(shown).mark_rule(color=PALETTE[0], strokeWidth=width, opacity=0.55)
        marks.append(bar.encode(x=x, y=alt.Y(f"lower_{level}:Q", scale=y["scale"], axis=y["axis"]), y2=alt.Y2(f"upper_{level}:Q")))
    again = history["retraced"].astype(bool) if "retraced" in history else pd.Series(False, index=history.index)
    for own, fill in ((shown[~again], PALETTE[0]), (shown[again], PAPER)):
        if len(own):
            point = alt.Chart(own).mark_point(filled=True, fill=fill, stroke=PALETTE[0], strokeWidth=1.6, size=46, opacity=1)
            marks.append(point.encode(x=x, y=y))
    return layered(marks)


def _samples(observed: pd.DataFrame, limits: list[float], x: Any, y: Any) -> list[Any]:
    """Return the samples, each below the limit of its own assay."""
    if not len(observed):
        return []
    below, measured = observed[observed["blq"]], observed[~observed["blq"]]
    groups = [(measured, limits[0] if limits else 0.0), *((below[below["value"] == each], each) for each in limits)]
    return [sample_points(own, x, y, limit=limit, legend=False) for own, limit in groups if len(own)]


def _upright(time: float, text: str, x: Any, *, colour: str, dash: list[int]) -> Any:
    """Return a vertical rule with a word at its top."""
    frame = pd.DataFrame({"time": [time], "text": [text]})
    rule = alt.Chart(frame).mark_rule(color=colour, strokeWidth=1, strokeDash=dash).encode(x=x)
    word = alt.Chart(frame).mark_text(align="left", baseline="bottom", color=colour, dx=3, angle=270 if text != "today" else 0)
    return alt.layer(rule, word.encode(x=x, y=alt.value(-2 if text == "today" else HEIGHT - 4), text="text:N"))


def calibration_curve(places: pd.DataFrame) -> alt.LayerChart:
    """Return the share of observations below each probability of their forecast, a line for each `cut`; columns cut, place."""
    checked(places, ("cut", "place"), what="places")
    frame = places.sort_values(["cut", "place"])
    rank = frame.groupby("cut").cumcount() + 1
    said = {cut: f"data until {cut:g}" for cut in frame["cut"].unique()}
    shown = frame.assign(share=rank / frame.groupby("cut")["place"].transform("size"), cut=frame["cut"].map(said))
    x = alt.X("place:Q", title="Probability forecast", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("share:Q", title="Share observed below", scale=alt.Scale(domain=[0, 1]))
    even = alt.Chart(pd.DataFrame({"place": [0, 1], "share": [0, 1]})).mark_line(color=MUTED, strokeWidth=1, strokeDash=[4, 3])
    lines = alt.Chart(shown).mark_line(interpolate="step-after", strokeWidth=1.6)
    return layered([even.encode(x=x, y=y), lines.encode(x=x, y=y, color=alt.Color("cut:N", sort=list(said.values()), legend=alt.Legend()))])
