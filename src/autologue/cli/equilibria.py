"""`autologue equilibria` and `autologue threshold`: where a model settles, and where an outcome turns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.chosen import find_population, with_settings
from autologue.cli.language import read_doses, read_number
from autologue.cli.questions import read_outcome
from autologue.cli.written import check_out, write_answer
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.analysis import DoseOf, Equilibria, ParameterOf, Sweep, Threshold
    from autologue.population import Population

__all__ = ["equilibria", "threshold"]

_OUT = "What comes out"
_SPAN = re.compile(r"\s*([-+.\deE]+)\.\.([-+.\deE]+)\s*")


def equilibria(
    model: Annotated[str, typer.Argument(help="Name of a library model, or a Python file with a MODEL.")],
    *,
    sweep: Annotated[str | None, typer.Option(help="Parameter to move along, with its range: 'kill=0.1..2', 'kill=0.01..10 log'.")] = None,
    points: Annotated[int, typer.Option(help="Values along the range.", min=3)] = 101,
    state: Annotated[str | None, typer.Option(help="State of the figure; by default the first.")] = None,
    population: Annotated[str | None, typer.Option(help="Population whose typical patient it is.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="Typical value, like kill=0.5; repeatable.")] = None,
    level: Annotated[list[str] | None, typer.Option("--input", help="An input held at a value, like drug=2; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the starting points.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="Figure of a sweep, report (.html) or table.", rich_help_panel=_OUT)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUT)] = False,
) -> None:
    """Find the steady states of a model, say which are stable, and follow them along a parameter.

    \b
    autologue equilibria kirouac_2023
    autologue equilibria owens_bozic_2021 --sweep 'tumour_max=1e9..1e13 log' --state tumour --out tumour.svg

    Only models whose rates do not change with time have steady states of their own; others are told why not.
    """
    check_out(out)
    if out is not None and out.suffix in (".svg", ".png", ".pdf") and sweep is None:
        raise InputError(f"--out {out.name}: the figure shows equilibria along a parameter; add --sweep 'name=lower..upper'")
    chosen = with_settings(find_population(model, population), setting or [])
    shown = state or next(iter(chosen.model.states))
    if shown not in chosen.model.states:
        raise InputError(f"--state: model {chosen.model.name}: {unknown('state', shown, chosen.model.states)}")
    inputs = dict(_named(text, "--input") for text in level or [])
    from autologue import analysis
    from autologue.cli.questions import read_ranges

    found = analysis.find_equilibria(chosen, inputs=inputs, seed=seed)
    swept = None
    if sweep is not None:
        ranges = read_ranges([sweep], None, None, chosen) or {}
        name, within = next(iter(ranges.items()))
        swept = analysis.sweep_equilibria(chosen, name, within, points=points, inputs=inputs, seed=seed)
    _show_equilibria(found, swept, shown, inputs, seed, out, as_json=as_json)


def _named(text: str, option: str) -> tuple[str, float]:
    name, sign, value = (piece.strip() for piece in text.partition("="))
    if not sign:
        raise InputError(f"{option} '{text}' sets nothing; expected name=value")
    return name, read_number(value, f"{option} {name}")


def _show_equilibria(
    found: Equilibria, swept: Sweep | None, state: str, inputs: dict[str, float], seed: int, out: Path | None, *, as_json: bool
) -> None:
    notes = list(dict.fromkeys([*found.notes, *(swept.notes if swept else ())]))
    record: dict[str, Any] = {"model": found.model.name, "inputs": inputs, "seed": seed, "notes": notes}
    table = found.table() if swept is None else swept.table
    if as_json:
        more = {"sweep": swept.table.to_dict("records"), "changes": swept.changes.to_dict("records")} if swept else {}
        values = [[[z.real, z.imag] for z in e.eigenvalues.tolist()] for e in found.found]
        console.print_json({**record, "equilibria": found.table().to_dict("records"), "eigenvalues": values, **more})
    else:
        heads = ["kind", f"slowest (1/{found.model.time})", *(f"{n} ({s.unit})" for n, s in found.model.states.items())]
        console.print_table(f"{found.model.name}: steady states", heads, found.table().values.tolist(), right=heads[1:])
        if swept is not None:
            unit = found.model.parameters[swept.parameter].unit
            rows = [[f"{r.lower:.5g} to {r.upper:.5g}", r.change] for r in swept.changes.itertuples()]
            console.print_table(f"along {swept.parameter}", [f"{swept.parameter} ({unit})", "what changes"], rows)
            if not rows:
                console.say("Neither the number of steady states nor their stability changes over this range.")
        for note in notes:
            console.say(f"Note: {note}")

    def figure() -> Any:
        from autologue.report.analysis import sweep_figure

        assert swept is not None
        return sweep_figure(swept, state)

    def report() -> Any:
        from autologue.report.analysis import equilibria_report
        from autologue.report.manifest import manifest

        return equilibria_report(found, swept, manifest(seed=seed, settings={"model": found.model.name, "inputs": inputs}))

    write_answer(out, figure=figure, report=report, table=table, record=record)


def threshold(
    model: Annotated[str, typer.Argument(help="Name of a library model, or a Python file with a MODEL.")],
    *,
    outcome: Annotated[str | None, typer.Option(help="What turns, like 'tumour_cells:at300 < 8e5'.")] = None,
    within: Annotated[str | None, typer.Option("--range", help="Where to search, like 1e4..1e8.")] = None,
    dose: Annotated[list[str] | None, typer.Option(help="Doses; '?' for the amount that is searched: '? cells at 42'.")] = None,
    vary: Annotated[str | None, typer.Option(help="Parameter that is searched, in place of a dose.")] = None,
    linear: Annotated[bool, typer.Option("--linear", help="Search on the linear scale.")] = False,
    tolerance: Annotated[float, typer.Option(help="Width of the bracket, relative.")] = 1e-3,
    patients: Annotated[int | None, typer.Option(help="A threshold for each of so many patients.", min=1)] = None,
    population: Annotated[str | None, typer.Option(help="Population, by default the first; or a file of parameter sets.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="Typical value, like kill=0.5; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the patients.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="Report (.html) or table (.csv, .parquet).", rich_help_panel=_OUT)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUT)] = False,
) -> None:
    """Find the dose, burden or other parameter at which an outcome turns.

    \b
    autologue threshold kimmel_2021 --dose '? cells/uL at 14' --range 1e-3..1e3 --outcome 'tumour_volume:nadir < 1e-9'
    autologue threshold kimmel_2021 --vary normal_0 --range 0.1..100 --outcome 'tumour_volume:nadir < 1e-7'

    The typical patient, or each of --patients. A range that does not bracket a threshold is told, and so is one with several.
    """
    check_out(out, figure=False)
    chosen = with_settings(find_population(model, population), setting or [])
    if outcome is None or within is None:
        option = "--outcome, like 'tumour:at300 < 8e5'" if outcome is None else "--range, like 1e4..1e8"
        raise InputError(f"the threshold needs {option}")
    span = _SPAN.fullmatch(within)
    if span is None:
        raise InputError(f"--range '{within}' cannot be read; write it like 1e4..1e8")
    turns = read_outcome(outcome, chosen.model)
    searched = _searched(chosen, dose or [], vary)
    from autologue.analysis import find_threshold

    found = find_threshold(
        chosen, turns, searched, lower=read_number(span[1], "--range"), upper=read_number(span[2], "--range"), logarithmic=not linear,
        tolerance=tolerance, patients=patients, seed=seed,
    )  # fmt: skip
    _show_threshold(found, seed, out, as_json=as_json)


def _searched(population: Population, doses: list[str], vary: str | None) -> DoseOf | ParameterOf:
    """Return what is searched: the doses whose amount is '?', or a parameter."""
    from autologue.analysis import DoseOf, ParameterOf

    model = population.model
    open_doses = [d for d in doses if d.strip().startswith("?")]
    if (vary is None) == (not open_doses):
        raise InputError("say what is searched: either --vary PARAMETER, or a dose whose amount is '?', like --dose '? cells at 42'")
    if vary is not None:
        return ParameterOf(vary, read_doses(doses, model, model.time))
    regimen = read_doses([d.strip().replace("?", "1", 1) if d in open_doses else d for d in doses], model, model.time)
    assert regimen is not None
    routes = {e.into for e, text in zip(regimen.events, doses, strict=True) if text in open_doses}  # type: ignore[union-attr]
    fixed = {e.into for e, text in zip(regimen.events, doses, strict=True) if text not in open_doses}  # type: ignore[union-attr]
    if routes & fixed or len(routes) > 1:
        raise InputError("the doses with '?' must be all those into one route; give their amount with '?' too, or another route")
    return DoseOf(regimen, routes.pop())


def _show_threshold(found: Threshold, seed: int, out: Path | None, *, as_json: bool) -> None:
    record: dict[str, Any] = {
        "model": found.model.name, "population": found.population, "outcome": found.outcome, "varied": found.varied, "unit": found.unit,
        "within": list(found.within), "met above": found.rising, "solutions": found.solutions, "seed": seed,
    }  # fmt: skip
    if as_json:
        console.print_json({**record, "table": found.table.to_dict("records")})
    elif len(found.table) == 1 and found.rising is not None:
        low, high = found.bracket
        side = "above" if found.rising else "below"
        typer.echo(f"{found.outcome}: {side} {found.varied} of {low:.6g} to {high:.6g} {found.unit}")
    else:
        counts = found.table["verdict"].value_counts()
        console.print_table(f"{found.model.name}: {found.outcome}", ["verdict", "patients"], [[k, int(v)] for k, v in counts.items()])
        turned = found.table.loc[found.table["verdict"] == "turns", "upper"]
        if len(turned):
            rows = [[f"{100 * q:g} %", float(turned.quantile(q))] for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
            console.print_table(f"threshold of {found.varied}", ["quantile", found.unit], rows, right=(found.unit,))

    def report() -> Any:
        from autologue.report.analysis import threshold_report
        from autologue.report.manifest import manifest

        return threshold_report(found, manifest(seed=seed, settings={k: v for k, v in record.items() if k != "seed"}))

    write_answer(out, figure=None, report=report, table=found.table, record=record)
