"""Waterfall plot: the best change of the burden of each patient, in order, coloured by best response."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from autologue.plot.extra import alt
from autologue.plot.tables import checked
from autologue.plot.theme import HEIGHT, INK, PALETTE, WIDTH, layered

__all__ = ["waterfall"]


def waterfall(frame: pd.DataFrame, *, order: Sequence[str], title: str = "Best change of burden (%)") -> alt.LayerChart:
    """Return bars from the greatest rise to the deepest fall; `frame` has columns change (percent, cut at +100) and response.

    `order` lists the responses in the order of the colours. Raises InputError for missing columns.
    """
    rows = checked(frame, ("change",), what="waterfall", others=("response",)).sort_values("change", ascending=False, kind="stable")
    rows = rows.assign(place=range(len(rows)), change=rows["change"].clip(-100, 100))
    y = alt.Y("change:Q", scale=alt.Scale(domain=[-100, 100], nice=False), axis=alt.Axis(title=title, values=[-100, -50, 0, 50, 100]))
    x = alt.X("place:O", axis=None)
    shown = [name for name in order if name in set(rows["response"])]
    tint = alt.Color("response:N", scale=alt.Scale(domain=shown, range=list(PALETTE[: len(shown)])), legend=alt.Legend(title=None))
    bars = alt.Chart(rows).mark_bar().encode(x=x, y=y, color=tint)
    zero = alt.Chart(pd.DataFrame({"change": [0.0]})).mark_rule(color=INK, strokeWidth=0.8).encode(y=y)
    return layered([bars, zero], width=WIDTH, height=HEIGHT)
