"""Charts as files: rendered by vl-convert, without a browser and without the network."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path
from typing import Any

from autologue.errors import InputError, unknown
from autologue.plot.extra import alt, vl_convert
from autologue.plot.files import write_whole

__all__ = ["chart_svg", "save_chart"]

FORMATS = ("svg", "png", "pdf", "html")
PIXELS_PER_INCH = 300  # of a PNG, for print


def chart_svg(chart: alt.TopLevelMixin) -> str:
    """Return a chart as the text of one SVG element, with every row of its data however many there are."""
    return _rendered(chart, "svg").decode()


def save_chart(chart: alt.TopLevelMixin, path: str | Path) -> Path:
    """Write a chart as SVG, PNG (300 dpi), PDF or HTML, by the ending of the name; return the path.

    The HTML holds the figure as SVG, without scripts. Raises InputError for another ending or a path that cannot be written; the file
    is whole or not there.
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise InputError(unknown("chart format", ending, FORMATS))
    if ending == "html":
        head = f"<!doctype html>\n<html lang='en'><meta charset='utf-8'><title>{html.escape(Path(path).stem)}</title>"
        return write_whole(path, f"{head}{chart_svg(chart)}</html>\n".encode())
    return write_whole(path, _rendered(chart, ending))


def _rendered(chart: alt.TopLevelMixin, ending: str) -> bytes:
    with alt.data_transformers.enable("default", max_rows=None):
        if ending == "svg":
            # each part was checked when it was made; checking the whole again takes longer than drawing it
            text = vl_convert.vegalite_to_svg(chart.to_dict(validate=False))
            return re.sub(r"\s*xmlns:xlink=\"[^\"]*\"", "", text).encode()
        found = io.BytesIO()
        more: dict[str, Any] = {"ppi": PIXELS_PER_INCH} if ending == "png" else {}
        chart.save(found, format="png" if ending == "png" else "pdf", engine="vl-convert", **more)
        return found.getvalue()
