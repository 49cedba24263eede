"""Effects of covariates as a forest: one row a value of a covariate, the ratio to the reference patient with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from autologue.plot.extra import alt
from autologue.plot.tables import checked
from autologue.plot.theme import GRID, MUTED, PALETTE, themed

__all__ = ["forest"]

ROW, PLOT = 26, 300  # pixels: a row, the plotting area


def forest(table: pd.DataFrame) -> alt.VConcatChart:
    """Return a panel for each `what`, from columns what, covariate, value, percentile, ratio, lower, upper; see `covariate_effects`.

    The grey band holds 0.8 to 1.25, a custom of bioequivalence and no threshold of importance.
    """
    checked(table, ("ratio", "lower", "upper"), what="forest", others=("what", "covariate", "value"))
    low, high = min(0.7, float(table["lower"].min()) * 0.95), max(1.4, float(table["upper"].max()) * 1.05)
    panels = [_panel(own.assign(row=_labels(own)), what, (low, high)) for what, own in table.groupby("what", sort=False)]
    return themed(alt.vconcat(*panels, spacing=14))


def _labels(table: pd.DataFrame) -> list[str]:
    cells = zip(table["covariate"], table["value"], table["percentile"], strict=True)
    return [f"{name} = {value}" + ("" if np.isnan(q) else f" (percentile {q:g})") for name, value, q in cells]


def _panel(rows: pd.DataFrame, what: object, domain: tuple[float, float]) -> Any:
    scale = alt.Scale(type="log", domain=domain, nice=False)
    ticks = [t for t in (0.1, 0.2, 0.5, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10) if domain[0] <= t <= domain[1]]
    axis = alt.Axis(title=f"ratio of {what} to the reference patient", values=ticks, format="~g")
    x = alt.X("ratio:Q", scale=scale, axis=axis)
    y = alt.Y("row:N", sort=list(rows["row"]), title=None, axis=alt.Axis(labelLimit=260))
    band = alt.Chart(pd.DataFrame({"ratio": [0.8], "end": [1.25]})).mark_rect(color=GRID).encode(x=x, x2="end:Q")
    one = alt.Chart(pd.DataFrame({"ratio": [1.0]})).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x)
    bars = alt.Chart(rows).mark_rule(color=PALETTE[0], strokeWidth=2).encode(x=alt.X("lower:Q", scale=scale, axis=axis), x2="upper:Q", y=y)
    dots = alt.Chart(rows).mark_point(filled=True, color=PALETTE[0], size=55, opacity=1).encode(x=x, y=y)
    return alt.layer(band, one, bars, dots).properties(width=PLOT, height=ROW * len(rows))
