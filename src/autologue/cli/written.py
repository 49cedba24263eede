"""Where a question's answer goes: a figure, a report or a table, by the ending of the name, with its manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autologue.cli import console
from autologue.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_out", "write_answer"]

FIGURES, REPORTS, TABLES = (".svg", ".png", ".pdf"), (".html",), (".csv", ".parquet")


def check_out(out: Path | None, *, figure: bool = True) -> None:
    """Refuse before the work what could not be written after it: an unknown ending, a folder that is not there, a missing library."""
    if out is None:
        return
    endings = (*(FIGURES if figure else ()), *REPORTS, *TABLES)
    if out.suffix.lower() not in endings:
        raise InputError(f"--out {out.name}: the ending says no format; expected one of {', '.join(endings)}")
    from autologue.files import check_writable

    check_writable(out)
    if out.suffix.lower() not in TABLES:
        import autologue.plot  # noqa: F401  (says which extra is missing)


def write_answer(
    out: Path | None, *, figure: Callable[[], Any] | None, report: Callable[[], Any], table: pd.DataFrame, record: Mapping[str, Any]
) -> None:
    """Write the figure, the report or the table, and say where it is."""
    if out is None:
        return
    ending = out.suffix.lower()
    if ending in TABLES:
        console.write_table(table, out)
    elif ending in REPORTS:
        from autologue.report.page import write_report

        write_report(report(), out)
    else:
        from autologue.plot.export import save_chart

        assert figure is not None
        save_chart(figure(), out)
    manifest = console.write_manifest(out, record)
    console.say(f"Written: {out} and {manifest.name}")
