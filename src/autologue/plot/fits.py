"""Charts of a fit: observations against predictions, residuals, visual predictive check, and how the estimates came to rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from autologue.plot.axes import Axis, axis_x, axis_y, decades, exponents_x, exponents_y, time_x
from autologue.plot.extra import alt
from autologue.plot.profiles import profiles
from autologue.plot.theme import GRID, HEIGHT, INK, MUTED, PALETTE, PAPER, WIDTH, layered, themed

__all__ = ["convergence", "errors_chart", "individual_fits", "observed_predicted", "predictive_check"]

KINDS, FILLS, SHAPES = ["measured", "censored, drawn"], [PALETTE[5], PAPER], ["circle", "triangle-down"]
_SIGMA = 1.96


def _dots(frame: pd.DataFrame, x: Any, y: Any) -> Any:
    """Return observations as dots, the censored ones as open triangles."""
    shown = frame.assign(sample=np.where(frame["censored"], KINDS[1], KINDS[0]))
    fill = alt.Fill("sample:N", scale=alt.Scale(domain=KINDS, range=FILLS))
    shape = alt.Shape("sample:N", scale=alt.Scale(domain=KINDS, range=SHAPES))
    return alt.Chart(shown).mark_point(size=22, stroke=PALETTE[5], strokeWidth=0.8, opacity=0.8).encode(x=x, y=y, fill=fill, shape=shape)


def observed_predicted(frame: pd.DataFrame, *, prediction: str, quantity: str, unit: str) -> alt.LayerChart:
    """Return observations (column imputed) against predictions (column `prediction`) with the line of identity, both on log axes."""
    shown = frame[(frame["imputed"] > 0) & (frame[prediction] > 0)]
    domain = decades([shown["imputed"], shown[prediction]])
    shown = shown.assign(**{c: np.maximum(shown[c], domain[0]) for c in ("imputed", prediction)})
    across, up = Axis(f"{quantity}, predicted", unit, log=True), Axis(f"{quantity}, observed", unit, log=True)
    x, y = axis_x(prediction, across, domain), axis_y("imputed", up, domain)
    line = alt.Chart(pd.DataFrame({prediction: domain, "imputed": domain})).mark_line(color=MUTED, strokeWidth=1).encode(x=x, y=y)
    return layered([line, _dots(shown, x, y), *exponents_x(x, across, domain), *exponents_y(y, up, domain)])


def errors_chart(frame: pd.DataFrame, *, value: str, title: str, time_unit: str = "day") -> alt.LayerChart:
    """Return standardised errors (column `value`) against time, with zero and where 95 % should lie."""
    limit = max(3.5, float(np.abs(frame[value]).max()) * 1.05)
    x = time_x("time", float(frame["time"].max()), time_unit)
    y = axis_y(value, Axis(title), (-limit, limit))
    rules = pd.DataFrame({value: [-_SIGMA, 0.0, _SIGMA]})
    return layered([alt.Chart(rules).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(y=y), _dots(frame, x, y)])


def individual_fits(
    rows: pd.DataFrame, curves: pd.DataFrame, *, quantity: str, unit: str, time_unit: str = "day", doses: pd.DataFrame | None = None
) -> alt.ConcatChart:
    """Return a panel a patient: observations (patient, time, lower, upper, limit, censored) and curves (patient, time, pred, ipred).

    The curve at the patient's parameters is coloured, that of the typical patient grey. `doses`: columns id, time. What is censored is
    marked at its limit; curves end a decade and a half below the lowest sample.
    """
    over = rows["censored"] & np.isposinf(rows["upper"])
    below = rows["censored"] & ~over
    value = np.where(over, rows["lower"], rows["upper"])
    limit = np.where(below, np.fmax(rows["limit"], rows["upper"]), rows["limit"])
    frame = pd.DataFrame({"id": rows["patient"], "time": rows["time"], "value": value, "blq": below, "alq": over, "limit": limit})
    lowest = float(min(value[value > 0], default=1.0)) / 30
    named = curves.rename(columns={"patient": "id"})
    own, typical = (
        named[named[name] >= lowest].rename(columns={name: "median"})[["id", "time", "median"]] for name in ("ipred", "pred")
    )
    return profiles(frame, unit=unit, doses=doses, curves=own, reference=typical, quantity=quantity, time_unit=time_unit)


def predictive_check(
    percentiles: pd.DataFrame, below: pd.DataFrame, points: pd.DataFrame, *, quantity: str, unit: str, time_unit: str = "day"
) -> alt.VConcatChart:
    """Return a visual predictive check of one output, and beneath it the share below quantification, both with simulated intervals."""
    positive = [percentiles[c] for c in ("observed", "low", "high")] + [points["value"]]
    axis, domain = Axis(quantity, unit, log=True), decades(positive)
    horizon = float(percentiles["time"].max())
    x = time_x("time", horizon, time_unit, title=None)
    y = axis_y("observed", axis, domain)

    def fitted(field: str) -> Any:
        return alt.Y(f"{field}:Q", scale=y["scale"], axis=y["axis"])

    shown = percentiles.assign(**{c: np.maximum(percentiles[c], domain[0]) for c in ("observed", "low", "middle", "high")})
    middle = shown["level"].sub(0.5).abs() < 1e-9
    shown = shown.assign(kind=np.where(middle, "median", "outer"))
    colour = alt.Color("kind:N", scale=alt.Scale(domain=["median", "outer"], range=[PALETTE[1], PALETTE[0]]), legend=None)
    group = alt.Detail("level:N")
    area = alt.Chart(shown).mark_area(fillOpacity=0.25).encode(x=x, y=fitted("low"), y2="high", color=colour, detail=group)
    line = alt.Chart(shown).mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, detail=group)
    hidden = alt.Chart(shown[shown["censored"]]).mark_point(shape="triangle-down", fill=PAPER, size=40, opacity=1)
    seen = points.assign(observed=np.maximum(points["value"], domain[0]))
    dots = alt.Chart(seen).mark_circle(color=MUTED, size=9, opacity=0.35).encode(x=x, y=y)
    upper = alt.layer(dots, area, line, hidden.encode(x=x, y=y, stroke=colour), *exponents_y(y, axis, domain))
    upper = upper.properties(width=WIDTH, height=HEIGHT)
    share = axis_y("observed", Axis("Share below quantification"), (0.0, 1.0))
    x_share = time_x("time", horizon, time_unit)
    bands = alt.Chart(below).mark_area(color=PALETTE[2], fillOpacity=0.25)
    band = bands.encode(x=x_share, y=alt.Y("low:Q", scale=share["scale"], axis=share["axis"]), y2="high")
    rate = alt.Chart(below).mark_line(color=PALETTE[2], point={"size": 18, "color": PALETTE[2]}).encode(x=x_share, y=share)
    lower = alt.layer(band, rate).properties(width=WIDTH, height=90)
    return themed(alt.vconcat(upper, lower, spacing=28))


def convergence(trace: pd.DataFrame, *, phases: pd.DataFrame, columns: int = 3) -> alt.ConcatChart:
    """Return each estimate from one iteration to the next: columns iteration, estimate, value; `phases`: where each begins (iteration)."""
    panels = []
    for name in dict.fromkeys(trace["estimate"]):
        own = trace[trace["estimate"] == name]
        low, high = float(own["value"].min()), float(own["value"].max())
        gap = 0.05 * (high - low or abs(high) or 1.0)
        scale = alt.Scale(domain=[low - gap, high + gap], zero=False, nice=False)
        y = alt.Y("value:Q", scale=scale, axis=alt.Axis(title=None, tickCount=4))
        x = alt.X("iteration:Q", axis=alt.Axis(title=None, tickCount=4), scale=alt.Scale(nice=False))
        rule = alt.Chart(phases).mark_rule(color=GRID, strokeWidth=1.5).encode(x="iteration:Q")
        line = alt.Chart(own).mark_line(color=PALETTE[0], strokeWidth=1.2).encode(x=x, y=y)
        panels.append(alt.layer(rule, line).properties(width=185, height=80, title=alt.Title(name, fontSize=11, color=INK)))
    return themed(alt.concat(*panels, columns=columns, spacing={"row": 34, "column": 34}))
