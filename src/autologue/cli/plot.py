"""`autologue plot`: charts of data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autologue.cli import console
from autologue.cli.reading import Columns, ModelName, ReadingFile, Units, asked_reading, find_model
from autologue.errors import InputError, unknown

__all__ = ["plot_app"]

_PAGE = 60

plot_app = typer.Typer(help="Draw charts of data.", no_args_is_help=True)


@plot_app.callback()
def plot() -> None:
    """Draw charts of data."""


@plot_app.command("data")
def plot_data(
    file: Annotated[Path, typer.Argument(help="Event table: CSV or Parquet.")],
    *,
    out: Annotated[Path, typer.Option(help="File to write: .svg, .png, .pdf or .html.")],
    output: Annotated[str | None, typer.Option(help="Output to draw, where the table holds several.")] = None,
    patients: Annotated[str | None, typer.Option(help="Patients to draw, with commas; by default all.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Page of 60 patients, where there are more.")] = 1,
    columns: Annotated[int, typer.Option(min=1, max=12, help="Panels in a row.")] = 4,
    model: ModelName = None,
    reading: ReadingFile = None,
    column: Columns = None,
    unit: Units = None,
) -> None:
    """Draw the profile of each patient on a logarithmic axis, with doses, the limit of quantification and censored samples marked.

    \b
    autologue plot data study.csv --out profiles.svg
    autologue plot data study.csv --output transgene --unit transgene=copies/ug --unit time=day --out profiles.html
    """
    from autologue.data import read_cohort
    from autologue.plot import cohort_profiles, save_chart

    chosen = find_model(model)
    cohort = read_cohort(file, model=chosen, reading=asked_reading(file, reading, column, unit, chosen))
    if output is None and len(cohort.outputs) != 1:
        held = ", ".join(cohort.outputs) or "none"
        raise InputError(f"{file.name} holds the outputs {held}; choose one with --output")
    name = output or cohort.outputs[0]
    if name not in cohort.outputs:
        raise InputError(f"--output: {unknown('output', name, cohort.outputs)}")
    asked = [label.strip() for label in patients.split(",")] if patients else [p.id for p in cohort if name in p.observations]
    pages = -(-len(asked) // _PAGE)
    if page > pages:
        raise InputError(f"--page {page}: {len(asked)} patients fill {pages} pages of {_PAGE}")
    shown = asked[(page - 1) * _PAGE : page * _PAGE]
    save_chart(cohort_profiles(cohort, name, patients=shown, columns=columns), out)
    part = f", page {page} of {pages}" if pages > 1 else ""
    console.say(f"Written: {out} ({name} of {len(shown)} patients{part})")
