"""Predictive intervals beside published figures, as a forest: one row a quantity, on the scale of the predicted median."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from autologue.errors import InputError, unknown
from autologue.plot.extra import alt
from autologue.plot.numbers import format_interval, format_number, format_unit
from autologue.plot.tables import checked
from autologue.plot.theme import GRID, INK, MUTED, PALETTE, PAPER, RULE, layered

__all__ = ["KINDS", "intervals"]

KINDS = {  # what a comparison is worth: colour and, for readers who see colours otherwise, shape
    "reproduced input": (PALETTE[5], "square"),
    "independent": (PALETTE[0], "diamond"),
    "unverified": (PALETTE[1], "triangle-up"),
    "not comparable": (PALETTE[3], "cross"),
}
NUMBERS = ("lower", "median", "upper", "published", "published_lower", "published_upper")
PLOT, ROW, LETTER, GAP = 230, 25, 5.6, 22  # pixels: plotting area, one row, a letter of the usual mix, between columns
TICKS = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])


def intervals(table: pd.DataFrame) -> alt.LayerChart:
    """Return a forest of predictive intervals with the published figure and its own interval on each row.

    `table`: columns quantity, unit, lower, median, upper (the predictive interval), published, published_lower, published_upper (NaN
    where nothing was published), kind (one of `KINDS`), and if given panel (a heading over the rows that follow) and verdict (printed
    at the right). Each row is drawn relative to its predicted median, on a logarithmic axis, and its numbers stand beside it. A row
    whose median is not above zero keeps its numbers and has no marks. Raises InputError for a missing column or an unknown kind.
    """
    checked(table, NUMBERS, what="intervals", others=("quantity", "unit", "kind"))
    for kind in table["kind"].unique():
        if kind not in KINDS:
            raise InputError(unknown("kind of comparison", str(kind), KINDS))
    rows, heads = _rows(table)
    ratios = rows[[f"{name}_ratio" for name in NUMBERS]].to_numpy()
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    low, high = min(0.5, ratios.min(initial=0.5)) / 1.08, max(2.0, ratios.max(initial=2.0)) * 1.08
    height = ROW * (len(rows) + len(heads))
    columns = _columns(rows)
    edges = (columns[0].x, columns[-1].x + columns[-1].width)
    marks = [*_grid(rows, (low, high), height, edges), *_bars(rows, (low, high), height), *_texts(rows, heads, height, columns)]
    return layered(marks, width=PLOT, height=height)


def _rows(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows with their place from the top, ratios and texts; and the headings with their place."""
    panels = table["panel"].astype(str) if "panel" in table else pd.Series("", index=table.index)
    new = (panels != panels.shift()) & (panels != "")
    place = np.arange(len(table)) + new.cumsum().to_numpy() + 0.5
    heads = pd.DataFrame({"row": place[new] - 1, "text": panels[new]})
    scale = table["median"].where(table["median"] > 0)
    ratios = {f"{name}_ratio": (table[name] / scale).where(table[name] > 0) for name in NUMBERS}
    texts = {
        "name": [", ".join(filter(None, (str(q), format_unit(str(u))))) for q, u in zip(table["quantity"], table["unit"], strict=True)],
        "predicted_text": _texts_of(table, "median", ("lower", "upper")),
        "published_text": _texts_of(table, "published", ("published_lower", "published_upper")),
    }
    return table.assign(row=place, **ratios, **texts).reset_index(drop=True), heads.reset_index(drop=True)


def _texts_of(table: pd.DataFrame, middle: str, bounds: tuple[str, str]) -> list[str]:
    found = []
    for point, lower, upper in table[[middle, *bounds]].astype(np.float64).itertuples(index=False):
        inside = format_interval(lower, upper)
        found.append(format_number(point) + (f" ({inside})" if inside else ""))
    return found


def _y(height: int, field: str = "row") -> Any:
    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, height / ROW], reverse=True, nice=False), axis=None)


def _x(field: str, domain: tuple[float, float]) -> Any:
    ticks = [float(tick) for tick in TICKS if domain[0] <= tick <= domain[1]]
    axis = alt.Axis(title="relative to the predicted median (log scale)", values=ticks, format="~g", titleAnchor="middle", domain=False)
    return alt.X(f"{field}:Q", scale=alt.Scale(type="log", domain=list(domain), nice=False), axis=axis)


def _grid(rows: pd.DataFrame, domain: tuple[float, float], height: int, edges: tuple[float, float]) -> list[Any]:
    """Return a hair line under every row and the rule at the predicted median."""
    lines = alt.Chart(rows.assign(foot=rows["row"] + 0.5)).mark_rule(color=GRID, strokeWidth=0.8)
    lines = lines.encode(y=_y(height, "foot"), x=alt.value(edges[0]), x2=alt.value(edges[1]))
    middle = alt.Chart(pd.DataFrame({"one": [1.0]})).mark_rule(color=RULE, strokeWidth=0.8).encode(x=_x("one", domain))
    return [lines, middle]


@dataclass(frozen=True)
class _Column:
    """A column of text: its field, title, left edge and width in pixels."""

    field: str
    title: str
    x: float
    width: float


def _columns(rows: pd.DataFrame) -> list[_Column]:
    """Return the columns: names left of the plotting area, the others right of it, each as wide as its longest text."""
    titles = {"name": "", "predicted_text": "Predicted, median (90 %)", "published_text": "Published"}
    titles |= {"verdict": ""} if "verdict" in rows else {}
    found, x = [], PLOT + GAP
    for field, title in titles.items():
        width = LETTER * max(len(title), *rows[field].astype(str).str.len())
        found.append(_Column(field, title, -width - GAP if field == "name" else x, width))
        x += 0 if field == "name" else round(width) + GAP
    return found


def _bars(rows: pd.DataFrame, domain: tuple[float, float], height: int) -> list[Any]:
    """Return predictive intervals as broad bars with a tick at the median, published intervals as thin lines with a point."""
    present = [kind for kind in KINDS if kind in set(rows["kind"])]
    tints = alt.Scale(domain=present, range=[KINDS[kind][0] for kind in present])
    shapes = alt.Scale(domain=present, range=[KINDS[kind][1] for kind in present])
    y, marks = _y(height), list[Any]()
    drawn = rows[rows["median"] > 0]
    for kind in present:
        own, colour = drawn[drawn["kind"] == kind], KINDS[kind][0]
        bar = alt.Chart(own).mark_rule(strokeWidth=11, strokeOpacity=0.28, color=colour)
        tick = alt.Chart(own).mark_tick(thickness=2, size=11, orient="vertical", color=colour)
        line = alt.Chart(own.dropna(subset=["published_lower_ratio", "published_upper_ratio"])).mark_rule(strokeWidth=1.4, color=colour)
        marks += [
            bar.encode(x=_x("lower_ratio", domain), x2="upper_ratio:Q", y=y),
            tick.encode(x=_x("median_ratio", domain), y=y),
            line.encode(x=_x("published_lower_ratio", domain), x2="published_upper_ratio:Q", y=y),
        ]
    known = drawn[drawn["published_ratio"].notna()]
    point = alt.Chart(known).mark_point(filled=True, size=78, opacity=1, stroke=PAPER, strokeWidth=0.9)
    told = {"color": alt.Color("kind:N", scale=tints), "shape": alt.Shape("kind:N", scale=shapes)}
    return [*marks, point.encode(x=_x("published_ratio", domain), y=y, **told)]


def _texts(rows: pd.DataFrame, heads: pd.DataFrame, height: int, columns: list[_Column]) -> list[Any]:
    """Return names on the left, numbers on the right, headings of panels and columns."""
    marks = [_text(heads, "text", x=columns[0].x, y=_y(height), color=INK, fontWeight=600)] if len(heads) else []
    for column in columns:
        marks.append(_text(rows, column.field, x=column.x, y=_y(height), color=MUTED if column.field == "verdict" else INK))
        if column.title:
            marks.append(_text(pd.DataFrame({"title": [column.title]}), "title", x=column.x, y=alt.value(-9), color=MUTED))
    return marks


def _text(frame: pd.DataFrame, field: str, *, x: float, y: Any, **look: Any) -> Any:
    mark = alt.Chart(frame).mark_text(align="left", baseline="middle", **look)
    return mark.encode(text=f"{field}:N", x=alt.value(x), y=y)
