"""`autologue trial`: a virtual trial, its short table and its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.survival import LifeTable
    from autologue.trial import CourseResult, Line, Row, TrialResult

__all__ = ["trial"]


def trial(
    protocol: Annotated[str, typer.Argument(help="Name of a protocol that ships (eliana), or a protocol file that ends in .toml.")],
    *,
    replicates: Annotated[int, typer.Option(help="How often the trial is conducted.")] = 1000,
    course_replicates: Annotated[
        int | None, typer.Option(help="How often the whole course is followed; by default as often, at most 200 times.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Report to write; by default out/NAME.html.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for the comparison as JSON.")] = None,
    central: Annotated[
        bool, typer.Option("--central", help="Give all replicates the central values: chance alone, no uncertainty.")
    ] = False,
    parts: Annotated[Path | None, typer.Option(help="Folder that keeps finished blocks of patients; the same run resumes from it.")] = None,
    chunk: Annotated[
        str | None, typer.Option(metavar="I/N", help="Follow only share I of N of the patients, into --parts, and write no report.")
    ] = None,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers follow the patients.")] = "",
    life_table: Annotated[Path | None, typer.Option(help="CSV of age, sex and yearly hazard: deaths from other causes.")] = None,
    prior: Annotated[
        bool, typer.Option("--prior", help="Draw links from their own uncertainty, not from the calibration that ships.")
    ] = False,
    posterior: Annotated[Path | None, typer.Option(help="Draw links from this file of `autologue calibrate`.")] = None,
) -> None:
    """Conduct a virtual trial many times and print each prediction beside the published figure.

    \b
    autologue trial eliana
    autologue trial zuma_1 --replicates 200 --seed 7 --out out/quick.html --json out/quick.json
    autologue trial my_protocol.toml --parts out/parts
    autologue trial zuma_1 --course-replicates 5000 --parts out/parts --chunk 2/8
    autologue trial zuma_1 --scheduler tcp://10.0.0.1:8786

    Patients are sampled, treated and followed as the protocol says; every row says what the comparison is worth.
    """
    from autologue.files import check_writable, replacing
    from autologue.report.page import write_report
    from autologue.report.trial import trial_report
    from autologue.trial import conduct

    if chunk is not None:
        _share(
            protocol, chunk, parts, replicates=replicates, seed=seed, uncertain=not central, life_table=_life_table(life_table),
            course_replicates=course_replicates, scheduler=scheduler, prior=prior, posterior=posterior,
        )  # fmt: skip
        return
    if out is not None and out.suffix not in (".html", ".htm"):
        raise InputError(f"--out {out.name}: the report is an HTML page; expected a name that ends in .html")
    page = out or Path("out") / f"{Path(protocol).stem}.html"
    if out is None:
        page.parent.mkdir(exist_ok=True)
    for path in filter(None, (page, json_file)):
        check_writable(path)
    table = _life_table(life_table)
    if parts is not None:
        parts.mkdir(parents=True, exist_ok=True)
    with console.progress("conducting the trial", _work(protocol, replicates, course_replicates)) as advance:
        result = conduct(
            protocol, replicates=replicates, seed=seed, uncertain=not central, parts=parts, life_table=table, progress=advance,
            course_replicates=course_replicates, scheduler=scheduler, prior=prior, posterior=posterior,
        )  # fmt: skip
    write_report(trial_report(result), page)
    if json_file is not None:
        with replacing(json_file) as part:
            part.write_text(result.to_json(), encoding="utf-8")
    _show(result)
    console.say(f"Report: {page}" + (f"; comparison: {json_file}" if json_file else ""))


def _share(protocol: str, chunk: str, parts: Path | None, *, replicates: int, course_replicates: int | None, **rest: Any) -> None:
    """Follow one share of the patients, and say what to do when all shares are there."""
    from autologue.trial import Share, conduct_share, load_protocol, work

    share = Share.read(chunk)
    if parts is None:
        raise InputError("--chunk keeps its patients for a later run; expected --parts with the folder that all chunks share")
    parts.mkdir(parents=True, exist_ok=True)
    total = work(load_protocol(protocol), replicates, course_replicates=course_replicates, share=share)
    with console.progress(f"following patients, share {chunk}", total) as advance:
        patients = conduct_share(
            protocol, share, parts=parts, replicates=replicates, course_replicates=course_replicates, progress=advance, **rest
        )
    console.say(f"{patients} patients are in {parts}; when all shares are, the same command without --chunk writes the report")


def _work(protocol: str, replicates: int, course_replicates: int | None) -> int:
    """Return how many replicates the bar counts; a wrong number is refused by `conduct`'s own sentence."""
    from autologue.trial import load_protocol, work

    return work(load_protocol(protocol), replicates, course_replicates=course_replicates)


def _life_table(path: Path | None) -> LifeTable | None:
    """Read a life table from a CSV file."""
    if path is None:
        return None
    import pandas as pd

    from autologue.errors import InputError
    from autologue.survival import read_life_table

    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as problem:
        reason = str(problem).splitlines()[0]
        raise InputError(f"{path}: cannot be read as a life table ({reason}); expected CSV with age, sex, hazard") from None
    for column in ("age", "sex", "hazard"):
        if column not in frame.columns:
            raise InputError(f"{path}: column {column} is missing; expected age (whole years), sex and hazard (per year)")
    return read_life_table(frame, source=path.name)


def _show(result: TrialResult) -> None:
    from autologue.report.course_text import judged
    from autologue.report.trial_text import outlying, verdicts

    plan = result.protocol
    title = f"{plan.name.value} ({plan.product.value}): {plan.infused} infused, seed {result.seed}"
    if result.lines:
        _show_panels(result, f"{title}, {result.replicates} replicates")
        console.say(f"{verdicts(result)} {outlying(result)}")
        console.say("The three panels cannot say remission, relapse and survival: those come from the course of the patients.")
    if result.course is not None:
        _show_course(result.course, f"{title}, {result.course.trial.count} replicates")
        console.say(judged(result.course))
    console.say("Every reason and every source are in the report. Research and simulation: not a medical device.")


def _show_panels(result: TrialResult, title: str) -> None:
    heads = ["panel", "quantity", "unit", "n", "predicted (90 % interval)", "published", "kind", "verdict"]
    groups: dict[Row, list[Line]] = {}
    for line in result.lines:
        if line.interval is not None and line.row.kind != "reproduced input":
            groups.setdefault(line.row, []).append(line)
    rows = []
    for row, lines in groups.items():
        several = len(lines) > 1
        said = "\n".join((f"{line.population}: " if several else "") + _predicted(line) for line in lines)
        verdict = "\n".join(line.verdict or "none" for line in lines[: None if row.judged else 1])
        rows.append([row.panel, row.quantity, row.unit, lines[0].n, said, row.published, row.kind, verdict])
    console.print_table(title, heads, rows, right=("n", "published"))


def _show_course(course: CourseResult, title: str) -> None:
    heads = ["family", "figure", "n", "predicted (90 % interval)", "published", "use", "verdict"]
    rows = []
    for one in course.compared:
        if one.interval is None:
            continue
        found = one.interval
        ends = f"{console.number(found.lower)} to {console.number(found.upper)}"
        said = f"{console.number(found.median)} ({ends}; ± {console.number(one.error)})"
        rows.append([one.family.name, one.row.name, one.row.n, said, one.row.published, one.family.use, one.verdict])
    if rows:
        console.print_table(f"{title}; the course of patients (± largest Monte-Carlo error)", heads, rows, right=("n", "published"))


def _predicted(line: Line) -> str:
    found = line.interval
    assert found is not None
    return f"{console.number(found.median)} ({console.number(found.lower)} to {console.number(found.upper)})"
