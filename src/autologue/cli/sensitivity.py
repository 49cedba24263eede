"""`autologue sensitivity`: which parameters matter, around the typical patient or over a population."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.chosen import find_population, with_settings
from autologue.cli.language import read_doses, read_times
from autologue.cli.questions import read_quantities, read_ranges
from autologue.cli.written import check_out, write_answer
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.analysis import GlobalSensitivity, LocalSensitivity
    from autologue.analysis.method import GlobalMethod
    from autologue.population import Population

__all__ = ["sensitivity"]

_ASKED = "What is asked"
_VARIED = "What is varied"
_OUT = "What comes out"
METHODS = ("sobol", "morris", "pawn", "local")


def sensitivity(
    model: Annotated[str, typer.Argument(help="Name of a library model, or a Python file with a MODEL.")],
    *,
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="Like car_t:cmax,tumour_volume:at28; also tmax, nadir, auc0-28, first>50, tlast>50.", rich_help_panel=_ASKED),
    ] = None,
    times: Annotated[str | None, typer.Option(help="Local only: every output at these times, like 0,7,28.", rich_help_panel=_ASKED)] = None,
    method: Annotated[str, typer.Option(help="sobol, morris, pawn or local.", rich_help_panel=_ASKED)] = "sobol",
    samples: Annotated[
        int | None, typer.Option(help="Base points (sobol, a power of two), walks (morris), points (pawn).", rich_help_panel=_ASKED)
    ] = None,
    second_order: Annotated[bool, typer.Option("--second-order", help="Sobol: pairs, too.", rich_help_panel=_ASKED)] = False,
    log: Annotated[bool, typer.Option("--log", help="Ask for the decimal logarithm of the quantities.", rich_help_panel=_ASKED)] = False,
    population: Annotated[
        str | None, typer.Option(help="Population, by default the first; or a file of parameter sets.", rich_help_panel=_VARIED)
    ] = None,
    parameters: Annotated[str | None, typer.Option(help="Only these, like kill,k_car.", rich_help_panel=_VARIED)] = None,
    ranges: Annotated[
        list[str] | None, typer.Option("--range", help="Like kill=0.5..2, or 'kill=0.1..10 log'; repeatable.", rich_help_panel=_VARIED)
    ] = None,
    around: Annotated[
        float | None, typer.Option(help="All parameters (or those of --parameters) by this share, like 0.2.", rich_help_panel=_VARIED)
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="Typical value, like t_max=12.", rich_help_panel=_VARIED)] = None,
    dose: Annotated[list[str] | None, typer.Option(help="A dose, like '1e8 cells at 0'.", rich_help_panel=_VARIED)] = None,
    horizon: Annotated[float | None, typer.Option(help="End of the course for summaries.", rich_help_panel=_VARIED)] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="Figure (.svg, .png, .pdf), report (.html) or table.", rich_help_panel=_OUT)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUT)] = False,
) -> None:
    """Rank parameters by what they do to a quantity.

    \b
    autologue sensitivity stein_2019 --quantity transgene:at28,transgene:cmax
    autologue sensitivity kimmel_2021 --around 0.2 --quantity tumour_volume:nadir --log --out ranking.html
    autologue sensitivity stein_2019 --method local --times 0,7,14,28,90
    autologue sensitivity kirouac_2023 --method morris --range kill=0.1..2 --range 'loss=10..1000 log' --quantity tumour_cells:at90

    Times are in the model's unit. Sobol, Morris and PAWN move through a whole population (or over ranges, where a model states no
    variability); local asks the typical patient only. Sets that fail or never reach the quantity are counted.
    """
    if method not in METHODS:
        raise InputError(f"--method: {unknown('method', method, METHODS)}")
    check_out(out)
    chosen = with_settings(find_population(model, population), setting or [])
    regimen = read_doses(dose or [], chosen.model, chosen.model.time)
    names = None if parameters is None else [n.strip() for n in parameters.split(",")]
    if method == "local":
        _refuse_for_local(ranges, around, samples, log=log, second_order=second_order)
        _local(chosen, _at_times(quantity, times, chosen), names, regimen, horizon, out, as_json=as_json)
        return
    if times is not None:
        raise InputError(f"--times goes with --method local; for {method} name quantities, like --quantity output:at28")
    spread = read_ranges(ranges or [], around, parameters if around is not None else None, chosen)
    factors = spread if spread is not None else names
    asked = read_quantities(quantity or [], chosen.model) if quantity else _missing(chosen)
    way = _method(method, samples, second_order=second_order)
    from autologue.analysis import global_sensitivity

    with console.progress(f"solving {chosen.model.name}", _size(way, chosen, factors)) as advance:
        found = global_sensitivity(
            chosen, asked, way, factors=factors, regimen=regimen, horizon=horizon, logarithmic=log, seed=seed, progress=advance
        )
    _show_global(found, out, as_json=as_json)


def _missing(population: Population) -> Any:
    output = next(iter(population.model.outputs))
    raise InputError(f"nothing is asked of model {population.model.name}; add --quantity, like --quantity {output}:at28")


def _refuse_for_local(ranges: Any, around: Any, samples: Any, *, log: bool, second_order: bool) -> None:
    for given, option in (
        (ranges, "--range"), (around is not None, "--around"), (samples is not None, "--samples"), (log, "--log"),
        (second_order, "--second-order"),
    ):  # fmt: skip
        if given:
            raise InputError(f"{option} means nothing to --method local, which asks the typical patient; leave it out")


def _at_times(quantity: list[str] | None, times: str | None, population: Population) -> Any:
    from autologue.analysis import At

    found = list(read_quantities(quantity, population.model)) if quantity else []
    if times is not None:
        found += [At(output, t) for output in population.model.outputs for t in read_times(times)]
    return found or _missing(population)


def _method(method: str, samples: int | None, *, second_order: bool) -> GlobalMethod:
    from autologue.analysis import PAWN, Morris, Sobol

    if second_order and method != "sobol":
        raise InputError(f"--second-order goes with --method sobol, not with {method}")
    if method == "sobol":
        return Sobol(samples or 1024, second_order=second_order)
    return Morris(samples or 50) if method == "morris" else PAWN(samples or 2000)


def _size(method: GlobalMethod, population: Population, factors: Any) -> int:
    """Return about how many sets there will be, for the progress bar."""
    count = len(factors) if factors is not None else max(len(getattr(population, "varying", ())), 1)
    size: int = getattr(method, "samples", 0) or getattr(method, "trajectories", 1)
    return size * method.block([f"x{k}" for k in range(count)])


def _local(population: Population, asked: Any, names: Any, regimen: Any, horizon: float | None, out: Path | None, *, as_json: bool) -> None:
    from autologue.analysis import local_sensitivity

    found = local_sensitivity(population, asked, parameters=names, regimen=regimen, horizon=horizon)
    _show_local(found, out, as_json=as_json)


def _show_local(found: LocalSensitivity, out: Path | None, *, as_json: bool) -> None:
    record = {"model": found.model.name, "population": found.population, "method": "local"}
    if as_json:
        console.print_json({**record, "table": found.table.to_dict("records")})
    else:
        heads = ["quantity", "parameter", "value", "% for 1 %", "log change for 1 sd"]
        rows = []
        for name, own in found.table.groupby("quantity", sort=False):
            best = own.reindex(own["elasticity"].abs().sort_values(ascending=False, kind="stable").index)
            rows += best.assign(quantity=name)[["quantity", "parameter", "value", "elasticity", "per_sd"]].values.tolist()
        console.print_table(f"{found.model.name}: the typical patient", heads, rows, right=heads[2:])

    def figure() -> Any:
        from autologue.report.analysis import local_figure

        return local_figure(found)

    def report() -> Any:
        from autologue.report.analysis import local_report

        return local_report(found, _manifest(record))

    write_answer(out, figure=figure, report=report, table=found.table, record=record)


def _manifest(record: dict[str, Any]) -> dict[str, Any]:
    from autologue.report.manifest import manifest

    return manifest(seed=record.get("seed"), settings={k: v for k, v in record.items() if k != "seed"})


def _show_global(found: GlobalSensitivity, out: Path | None, *, as_json: bool) -> None:
    record: dict[str, Any] = {
        "model": found.model.name, "population": found.population, "method": found.method.name, "varied": found.varied,
        "logarithmic": found.logarithmic, "seed": found.seed, "not solved": dict(found.reasons), "notes": list(found.notes),
    }  # fmt: skip
    if as_json:
        console.print_json({**record, "counts": found.counts.to_dict("records"), "table": found.table.to_dict("records")})
    else:
        for name, own in found.table.groupby("quantity", sort=False):
            order = {n: k for k, n in enumerate([*found.ranking(str(name)), "(no effect)"])}
            sorted_rows = own.assign(place=own["factor"].map(order)).sort_values("place", kind="stable")
            body = sorted_rows[["factor", "index", "estimate", "lower", "upper"]].values.tolist()
            rows = [[f, i, e, "-" if math.isnan(a) else f"{console.number(a)} to {console.number(b)}"] for f, i, e, a, b in body]
            console.print_table(f"{name} ({found.method.name})", ["factor", "index", "estimate", "interval"], rows, right=("estimate",))
        for row in found.counts.to_dict("records"):
            console.say(f"{row['quantity']}: {row['sets']} sets, {row['failed']} failed, {row['undefined']} undefined")
        for note in found.notes:
            console.say(f"Note: {note}")

    def figure() -> Any:
        from autologue.report.analysis import indices_figure

        return indices_figure(found)

    def report() -> Any:
        from autologue.report.analysis import global_report

        return global_report(found, _manifest(record))

    write_answer(out, figure=figure, report=report, table=found.table, record=record)
