"""`autologue validate`: what is published beside what is predicted, all of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autologue.cli import console
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.trial.validated import Validated, ValidatedTrials

__all__ = ["validate_app"]

validate_app = typer.Typer(help="Hold predictions against everything published.", no_args_is_help=True)


@validate_app.callback()
def validate() -> None:
    """Hold predictions against everything published."""


@validate_app.command("trials")
def validate_published(
    *,
    replicates: Annotated[int, typer.Option(help="How often each trial is conducted.")] = 200,
    large: Annotated[int, typer.Option(help="How often a registry is, at its real size; 0 leaves registries out.")] = 40,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    out: Annotated[Path | None, typer.Option(help="File for all figures: .csv or .json.")] = None,
    prior: Annotated[bool, typer.Option("--prior", help="Draw links from their own uncertainty only, not from the calibration.")] = False,
    posterior: Annotated[Path | None, typer.Option(help="Draw links from this file of `autologue calibrate`.")] = None,
) -> None:
    """Print every published figure of a trial beside the 90 % predictive interval of a trial of the real size.

    \b
    autologue validate trials
    autologue validate trials --replicates 1000 --out verdicts.csv
    autologue validate trials --prior

    Figures meant for calibration and figures that only check are counted apart. Where links are calibrated, the counts before calibration
    are printed as well, and a paragraph for each checking figure outside. Figures that cannot be simulated are in the file, with why.
    """
    from autologue.files import check_writable
    from autologue.trial import protocol_names
    from autologue.trial.misses import missed_paragraphs
    from autologue.trial.validated import validate_trials

    if out is not None:
        if out.suffix not in (".csv", ".json"):
            raise InputError(f"--out {out.name}: a table of figures; expected a name that ends in .csv or .json")
        check_writable(out)
    with console.progress("conducting the trials", len(protocol_names()) * (1 if prior else 2)) as advance:
        found = validate_trials(replicates=replicates, large=large, seed=seed, prior=prior, posterior=posterior, progress=advance)
        before = validate_trials(replicates=replicates, large=large, seed=seed, prior=True, progress=advance) if found.calibrated else None
    _show(found, before)
    for name, words in found.drawn_from.items():
        console.say(f"{name}: {words}")
    console.say("\n".join([found.summary()] + ([] if before is None else [before.summary()])))
    for paragraph in missed_paragraphs(found, before):
        console.say(f"\n{paragraph}")
    if out is not None:
        _write(found, before, out)
        console.say(f"Written: {out}")
    console.say("Research and simulation: not a medical device.")


def _show(found: ValidatedTrials, before: ValidatedTrials | None) -> None:
    heads = ["trial", "figure", "n", "predicted (90 % interval)", "width", "of chance", "published", "use", "verdict"]
    rows = [_row(row) for row in found.rows if row.compared.interval is not None]
    if before is not None:
        heads.append("before calibration")
        verdicts = [then.compared.verdict for row, then in zip(found.rows, before.rows, strict=True) if row.compared.interval is not None]
        rows = [[*row, verdict] for row, verdict in zip(rows, verdicts, strict=True)]
    right = ("n", "width", "of chance", "published")
    console.print_table(f"Published figures, {found.replicates} replicates, seed {found.seed}", heads, rows, right=right)


def _row(row: Validated) -> list[object]:
    one, found = row.compared, row.compared.interval
    assert found is not None
    said = f"{console.number(found.median)} ({_end(found.lower)} to {_end(found.upper)}; ± {console.number(one.error)})"
    widths = console.number(one.width), console.number(one.binomial)
    return [one.row.trial, one.row.name, one.row.n, said, *widths, one.row.published, one.family.use, one.verdict]


def _end(value: float) -> str:
    return "not reached" if math.isinf(value) else console.number(value)


def _write(found: ValidatedTrials, before: ValidatedTrials | None, out: Path) -> None:
    from autologue.files import replacing

    table = found.table()
    if before is not None:
        then = before.table()
        table = table.assign(**{f"{name}_before": then[name] for name in ("lower", "median", "upper", "verdict")})
    with replacing(out) as part:
        if out.suffix == ".csv":
            table.to_csv(part, index=False)
        else:
            part.write_text(table.to_json(orient="records", indent=1, double_precision=10) + "\n", encoding="utf-8")
