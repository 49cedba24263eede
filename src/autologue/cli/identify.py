"""`autologue identify`: which parameters a study could tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.chosen import find_population, with_settings
from autologue.cli.language import read_doses
from autologue.cli.questions import read_observed
from autologue.cli.written import check_out, write_answer
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.analysis import DesignProfiles, Identifiability

__all__ = ["identify"]

_STUDY = "The study"
_OUT = "What comes out"


def identify(
    model: Annotated[str, typer.Argument(help="Name of a library model, or a Python file with a MODEL.")],
    *,
    observe: Annotated[
        list[str] | None,
        typer.Option(help="Like 'car_t at 7,14,28 log-sd 0.3' (or sd, cv; without: the model's own).", rich_help_panel=_STUDY),
    ] = None,
    patients: Annotated[int, typer.Option(help="Patients alike.", min=1, rich_help_panel=_STUDY)] = 1,
    dose: Annotated[list[str] | None, typer.Option(help="A dose, like '1e8 cells at 0'.", rich_help_panel=_STUDY)] = None,
    population: Annotated[str | None, typer.Option(help="Population whose typical patient it is.", rich_help_panel=_STUDY)] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="Typical value, like t_max=12.", rich_help_panel=_STUDY)] = None,
    parameters: Annotated[str | None, typer.Option(help="Parameters to estimate; by default all.", rich_help_panel=_STUDY)] = None,
    profile: Annotated[
        str | None, typer.Option(help="Profile likelihood of these, like kill,k_kill, or 'all'.", rich_help_panel=_STUDY)
    ] = None,
    noise: Annotated[bool, typer.Option("--noise", help="Profiles: data with residual error.", rich_help_panel=_STUDY)] = False,
    seed: Annotated[int, typer.Option(help="Seed of the residual error.", min=0, rich_help_panel=_STUDY)] = 0,
    out: Annotated[Path | None, typer.Option(help="Report (.html), table, or profiles as a figure.", rich_help_panel=_OUT)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUT)] = False,
) -> None:
    """Say which parameters a study could tell: rank, smallest standard errors, pairs that cannot be told apart, profiles.

    \b
    autologue identify stein_2019 --observe 'transgene at 1,3,7,11,14,21,28,60,90,180'
    autologue identify kimmel_2021 --observe 'tumour_volume at 28,90,180 log-sd 0.2' --parameters kill,k_kill,r_tumour --profile all
    autologue identify kimmel_2021 --observe 'car_t at 3,7,14,28 cv 0.3' --observe 'tumour_volume at 28,90 cv 0.2' --out study.html

    Hints are local and numerical, at the typical patient; patients are alike. Times are in the model's unit.
    """
    check_out(out)
    chosen = with_settings(find_population(model, population), setting or [])
    output = next(iter(chosen.model.outputs))
    if not observe:
        raise InputError(f"the study measures nothing; add --observe, like --observe '{output} at 7,14,28 log-sd 0.3'")
    if out is not None and out.suffix in (".svg", ".png", ".pdf") and profile is None:
        raise InputError(f"--out {out.name}: the figure shows profiles; add --profile all, or write a report (.html)")
    from autologue import analysis

    regimen = read_doses(dose or [], chosen.model, chosen.model.time)
    design = analysis.Design(tuple(read_observed(observe, chosen.model)), regimen, patients)
    names = None if parameters is None else [n.strip() for n in parameters.split(",")]
    found = analysis.identify(chosen, design, parameters=names)
    profiles = None
    if profile is not None:
        asked = None if profile == "all" else [n.strip() for n in profile.split(",")]
        estimated = list(found.table["parameter"])
        with console.progress("profiling", len(asked or estimated)) as advance:
            profiles = analysis.profile_design(
                chosen, design, parameters=asked, estimated=estimated, noise=noise, seed=seed, progress=advance
            )
    _show(found, profiles, out, as_json=as_json)


def _show(found: Identifiability, profiles: DesignProfiles | None, out: Path | None, *, as_json: bool) -> None:
    record: dict[str, Any] = {
        "model": found.model.name, "population": found.population, "design": repr(found.design), "measurements": found.measurements,
        "rank": found.rank, "of": len(found.table), "invisible": list(found.invisible), "seed": profiles.seed if profiles else None,
    }  # fmt: skip
    if as_json:
        more = {"table": found.table, "pairs": found.pairs, "collinear": found.collinear}
        more |= {"profiles": profiles.table, "curves": profiles.curves} if profiles else {}
        singular = found.singular_values.tolist()
        console.print_json({**record, "singular_values": singular, **{k: v.to_dict("records") for k, v in more.items()}})
    else:
        _tables(found, profiles)

    def figure() -> Any:
        from autologue.analysis.profile import LIMIT
        from autologue.plot.analysis import profile_curves

        assert profiles is not None
        return profile_curves(profiles.curves, profiles.table, limit=LIMIT)

    def report() -> Any:
        from autologue.report.analysis import identifiability_report
        from autologue.report.manifest import manifest

        settings = {k: v for k, v in record.items() if k != "seed"}
        return identifiability_report(found, profiles, manifest(seed=record["seed"], settings=settings))

    write_answer(out, figure=figure, report=report, table=profiles.curves if profiles else found.table, record=record)


def _tables(found: Identifiability, profiles: DesignProfiles | None) -> None:
    heads = ["parameter", "value", "unit", "importance", "smallest RSE %"]
    body = found.table.sort_values("importance", ascending=False, kind="stable")
    console.print_table(
        f"{found.model.name}: {found.measurements} measurements, rank {found.rank} of {len(found.table)}", heads, body.values.tolist(),
        right=("value", "importance", "smallest RSE %"),
    )  # fmt: skip
    for text in found.invisible:
        console.say(f"Not visible: {text}")
    alike = found.pairs[found.pairs["alike"]].drop(columns="alike")
    if len(alike):
        heads = ["first", "second", "collinearity", "cosine of effects", "correlation of estimates"]
        console.print_table("Pairs that are hard to tell apart", heads, alike.values.tolist(), right=heads[2:])
    else:
        console.say("No pair of parameters acts alike (cosine beyond 0.95).")
    if len(found.collinear):
        heads = ["parameters", "collinearity"]
        console.print_table("Sets with a collinearity index above 10", heads, found.collinear.values.tolist(), right=heads[1:])
    if profiles is not None:
        heads = list(profiles.table.columns)
        console.print_table("Profiles, 95 %", heads, profiles.table.values.tolist(), right=("true", "estimate", "lower", "upper"))
