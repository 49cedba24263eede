"""`autologue selftest`: the reference cases, run again on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from autologue.cli import console

__all__ = ["selftest"]


def selftest(
    *,
    out: Annotated[Path | None, typer.Option(help="File for the table: .json, or .csv.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Run the reference cases on this machine and print claim, expected, ours, tolerance and verdict with all versions.

    \b
    autologue selftest
    autologue selftest --out qualification.json

    The first run compiles kernels and takes a few minutes, later ones seconds. Exit code 1 where a check fails.
    """
    from autologue.errors import InputError
    from autologue.files import check_writable, replacing
    from autologue.qualify.selftest import COUNT, as_record, run_selftest

    if out is not None and out.suffix not in (".json", ".csv"):
        raise InputError(f"--out {out.name}: expected a name that ends in .json or .csv")
    if out is not None:
        check_writable(out)
    with console.progress("self-test", COUNT) as advance:
        verdicts = run_selftest(advance)
    record = as_record(verdicts)
    if out is not None:
        with replacing(out) as path:
            if out.suffix == ".json":
                path.write_text(json.dumps(record, indent=1) + "\n")
            else:
                import pandas as pd

                pd.DataFrame(record["checks"]).assign(**record["environment"]).to_csv(path, index=False)
    if as_json:
        console.print_json(record)
    else:
        rows = [
            (v.claim, console.number(v.expected), console.number(v.ours), console.number(v.tolerance), "holds" if v.passed else "FAILED")
            for v in verdicts
        ]
        console.print_table(
            "Self-test", ["claim", "expected", "ours", "tolerance", "verdict"], rows, right=("expected", "ours", "tolerance")
        )
        console.say("; ".join(f"{key} {value}" for key, value in record["environment"].items()))
    failed = sum(not v.passed for v in verdicts)
    if failed:
        console.say(f"autologue: {failed} of {len(verdicts)} checks failed")
        raise typer.Exit(1)
