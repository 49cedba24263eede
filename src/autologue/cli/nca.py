"""`autologue nca`: exposure of each patient in a file of concentrations, and its summary."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.language import read_span
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from autologue.nca import NCA

__all__ = ["nca"]

_RULES = "Rules"
_DATA = "Reading the file"


def nca(
    data: Annotated[Path, typer.Argument(help="CSV or Parquet file with a row for each sample.")],
    *,
    value_unit: Annotated[str, typer.Option(help="Unit of the values.", rich_help_panel=_DATA)] = "value",
    time_unit: Annotated[str, typer.Option(help="Unit of the times.", rich_help_panel=_DATA)] = "day",
    analyte: Annotated[str | None, typer.Option(help="Analyte, where the file holds several.", rich_help_panel=_DATA)] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Column of a role, like value=COPIES; repeatable.", rich_help_panel=_DATA)
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column that groups the summary; by default 'group' where there is one.", rich_help_panel=_DATA)
    ] = None,
    window: Annotated[list[str] | None, typer.Option(help="Window of an area, like 0-28; repeatable.", rich_help_panel=_RULES)] = None,
    tail: Annotated[
        str, typer.Option(help="Area after the last measurable value: nothing, measured or extrapolated.", rich_help_panel=_RULES)
    ] = "nothing",
    blq: Annotated[
        str,
        typer.Option(help="Values below the limit: drop, zero or half, everywhere or by place, as in the default.", rich_help_panel=_RULES),
    ] = "first=zero,middle=drop,last=drop",
    trapezoid: Annotated[str, typer.Option(help="linear-up-log-down or linear.", rich_help_panel=_RULES)] = "linear-up-log-down",
    points: Annotated[int, typer.Option(help="Fewest points of the terminal slope.", rich_help_panel=_RULES)] = 3,
    out: Annotated[Path | None, typer.Option(help="File for the rows of patients: .csv or .parquet.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Cmax, tmax, areas, last measurable value and half-life of each patient, summarised as labels do.

    \b
    autologue nca concentrations.csv --value-unit copies/ug
    autologue nca trial.parquet --group arm --window 0-28 --window 0-84 --blq first=zero,middle=half,last=drop
    autologue nca data.csv --column value=COPIES --out exposure.csv

    Columns are found by the names in use (ID, TIME, DV, CENS or BLQ, LLOQ, GROUP, ...). Times count from the infusion.
    """
    from autologue import units
    from autologue.nca import estimate_exposure, read_concentrations, summarise_exposure

    units.parse(time_unit)
    method = _method(window or ["0-28", "0-84"], tail, blq, trapezoid, points)
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise InputError(f"--out {out.name}: the ending says no format; expected .csv or .parquet")
    samples = read_concentrations(data, columns=_columns(column or []), analyte=analyte)
    if group is not None and group not in samples:
        samples = _grouped(data, column or [], analyte, group)
    found = estimate_exposure(samples, method, value_unit=value_unit, time_unit=time_unit)
    by = ["group"] if "group" in found.table else []
    summary = summarise_exposure(found, by)
    if out is not None:
        console.write_table(found.table, out)
        console.write_manifest(out, {"units": dict(found.units), "method": repr(method), "data": data.name})
    if as_json:
        console.print_json({"units": dict(found.units), "patients": found.table.to_dict("records"), "summary": summary.to_dict("records")})
        return
    _show(summary, by, len(found.table), data)
    if out is not None:
        console.say(f"Written: {out} and {out.name}.manifest.json")


def _columns(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        role, sign, name = text.partition("=")
        if not sign or not name:
            raise InputError(f"--column '{text}' names no column; expected role=COLUMN, like value=COPIES")
        found[role.strip()] = name.strip()
    return found


def _grouped(data: Path, columns: list[str], analyte: str | None, group: str) -> pd.DataFrame:
    """Return the samples with another column of the file as their group."""
    from autologue.nca import read_concentrations

    return read_concentrations(data, columns={**_columns(columns), "group": group}, analyte=analyte)


def _choose(text: str, what: str, choices: dict[str, Any]) -> Any:
    name = text.strip().lower()
    if name not in choices:
        raise InputError(unknown(what, name, choices))
    return choices[name]


def _method(windows: list[str], tail: str, blq: str, trapezoid: str, points: int) -> NCA:
    """Return the rules that the options spell."""
    from autologue.nca import NCA, Below, BelowLimit, Tail, TerminalRule, Trapezoid, Window

    rest = _choose(tail, "tail", {each.name.lower(): each for each in Tail})
    kinds = {each.name.lower(): each for each in Below}
    if "=" in blq:
        places = dict.fromkeys(("first", "middle", "last"))
        rules = {}
        for piece in blq.split(","):
            place, _, rule = piece.partition("=")
            rules[_choose(place, "place of --blq", {p: p for p in places})] = _choose(rule, "rule of --blq", kinds)
        below = BelowLimit(**rules)
    else:
        below = BelowLimit(*[_choose(blq, "rule of --blq", kinds)] * 3)
    shape = _choose(trapezoid, "trapezoid", {each.name.lower().replace("_", "-"): each for each in Trapezoid})
    areas = tuple(Window(*read_span(text, "--window"), tail=rest) for text in windows)
    return NCA(windows=areas, trapezoid=shape, below=below, terminal=TerminalRule(points=points))


def _show(summary: pd.DataFrame, by: list[str], patients: int, data: Path) -> None:
    shown = ["cmax", "tmax", "clast", "tlast", "auc_last", "auc_inf", "auc_inf_extrapolated", "half_life"]
    windows = [q for q in summary["quantity"].unique() if re.fullmatch(r"auc_[\d.e+-]+_[\d.e+-]+", q)]
    table = summary[summary["quantity"].isin([*shown, *windows])]
    figures = ["n", "geometric_mean", "geometric_cv_percent", "median", "minimum", "maximum"]
    rows = table[[*by, "quantity", "unit", *figures]].values.tolist()
    heads = [*by, "quantity", "unit", "n", "geometric mean", "CV %", "median", "minimum", "maximum"]
    console.print_table(f"{data.name}: {patients} patients", heads, rows, right=heads[-6:])
