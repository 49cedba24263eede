"""The self-test as a file: JSON, CSV, or one HTML page to sign and file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from autologue.errors import InputError
from autologue.files import check_writable, replacing
from autologue.plain import jsonable

__all__ = ["check_name", "write_record"]

Record = Mapping[str, Any]
_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #1a1a1a }
table { border-collapse: collapse; width: 100%; margin: 1em 0 } caption { text-align: left; font-weight: 600; padding: .3em 0 }
th, td { border-bottom: 1px solid #ccc; padding: .25em .6em; text-align: left; vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums } tr.failed td { background: #fde8e4 } .verdict { font-weight: 600 }
@media print { body { margin: 0; max-width: none; font-size: 9pt } tr { break-inside: avoid } }
"""
_HEADS = ("about", "claim", "source", "expected", "ours", "tolerance", "verdict")


def check_name(path: Path) -> None:
    """Raise InputError unless the ending says a known format and the file can be written."""
    if path.suffix not in _WRITERS:
        raise InputError(f"--out {path.name}: expected a name that ends in .json, .csv or .html")
    check_writable(path)


def write_record(record: Record, path: Path) -> None:
    """Write the record of a self-test as the ending of the name says; the file is whole or absent."""
    check_name(path)
    with replacing(path) as part:
        part.write_text(_WRITERS[path.suffix](record), encoding="utf-8", newline="")


def _json(record: Record) -> str:
    return json.dumps(jsonable(record), indent=1) + "\n"


def _csv(record: Record) -> str:
    import io

    rows = [{**check, **record["environment"]} for check in record["checks"]]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _number(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _html(record: Record) -> str:
    def cell(value: object) -> str:
        kind = ' class="n"' if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
        return f"<td{kind}>{escape(_number(value))}</td>"

    facts = "".join(f"<tr><th>{escape(key.replace('_', ' '))}</th>{cell(str(value))}</tr>" for key, value in record["environment"].items())
    rows = []
    for check in record["checks"]:
        verdict = "holds" if check["passed"] else "FAILED"
        cells = "".join(cell(check[head]) for head in _HEADS[:-1])
        rows.append(f'<tr class="{verdict.lower()}">{cells}<td class="verdict">{verdict}</td></tr>')
    count = len(record["checks"])
    said = f"All {count} checks hold." if record["passed"] else f"{record['failed']} of {count} checks FAILED."
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>autologue self-test</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>autologue self-test</h1>\n"
        f'<p class="verdict">{said}</p>\n'
        "<p>Each row is computed again on this machine and compared with a number that is known independently. "
        "Research and simulation, not a medical device.</p>\n"
        f"<table><caption>Where it ran</caption>{facts}</table>\n"
        f"<table><caption>Checks</caption><thead><tr>{heads}</tr></thead><tbody>\n" + "\n".join(rows) + "\n</tbody></table>\n"
        "<table><caption>Filed by</caption><tr><th>Name</th><td></td><th>Date</th><td></td><th>Signature</th><td></td></tr></table>\n"
        "</body></html>\n"
    )


_WRITERS: dict[str, Callable[[Record], str]] = {".json": _json, ".csv": _csv, ".html": _html}
