"""`autologue survival`: Kaplan-Meier, comparisons and all families side by side, with a report and a figure for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.language import read_number
from autologue.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from autologue.survival import TimeToEvent
    from autologue.survival.analysis import SurvivalAnalysis

__all__ = ["survival"]

_DATA = "Reading the file"
_MODELS = "Families and extrapolation"
_OUT = "What is written"
START = "the start of follow-up"


def survival(
    data: Annotated[Path, typer.Argument(help="CSV or Parquet file with a row for each subject, or an ADTTE data set.")],
    *,
    time: Annotated[str | None, typer.Option(help="Column of the time; by default 'time'.", rich_help_panel=_DATA)] = None,
    status: Annotated[
        str | None, typer.Option(help="Column of the status; by default 'status', 0 censored and 1 event.", rich_help_panel=_DATA)
    ] = None,
    codes: Annotated[str | None, typer.Option(help="Other statuses, like alive=censored,dead=death.", rich_help_panel=_DATA)] = None,
    arm: Annotated[str | None, typer.Option(help="Column of the arm; by default 'arm' where there is one.", rich_help_panel=_DATA)] = None,
    reference: Annotated[
        str | None, typer.Option(help="Arm that the others are compared with; by default the first by name.", rich_help_panel=_DATA)
    ] = None,
    entry: Annotated[str | None, typer.Option(help="Column of the time of entry, for late entry.", rich_help_panel=_DATA)] = None,
    covariate: Annotated[list[str] | None, typer.Option(help="Column of a covariate of Cox's model.", rich_help_panel=_DATA)] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the times, by default month; an ADTTE file is converted to it.", rich_help_panel=_DATA)
    ] = None,
    adtte: Annotated[str | None, typer.Option(help="Parameter (PARAMCD) to read or write, like OS.", rich_help_panel=_DATA)] = None,
    families: Annotated[
        str, typer.Option(help="all, parametric, splines, cure, none, or names like weibull,mixture-weibull.", rich_help_panel=_MODELS)
    ] = "all",
    horizon: Annotated[
        float | None, typer.Option(help="Time to extrapolate to; by default twice the follow-up.", rich_help_panel=_MODELS)
    ] = None,
    milestones: Annotated[str | None, typer.Option(help="Times at which survival is said, like 12,24.", rich_help_panel=_MODELS)] = None,
    bootstrap: Annotated[
        int | None, typer.Option(help="Intervals by so many refits, in place of normal draws.", min=20, rich_help_panel=_MODELS)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0, rich_help_panel=_MODELS)] = 0,
    out: Annotated[Path | None, typer.Option(help="Report to write: .html.", rich_help_panel=_OUT)] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Kaplan-Meier figure to write: .svg, .pdf or .png (300 dpi).", rich_help_panel=_OUT)
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for everything as JSON.", rich_help_panel=_OUT)] = None,
    write_adtte: Annotated[Path | None, typer.Option(help="File for the data as ADTTE: .csv or .parquet.", rich_help_panel=_OUT)] = None,
) -> None:
    """Kaplan-Meier with numbers at risk, and all parametric, spline and cure fits side by side, extrapolated with intervals.

    \b
    autologue survival follow_up.csv
    autologue survival trial.csv --time months --status dead --arm arm --milestones 12,24 --horizon 60 --out survival.html
    autologue survival adtte.parquet --adtte OS --unit month --families parametric,mixture-weibull --bootstrap 500 --json survival.json

    ADTTE data sets are known by their columns (USUBJID, PARAMCD, AVAL, CNSR). Each arm is fitted apart; with arms there are a log-rank
    test and hazard ratios as well.
    """
    from autologue.cli.survival_reading import Roles, read_data
    from autologue.survival import Asymptotic, Bootstrap
    from autologue.survival.analysis import analyse_survival

    _check_files(out, figure, json_file, write_adtte, adtte)
    roles = Roles(time, status, codes, arm, entry, tuple(covariate or ()), unit, adtte)
    subjects, study = read_data(data, roles)
    chosen = _families(families)
    far = float(f"{2 * subjects.follow_up:.2g}") if horizon is None else horizon
    marks = _milestones(milestones, subjects.unit, far)
    uncertainty = Asymptotic() if bootstrap is None else Bootstrap(bootstrap)
    with console.progress("fitting", max(len(chosen) * len(subjects.arms), 1)) as advance:
        found = analyse_survival(
            subjects, chosen, milestones=marks, horizon=far, reference=reference, uncertainty=uncertainty, seed=seed, progress=advance
        )
    if write_adtte is not None:
        _write_adtte(subjects, write_adtte, adtte, study)
    record = _record(found, data, seed, bootstrap)
    if json_file is not None:
        _write_json(found, json_file, record)
    if out is not None:
        _write_report(found, data, out, adtte, record)
    if figure is not None:
        _write_figure(found, figure, adtte)
    _show(found, data)
    for path in filter(None, (out, figure, json_file, write_adtte)):
        console.say(f"Written: {path}")


def _check_files(out: Path | None, figure: Path | None, json_file: Path | None, write_adtte: Path | None, adtte: str | None) -> None:
    from autologue.files import check_writable

    if out is not None and out.suffix not in (".html", ".htm"):
        raise InputError(f"--out {out.name}: the report is an HTML page; expected a name that ends in .html")
    if write_adtte is not None and write_adtte.suffix not in (".csv", ".parquet"):
        raise InputError(f"--write-adtte {write_adtte.name}: the ending says no format; expected .csv or .parquet")
    if write_adtte is not None and adtte is not None and len(adtte) > 8:
        raise InputError(f"--adtte {adtte}: a PARAMCD has eight characters at most; expected a short code, like OS")
    if figure is not None and figure.suffix not in (".svg", ".pdf", ".png"):
        raise InputError(f"--figure {figure.name}: the ending says no format of a figure; expected .svg, .pdf or .png")
    for path in filter(None, (out, figure, json_file, write_adtte)):
        check_writable(path)


def _families(text: str) -> dict[str, Any]:
    """Return the families that a text names, in its order."""
    from autologue.survival import CURE, PARAMETRIC, SPLINES, family_named

    groups = {"all": {**PARAMETRIC, **SPLINES, **CURE}, "parametric": PARAMETRIC, "splines": SPLINES, "cure": CURE, "none": {}}
    found: dict[str, Any] = {}
    for word in filter(None, (piece.strip().lower() for piece in text.split(","))):
        found.update(groups[word] if word in groups else {word: family_named(word)})
    return found


def _milestones(text: str | None, unit: str, horizon: float) -> list[float]:
    """Return the times asked for, sorted; without any, those that papers report in this unit."""
    if text is None:
        usual = {"day": (182, 365, 730, 1826), "week": (26, 52, 104, 260), "month": (6, 12, 24, 60), "year": (1, 2, 5, 10)}
        return [float(each) for each in usual.get(unit, ()) if each <= horizon]
    return sorted({read_number(piece, "--milestones (expected numbers with commas, like 12,24)") for piece in text.split(",")})


def _record(found: SurvivalAnalysis, data: Path, seed: int, bootstrap: int | None) -> dict[str, Any]:
    from autologue.report.manifest import manifest

    settings = {"horizon": found.horizon, "milestones": list(found.milestones), "unit": found.unit, "bootstrap": bootstrap}
    return manifest(seed=seed, inputs=[data], settings=settings)


def _write_adtte(subjects: TimeToEvent, path: Path, adtte: str | None, study: str) -> None:
    from autologue.cli.survival_reading import write_table
    from autologue.survival import write_adtte

    code = adtte or "TTE"
    write_table(write_adtte(subjects, parameter=code, description=f"Time to {' or '.join(subjects.causes)}", study=study), path)


def _write_json(found: SurvivalAnalysis, path: Path, record: dict[str, Any]) -> None:
    from autologue.cli.survival_json import analysis_values
    from autologue.files import replacing

    with replacing(path) as part:
        part.write_text(console.json_text({**analysis_values(found), "manifest": record}) + "\n", encoding="utf-8")


def _write_report(found: SurvivalAnalysis, data: Path, out: Path, adtte: str | None, record: dict[str, Any]) -> None:
    from autologue.report.page import write_report
    from autologue.report.survival import survival_report

    count = record["settings"]["bootstrap"]
    draws = f"{count} refits to resampled subjects" if count else "1,000 normal draws of the parameters"
    title = f"Survival: {data.stem}"
    write_report(survival_report(found, title=title, event=_event(found, adtte), start=START, draws=draws, record=record), out)


def _write_figure(found: SurvivalAnalysis, path: Path, adtte: str | None) -> None:
    from autologue.plot import save_chart
    from autologue.report.survival import kaplan_meier_figure

    save_chart(kaplan_meier_figure(found, _event(found, adtte), START), path)


def _event(found: SurvivalAnalysis, adtte: str | None) -> str:
    """Return the name of the vertical axis."""
    event = {"OS": "Overall survival", "PFS": "Progression-free survival", "EFS": "Event-free survival", "RFS": "Relapse-free survival"}
    return event.get((adtte or "").upper(), "Survival" if found.data.causes in (("event",), ("death",)) else "Free of the event")


def _show(found: SurvivalAnalysis, data: Path) -> None:
    from autologue.report.survival_text import agreement, compared, counted, fit_rows, hazard_rows, observed_rows, risk_rows

    subjects, events = len(found.data), int(found.data.event.sum())
    _print(f"{data.name}: {counted(subjects, 'subject')}, {counted(events, 'event')}", observed_rows(found))
    _print(f"At risk, by {found.unit}", risk_rows(found))
    if found.cox is not None:
        _print("Cox's model", hazard_rows(found))
    if said := compared(found):
        console.say(said)
    for arm in found.arms:
        if not arm.fits:
            continue
        title = f"Families{f' in arm {arm.name}' if len(found.arms) > 1 else ''}: survival in %, mean to {found.horizon:g} {found.unit}s"
        _print(title, fit_rows(found, arm))
        console.say(agreement(found, arm))
        for each in arm.best(4):
            for text in each.fit.warnings:
                console.say(text)
    for note in dict.fromkeys(found.notes):
        console.say(note)


def _print(title: str, rows: pd.DataFrame) -> None:
    heads = [str(name) for name in rows.columns]
    console.print_table(title, heads, rows.values.tolist(), right=heads[1:])
