"""`autologue check`: what is wrong with a model or a data file of your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.reading import Columns, ModelName, ReadingFile, Units, asked_reading, find_model
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.data import Finding

__all__ = ["check_app"]

_PROGRAMS = {"nonmem": "NONMEM", "monolix": "Monolix", "nlmixr2": "nlmixr2", "autologue": "autologue"}

check_app = typer.Typer(help="Check a model or a data file of your own.", no_args_is_help=True)


@check_app.callback()
def check() -> None:
    """Check a model or a data file of your own: what is wrong, in words."""


@check_app.command("model")
def check_model_file(
    file: Annotated[Path, typer.Argument(help="Python file with MODEL = Model(...); it is run to read the model.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Ask the gates that every library model passes: names, units, sources, solvable, non-negative, closed form, balance.

    \b
    autologue check model my_model.py

    Exit code 0 where every gate passes, 1 where one does not, 2 where the file holds no model.
    """
    from autologue.qualify.gates import check_model
    from autologue.qualify.usermodel import load_user_model

    model = load_user_model(file)
    findings = check_model(model)
    if as_json:
        said = [{"gate": f.gate, "passed": f.passed, "message": f.message} for f in findings]
        console.print_json({"model": model.name, "findings": said})
    else:
        rows = [(f.gate, "passed" if f.passed else "FAILED", f.message) for f in findings]
        console.print_table(f"{model.name} ({file.name})", ["gate", "verdict", "found"], rows)
    failed = sum(not f.passed for f in findings)
    if failed:
        console.say(f"autologue: {failed} of {len(findings)} findings say that something is wrong")
        raise typer.Exit(1)


@check_app.command("data")
def check_data_file(
    file: Annotated[Path, typer.Argument(help="Event table: CSV or Parquet.")],
    *,
    model: ModelName = None,
    reading: ReadingFile = None,
    column: Columns = None,
    unit: Units = None,
    save: Annotated[Path | None, typer.Option("--save-reading", help="Write the reading as TOML, to be edited and used again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say how an event table is read, all that is wrong with it, and what NONMEM, Monolix and nlmixr2 would each do where they differ.

    \b
    autologue check data study.csv
    autologue check data study.csv --unit dv=copies/ug --unit time=day --save-reading study.toml
    autologue check data study.csv --reading study.toml --model stein_2019

    Exit code 0 where the table can be read, 1 where something is wrong with it, 2 where the file is no table.
    """
    from autologue.data import Severity, lint, save_reading
    from autologue.data.describe import reading_rows
    from autologue.data.table import read_table

    chosen = find_model(model)
    read_table(file)
    try:
        whole = asked_reading(file, reading, column, unit, chosen)
    except InputError as problem:
        if file.name not in str(problem):
            raise
        console.say(f"autologue: 1 error: {problem}")
        raise typer.Exit(1) from None
    findings = lint(file, model=chosen, reading=whole)
    if save is not None:
        save_reading(whole, save)
    if as_json:
        said = [_as_json(finding) for finding in findings]
        console.print_json({"file": file.name, "reading": dict(reading_rows(whole)), "findings": said})
    else:
        console.print_table(f"{file.name}: how it is read", ["what", "how"], reading_rows(whole))
        rows = [(f.severity.value, f.where or "-", _words(f)) for f in findings]
        console.print_table("Findings", ["severity", "where", "found"], rows)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    console.say(f"autologue: {errors} errors, {len(findings) - errors} other findings in {file.name}")
    if save is not None:
        console.say(f"Written: {save}")
    if errors:
        raise typer.Exit(1)


def _words(finding: Finding) -> str:
    said = [f"{label}: {getattr(finding, name)}" for name, label in _PROGRAMS.items() if getattr(finding, name)]
    return "\n".join([finding.what, *(f"  {line}" for line in said)])


def _as_json(finding: Finding) -> dict[str, Any]:
    programs = {name: getattr(finding, name) for name in _PROGRAMS if getattr(finding, name)}
    return {
        "severity": finding.severity.value, "rows": list(finding.rows), "column": finding.column, "message": finding.what,
        **({"programs": programs} if programs else {}),
    }  # fmt: skip
