"""`autologue check`: the gates, asked of a file of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autologue.cli import console

__all__ = ["check_app"]

check_app = typer.Typer(help="Check a model of your own.", no_args_is_help=True)


@check_app.callback()
def check() -> None:
    """Check a model of your own: what is wrong, in words."""


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
