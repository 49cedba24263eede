"""`autologue forecast`: what is to be expected of a patient, how sure that is, and on what it rests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.forecast_language import find_population, read_statement
from autologue.cli.forecast_work import Answer, Task, Work, answers
from autologue.cli.language import read_times
from autologue.cli.reading import Columns, ReadingFile, Units, asked_reading
from autologue.errors import AutologueError, InputError

if TYPE_CHECKING:
    from autologue.patient import Patient

__all__ = ["forecast"]

_PLAN = "What is forecast"
_OUT = "What is written"


def forecast(
    patients: Annotated[Path, typer.Argument(help="Event table (CSV or Parquet) of one patient or many, or a folder of them.")],
    *,
    population: Annotated[
        str, typer.Option(help="MODEL or MODEL:POPULATION of the library, a saved fit (.json), or a Python file.", rich_help_panel=_PLAN)
    ],
    horizon: Annotated[str | None, typer.Option(help="End, like 365d or 12 month; by default the model's.", rich_help_panel=_PLAN)] = None,
    until: Annotated[float | None, typer.Option(help="Use data up to this time only.", rich_help_panel=_PLAN)] = None,
    statement: Annotated[
        list[str] | None, typer.Option(help="Like 'peak transgene > 1e5' or 'transgene > 50 at 180'; repeatable.", rich_help_panel=_PLAN)
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws of each patient.", min=10, rich_help_panel=_PLAN)] = 1000,
    variants: Annotated[
        int, typer.Option(help="Populations drawn from the uncertainty of the estimates.", min=0, rich_help_panel=_PLAN)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0, rich_help_panel=_PLAN)] = 0,
    jobs: Annotated[int | None, typer.Option(help="Processes for many patients; by default all.", min=1, rich_help_panel=_PLAN)] = None,
    out: Annotated[Path | None, typer.Option(help="Report (.html), or for many patients a folder of them.", rich_help_panel=_OUT)] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for everything as JSON.", rich_help_panel=_OUT)] = None,
    cuts: Annotated[
        str | None,
        typer.Option(help="Retrace how the answer moved: forecasts from data until these times, like 7,14.", rich_help_panel=_PLAN),
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="File (.json) that keeps each dated forecast; for many patients a folder.", rich_help_panel=_OUT)
    ] = None,
    reading: ReadingFile = None,
    column: Columns = None,
    unit: Units = None,
) -> None:
    """Forecast the course of a patient from what was measured so far: research, not for treatment decisions.

    \b
    autologue forecast patient.csv --population stein_2019:sd --unit transgene=copies/ug --horizon 365d --out report.html
    autologue forecast patient.csv --population fit.json --variants 200 --statement 'peak transgene > 1e5' --json forecast.json
    autologue forecast patient.csv --population stein_2019:sd --history patient.json --cuts 7,14 --out report.html
    autologue forecast cohort.csv --population stein_2019 --until 28 --jobs 2 --out reports --json forecasts.json

    Statements: 'peak OUTPUT > LEVEL', 'OUTPUT > LEVEL at TIME', 'OUTPUT < LEVEL by TIME', 'OUTPUT < LEVEL from TIME until TIME',
    'OUTPUT > LEVEL again before TIME' (a relapse), and where the model states a hazard 'EVENT before TIME', each with its probability. A
    patient's forecast is the same in whatever company and for any number of jobs; a patient who cannot be forecast is named at the end,
    and the others are kept.
    """
    from datetime import date

    for text in statement or ():
        read_statement(text)
    times, today = tuple(read_times(cuts, "--cuts")) if cuts else (), date.today().isoformat()
    task = Task(population, horizon, until, tuple(statement or ()), draws, variants, seed, times, out is not None, today)
    people, unread = _patients(patients, population, (reading, column, unit))
    many = len(people) + len(unread) > 1
    _check_files(out, json_file, history, many=many)
    work = [Work(file, patient, task, _history(history, patient.id, many=many)) for file, patient in people]
    records, failed = [], list(unread)
    with console.progress(f"forecasting with {population}", len(work)) as advance:
        for piece, found in zip(work, answers(work, jobs), strict=True):
            if found.problem:
                failed.append(f"{piece.file.name}, patient {found.patient}: {found.problem}")
            else:
                records.append(found.record)
                _keep(found, out, piece.history, many=many)
            advance(1)
    if not records:
        raise InputError(failed[0] if len(failed) == 1 else f"none of {len(failed)} could be forecast: {_listed(failed)}")
    if json_file is not None:
        _write(json_file, console.json_text(records if many else records[0]) + "\n")
    _show(records, many=many)
    for path in filter(None, (out, json_file, history)):
        console.say(f"Written: {path}")
    if failed:
        raise InputError(f"{len(failed)} of {len(failed) + len(records)} could not be forecast, the others were: {_listed(failed)}")


def _listed(failed: Sequence[str]) -> str:
    return "; ".join(failed[:5]) + (f"; and {len(failed) - 5} more" if len(failed) > 5 else "")


def _patients(path: Path, population: str, asked: tuple[Any, ...]) -> tuple[list[tuple[Path, Patient]], list[str]]:
    """Return file and patient, one by one, and what is wrong with files of a folder that cannot be read."""
    from autologue.data import read_cohort

    model = find_population(population).model
    files = sorted(each for each in path.iterdir() if each.suffix in (".csv", ".parquet")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"folder {path.name} holds no .csv or .parquet file; expected one or more event tables")
    found: dict[str, tuple[Path, Patient]] = {}
    unread = []
    for file in files:
        try:
            reading, column, unit = asked
            cohort = read_cohort(file, model=model, reading=asked_reading(file, reading, column, unit, model))
        except AutologueError as problem:
            if not path.is_dir():
                raise
            unread.append(str(problem) if file.name in str(problem) else f"{file.name}: {problem}")
            continue
        for patient in cohort:
            if patient.id in found:
                first = found[patient.id][0].name
                raise InputError(f"patient '{patient.id}' is in {first} and in {file.name}; each id stands for one patient")
            found[patient.id] = file, patient
    return list(found.values()), unread


def _check_files(out: Path | None, json_file: Path | None, history: Path | None, *, many: bool) -> None:
    """Refuse before the work what could not be written after it."""
    from autologue.files import check_writable

    for name, path, what, ending in (("out", out, "reports", (".html", ".htm")), ("history", history, "histories", (".json",))):
        if path is None:
            continue
        if many:
            if path.suffix or path.is_file():
                raise InputError(f"--{name} {path.name}: there are several patients; expected a folder for their {what}, not a file")
            path.mkdir(parents=True, exist_ok=True)
        else:
            if path.suffix not in ending:
                page = "the report is an HTML page" if name == "out" else "the history is a JSON file"
                raise InputError(f"--{name} {path.name}: {page}; expected a name that ends in {ending[0]}")
            check_writable(path)
    if json_file is not None:
        check_writable(json_file)


def _history(path: Path | None, patient: str, *, many: bool) -> Path | None:
    return path if path is None or not many else path / f"{_safe(patient)}.json"


def _keep(found: Answer, out: Path | None, history: Path | None, *, many: bool) -> None:
    """Write the page and the history of one patient, where they are wanted."""
    if found.page is not None and out is not None:
        _write(out / f"{_safe(found.patient)}.html" if many else out, found.page)
    if found.history is not None and history is not None:
        _write(history, found.history)


def _write(path: Path, text: str) -> None:
    from autologue.files import replacing

    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)


def _show(records: Sequence[dict[str, Any]], *, many: bool) -> None:
    if not many:
        _show_one(records[0])
        return
    heads = ["patient", "data until", "output", "median at the horizon", "5 %", "95 %", "outside", "method"]
    rows = []
    for record in records:
        last = record["quantiles"][-1]
        outside = "-" if record["domain"] is None else "yes" if record["domain"]["outside"] else "no"
        method = record["quality"]["method"]
        rows.append([record["patient"], record["now"], last["output"], last["q50"], last["q5"], last["q95"], outside, method])
    console.print_table(f"Forecasts until {records[0]['time_unit']} {records[0]['horizon']:g}", heads, rows, right=tuple(heads[3:6]))
    for said in dict.fromkeys(record["calibration"]["said"] for record in records):
        console.say(f"- {said}")
    console.say(records[0]["comment"])


def _show_one(record: dict[str, Any]) -> None:
    import numpy as np

    whole = record["quantiles"]
    shown = [whole[k] for k in np.unique(np.linspace(0, len(whole) - 1, 9).round().astype(int))]
    heads = ["output", "unit", f"time ({record['time_unit']})", "5 %", "25 %", "median", "75 %", "95 %"]
    rows = [[q["output"], q["unit"], q["time"], q["q5"], q["q25"], q["q50"], q["q75"], q["q95"]] for q in shown]
    console.print_table(f"Patient {record['patient']}: {record['model']}, {record['population']}", heads, rows, right=tuple(heads[2:]))
    if record["statements"]:
        heads = ["statement", "probability", "Monte-Carlo from", "to", "before data"]
        rows = [[s["text"], s["probability"], s["lower"], s["upper"], s["before"]] for s in record["statements"]]
        console.print_table("Probabilities", heads, rows, right=tuple(heads[1:]))
    if record["observations"]:
        heads = ["output", "time", "value", "moved the answer by"]
        rows = [[o["output"], o["time"], o["value"], o["moved"]] for o in record["observations"][:5]]
        console.print_table(f"What moved {record['answer']}", heads, rows, right=("time", "moved the answer by"))
    if "history" in record:
        heads = ["data until", "made", "5 %", "25 %", "median", "75 %", "95 %"]
        names = ("lower_90", "lower_50", "median", "upper_50", "upper_90")
        rows = [[h["now"], h["made"] + (", retraced" if h["retraced"] else ""), *(h[n] for n in names)] for h in record["history"]]
        last = record["quantiles"][-1]
        title = f"How the level of {record['spoken']} at {record['time_unit']} {last['time']:g} moved"
        console.print_table(title, heads, rows, right=tuple(heads[2:]))
    for each in (*record["summary"], record["calibration"]["said"]):
        console.say(f"- {each}")
    console.say(record["comment"])
