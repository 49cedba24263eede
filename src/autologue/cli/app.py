"""The root command."""

from __future__ import annotations

from typing import Annotated

import typer

from autologue import __version__
from autologue.cli.calibrate import calibrate
from autologue.cli.calibrate_check import calibrate_check
from autologue.cli.check import check_app
from autologue.cli.design import design
from autologue.cli.equilibria import equilibria, threshold
from autologue.cli.failing import FailingGroup
from autologue.cli.fit import fit
from autologue.cli.fitted import screen, uncertainty
from autologue.cli.forecast import forecast
from autologue.cli.grade import grade
from autologue.cli.identify import identify
from autologue.cli.models import models
from autologue.cli.nca import nca
from autologue.cli.plot import plot_app
from autologue.cli.selftest import selftest
from autologue.cli.sensitivity import sensitivity
from autologue.cli.simulate import simulate
from autologue.cli.survival import survival
from autologue.cli.trial import trial
from autologue.cli.validate import validate_app
from autologue.cli.virtual import compare, virtual

__all__ = ["app", "main"]

app = typer.Typer(
    name="autologue",
    cls=FailingGroup,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Research and simulation, not a medical device.",
)
app.command()(trial)
app.command()(calibrate)
app.command()(design)
app.command()(simulate)
app.command()(forecast)
app.command("calibrate-check")(calibrate_check)
app.command()(nca)
app.command()(fit)
app.command()(uncertainty)
app.command()(screen)
app.command()(grade)
app.command()(survival)
app.command()(models)
app.command()(selftest)
for _question in (sensitivity, identify, equilibria, threshold, virtual, compare):
    app.command(rich_help_panel="Questions to a model")(_question)
app.add_typer(check_app, name="check")
app.add_typer(plot_app, name="plot")
app.add_typer(validate_app, name="validate")


def _version(value: bool) -> None:  # noqa: FBT001 - typer calls it by position
    if value:
        typer.echo(f"autologue {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Let an unexpected error show where it happened.")] = False,
) -> None:
    """CAR T-cell therapy in silico: conduct a virtual trial, simulate published models, analyse concentrations, check a model of your own.

    \b
    autologue trial eliana                            a virtual trial beside the published one
    autologue validate trials                         every published figure beside its prediction
    autologue calibrate eliana zuma_1                 links of virtual trials from published figures
    autologue design design.toml                      power and stopping of a randomised trial
    autologue models                                  what there is
    autologue simulate stein_2019 --patients 200      simulate a published model
    autologue forecast patient.csv --population stein_2019  what is to be expected of one patient
    autologue nca concentrations.csv                  exposure of each patient
    autologue fit study.csv --model stein_2019        a population fitted to data, censored values included
    autologue uncertainty fit.json                    bootstrap, profile likelihood or importance resampling of a fit
    autologue screen fit.json --covariate c_max=age   which covariates act on which parameters
    autologue grade findings.csv                      CRS and ICANS by every scale, with the reason for each
    autologue survival follow_up.csv --out page.html  Kaplan-Meier, and all families side by side
    autologue check data study.csv                    how a table is read, and what is wrong with it
    autologue plot data study.csv --out figure.svg    the profile of each patient
    autologue sensitivity kimmel_2021 --around 0.2 --quantity tumour_volume:nadir --log   which parameters matter
    autologue check model my_model.py                 what is wrong with a model, in words
    autologue selftest                                the reference cases, run on this machine
    """


def main() -> None:
    """Run the command line: exit code 0, 1 (a check failed), 2 (something cannot be used) or 130 (interrupted)."""
    app()
