"""`autologue virtual` and `autologue compare`: a virtual population by stated rules, and models side by side."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.chosen import find_population, with_settings
from autologue.cli.language import read_doses
from autologue.cli.questions import read_conditions, read_ranges, read_targets
from autologue.cli.written import check_out, write_answer
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.analysis import Comparison, VirtualPopulation
    from autologue.regimen import Bolus, Regimen

__all__ = ["compare", "virtual"]

_RULE = "The rule"
_OUT = "What comes out"


def virtual(
    model: Annotated[str, typer.Argument(help="Name of a library model, or a Python file with a MODEL.")],
    *,
    require: Annotated[
        list[str] | None,
        typer.Option(help="'phi < rho', 'tumour:at28 < 1e8' or 'tumour:first>1e10 in 100..207'; repeatable.", rich_help_panel=_RULE),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(help="'mean QUANTITY = 137', 'median ...', 'quantile 0.9 ...'; repeatable.", rich_help_panel=_RULE)
    ] = None,
    proposals: Annotated[int, typer.Option(help="How many patients are proposed.", min=1, rich_help_panel=_RULE)] = 5000,
    ranges: Annotated[list[str] | None, typer.Option("--range", help="Like kill=0.5..2; repeatable.", rich_help_panel=_RULE)] = None,
    around: Annotated[
        float | None, typer.Option(help="All parameters (or those of --parameters) by this share.", rich_help_panel=_RULE)
    ] = None,
    parameters: Annotated[str | None, typer.Option(help="Parameters of --around, like kill,k_car.", rich_help_panel=_RULE)] = None,
    population: Annotated[
        str | None, typer.Option(help="Population that proposes, where there are no ranges.", rich_help_panel=_RULE)
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Typical value, like kill=0.5; repeatable.", rich_help_panel=_RULE)
    ] = None,
    dose: Annotated[list[str] | None, typer.Option(help="A dose, like '1e8 cells at 0'.", rich_help_panel=_RULE)] = None,
    horizon: Annotated[float | None, typer.Option(help="End of the course for summaries.", rich_help_panel=_RULE)] = None,
    seed: Annotated[int, typer.Option(help="Seed of the proposals.", min=0)] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Parameter sets (.csv, .parquet) for 'simulate --population', or a report.", rich_help_panel=_OUT)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUT)] = False,
) -> None:
    """Make a virtual population: propose patients, keep those that meet every condition, weight them to targets.

    \b
    autologue virtual kimmel_2021 --around 0.3 --require 'tumour_volume:nadir < 1' --target 'median car_t:tmax = 8' --out virtual.parquet
    autologue simulate kimmel_2021 --population virtual.parquet --patients 500

    The rule is written into the population and its manifest. A rule that accepts nobody is told, with the condition at fault.
    """
    check_out(out, figure=False)
    chosen = with_settings(find_population(model, population), setting or [])
    spread = read_ranges(ranges or [], around, parameters, chosen)
    conditions, targets = read_conditions(require or [], chosen.model), read_targets(target or [], chosen.model)
    from autologue.analysis import accept

    with console.progress(f"solving {chosen.model.name}", proposals) as advance:
        found = accept(
            chosen, conditions, targets=targets, ranges=spread, proposals=proposals,
            regimen=read_doses(dose or [], chosen.model, chosen.model.time), horizon=horizon, seed=seed, progress=advance,
        )  # fmt: skip
    _show_virtual(found, out, as_json=as_json)


def _show_virtual(found: VirtualPopulation, out: Path | None, *, as_json: bool) -> None:
    record: dict[str, Any] = {
        "model": found.population.model.name, "rule": found.rule, "proposals": found.proposals, "failed": found.failed,
        "accepted": found.accepted, "effective": found.effective, "seed": found.seed,
    }  # fmt: skip
    tables = {"conditions": found.conditions, "targets": found.targets}
    if as_json:
        console.print_json({**record, **{k: v.to_dict("records") for k, v in tables.items()}})
    else:
        for title, table in tables.items():
            if len(table):
                console.print_table(title, list(table.columns), table.values.tolist(), right=list(table.columns)[1:])
        console.say(f"{found.accepted} of {found.proposals} accepted, {found.failed} failed; effective number {found.effective:.1f}")
        console.say(f"Rule: {found.rule}")
    if out is not None and out.suffix != ".html":
        from autologue.analysis import write_population

        write_population(found.population, out)
        console.say(f"Written: {out} and {console.write_manifest(out, record).name}")
        return

    def report() -> Any:
        from autologue.report.analysis import virtual_report
        from autologue.report.manifest import manifest

        return virtual_report(found, manifest(seed=found.seed, settings={k: v for k, v in record.items() if k != "seed"}))

    write_answer(out, figure=None, report=report, table=found.conditions, record=record)


def compare(
    models: Annotated[list[str], typer.Argument(help="Names of two or more library models, or Python files with a MODEL.")],
    *,
    dose: Annotated[list[str] | None, typer.Option(help="The common regimen, like '1e8 cells at 0'; times in days.")] = None,
    burden: Annotated[str | None, typer.Option(help="Disease at the infusion, like '1e10 cells'.")] = None,
    horizon: Annotated[float, typer.Option(help="Days.")] = 365.0,
    out: Annotated[Path | None, typer.Option(help="Figure, report (.html) or table.", rich_help_panel=_OUT)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUT)] = False,
) -> None:
    """Put several models side by side on one patient and one regimen, with what each cannot answer.

    \b
    autologue compare kimmel_2021 kirouac_2023 leon_triana_2021
    autologue compare kirouac_2023 owens_bozic_2021 leon_triana_2021 --dose '1e8 cells at 0' --burden '1e10 cells' --out models.html

    Curves are relative: CAR-T cells to their peak, disease to its start. Where units do not let the dose or the burden in, the model keeps
    its own and the table says so.
    """
    check_out(out)
    from autologue.analysis import Burden, compare_models

    populations = [find_population(name, None) for name in models]
    amount = None
    if burden is not None:
        match = re.fullmatch(r"\s*([-+.\deE]+)\s+(\S+)\s*", burden)
        if match is None:
            raise InputError(f"--burden '{burden}' cannot be read; write it like '1e10 cells'")
        from autologue import units
        from autologue.cli.language import read_number

        units.parse(match[2])
        amount = Burden(read_number(match[1], "--burden"), match[2])
    found = compare_models(populations, regimen=_common(dose or []), burden=amount, horizon=horizon)
    _show_comparison(found, out, as_json=as_json)


def _common(doses: list[str]) -> Regimen | None:
    """Return the common regimen: boluses in days, without a route."""
    from autologue.cli.language import read_number
    from autologue.regimen import Bolus, Regimen

    events: list[Bolus] = []
    for text in doses:
        match = re.fullmatch(r"\s*(\S+)\s+(\S+)(?:\s+at\s+(\S+))?\s*", text)
        if match is None:
            raise InputError(f"--dose '{text}' cannot be read; write the common dose like '1e8 cells at 0'")
        events.append(Bolus(read_number(match[3] or "0", "--dose"), read_number(match[1], "--dose"), match[2], "cells"))
    return Regimen(*events, time="day") if events else None


def _show_comparison(found: Comparison, out: Path | None, *, as_json: bool) -> None:
    record: dict[str, Any] = {"models": [m.name for m in found.models], "regimen": repr(found.regimen), "burden": repr(found.burden)}
    tables = {"asked": found.asked, "table": found.table, "silent": found.silent}
    if as_json:
        console.print_json({**record, **{k: v.to_dict("records") for k, v in tables.items()}})
    else:
        console.print_table("How the patient reached each model", list(found.asked.columns), found.asked.values.tolist())
        turned = [[name, *values] for name, values in zip(found.table.columns[1:], found.table.iloc[:, 1:].to_numpy().T, strict=True)]
        heads = ["", *found.table["model"]]
        console.print_table("Side by side", heads, turned, right=heads[1:])
        silent = [[m, "; ".join(own["cannot answer"])] for m, own in found.silent.groupby("model", sort=False)]
        console.print_table("What each cannot answer", ["model", "cannot answer"], silent)

    def figure() -> Any:
        from autologue.plot.analysis import model_curves

        return model_curves(found.curves)

    def report() -> Any:
        from autologue.report.analysis import comparison_report
        from autologue.report.manifest import manifest

        return comparison_report(found, manifest(seed=None, settings=record))

    write_answer(out, figure=figure, report=report, table=found.table, record=record)
