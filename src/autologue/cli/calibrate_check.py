"""`autologue calibrate-check`: was the forecast right in a cohort of your own? Every later observation against what was forecast for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.forecast_language import find_population
from autologue.cli.language import read_times
from autologue.cli.reading import Columns, ReadingFile, Units, asked_reading
from autologue.errors import InputError

__all__ = ["calibrate_check"]


def calibrate_check(
    cohort: Annotated[Path, typer.Argument(help="Event table (CSV or Parquet) of a cohort.")],
    *,
    population: Annotated[str, typer.Option(help="MODEL or MODEL:POPULATION of the library, a saved fit (.json), or a Python file.")],
    cuts: Annotated[str, typer.Option(help="Times to forecast from, like 7,14,28.")] = "7,14,28",
    draws: Annotated[int, typer.Option(help="Draws of each patient.", min=50)] = 500,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="File for every scored observation: .csv or .parquet.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Calibration plot to write: .svg, .png or .pdf.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    reading: ReadingFile = None,
    column: Columns = None,
    unit: Units = None,
) -> None:
    """Score forecasts of a cohort: from data until each cut, every later observation against what was forecast for it.

    \b
    autologue calibrate-check cohort.csv --population stein_2019:sd --cuts 7,14,28 --out scores.csv --figure calibration.svg

    The forecast is compared with that of the population alone. The p-value is that of a simultaneous band of the places of the
    observations among the draws; observations of one patient are not independent, so that one place a patient enters it.
    """
    from autologue.data import read_cohort
    from autologue.files import check_writable
    from autologue.forecast import leave_future_out

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise InputError(f"--out {out.name}: the ending says no format; expected .csv or .parquet")
    if figure is not None and figure.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise InputError(f"--figure {figure.name}: the ending says no format; expected .svg, .png or .pdf")
    for path in filter(None, (out, figure)):
        check_writable(path)
    chosen = find_population(population)
    patients = read_cohort(cohort, model=chosen.model, reading=asked_reading(cohort, reading, column, unit, chosen.model))
    times = read_times(cuts, "--cuts")
    with console.progress(f"scoring forecasts with {population}", len(patients)) as advance:
        table = leave_future_out(chosen, patients, cuts=times, draws=draws, seed=seed, advance=advance)
    rows = summarised(table)
    if out is not None:
        console.write_table(table, out)
    if figure is not None:
        from autologue.plot import save_chart
        from autologue.plot.forecast import calibration_curve

        save_chart(calibration_curve(table[["cut", "place"]]), figure)
    if as_json:
        console.print_json(rows)
        return
    heads = list(rows[0])
    console.print_table(f"{cohort.name}: forecasts against what came", heads, [list(row.values()) for row in rows], right=tuple(heads))
    console.say("Research and simulation, not a medical device.")


def summarised(table: Any) -> list[dict[str, Any]]:
    """Return one row for each cut: patients, observations, coverage, p-value, scores beside those of the population."""
    from autologue.forecast.score import coverage, uniformity

    found = []
    for cut, own in table.groupby("cut"):
        places = own["place"].to_numpy()
        last = own.sort_values("time").groupby("patient")["place"].last().to_numpy()
        found.append(
            {
                "data until": cut, "patients": own["patient"].nunique(), "observations": len(own),
                **{f"in {level:.0%}": coverage(places, level) for level in (0.5, 0.8, 0.9)},
                "p": uniformity(last), "log score": own["log_score"].mean(), "of population": own["log_score_population"].mean(),
                "CRPS": own["crps"].mean(), "CRPS of population": own["crps_population"].mean(),
            }
        )  # fmt: skip
    return found
