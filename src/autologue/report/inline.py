"""Figures, prose and tables as pieces of one page that needs nothing from outside."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype

from autologue.errors import InputError
from autologue.plot.numbers import THIN, format_number, format_unit
from autologue.report.content import Table

__all__ = ["inline_svg", "prose_html", "table_cells"]

SHORT = 20  # characters that a cell holds without a line break, like an estimate with its interval
FOREIGN = (  # what an SVG may not hold when it becomes part of a page
    (r"<\s*(script|foreignObject|iframe|image|style)\b", "an element that can load or run something"),
    (r"\son\w+\s*=", "an event handler"),
    (r"href\s*=\s*[\"'](?!#)", "a link"),
    (r"url\(\s*[\"']?(?!#)", "an address"),
    (r"<!(DOCTYPE|ENTITY)", "a document type"),
)


def inline_svg(svg: str, *, label: str, prefix: str) -> str:
    """Return an SVG element made fit for a page: named for readers who hear it, its ids prefixed, its size left to the page.

    Figures that are drawn apart use the same ids for different clips; without a prefix the second figure is cut by the first.
    Raises InputError for text that is no SVG element, or that would load or run something.
    """
    start = svg.find("<svg")
    if start < 0:
        raise InputError("a figure given as text must be an SVG element, and no <svg is in it; give a chart, or the text of an SVG file.")
    body = svg[start:].strip()
    for pattern, what in FOREIGN:
        if re.search(pattern, body, re.IGNORECASE):
            raise InputError(f"an SVG figure holds {what}, and a report must be complete in itself; draw it without.")
    body = re.sub(r"\sxmlns(:\w+)?\s*=\s*(\"[^\"]*\"|'[^']*')", "", body)
    body = re.sub(r"\bid=([\"'])", rf"id=\1{prefix}", body)
    body = re.sub(r"url\((\"|'|&quot;)?#", rf"url(\1#{prefix}", body)
    body = re.sub(r"href=([\"'])#", rf"href=\1#{prefix}", body)
    head, _, rest = body.partition(">")
    head = re.sub(r"\s(role|aria-label)\s*=\s*(\"[^\"]*\"|'[^']*')", "", head)
    return f'{head} role="img" aria-label="{escape(label)}">{rest}'


def prose_html(text: str) -> str:
    r"""Return prose as HTML: paragraphs, emphasis, code and lists; everything else is shown as it was written.

    >>> prose_html("Cells *expand* <b>fast</b>.")
    '<p>Cells <em>expand</em> &lt;b&gt;fast&lt;/b&gt;.</p>\n'
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("zero").enable(["emphasis", "backticks", "list", "escape", "newline"])
    return str(reader.render(text))


def table_cells(table: Table) -> dict[str, Any]:
    """Return a table for the template: its columns (name, unit, kind: number, short or words) and rows of text, escaped by the template."""
    frame = table.frame
    numeric = {name: _numeric(frame[name]) for name in frame.columns}
    rows = [[_cell(value, table.digits) for value in row] for row in frame.astype(object).itertuples(index=False, name=None)]
    columns = [
        {
            "name": str(name),
            "unit": format_unit(table.units.get(name, "")),
            "kind": "number" if numeric[name] else "words" if any(len(row[place]) > SHORT for row in rows) else "short",
        }
        for place, name in enumerate(frame.columns)
    ]
    return {"columns": columns, "rows": rows, "caption": table.caption, "units": any(column["unit"] for column in columns)}


def _numeric(values: pd.Series[Any]) -> bool:
    return (is_float_dtype(values) or is_integer_dtype(values)) and not is_bool_dtype(values)


def _cell(value: Any, digits: int) -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return "–"
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", THIN).replace("-", "−")
    if isinstance(value, float):
        return format_number(value, digits)
    return str(value)
