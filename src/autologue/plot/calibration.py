"""Figures of a calibration: what was learnt of each parameter, and how far each target lies from its prediction."""

from __future__ import annotations

from typing import Any

import pandas as pd

from autologue.plot.extra import alt
from autologue.plot.tables import checked
from autologue.plot.theme import GRID, INK, MUTED, PALETTE, PAPER, RULE, layered

__all__ = ["distances", "learnt"]

ROW, TAIL = 24, 1.6448536269514722


def learnt(table: pd.DataFrame) -> alt.LayerChart:
    """Return prior and posterior of every parameter, on the scale of the prior's own standard deviation: 90 % bars and the posterior mean.

    `table`: columns parameter, shift, sd.
    """
    checked(table, ("shift", "sd"), what="parameters", others=("parameter",))
    rows = table.assign(low=table["shift"] - TAIL * table["sd"], high=table["shift"] + TAIL * table["sd"], prior_low=-TAIL, prior_high=TAIL)
    y = alt.Y("parameter:N", sort=list(rows["parameter"]), title=None, axis=_names())
    x: Any = {"title": "standard deviations of the prior"}
    base = alt.Chart(rows)
    return layered(
        [
            _zero(),
            base.mark_rule(strokeWidth=12, color=GRID).encode(x=alt.X("prior_low:Q", **x), x2="prior_high:Q", y=y),
            base.mark_rule(strokeWidth=4, color=PALETTE[0]).encode(x=alt.X("low:Q", **x), x2="high:Q", y=y),
            base.mark_point(filled=True, size=60, color=PALETTE[0], stroke=PAPER, strokeWidth=1, opacity=1).encode(
                x=alt.X("shift:Q", **x), y=y
            ),
        ],
        height=ROW * len(rows),
    )


def distances(table: pd.DataFrame) -> alt.LayerChart:
    """Return how far each published value lies from its prediction, in predictive standard deviations; the band holds 90 %.

    `table`: columns target, distance, informed (whether any parameter moves it).
    """
    checked(table, ("distance",), what="targets", others=("target", "informed"))
    rows = table.assign(kind=["moved by links" if each else "moved by none" for each in table["informed"]])
    y = alt.Y("target:N", sort=list(rows["target"]), title=None, axis=_names())
    x: Any = alt.X("distance:Q", title="published less predicted, in predictive standard deviations")
    band = alt.Chart(pd.DataFrame({"low": [-TAIL], "high": [TAIL]})).mark_rect(color=GRID).encode(x="low:Q", x2="high:Q")
    tints = alt.Scale(domain=["moved by links", "moved by none"], range=[PALETTE[1], PALETTE[5]])
    shapes = alt.Scale(domain=["moved by links", "moved by none"], range=["diamond", "circle"])
    point = alt.Chart(rows).mark_point(filled=True, size=70, opacity=1, stroke=PAPER, strokeWidth=1)
    told = {"color": alt.Color("kind:N", scale=tints), "shape": alt.Shape("kind:N", scale=shapes)}
    return layered([band, _zero(), point.encode(x=x, y=y, **told)], height=ROW * len(rows))


def _zero() -> Any:
    return alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=RULE, strokeWidth=0.8).encode(x="zero:Q")


def _names() -> Any:
    return alt.Axis(labelLimit=420, labelColor=INK, grid=True, gridColor=GRID, ticks=False, titleColor=MUTED)
