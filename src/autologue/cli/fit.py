"""`autologue fit`: a population fitted to an event table, with its report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.cli.convergence import convergence
from autologue.cli.fit_settings import METHODS, load_settings, make_estimator, read_bounds, read_occasions, read_starts
from autologue.cli.reading import Columns, ReadingFile, Units, asked_reading, find_model
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.fit import Fit
    from autologue.model import Model
    from autologue.population import Parametric

__all__ = ["fit"]

FEW = 5  # patients, with fewer correlations are not tested
_STRUCTURE, _METHOD, _OUT = "What is estimated", "How", "What is written"


def fit(
    data: Annotated[Path, typer.Argument(help="Event table: CSV or Parquet.")],
    *,
    model: Annotated[
        str | None, typer.Option(help="Model, like stein_2019, one of its populations (stein_2019:variance), or a Python file.")
    ] = None,
    method: Annotated[str | None, typer.Option(help=f"{', '.join(METHODS)}; saem by default.", rich_help_panel=_METHOD)] = None,
    start: Annotated[list[str] | None, typer.Option(help="Starting value, like t_max=12; repeatable.", rich_help_panel=_STRUCTURE)] = None,
    free: Annotated[
        list[str] | None, typer.Option(help="Parameter without variability to be estimated too; repeatable.", rich_help_panel=_STRUCTURE)
    ] = None,
    fixed: Annotated[
        list[str] | None, typer.Option(help="Estimate to hold where it starts, like omega_beta; repeatable.", rich_help_panel=_STRUCTURE)
    ] = None,
    bound: Annotated[list[str] | None, typer.Option(help="Bounds, like alpha=0.01,1; repeatable.", rich_help_panel=_STRUCTURE)] = None,
    occasion: Annotated[
        list[str] | None,
        typer.Option(
            help="Parameter that changes between occasions of a patient (OCC), with the start of its spread, like cl.sd=0.2; repeatable.",
            rich_help_panel=_STRUCTURE,
        ),
    ] = None,
    starts: Annotated[
        int | None,
        typer.Option(min=1, help="Whole searches from different starts, with a report of where each ends.", rich_help_panel=_METHOD),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="TOML file with any of these options; what stands on the command line goes first.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all random numbers; 0 by default.", rich_help_panel=_METHOD)] = None,
    simulations: Annotated[int, typer.Option(min=100, help="Simulated cohorts of the checks.", rich_help_panel=_OUT)] = 500,
    out: Annotated[Path | None, typer.Option(help="Report to write: .html.", rich_help_panel=_OUT)] = None,
    save: Annotated[Path | None, typer.Option(help="File for the fit, to be loaded again: .json.", rich_help_panel=_OUT)] = None,
    table: Annotated[Path | None, typer.Option(help="File for the estimates: .csv or .parquet.", rich_help_panel=_OUT)] = None,
    reading: ReadingFile = None,
    column: Columns = None,
    unit: Units = None,
) -> None:
    """Fit a population to an event table: estimates with intervals, right where values are below quantification, and a report.

    \b
    autologue fit study.csv --model stein_2019 --unit transgene=copies/ug --unit time=day --out fit.html
    autologue fit study.csv --model stein_2019:variance --method focei --fixed omega_beta --bound alpha=0.01,1
    autologue fit study.parquet --settings fit.toml --seed 7 --save fit.json
    autologue fit crossover.csv --model my_model.py --occasion cl.sd=0.2 --method focei --starts 5

    How the table is read is printed first; --reading, --column and --unit change it.
    """
    from autologue.data import read_cohort
    from autologue.data.describe import describe_reading
    from autologue.fit import fit as estimate
    from autologue.fit import read_structure

    _check_files(out, save, table)
    given = load_settings(settings)
    values, bounds = read_starts(given.get("start", {}), start or []), read_bounds(given.get("bounds", {}), bound or [])
    population = read_occasions(_population(model or given.get("model"), values), given, occasion or [])
    several = {} if starts is None else {"starts": starts}
    estimator = make_estimator(method or given.get("method", "saem"), {**given.get("settings", {}), **several})
    whole = asked_reading(data, reading, column, unit, population.model)
    console.say(describe_reading(whole))
    cohort = read_cohort(data, model=population.model, reading=whole, name=data.stem)
    chosen = seed if seed is not None else int(given.get("seed", 0))
    told: dict[str, Any] = dict(
        free=[*given.get("free", ()), *(free or ())], fixed=[*given.get("fixed", ()), *(fixed or ())], bounds=bounds
    )
    with convergence(f"Fitting {population.model.name}", read_structure(cohort, population, **told).estimates) as watch:
        found = estimate(cohort, population, method=estimator, seed=chosen, watch=watch, **told)
    _show(found)
    if save is not None:
        found.save(save)
    if table is not None:
        console.write_table(found.table.reset_index(names="name"), table)
    if out is not None:
        _write_report(found, data, out, simulations)
    for path in filter(None, (out, save, table)):
        console.say(f"Written: {path}")


def _check_files(out: Path | None, save: Path | None, table: Path | None) -> None:
    from autologue.files import check_writable

    for option, path, endings in (("--out", out, (".html",)), ("--save", save, (".json",)), ("--table", table, (".csv", ".parquet"))):
        if path is not None and path.suffix not in endings:
            raise InputError(f"{option} {path.name}: expected a name that ends in {' or '.join(endings)}")
        if path is not None:
            check_writable(path)


def _population(name: str | None, start: Mapping[str, float]) -> Parametric:
    """Return the population that a text names, with starting values."""
    from dataclasses import replace

    from autologue import library
    from autologue.population import Drawn, Parametric

    if name is None:
        raise InputError("no model is named; expected --model NAME, or model in the --settings file ('autologue models' lists them)")
    base, _, which = name.partition(":")
    if which:
        known = library.populations(base)
        if which not in known:
            raise InputError(f"--model {name}: {unknown('population', which, known)}")
        found = known[which]
    else:
        model: Model | None = find_model(base)
        assert model is not None
        found = Parametric(model=model)
    if isinstance(found, Drawn):
        raise InputError(f"--model {name}: this population is a set of draws, which has no structure to be fitted; name another")
    return replace(found, typical={**found.typical, **start}) if start else found


def _show(found: Fit) -> None:
    table = found.table
    heads = ["name", "estimate", "SE", "RSE %", "lower", "upper", "CV %"]
    rows = table.reset_index(names="name")[["name", "estimate", "se", "rse", "lower", "upper", "cv"]].values.tolist()
    console.print_table(
        f"{found.start.model.name}: {len(found.cohort)} patients, {type(found.method).__name__}", heads, rows, right=heads[1:]
    )
    for each in found.estimated.log_likelihoods:
        error = f" (Monte-Carlo error {each.error:.3f})" if each.error else ""
        console.say(f"Log-likelihood, {each.method}: {each.value:.3f}{error}")
    if len(found.basins) > 1 or getattr(found.method, "starts", 1) > 1:
        _show_basins(found)
    console.say(f"AIC {found.aic:.2f}, BIC {found.bic:.2f}")
    for words in found.warnings:
        console.say(f"Warning: {words}")
    console.say("Research and simulation, not a medical device.")


def _show_basins(found: Fit) -> None:
    """Print where the starts led."""
    names = [e.name for e in found.structure.estimates if e.kind.value == "typical value"]
    basins = found.basins[["log_likelihood", "below", "starts", "given", *names]]
    rows = basins.assign(given=basins["given"].map({True: "yes", False: ""})).values.tolist()
    heads = ["log-likelihood", "below the best", "starts", "the given one", *names]
    console.print_table(f"Distinct optima of {found.basins['starts'].sum()} starts", heads, rows, right=heads)


def _write_report(found: Fit, data: Path, out: Path, simulations: int) -> None:
    from autologue.diagnose import correlation_tests, covariate_effects, event_check, npde, residuals, visual_check
    from autologue.engine.happening import hazards_of
    from autologue.report.fit import fit_report
    from autologue.report.manifest import manifest
    from autologue.report.page import write_report

    record = manifest(
        seed=found.seed, inputs=[data], models={found.start.model.name: found.provenance["model"].split()[-1]},
        settings={"method": repr(found.method), "free": list(found.free), "fixed": list(found.fixed), "simulations": simulations},
    )  # fmt: skip
    names = [name for name in hazards_of(found.start.model) if any(name in patient.events for patient in found.cohort)]
    events = [event_check(found, name, simulations=simulations, seed=found.seed) for name in names]
    if not len(found.problem.likelihood.rows):
        write_report(fit_report(found, None, None, {}, record=record, events=events), out)
        return
    checks = {"Visual predictive check": visual_check(found, simulations=simulations, seed=found.seed)}
    if any(patient.regimen or patient.known or patient.covariates for patient in found.cohort):
        corrected = visual_check(found, simulations=simulations, corrected=True, seed=found.seed)
        checks["Prediction-corrected visual predictive check"] = corrected
    errors = npde(found, simulations=simulations, seed=found.seed)
    many = found.problem.varying > 0 and len(found.cohort) >= FEW
    correlations = correlation_tests(found, seed=found.seed) if many else None
    effects = covariate_effects(found, seed=found.seed) if found.population.effects and found.population.uncertainty else None
    rows = residuals(found, seed=found.seed)
    write_report(fit_report(found, rows, errors, checks, record=record, events=events, correlations=correlations, effects=effects), out)
