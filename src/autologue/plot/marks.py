"""The marks that charts share: bands, samples and those below the limit, the assay limit, labels at the end of lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from autologue.errors import InputError
from autologue.plot.axes import Axis
from autologue.plot.bands import band_levels
from autologue.plot.extra import alt
from autologue.plot.numbers import format_number, format_unit
from autologue.plot.theme import INK, MUTED, PAPER, WIDTH

__all__ = [
    "ABOVE",
    "BELOW",
    "MEASURED",
    "ZERO",
    "band_areas",
    "end_labels",
    "floored",
    "foot",
    "limit_rule",
    "limit_steps",
    "limit_text",
    "sample_kinds",
    "sample_points",
    "spread",
]

GAP = 13.0  # pixels between two labels, at least
MEASURED, BELOW, ABOVE, ZERO = "measured", "below the assay limit", "above the assay range", "measured zero, at the foot"
_LOOKS = {  # shape, fill and stroke
    MEASURED: ("circle", INK, PAPER),
    BELOW: ("triangle-down", PAPER, INK),
    ABOVE: ("triangle-up", PAPER, INK),
    ZERO: ("circle", PAPER, INK),
}
OPACITY = (0.16, 0.26, 0.30)  # of the widest band, the next, ...; they add up where bands lie over each other


def floored(frame: pd.DataFrame, columns: list[str], floor: float) -> pd.DataFrame:
    """Return a copy in which the columns are no less than `floor`, which is where zero is drawn on a logarithmic axis."""
    return frame.assign(**{name: np.maximum(frame[name].to_numpy(np.float64), floor) for name in columns})


def foot(limit: float) -> float:
    """Return the least value worth drawing: a decade below the limit and a little more, so that the tail stays visible."""
    if not limit > 0:
        raise InputError(f"the assay limit must be above zero, got {limit:g}; give it in the unit of the curves.")
    return limit / 30


def band_areas(bands: pd.DataFrame, x: Any, y: Any, *, colour: str) -> list[Any]:
    """Return the bands as areas, the widest first, and the median as a line; `y` is the channel of the field `median`."""
    areas = []
    for level, opacity in zip(band_levels(bands), OPACITY, strict=False):
        edges = {"y": alt.Y(f"lower_{level}:Q", scale=y["scale"], axis=y["axis"]), "y2": alt.Y2(f"upper_{level}:Q")}
        areas.append(alt.Chart(bands).mark_area(color=colour, fillOpacity=opacity).encode(x=x, **edges))
    return [*areas, alt.Chart(bands).mark_line(color=colour, strokeWidth=2.2).encode(x=x, y=y)]


def limit_rule(limit: float, y: Any) -> Any:
    """Return the assay limit as a dashed rule across the chart."""
    return (
        alt.Chart(pd.DataFrame({str(y["shorthand"]).removesuffix(":Q"): [limit]}))
        .mark_rule(color=MUTED, strokeDash=[5, 3], strokeWidth=1)
        .encode(y=y)
    )


def limit_steps(limits: pd.DataFrame, x: Any, y: Any) -> Any:
    """Return a limit that moves (columns time, limit) as dashed steps; `y` is the channel of the field `value`."""
    return (
        alt.Chart(limits.rename(columns={"limit": "value"}))
        .mark_line(color=MUTED, strokeDash=[5, 3], strokeWidth=1, interpolate="step-after")
        .encode(x=x, y=y)
    )


def limit_text(limit: float, unit: str) -> str:
    """Return the words at the rule.

    >>> limit_text(50, "copies/ug")
    'assay limit 50 copies/µg'
    """
    return f"assay limit {format_number(limit, 2)} {format_unit(unit)}".rstrip()


def sample_kinds(samples: pd.DataFrame, limit: float) -> pd.Series:
    """Return the kind of each sample: measured, below or above what the assay measures (blq, alq if known), or a measured zero."""
    own = samples["limit"].fillna(limit) if "limit" in samples else limit
    below = samples["blq"].astype(bool) if "blq" in samples else samples["value"] < own
    over = samples["alq"].astype(bool) if "alq" in samples else pd.Series(False, index=samples.index)
    return pd.Series(np.select([below, over, samples["value"] <= 0], [BELOW, ABOVE, ZERO], MEASURED), index=samples.index)


def sample_points(
    samples: pd.DataFrame, x: Any, y: Any, *, limit: float, size: float = 26, legend: bool = True, kinds: Sequence[str] = (MEASURED, BELOW)
) -> Any:
    """Return samples (columns time, value, and blq if known) as dots; those below the limit as open triangles just beneath it.

    Without a column blq, a value under the limit is below it; a column `limit` gives samples limits of their own, and a column `kind`
    says what `sample_kinds` would say. `kinds` are those in the legend. `y` is the channel of the field `value`.
    """
    kind = samples["kind"] if "kind" in samples else sample_kinds(samples, limit)
    own = samples["limit"].fillna(limit) if "limit" in samples else limit
    shown = samples.assign(sample=kind, value=np.where(kind == BELOW, own / 1.5, samples["value"]))
    key = alt.Legend() if legend else None
    shapes, fills, strokes = zip(*(_LOOKS[each] for each in kinds), strict=True)
    return (
        alt.Chart(shown)
        .mark_point(size=size, strokeWidth=1, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape("sample:N", scale=alt.Scale(domain=list(kinds), range=list(shapes)), legend=key),
            fill=alt.Fill("sample:N", scale=alt.Scale(domain=list(kinds), range=list(fills)), legend=key),
            stroke=alt.Stroke("sample:N", scale=alt.Scale(domain=list(kinds), range=list(strokes)), legend=key),
        )
    )


def spread(positions: Mapping[str, float], *, gap: float = GAP) -> dict[str, float]:
    """Return positions moved as little as needed so that neighbours stand `gap` apart, in the same order.

    >>> spread({"a": 10.0, "b": 11.0, "c": 40.0}, gap=5)
    {'a': 8.0, 'b': 13.0, 'c': 40.0}
    """
    blocks: list[tuple[list[str], float]] = []  # names that touch, and where their middle wants to be
    for name in sorted(positions, key=lambda each: positions[each]):
        blocks.append(([name], positions[name]))
        while len(blocks) > 1:
            (first, above), (second, below) = blocks[-2:]
            if below - above >= gap * (len(first) + len(second)) / 2:
                break
            together = len(first) + len(second)
            blocks[-2:] = [([*first, *second], (above * len(first) + below * len(second)) / together)]
    return {name: middle + gap * (index - (len(names) - 1) / 2) for names, middle in blocks for index, name in enumerate(names)}


def end_labels(
    values: Mapping[str, float],
    axis: Axis,
    *,
    domain: tuple[float, float],
    height: float,
    across: Mapping[str, float] | None = None,
    colours: Mapping[str, str] | None = None,
) -> Any:
    """Return labels at the height of their values, moved apart where they would overlap: right of the plotting area, or of `across`."""
    transform = math.log if axis.log else float
    low, high = (transform(bound) for bound in domain)
    kept = {text: value for text, value in values.items() if not math.isnan(value)}
    inside = {text: min(max(value, domain[0]), domain[1]) for text, value in kept.items()}
    pixels = spread({text: height * (1 - (transform(value) - low) / (high - low)) for text, value in inside.items()})
    tints = {text: (colours or {}).get(text, MUTED) for text in pixels}
    marks = [
        alt.Chart(pd.DataFrame({"text": [text]}))
        .mark_text(align="left", baseline="middle", color=tints[text])
        .encode(text="text:N", x=alt.value((across or {}).get(text, WIDTH) + 8), y=alt.value(pixel))
        for text, pixel in pixels.items()
    ]
    return alt.layer(*marks)
