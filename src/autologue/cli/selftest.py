"""`autologue selftest`: the reference cases, run again on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autologue.cli import console

if TYPE_CHECKING:
    from autologue.qualify.selftest import Verdict

__all__ = ["selftest"]


def selftest(
    *,
    out: Annotated[Path | None, typer.Option(help="File for the table: .html to read and sign, .json or .csv.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Run the reference cases on this machine and print claim, expected, ours, tolerance and verdict with all versions.

    \b
    autologue selftest
    autologue selftest --out qualification.html

    The first run compiles kernels and takes a few minutes, later ones seconds. Exit code 1 where a check fails.
    """
    from autologue.qualify.certificate import check_name, write_record
    from autologue.qualify.selftest import COUNT, as_record, run_selftest

    if out is not None:
        check_name(out)
    with console.progress("self-test", COUNT) as advance:
        verdicts = run_selftest(advance)
    record = as_record(verdicts)
    if out is not None:
        write_record(record, out)
    if as_json:
        console.print_json(record)
    else:
        right = ("expected", "ours", "tolerance")
        console.print_table("Self-test", ["about", "claim", *right, "verdict"], [_row(v) for v in verdicts], right=right)
        console.say("; ".join(f"{key} {value}" for key, value in record["environment"].items()))
    failed = sum(not v.passed for v in verdicts)
    if failed:
        console.say(f"autologue: {failed} of {len(verdicts)} checks failed")
        raise typer.Exit(1)
    console.say(f"All {len(verdicts)} checks hold" + (f"; written: {out}" if out is not None else ""))


def _row(verdict: Verdict) -> tuple[str, ...]:
    expected, ours = (f"{v:.7g}" if isinstance(v, float) else str(v) for v in (verdict.expected, verdict.ours))
    return verdict.about, verdict.claim, expected, ours, f"{verdict.tolerance:.3g}", "holds" if verdict.passed else "FAILED"
