"""`autologue grade`: daily findings in, grades by every scale out, with the reason for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["grade"]

_SHOWN = 60  # rows of patients in the terminal


def _print_columns(asked: bool) -> None:  # noqa: FBT001 - typer calls it by position
    if asked:
        from autologue.outcomes.toxicity.columns import column_meanings

        console.print_table("Columns of daily findings", ["column", "holds"], [list(row) for row in column_meanings().items()])
        console.say("patient and day are needed, the others as far as they were recorded; an empty cell was not recorded.")
        raise typer.Exit


def grade(
    findings: Annotated[Path, typer.Argument(help="CSV or Parquet file with a row for each patient and day.")],
    *,
    scale: Annotated[
        list[str] | None, typer.Option(help="Scale to grade by; repeatable. It must then be possible on every row. By default all.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Write a row for each patient and scale instead of each day.")] = False,
    out: Annotated[Path | None, typer.Option(help="File for the rows: .csv or .parquet.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    report: Annotated[Path | None, typer.Option(help="Report to write: .html.")] = None,
    columns: Annotated[
        bool,
        typer.Option(
            "--columns", help="Print the columns that a file may have and what they hold.", callback=_print_columns, is_eager=True
        ),
    ] = False,
) -> None:
    """Grade CRS and ICANS by every scale from daily findings, with the reason for each grade.

    \b
    autologue grade findings.csv
    autologue grade findings.csv --scale crs_astct_2019 --scale icans_astct_2019 --out grades.csv
    autologue grade findings.parquet --summary --json --report grades.html

    Columns: patient, day (since infusion) and findings such as temperature_c, hypotension, pressors, vasopressin, oxygen, ice_score.
    A cell that is empty was not recorded, which is not normal: a day that hangs on it is not graded, and the reason names it.
    """
    from autologue.files import check_writable
    from autologue.outcomes import SCALES, grade_table, named_scales, read_findings, summarise_table

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise InputError(f"--out {out.name}: the ending says no format; expected .csv or .parquet")
    if report is not None and report.suffix not in (".html", ".htm"):
        raise InputError(f"--report {report.name}: the report is an HTML page; expected a name that ends in .html")
    for path in filter(None, (out, report)):
        check_writable(path)
    names = [each.name for each in named_scales(scale)] if scale else None
    frame = read_findings(findings)
    try:
        days, patients = grade_table(frame, scales=names), summarise_table(frame, scales=names)
    except InputError as problem:
        raise InputError(f"{findings.name}: {problem}") from None
    scales = {name: SCALES[name].title for name in names or SCALES}
    if out is not None:
        console.write_table(patients if summary else days, out)
        console.write_manifest(out, {"scales": list(scales), "data": findings.name})
    if report is not None:
        _write_report(days, patients, scales, findings, report)
    if as_json:
        console.print_json({"scales": scales, "patients": _records(patients), **({} if summary else {"days": _records(days)})})
    else:
        _show(days, patients, scales, findings)
    if out is not None:
        console.say(f"Written: {out} and {out.name}.manifest.json")
    if report is not None:
        console.say(f"Written: {report}")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values; what is missing is None."""
    plain = table.astype(object)
    return [{str(name): value for name, value in row.items()} for row in plain.where(table.notna(), None).to_dict("records")]


def _write_report(days: pd.DataFrame, patients: pd.DataFrame, scales: dict[str, str], findings: Path, path: Path) -> None:
    from autologue.report.grade import grade_report
    from autologue.report.manifest import manifest
    from autologue.report.page import write_report

    record = manifest(seed=None, inputs=[findings], settings={"scales": list(scales)})
    write_report(grade_report(days, patients, scales, title=f"Grades of toxicity: {findings.stem}", record=record), path)


def _show(days: pd.DataFrame, patients: pd.DataFrame, scales: dict[str, str], findings: Path) -> None:
    from autologue.report.grade_text import count_rows, patient_rows

    counts = count_rows(patients, scales)
    title = f"{findings.name}: {patients['patient'].nunique()} patients by worst grade"
    heads = [str(name) for name in counts.columns]
    console.print_table(title, heads, counts.values.tolist(), right=heads[1:])
    rows = patient_rows(days, patients, scales)
    right = ("worst", "day", "onset", "duration", "days not graded")
    console.print_table(
        "Worst grade, onset and duration, in days", [str(name) for name in rows.columns], rows.head(_SHOWN).values.tolist(), right=right
    )
    if len(rows) > _SHOWN:
        console.say(f"{_SHOWN} of {len(rows)} rows are shown; --out FILE --summary writes all.")
    if (patients["ungraded_days"] > 0).any():
        console.say("At least (≥): some days could not be graded because a finding was not recorded; the reasons are in --out and --json.")
