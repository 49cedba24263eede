"""`autologue calibrate`: links of virtual trials from the calibrating figures of published ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autologue.cli import console
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.calibrate import SyntheticLikelihood
    from autologue.trial.calibration import TrialCalibration
    from autologue.trial.calibration.predicted import Checked

__all__ = ["calibrate"]


def calibrate(
    protocols: Annotated[list[str], typer.Argument(help="Names of protocols that ship, or files that end in .toml; calibrated together.")],
    *,
    link: Annotated[list[str] | None, typer.Option(help="Move this link only, as file.name; may be given again.")] = None,
    targets: Annotated[Path | None, typer.Option(help="Your own file of published figures; by default those that ship.")] = None,
    points: Annotated[int, typer.Option(help="Sets of links tried in each wave.")] = 480,
    waves: Annotated[int, typer.Option(min=1, help="Waves of sets, the first from the prior.")] = 4,
    replicates: Annotated[int, typer.Option(help="Trials of the real size for each set.")] = 16,
    draws: Annotated[int, typer.Option(help="Posterior draws to keep.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0)] = 0,
    check: Annotated[int, typer.Option(min=0, help="Trials of each protocol for posterior predictive checks; 0 for none.")] = 200,
    parts: Annotated[Path | None, typer.Option(help="Folder that keeps what was simulated; the same run resumes from it.")] = None,
    out: Annotated[Path, typer.Option(help="File of posterior draws to write, .json.")] = Path("posterior.json"),
    report: Annotated[Path | None, typer.Option(help="Report to write; by default beside the draws, .html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON instead of tables.")] = False,
) -> None:
    """Calibrate links of virtual trials to published figures; write posterior draws and a report of fit and identifiability.

    \b
    autologue calibrate eliana zuma_1 --parts out/parts --out out/posterior.json
    autologue calibrate eliana --link leukaemia.founders --link leukaemia.growth --points 100 --waves 2
    autologue trial eliana --posterior out/posterior.json

    Only families of figures that calibrate are used. Interrupt it and run it again with the same --parts: it goes on where it stopped.
    """
    from autologue.files import check_writable
    from autologue.trial import load_protocol, read_families
    from autologue.trial.calibration import calibrate_trials
    from autologue.trial.calibration.predicted import check_predictions

    page = report or out.with_suffix(".html")
    _check_names(out, page)
    for path in (out, page):
        check_writable(path)
    method = _method(points, waves, replicates, draws)
    if parts is not None:
        parts.mkdir(parents=True, exist_ok=True)
    plans = [load_protocol(name) for name in protocols]
    families = None if targets is None else read_families(targets)
    with console.progress("sets of links simulated", points * waves) as advance:
        found = calibrate_trials(plans, links=link, families=families, method=method, seed=seed, parts=parts, progress=advance)
    checked: tuple[Checked, ...] = ()
    if check:
        with console.progress("checking predictions", 2 * check * len(found.protocols)) as advance:
            checked = check_predictions(found, replicates=check, seed=seed + 1, progress=advance)
    _write(found, checked, out, page)
    if as_json:
        console.print_json({"posterior": str(out), "report": str(page), **found.posterior().report})
    else:
        _show(found, checked)
    console.say(f"Posterior draws: {out}; report: {page}")
    console.say("Research and simulation: not a medical device.")


def _check_names(out: Path, page: Path) -> None:
    if out.suffix != ".json":
        raise InputError(f"--out {out.name}: posterior draws are JSON; expected a name that ends in .json")
    if page.suffix not in (".html", ".htm"):
        raise InputError(f"--report {page.name}: the report is an HTML page; expected a name that ends in .html")


def _method(points: int, waves: int, replicates: int, draws: int) -> SyntheticLikelihood:
    """Return the method: the first wave from the prior, the second broader than the others."""
    from autologue.calibrate import SyntheticLikelihood

    powers = (0.0, 0.25, *[0.5] * waves)[:waves]
    return SyntheticLikelihood(points=points, replicates=replicates, draws=draws, powers=powers)


def _write(found: TrialCalibration, checked: tuple[Checked, ...], out: Path, page: Path) -> None:
    from autologue.report.calibration import calibration_report
    from autologue.report.page import write_report

    write_report(calibration_report(found, checked), page)
    found.posterior().write(out)


def _show(found: TrialCalibration, checked: tuple[Checked, ...]) -> None:
    from autologue.trial.calibration.said import in_short

    heads = ["link", "shift", "sd", "contraction", "correlation", "with", "moves most"]
    rows = [
        [row["parameter"], row["shift"], row["sd"], f"{row['contraction']:.2f}", row["correlation"], row["correlated_with"],
         row["most_informed_by"]]
        for _, row in found.found.identifiability().iterrows()
    ]  # fmt: skip
    console.print_table("Links after calibration, in standard deviations of their prior", heads, rows, right=heads[1:5])
    heads = ["target", "published", "predicted (90 %)", "distance", "moved by links"]
    rows = [
        [row["target"], row["published"], f"{console.number(row['lower'])} to {console.number(row['upper'])}", f"{row['distance']:+.2f}",
         "yes" if row["informed"] else "no"]
        for _, row in found.found.fit().iterrows()
    ]  # fmt: skip
    console.print_table("Targets", heads, rows, right=("published", "distance"))
    for paragraph in in_short(found, checked):
        console.say(paragraph)
