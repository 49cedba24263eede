"""What commands print: tables and numbers on standard output, progress and news on standard error, JSON where it is asked for."""

from __future__ import annotations

import json
import logging
import math
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autologue import __version__
from autologue.files import replacing
from autologue.plain import jsonable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["engine_news", "json_text", "number", "print_json", "print_table", "progress", "say", "write_manifest", "write_table"]


_WIDE = 160  # columns of a table that goes to a file or a pipe


def number(value: object) -> str:
    """Return a value for a table: four significant digits, '-' for what is missing, yes or no.

    >>> number(12345.678), number(0.00001234), number(float("nan")), number("blood"), number(7), number(False)
    ('12350', '1.234e-05', '-', 'blood', '7', 'no')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "-"
        return f"{float(f'{value:.4g}'):.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.4g}"
    return "-" if value is None else str(value)


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Print a table; columns named in `right` are aligned to the right."""
    table = Table(title=Text(title), title_justify="left", title_style="bold", header_style="bold")
    for k, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if head in right else "left", overflow="fold", no_wrap=k == 0)
    for row in rows:
        table.add_row(*(Text(number(value)) for value in row))
    console = Console()
    (console if console.is_terminal else Console(width=_WIDE)).print(table)


def say(message: str) -> None:
    """Print a line of news on standard error."""
    typer.echo(message, err=True)


def print_json(value: object) -> None:
    """Print a value as JSON on standard output; what is not finite becomes null."""
    typer.echo(json_text(value))


def json_text(value: object) -> str:
    """Return a value as JSON; what is not finite becomes null.

    >>> json_text({"median": float("inf")}).split()
    ['{', '"median":', 'null', '}']
    """
    return json.dumps(jsonable(value), indent=2)


class _News(logging.Handler):
    """Prints what the engine says (that it compiles, and for how long)."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.print(Text(f"autologue: {record.getMessage()}"), soft_wrap=True)


@contextmanager
def engine_news(console: Console) -> Iterator[None]:
    """Print what the engine says meanwhile."""
    news, logger = _News(console), logging.getLogger("autologue")
    level = logger.level
    logger.addHandler(news)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(news)
        logger.setLevel(level)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of patients done; shows a bar with the time left, and the engine's news."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with engine_news(console), bars as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table as .csv, or else as Parquet; the file is whole or absent."""
    with replacing(out) as part:
        if out.suffix == ".csv":
            table.to_csv(part, index=False)
        else:
            table.to_parquet(part, index=False)


def write_manifest(out: Path, record: Mapping[str, Any]) -> Path:
    """Write `<out>.manifest.json`: what made the file, with versions and the hash of its content, so that it can be made again."""
    import hashlib
    from importlib.metadata import version

    with out.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    versions = {name: version(name) for name in ("numpy", "numba", "scipy", "xarray", "pandas", "pyarrow")}
    whole = {
        "command": ["autologue", *sys.argv[1:]],
        "file": out.name,
        "sha256": content,
        "versions": {"autologue": __version__, "python": platform.python_version(), **versions},
        **record,
    }
    path = out.with_name(f"{out.name}.manifest.json")
    with replacing(path) as part:
        part.write_text(json.dumps(jsonable(whole), indent=2) + "\n")
    return path
