"""Figures of what a model was asked: indices with intervals, derivatives over time, profiles, equilibria along a parameter, models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from autologue.errors import InputError
from autologue.plot.axes import Axis, axis_x, axis_y, decades, exponents_x, exponents_y, linear_domain, time_x
from autologue.plot.extra import alt
from autologue.plot.marks import end_labels, floored
from autologue.plot.tables import checked
from autologue.plot.theme import HEIGHT, INK, MUTED, PALETTE, PAPER, RULE, WIDTH, layered, themed

__all__ = ["courses", "equilibrium_curves", "factor_indices", "model_curves", "profile_curves"]

ROW = 22  # pixels of one factor
HIGHEST = 100.0  # times the start, at which disease leaves the figure
MOST = 8  # lines that a figure can tell apart
TINTS = (*PALETTE, "#a23b3b", "#3c7a86")
SHAPES = ("circle", "square", "diamond", "triangle-up")


def factor_indices(table: pd.DataFrame, *, title: str = "index") -> alt.ConcatChart:
    """Return one panel a quantity: a row for each factor, the most influential on top, a mark and an interval for each index.

    `table`: columns quantity, factor, index, estimate, lower, upper (NaN: no interval). Factors are sorted by the last index that has
    intervals. Raises InputError for missing columns.
    """
    checked(table, ("estimate", "lower", "upper"), what="indices", others=("quantity", "factor", "index"))
    shown = table[table["index"] != "second order"]
    indices = list(dict.fromkeys(shown["index"]))
    panels = [_index_panel(own, indices, str(name), title) for name, own in shown.groupby("quantity", sort=False)]
    return themed(alt.concat(*panels, columns=2, spacing={"row": 40, "column": 40}))


def _index_panel(own: pd.DataFrame, indices: list[str], name: str, title: str) -> Any:
    main = [i for i in indices if own.loc[own["index"] == i, "lower"].notna().any()] or indices
    by = own[own["index"] == main[-1]].assign(size=lambda t: t["estimate"].abs()).sort_values("size", ascending=False, kind="stable")
    order = list(by["factor"])
    offsets = {index: (k - (len(indices) - 1) / 2) * 0.26 for k, index in enumerate(indices)}
    place = {factor: k + 0.5 for k, factor in enumerate(order)}
    rows = own.assign(row=[place[f] + offsets[i] for f, i in zip(own["factor"], own["index"], strict=True)])
    height = ROW * len(order)
    y = alt.Y("row:Q", scale=alt.Scale(domain=[0, len(order)], reverse=True, nice=False), axis=None)
    values = np.concatenate([rows[c].dropna().to_numpy() for c in ("estimate", "lower", "upper")])
    low, high = linear_domain([values])
    scale = alt.Scale(domain=[low, high], nice=False)
    x = alt.X("estimate:Q", scale=scale, axis=alt.Axis(title=title, tickCount=5, grid=True))
    colours = alt.Color("index:N", scale=alt.Scale(domain=indices, range=list(PALETTE[: len(indices)])), legend=_legend(indices))
    shapes = alt.Shape("index:N", scale=alt.Scale(domain=indices, range=list(SHAPES[: len(indices)])), legend=_legend(indices))
    bars = alt.Chart(rows.dropna(subset=["lower", "upper"])).mark_rule(strokeWidth=2.2, opacity=0.55)
    points = alt.Chart(rows).mark_point(filled=True, size=58, opacity=1, stroke=PAPER, strokeWidth=0.7)
    names = alt.Chart(pd.DataFrame({"factor": order, "row": [place[f] for f in order]})).mark_text(align="right", color=INK)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=RULE, strokeWidth=0.9)
    marks = [
        zero.encode(x=alt.X("zero:Q", scale=scale)),
        bars.encode(x=alt.X("lower:Q", scale=scale), x2="upper:Q", y=y, color=colours),
        points.encode(x=x, y=y, color=colours, shape=shapes),
        names.encode(y=y, x=alt.value(-8), text="factor:N"),
    ]
    return alt.layer(*marks).properties(width=300, height=height, title=name)


def _legend(names: list[str]) -> Any:
    return alt.Legend() if len(names) > 1 else None


def courses(
    frame: pd.DataFrame, *, quantity: str, time_unit: str = "day", names: str = "parameter", value: str = "elasticity"
) -> alt.LayerChart:
    """Return one line for each name over time on a linear axis, with a rule at zero; the eight largest are drawn.

    `frame`: columns time, the column `value` and the column `names`. Raises InputError for missing columns.
    """
    checked(frame, ("time", value), what="courses", others=(names,))
    size = frame.assign(size=frame[value].abs()).groupby(names)["size"].max().sort_values(ascending=False, kind="stable")
    chosen = list(size.index[:MOST])
    rows = frame[frame[names].isin(chosen)].sort_values([names, "time"])
    finite = rows[value].to_numpy(float)
    low, high = float(np.nanmin(finite)), float(np.nanmax(finite))
    edge = 0.05 * (max(high, 0.0) - min(low, 0.0) or 1.0)
    domain = (min(low, 0.0) - edge, max(high, 0.0) + edge)
    axis = Axis(quantity)
    x, y = time_x("time", float(rows["time"].max()), time_unit), axis_y(value, axis, domain)
    marks: list[Any] = [alt.Chart(pd.DataFrame({value: [0.0]})).mark_rule(color=RULE, strokeWidth=0.9).encode(y=y)]
    tints = dict(zip(chosen, TINTS, strict=False))
    for name in chosen:
        own = rows[rows[names] == name]
        marks.append(alt.Chart(own).mark_line(color=tints[name], strokeWidth=1.8).encode(x=x, y=y))
    ends = {str(n): float(rows.loc[rows[names] == n, value].iloc[-1]) for n in chosen}
    marks.append(end_labels(ends, axis, domain=domain, height=HEIGHT, colours={str(n): tints[n] for n in chosen}))
    return layered(marks)


def profile_curves(curves: pd.DataFrame, table: pd.DataFrame, *, limit: float, columns: int = 3) -> alt.ConcatChart:
    """Return one small panel a parameter: deviance over the value on a logarithmic axis, the limit dashed, the true value as a rule.

    `curves`: columns parameter, value, deviance. `table`: columns parameter, true, verdict. Raises InputError for missing columns.
    """
    checked(curves, ("value", "deviance"), what="profiles", others=("parameter",))
    checked(table, ("true",), what="verdicts", others=("parameter", "verdict"))
    panels = []
    for row in table.itertuples(index=False):
        own = curves[curves["parameter"] == row.parameter].sort_values("value")
        own = own.assign(deviance=own["deviance"].clip(lower=0.0, upper=1.15 * limit), value=own["value"].abs())
        log = alt.Scale(type="log", nice=False, domain=[float(own["value"].min()) / 1.03, float(own["value"].max()) * 1.03])
        y = alt.Y("deviance:Q", scale=alt.Scale(domain=[0, 1.2 * limit], nice=False), axis=alt.Axis(title=None, tickCount=4))
        x = alt.X("value:Q", scale=log, axis=alt.Axis(title=None, tickCount=3, format="~g", labelOverlap=True))
        line = alt.Chart(own).mark_line(color=PALETTE[0], point=alt.OverlayMarkDef(size=14, color=PALETTE[0], filled=True))
        rule = alt.Chart(pd.DataFrame({"deviance": [limit]})).mark_rule(color=MUTED, strokeDash=[5, 3])
        true = alt.Chart(pd.DataFrame({"value": [abs(float(row.true))]})).mark_rule(color=PALETTE[1], strokeWidth=1.2)  # type: ignore[arg-type]
        layer = alt.layer(rule.encode(y=y), true.encode(x=x), line.encode(x=x, y=y))
        title = alt.Title(str(row.parameter), subtitle=str(row.verdict), subtitleColor=MUTED, subtitleFontSize=10)
        panels.append(layer.properties(width=170, height=120, title=title))
    return themed(alt.concat(*panels, columns=columns, spacing={"row": 34, "column": 34}))


def equilibrium_curves(table: pd.DataFrame, *, state: Axis, parameter: Axis) -> alt.LayerChart:
    """Return equilibria of one state along a parameter: filled where stable, hollow where not; zero is drawn at the foot.

    `table`: columns value (of the parameter), state, stable. Raises InputError for missing columns.
    """
    checked(table, ("value", "state"), what="equilibria", others=("stable",))
    positive = table.loc[table["state"] > 0, "state"]
    up = decades([positive]) if state.log and len(positive) else linear_domain([table["state"]])
    state = state if len(positive) else Axis(state.quantity, state.unit)
    across = decades([table["value"]]) if parameter.log else (float(table["value"].min()), float(table["value"].max()))
    shown = floored(table, ["state"], up[0]) if state.log else table
    shown = shown.assign(kind=np.where(shown["stable"], "stable", "not stable"))
    x, y = axis_x("value", parameter, across), axis_y("state", state, up)
    kinds = ["stable", "not stable"]
    colour = alt.Scale(domain=kinds, range=[PALETTE[0], PALETTE[1]])
    points = alt.Chart(shown).mark_point(size=20, strokeWidth=1.1, opacity=1)
    encoded = points.encode(
        x=x, y=y, stroke=alt.Stroke("kind:N", scale=colour), shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=["circle"] * 2)),
        fill=alt.Fill("kind:N", scale=alt.Scale(domain=kinds, range=[PALETTE[0], PAPER])),
    )  # fmt: skip
    return layered([encoded, *exponents_x(x, parameter, across), *exponents_y(y, state, up)])


def model_curves(curves: pd.DataFrame) -> alt.ConcatChart:
    """Return two panels, CAR-T cells relative to their peak and disease relative to its start: one line a model, named at its end.

    `curves`: columns model, quantity, time (days), value. Raises InputError for missing columns or more than eight models.
    """
    checked(curves, ("time", "value"), what="models", others=("model", "quantity"))
    models = list(dict.fromkeys(curves["model"]))
    if len(models) > MOST:
        raise InputError(f"{len(models)} models are too many to tell apart in one figure; draw at most {MOST}.")
    tints = dict(zip(models, TINTS, strict=False))
    words = {"CAR-T cells": "CAR-T cells relative to their peak", "disease": "Disease relative to its start"}
    panels = []
    for quantity, own in curves.groupby("quantity", sort=False):
        axis = Axis(words.get(str(quantity), str(quantity)), log=True)
        own = own.assign(value=own["value"].clip(upper=HIGHEST))
        domain = decades([own.loc[own["value"] > 0, "value"]], most=8)
        shown = floored(own, ["value"], domain[0])
        x, y = time_x("time", float(own["time"].max()), "day"), axis_y("value", axis, domain)
        marks: list[Any] = [*exponents_y(y, axis, domain)]
        for name in dict.fromkeys(own["model"]):
            marks.append(alt.Chart(shown[shown["model"] == name]).mark_line(color=tints[name], strokeWidth=1.8).encode(x=x, y=y))
        ends = {str(n): float(shown.loc[shown["model"] == n, "value"].iloc[-1]) for n in dict.fromkeys(own["model"])}
        end = float(own["time"].max())
        last = own.groupby("model")["time"].max()
        across = {str(n): WIDTH * float((t / end) ** (0.5 if end > 60 else 1.0)) for n, t in last.items()}
        marks.append(end_labels(ends, axis, domain=domain, height=HEIGHT, across=across, colours={str(n): tints[n] for n in ends}))
        panels.append(alt.layer(*marks))
    return themed(alt.concat(*panels, columns=1, spacing=46))
