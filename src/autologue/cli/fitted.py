"""`autologue uncertainty` and `autologue screen`: what is asked of a fit that was saved. Both do their work in processes and go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from autologue.fit import Fit

__all__ = ["screen", "uncertainty"]

_WORK, _OUT = "How the work is done", "What is written"
METHODS = ("bootstrap", "parametric", "profile", "sir")

Saved = Annotated[Path, typer.Argument(help="Fit that `autologue fit --save` wrote: .json.")]
ModelFile = Annotated[str | None, typer.Option("--model", help="Python file of the model, where it is not in the library.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random numbers.", rich_help_panel=_WORK)]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; all processors by default.", rich_help_panel=_WORK)]
Keep = Annotated[
    Path | None,
    typer.Option(help="File in which finished pieces are kept, for a run that may be interrupted: .jsonl.", rich_help_panel=_WORK),
]
TableOut = Annotated[Path | None, typer.Option("--table", help="File for the table: .csv or .parquet.", rich_help_panel=_OUT)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUT)]


def uncertainty(
    saved: Saved,
    *,
    method: Annotated[str, typer.Option(help=f"{', '.join(METHODS)}.")] = "bootstrap",
    replicates: Annotated[int, typer.Option(min=2, help="Of a bootstrap.")] = 200,
    draws: Annotated[int, typer.Option(min=10, help="Of importance resampling (sir), of which a fifth is kept.")] = 1000,
    estimate: Annotated[list[str] | None, typer.Option(help="Estimate to profile, like t_max; repeatable; all by default.")] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    model: ModelFile = None,
    seed: Seed = 0,
    workers: Workers = None,
    keep: Keep = None,
    table: TableOut = None,
    as_json: AsJson = False,
) -> None:
    """Say how sure the estimates of a fit are, without taking the likelihood for a parabola.

    \b
    autologue uncertainty fit.json --replicates 500 --keep boot.jsonl     patients drawn anew, each time fitted again
    autologue uncertainty fit.json --method parametric                    cohorts simulated from the fit
    autologue uncertainty fit.json --method profile --estimate t_max      the likelihood itself, for lopsided intervals
    autologue uncertainty fit.json --method sir --draws 2000              importance resampling, without further fits

    The result is the same for any number of processes; run the same line again to go on from what --keep holds.
    """
    from autologue.parallel import processors

    if method not in METHODS:
        raise InputError(f"--method: {unknown('method', method, METHODS)}")
    _check_table(table)
    found = _load(saved, model)
    how: dict[str, Any] = dict(level=level, file=keep, workers=workers or processors())
    if method == "profile":
        shown, warnings = _profiles(found, estimate, how)
    elif method == "sir":
        shown, warnings = _resampled(found, draws, seed, how)
    else:
        shown, warnings = _bootstrap(found, method, replicates, seed, how)
    shown = shown.assign(fit_lower=found.table["lower"], fit_upper=found.table["upper"]).loc[list(shown.index)]
    record = {"fit": saved.name, "method": method, "level": level, "seed": seed}
    _give(shown.reset_index(names="name"), f"{method}, {100 * level:g} % intervals", warnings, record, table, as_json=as_json)


def _bootstrap(found: Fit, method: str, replicates: int, seed: int, how: dict[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    from autologue.diagnose import Cases, FromModel, bootstrap

    scheme = Cases() if method == "bootstrap" else FromModel()
    with console.progress("replicates", replicates) as advance:
        done = bootstrap(found, replicates=replicates, scheme=scheme, seed=seed, progress=advance, **how)
    return done.table, [f"replicate {k} could not be fitted: {why}" for k, why in list(done.failures.items())[:5]]


def _resampled(found: Fit, draws: int, seed: int, how: dict[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    from autologue.diagnose import sir
    from autologue.diagnose.sir import PIECE

    with console.progress(f"pieces of {PIECE} draws", -(-draws // PIECE)) as advance:
        done = sir(found, draws=draws, resamples=max(draws // 5, 2), seed=seed, progress=advance, **how)
    return done.table, [f"{done.effective:.0f} of {done.draws} draws count, by the likelihood of {done.method}", *done.warnings]


def _profiles(found: Fit, names: list[str] | None, how: dict[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    import pandas as pd

    from autologue.diagnose import profile_estimates

    with console.progress("profiles", len(names or found.structure.names)) as advance:
        done = profile_estimates(found, names, progress=advance, **how)
    rows = {name: (p.estimate, p.lower, p.upper) for name, p in done.items()}
    said = [f"{name}: {words}" for name, p in done.items() for words in p.warnings]
    by = next(iter(done.values())).method
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"]), [f"by the likelihood of {by}", *said]


def screen(
    saved: Saved,
    *,
    covariate: Annotated[list[str] | None, typer.Option(help="Covariates to try on a parameter, like cl=weight,sex; repeatable.")] = None,
    criterion: Annotated[str, typer.Option(help="lrt (likelihood ratio) or bic.")] = "lrt",
    forward: Annotated[float, typer.Option(help="p below which an effect is taken in.")] = 0.05,
    backward: Annotated[float, typer.Option(help="p below which an effect stays.")] = 0.01,
    method: Annotated[str | None, typer.Option(help="Estimator of every model; that of the fit by default.", rich_help_panel=_WORK)] = None,
    model: ModelFile = None,
    seed: Seed = 0,
    workers: Workers = None,
    keep: Keep = None,
    save: Annotated[Path | None, typer.Option(help="File for the fit that the search ends with: .json.", rich_help_panel=_OUT)] = None,
    table: TableOut = None,
    as_json: AsJson = False,
) -> None:
    """Search for covariates that act on parameters: forward while they help, then backward; a table of every model that was tried.

    \b
    autologue screen fit.json --covariate cl=weight,sex --covariate v=weight --keep search.jsonl
    autologue screen fit.json --covariate c_max=age,burden --criterion bic --method focei --save final.json

    What a search finds has been chosen by the same data: p-values and intervals look better than they are.
    """
    from autologue.cli.fit_settings import make_estimator
    from autologue.diagnose import BIC, LikelihoodRatio, screen_covariates
    from autologue.parallel import processors

    if criterion not in ("lrt", "bic"):
        raise InputError(f"--criterion: {unknown('criterion', criterion, ('lrt', 'bic'))}")
    _check_table(table)
    tried = _pairs(covariate or [])
    found = _load(saved, model)
    rule = BIC() if criterion == "bic" else LikelihoodRatio(forward=forward, backward=backward)
    most = sum(map(len, tried.values()))
    with console.progress("models, at most", 1 + most * (most + 1) // 2) as advance:
        done = screen_covariates(
            found, covariates=tried, criterion=rule, method=None if method is None else make_estimator(method, {}), seed=seed, file=keep,
            workers=workers or processors(), progress=advance,
        )  # fmt: skip
    if save is not None:
        done.fit.save(save)
    ended = ", ".join(f"{b} on {a}" for a, b in done.chosen) or "no covariate"
    record = {"fit": saved.name, "criterion": repr(rule), "seed": seed, "chosen": [list(pair) for pair in done.chosen]}
    _give(done.steps, f"The search ends with {ended}", list(done.warnings), record, table, as_json=as_json)
    if save is not None:
        console.say(f"Written: {save}")


def _pairs(texts: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        name, sign, rest = (piece.strip() for piece in text.partition("="))
        names = [each.strip() for each in rest.split(",") if each.strip()]
        if not (sign and name and names):
            raise InputError(f"--covariate '{text}' names no covariate of a parameter; expected parameter=covariates, like cl=weight,sex")
        found.setdefault(name, []).extend(names)
    return found


def _check_table(table: Path | None) -> None:
    from autologue.files import check_writable

    if table is not None:
        if table.suffix not in (".csv", ".parquet"):
            raise InputError(f"--table {table.name}: expected a name that ends in .csv or .parquet")
        check_writable(table)


def _load(saved: Path, model: str | None) -> Fit:
    from autologue.cli.reading import find_model
    from autologue.fit import load_fit

    return load_fit(saved, model=find_model(model))


def _give(shown: pd.DataFrame, title: str, warnings: list[str], record: dict[str, Any], table: Path | None, *, as_json: bool) -> None:
    if as_json:
        console.print_json({**record, "table": shown.to_dict("records"), "remarks": warnings})
    else:
        numbers = [str(name) for name in shown if name not in ("name", "direction", "parameter", "covariate", "chosen")]
        console.print_table(title, [str(name) for name in shown], shown.values.tolist(), right=numbers)
        for words in warnings:
            console.say(f"Remark: {words}")
        console.say("Research and simulation, not a medical device.")
    if table is not None:
        console.write_table(shown, table)
        console.say(f"Written: {table}")
