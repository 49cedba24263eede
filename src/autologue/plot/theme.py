"""One look for every chart: quiet axes, a light grid, a palette that colour-blind readers can tell apart, labels at the marks.

The fonts share the metrics of Arial, which is what text is laid out with when no browser is there, so labels sit alike everywhere.
Sizes suit a journal column: a chart of default width is about 500 px wide, and at 85 mm its labels are still above 5 points.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from autologue.plot.extra import alt

__all__ = ["DARK", "GRID", "HEIGHT", "INK", "MUTED", "PALETTE", "PAPER", "RULE", "WIDTH", "layered", "themed"]

INK, MUTED, RULE, GRID, PAPER = "#1d2733", "#5b6673", "#98a2ad", "#e7eaee", "#ffffff"
PALETTE = ("#2c5f9e", "#d4702a", "#1f8a70", "#8b4a9c", "#b8920f", "#6f7a86")  # blue, orange, green, purple, gold, grey
DARK = {  # what each colour becomes on a dark page
    INK: "#e9edf1", MUTED: "#aeb8c2", RULE: "#66717d", GRID: "#2b333c", PAPER: "#14191f",
    **dict(zip(PALETTE, ("#7db1ec", "#f09a5c", "#5cc3a7", "#c48bd6", "#dcbc4e", "#9ca7b3"), strict=True)),
}  # fmt: skip
WIDTH, HEIGHT = 430, 270  # of the plotting area, in pixels
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"

CONFIG: dict[str, Any] = {
    "aria": False,  # a caption describes the figure as a whole; thousands of labels for single marks do not
    "background": PAPER,
    "font": FONT,
    "padding": 8,
    "range": {"category": list(PALETTE)},
    "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": HEIGHT},
    "axis": {
        "domainColor": RULE, "domainWidth": 0.8, "gridColor": GRID, "gridWidth": 0.8, "tickColor": RULE, "tickWidth": 0.8, "tickSize": 4,
        "labelColor": MUTED, "labelFontSize": 11, "labelPadding": 4, "labelOverlap": False, "labelFlush": False,
        "titleColor": INK, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 9,
    },
    "axisX": {"grid": False, "titleAnchor": "end"},
    "axisY": {
        "domain": False, "ticks": False, "titleAngle": 0, "titleAnchor": "end", "titleAlign": "left", "titleBaseline": "bottom",
        "titleX": -34, "titleY": -10,
    },
    "legend": {
        "orient": "top", "direction": "horizontal", "title": None, "offset": 30, "labelColor": MUTED, "labelFontSize": 11,
        "symbolSize": 60, "columnPadding": 16,
    },
    "text": {"color": MUTED, "fontSize": 11},
    "title": {"anchor": "start", "color": INK, "fontSize": 12, "fontWeight": 600, "offset": 8},
    "line": {"strokeWidth": 2, "strokeCap": "round", "strokeJoin": "round"},
}  # fmt: skip

Chart = TypeVar("Chart", bound="alt.TopLevelMixin")


def themed(chart: Chart) -> Chart:
    """Return the chart with the look of the house; a chart made by this package has it already."""
    found: Chart = chart.configure(**CONFIG)
    return found


def layered(marks: Iterable[Any], *, width: int = WIDTH, height: int = HEIGHT) -> alt.LayerChart:
    """Return marks drawn over each other, the first at the back, with the look of the house; sizes in pixels."""
    return themed(alt.LayerChart(layer=list(marks), width=width, height=height))
