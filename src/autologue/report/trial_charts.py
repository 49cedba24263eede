"""The charts of a trial's report, made from its result."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autologue.plot import Axis, expansion_curves, intervals, quantile_bands, running_bands, scatter_with_band, spaghetti
from autologue.plot.axes import axis_y, exponents_y, time_x
from autologue.plot.extra import alt
from autologue.plot.marks import band_areas, end_labels, floored
from autologue.plot.numbers import format_number
from autologue.plot.theme import HEIGHT, MUTED, PALETTE, layered
from autologue.trial import Curves, TrialResult

__all__ = ["cell_curves", "expansion", "forest", "inflammation_by_burden", "individuals"]

FOREST = ("quantity", "unit", "lower", "median", "upper", "published", "published_lower", "published_upper", "kind", "panel", "verdict")
TITLES = {"patients": "Patients", "kinetics": "Kinetics", "leukaemia": "Leukaemia and healthy B cells", "inflammation": "Inflammation"}
DOTS = 2000  # patients behind a running band


def expansion(result: TrialResult, reading: str) -> alt.LayerChart:
    """Return median and bands of the transgene under one reading of the random effects, with the assay limit."""
    curves, limit = result.kinetics[reading], result.protocol.visits.limit
    return expansion_curves(quantile_bands(curves.days, curves.values), limit=limit.value, unit=curves.unit)


def individuals(result: TrialResult, reading: str) -> alt.LayerChart:
    """Return the curve of each infused patient of the first replicate."""
    curves, limit = result.kinetics[reading], result.protocol.visits.limit
    values = curves.values[: result.protocol.infused]
    count, times = values.shape
    frame = pd.DataFrame({"id": np.repeat(np.arange(count), times), "time": np.tile(curves.days, count), "value": values.ravel()})
    return spaghetti(frame, limit=limit.value, unit=curves.unit)


def cell_curves(curves: Curves, *, quantity: str, level: float = np.nan, said: str = "") -> alt.LayerChart:
    """Return median and bands of a cell count over time, and a rule at `level` with the words `said`; at least one cell is drawn."""
    bands = quantile_bands(curves.days, curves.values)
    axis, domain = Axis(quantity, curves.unit, log=True), _decades(curves)
    shown = floored(bands, [str(name) for name in bands if name != "time"], domain[0])
    x, y = time_x("time", float(curves.days[-1])), axis_y("median", axis, domain)
    last = shown.iloc[-1]
    ends = {"90 %": float(last["upper_90"]), "50 %": float(last["upper_50"]), "median": float(last["median"])}
    marks = [*band_areas(shown, x, y, colour=PALETTE[2]), *exponents_y(y, axis, domain)]
    words = {}
    if np.isfinite(level):
        rule = alt.Chart(pd.DataFrame({"median": [level]})).mark_rule(color=MUTED, strokeDash=[5, 3], strokeWidth=1)
        marks.append(rule.encode(y=y))
        words = {f"{said} {format_number(level, 2)}": level}
    marks.append(end_labels({**ends, **words}, axis, domain=domain, height=HEIGHT, colours=dict.fromkeys(ends, PALETTE[2])))
    return layered(marks)


def _decades(curves: Curves) -> tuple[float, float]:
    low, high = np.nanpercentile(curves.values, [2, 98])
    return 10.0 ** max(np.floor(np.log10(max(low, 1.0))), 0.0), 10.0 ** np.ceil(np.log10(high))


def inflammation_by_burden(result: TrialResult, variable: str, *, axis: Axis) -> alt.LayerChart:
    """Return a variable of the inflammation panel against the burden at the infusion, patient by patient: one model alone."""
    (panel,) = result.panels["inflammation"]
    values = panel.variables[variable]
    burden = 100 * result.panels["patients"][0].variables["burden"][:, : values.shape[1]]
    x, y = burden.ravel()[:DOTS], values.ravel()[:DOTS]
    known = np.isfinite(y)
    band = running_bands(x[known], y[known]) if known.sum() >= 20 else None
    few = result.protocol.infused
    points = pd.DataFrame({"x": x[:few], "y": y[:few]})[known[:few]]
    return scatter_with_band(points, band, x=Axis("Blasts in marrow at infusion", "%"), y=axis)


def forest(result: TrialResult, *panels: str) -> alt.LayerChart:
    """Return predictive intervals beside published figures, for rows that have both; ranges of patients are not drawn."""
    table = result.table()
    table = table[table["panel"].isin(panels) & table["published"].notna() & table["median"].notna()].copy()
    ranges = table["bounds"] == "range"
    table.loc[ranges, ["published_lower", "published_upper"]] = np.nan
    readings = table["population"].where(table["panel"] == "kinetics", "")
    table["panel"] = [TITLES[p] + (f", random effects read as {r}" if r else "") for p, r in zip(table["panel"], readings, strict=True)]
    table = table.sort_values(
        "panel", kind="stable", key=lambda names: names.map({n: k for k, n in enumerate(dict.fromkeys(table["panel"]))})
    )
    return intervals(table[list(FOREST)].reset_index(drop=True))
