"""`autologue simulate`: a published model, or one of your own, from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.chosen import find_population, with_settings
from autologue.cli.language import read_doses, read_summaries, read_times
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.population import Population
    from autologue.results import Simulation

__all__ = ["simulate"]

_SHOWN = 8  # times in the printed table
_PLAN = "What is simulated"
_OUTPUT = "What comes out"


def simulate(
    model: Annotated[str, typer.Argument(help="Name of a library model (see 'autologue models'), or a Python file with a MODEL.")],
    *,
    population: Annotated[
        str | None, typer.Option(help="Population of the model, by default its first; or a file of parameter sets.", rich_help_panel=_PLAN)
    ] = None,
    patients: Annotated[int, typer.Option(help="Number of patients.", rich_help_panel=_PLAN)] = 100,
    times: Annotated[str | None, typer.Option(help="Times, like 0,1,7,28; 'none' for summaries alone.", rich_help_panel=_PLAN)] = None,
    horizon: Annotated[float | None, typer.Option(help="Last time; by default the model's own.", rich_help_panel=_PLAN)] = None,
    every: Annotated[float | None, typer.Option(help="Interval between times up to the horizon.", rich_help_panel=_PLAN)] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of all times; by default the model's.", rich_help_panel=_PLAN)] = None,
    dose: Annotated[list[str] | None, typer.Option(help="A dose, like '1e8 cells at 0'; repeatable.", rich_help_panel=_PLAN)] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Typical value of a parameter, like t_max=12; repeatable.", rich_help_panel=_PLAN)
    ] = None,
    residual: Annotated[bool, typer.Option("--residual", help="Add measured values, with residual error.", rich_help_panel=_PLAN)] = False,
    draws: Annotated[int, typer.Option(help="Draws of uncertain typical values.", rich_help_panel=_PLAN)] = 0,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", rich_help_panel=_PLAN)] = 0,
    summary: Annotated[
        list[str] | None, typer.Option(help="Per patient: cmax,tmax,nadir,auc0-28,tlast>50,first>50,first<50.", rich_help_panel=_OUTPUT)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write: .parquet, .csv or .nc.", rich_help_panel=_OUTPUT)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUTPUT)] = False,
) -> None:
    """Simulate patients of a model and show medians and 90 % ranges.

    \b
    autologue simulate stein_2019 --patients 500 --times 0,7,14,28,365 --summary cmax,auc0-28
    autologue simulate hanson_2016 --unit day --horizon 30 --every 1 --out inflammation.csv
    autologue simulate kirouac_2023 --population PR --dose '1e8 cells at 60' --out kirouac.nc
    autologue simulate my_model.py --set rate=0.2 --json

    A dose is an amount and its unit, then as needed: into ROUTE, at TIME, over DURATION, every INTERVAL times N. It is given on
    top of what the model starts with. Patient 7 of a seed is the same person for any number of patients.
    """
    chosen = with_settings(find_population(model, population), setting or [])
    asked = _ask(chosen, times, horizon, every, unit, dose or [], summary or [])
    asked.options.update(patients=patients, seed=seed, residual=residual, draws=draws)
    _check_out(out)
    with console.progress(f"simulating {chosen.model.name}", patients * max(draws, 1)) as advance:
        found, counts = _run(chosen, asked, out, advance)
    record: dict[str, Any] = {"status": counts, "attributes": dict(found.data.attrs) if found else {}}
    if out is not None:
        record["manifest"] = str(console.write_manifest(out, {**record, "options": {"model": model, "population": chosen.name}}))
        record["out"] = str(out)
    if as_json:
        console.print_json({**record, **(_tables(found) if found else {})})
    else:
        _show(found, counts, out)


@dataclass(frozen=True)
class _Asked:
    """Arguments for `autologue.simulate`."""

    regimen: Any
    options: dict[str, Any]


def _ask(
    population: Population,
    times: str | None,
    horizon: float | None,
    every: float | None,
    unit: str | None,
    doses: list[str],
    texts: list[str],
) -> _Asked:
    from autologue import units

    model = population.model
    scale = units.convert(1.0, unit or model.time, model.time, what="--unit")
    grid = None if times is None else read_times(times)
    if every is not None:
        if times is not None:
            raise InputError("--every and --times exclude each other; give one of them")
        end = model.horizon / scale if horizon is None else horizon
        if not 0 < every <= end:
            raise InputError(f"--every {every:g} must lie above zero and not beyond the horizon at {end:g}")
        grid = [k * every for k in range(int(end / every + 1e-9) + 1)]
    summaries = read_summaries(texts, list(model.outputs))
    if grid == [] and not summaries:
        raise InputError("--times none leaves nothing to compute; add --summary, like --summary cmax")
    options = {"times": grid, "horizon": horizon, "time_unit": unit, "summaries": summaries}
    return _Asked(read_doses(doses, model, unit or model.time), options)


def _check_out(out: Path | None) -> None:
    """Refuse before the work what could not be written after it."""
    if out is None:
        return
    if out.suffix not in (".parquet", ".csv", ".nc"):
        raise InputError(f"--out {out.name}: the ending says no format; expected .parquet, .csv or .nc")
    from autologue.files import check_writable

    check_writable(out)


def _run(population: Population, asked: _Asked, out: Path | None, advance: Any) -> tuple[Simulation | None, dict[str, int]]:
    """Simulate, in memory where it fits and straight into a Parquet file where it does not."""
    from autologue.simulate import TooLargeError, simulate, simulate_to_parquet

    options = {**asked.options, "progress": advance}
    try:
        found = simulate(population, asked.regimen, **options)
    except TooLargeError:
        if out is None or out.suffix != ".parquet":
            raise
        return None, simulate_to_parquet(population, out, asked.regimen, **options)
    if out is not None:
        found.save(out)
    return found, found.status_counts()


def _tables(found: Simulation) -> dict[str, Any]:
    """Return the quantiles of outputs and of summaries as records."""
    tables: dict[str, Any] = {"summaries": _summaries(found)}
    if found.data.sizes["time"]:
        tables["quantiles"] = found.quantiles().to_dict("records")
    return tables


def _summaries(found: Simulation) -> list[dict[str, Any]]:
    import numpy as np

    rows = []
    for name in found.names("summary"):
        values = found.data[name].to_numpy()[found.solved]
        reached = values[np.isfinite(values)]
        low, middle, high = np.quantile(reached, [0.05, 0.5, 0.95]) if len(reached) else (np.nan,) * 3
        unit = found.data[name].attrs["units"]
        rows.append({"summary": name, "unit": unit, "n": len(reached), "of": len(values), "q5": low, "q50": middle, "q95": high})
    return rows


def _show(found: Simulation | None, counts: dict[str, int], out: Path | None) -> None:
    right = ("time", "n", "of", "5 %", "median", "95 %")
    if found is not None and found.data.sizes["time"]:
        import numpy as np

        unit, times = found.data["time"].attrs["units"], found.data["time"].to_numpy()
        shown = times[np.unique(np.linspace(0, len(times) - 1, _SHOWN).round().astype(int))]
        table = found.quantiles()
        rows = table[table["time"].isin(shown)][["output", "unit", "time", "q5", "q50", "q95"]]
        heads = ["output", "unit", f"time ({unit})", "5 %", "median", "95 %"]
        console.print_table(found.data.attrs["title"], heads, rows.values.tolist(), right=(*right, f"time ({unit})"))
    if found is not None and found.names("summary"):
        heads = ["summary", "unit", "n", "of", "5 %", "median", "95 %"]
        console.print_table("Per patient", heads, [list(row.values()) for row in _summaries(found)], right=right)
    total = sum(counts.values())
    console.say(f"{total} patients: " + ", ".join(f"{count} {reason}" for reason, count in counts.items()))
    if found is not None:
        method, reason = found.data.attrs["method"], found.data.attrs["method_reason"]
        console.say(f"Method: {reason}" if reason.startswith(f"{method}:") else f"Method: {method}: {reason}")
    if out is not None:
        console.say(f"Written: {out} and {out.name}.manifest.json")
