"""`autologue forecast`: what is to be expected of a patient, how sure that is, and on what it rests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.forecast_language import find_population, read_horizon, read_statement
from autologue.cli.reading import Columns, ReadingFile, Units, asked_reading
from autologue.errors import AutologueError, InputError

if TYPE_CHECKING:
    from autologue.forecast.account import Account
    from autologue.patient import Patient

__all__ = ["forecast"]

_PLAN = "What is forecast"
_OUT = "What is written"
_ALONE = 8  # patients up to which one process does


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
    jobs: Annotated[
        int | None, typer.Option(help="Processes for many patients; by default all.", min=1, rich_help_panel=_PLAN)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Report (.html), or for many patients a folder of them.", rich_help_panel=_OUT)] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for everything as JSON.", rich_help_panel=_OUT)] = None,
    reading: ReadingFile = None,
    column: Columns = None,
    unit: Units = None,
) -> None:
    """Forecast the course of a patient from what was measured so far: research, not for treatment decisions.

    \b
    autologue forecast patient.csv --population stein_2019:sd --unit transgene=copies/ug --horizon 365d --out report.html
    autologue forecast patient.csv --population fit.json --variants 200 --statement 'peak transgene > 1e5' --json forecast.json
    autologue forecast cohort.csv --population stein_2019 --until 28 --out reports --json forecasts.json

    Statements: 'peak OUTPUT > LEVEL', 'OUTPUT > LEVEL at TIME', 'OUTPUT < LEVEL by TIME', 'OUTPUT < LEVEL from TIME until TIME',
    'OUTPUT > LEVEL again before TIME' (a relapse), and where the model states a hazard 'EVENT before TIME', each with its probability. A
    patient's forecast is the same in whatever company.
    """
    said = (reading, tuple(column or ()), tuple(unit or ()))
    task = Task(population, horizon, until, tuple(statement or ()), draws, variants, seed, *said)
    places = list(_places(patients, task))
    _check_files(out, json_file, many=len(places) > 1)
    records = []
    with console.progress(f"forecasting with {population}", len(places)) as advance:
        for record, page in _answers(places, task, jobs, out is not None):
            records.append(record)
            if page is not None and out is not None:
                _write(out / f"{_safe(record['patient'])}.html" if len(places) > 1 else out, page)
            advance(1)
    if json_file is not None:
        _write(json_file, console.json_text(records if len(places) > 1 else records[0]) + "\n")
    _show(records)
    for path in filter(None, (out, json_file)):
        console.say(f"Written: {path}")


@dataclass(frozen=True)
class Task:
    """What is to be done with each patient; plain values, which go to other processes."""

    population: str
    horizon: str | None
    until: float | None
    statements: tuple[str, ...]
    draws: int
    variants: int
    seed: int
    reading: Path | None
    columns: tuple[str, ...]
    units: tuple[str, ...]


def _places(path: Path, task: Task) -> Iterator[tuple[Path, str]]:
    """Yield file and id of each patient."""
    files = sorted(each for each in path.iterdir() if each.suffix in (".csv", ".parquet")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"folder {path.name} holds no .csv or .parquet file; expected one or more event tables")
    seen: dict[str, Path] = {}
    for file in files:
        for patient in _cohort(file, task):
            if patient.id in seen:
                raise InputError(f"patient '{patient.id}' is in {seen[patient.id].name} and in {file.name}; each id stands for one patient")
            seen[patient.id] = file
            yield file, patient.id


def _cohort(file: Path, task: Task) -> Any:
    from autologue.data import read_cohort

    model = find_population(task.population).model
    return read_cohort(file, model=model, reading=asked_reading(file, task.reading, list(task.columns), list(task.units), model))


def _check_files(out: Path | None, json_file: Path | None, *, many: bool) -> None:
    from autologue.files import check_writable

    if out is not None and many:
        if out.suffix:
            raise InputError(f"--out {out.name}: there are several patients; expected a folder for their reports, not a file")
        out.mkdir(parents=True, exist_ok=True)
    elif out is not None:
        if out.suffix not in (".html", ".htm"):
            raise InputError(f"--out {out.name}: the report is an HTML page; expected a name that ends in .html")
        check_writable(out)
    if json_file is not None:
        check_writable(json_file)


def _answers(
    places: Sequence[tuple[Path, str]],
    task: Task,
    jobs: int | None,
    pages: bool,  # noqa: FBT001
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield record and page of each patient in order, over processes where there are many."""
    count = min(jobs or os.cpu_count() or 1, len(places)) if len(places) > _ALONE or jobs else 1
    work = [(file, who, task, pages) for file, who in places]
    if count == 1:
        yield from map(answer, work)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(answer, work, chunksize=max(1, len(work) // (8 * count)))


_READ: dict[tuple[Path, str], Any] = {}  # what this process has read: a file holds many patients


def answer(work: tuple[Path, str, Task, bool]) -> tuple[dict[str, Any], str | None]:
    """Return the record of one patient, and the page where it is wanted."""
    file, who, task, page = work
    key = (file, task.population)
    if key not in _READ:
        _READ[key] = (find_population(task.population), _cohort(file, task))
    population, cohort = _READ[key]
    try:
        account = _account(population, cohort[who], task)
    except AutologueError as problem:
        raise InputError(f"{file.name}, patient {who}: {problem}") from None
    return account.record(), _page(account, file, task) if page else None


def _account(population: Any, patient: Patient, task: Task) -> Account:
    from autologue.forecast import forecast as condition
    from autologue.forecast.account import give_account

    unit = patient.time or population.model.time
    end = None if task.horizon is None else read_horizon(task.horizon, unit)
    known = patient if task.until is None else patient.until(task.until)
    found = condition(population, known, horizon=end, draws=task.draws, variants=task.variants, seed=task.seed)
    return give_account(found, [read_statement(text) for text in task.statements])


def _page(account: Account, file: Path, task: Task) -> str:
    from autologue.report.forecast import forecast_report
    from autologue.report.manifest import manifest
    from autologue.report.page import render_report

    attributes = account.forecast.simulation.data.attrs
    settings = {"population": task.population, "draws": task.draws, "variants": task.variants, "until": task.until}
    models = {account.forecast.prior.model.name: attributes["model_hash"]}
    record = manifest(seed=task.seed, inputs=[file], models=models, settings=settings)
    return render_report(forecast_report(account, record=record))


def _write(path: Path, text: str) -> None:
    from autologue.files import replacing

    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)


def _show(records: Sequence[dict[str, Any]]) -> None:
    if len(records) == 1:
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
    for each in record["summary"]:
        console.say(f"- {each}")
    console.say(record["comment"])
