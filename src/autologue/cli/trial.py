"""`autologue trial`: a virtual trial, its short table and its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autologue.cli import console
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.trial import Line, Row, TrialResult

__all__ = ["trial"]


def trial(
    protocol: Annotated[str, typer.Argument(help="Name of a protocol that ships (eliana), or a protocol file that ends in .toml.")],
    *,
    replicates: Annotated[int, typer.Option(help="How often the trial is conducted.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Report to write; by default out/NAME.html.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for the comparison as JSON.")] = None,
) -> None:
    """Conduct a virtual trial many times and print each prediction beside the published figure.

    \b
    autologue trial eliana
    autologue trial eliana --replicates 200 --seed 7 --out out/quick.html --json out/quick.json
    autologue trial my_protocol.toml

    Patients are sampled, treated and measured as the protocol says; every row says what the comparison is worth.
    """
    from autologue.files import check_writable, replacing
    from autologue.report.page import write_report
    from autologue.report.trial import trial_report
    from autologue.trial import conduct

    if out is not None and out.suffix not in (".html", ".htm"):
        raise InputError(f"--out {out.name}: the report is an HTML page; expected a name that ends in .html")
    page = out or Path("out") / f"{Path(protocol).stem}.html"
    if out is None:
        page.parent.mkdir(exist_ok=True)
    for path in filter(None, (page, json_file)):
        check_writable(path)
    with console.progress("conducting the trial", max(replicates, 1)) as advance:
        result = conduct(protocol, replicates=replicates, seed=seed, progress=advance)
    write_report(trial_report(result), page)
    if json_file is not None:
        with replacing(json_file) as part:
            part.write_text(result.to_json(), encoding="utf-8")
    _show(result)
    console.say(f"Report: {page}" + (f"; comparison: {json_file}" if json_file else ""))


def _show(result: TrialResult) -> None:
    from autologue.report.trial_text import outlying, verdicts

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
    plan = result.protocol
    title = f"{plan.name.value} ({plan.product.value}): {plan.infused} infused, {result.replicates} replicates, seed {result.seed}"
    console.print_table(title, heads, rows, right=("n", "published"))
    console.say(f"{verdicts(result)} {outlying(result)}")
    console.say("Remission, relapse and survival: these models cannot say them.")
    console.say("Reproduced inputs, every reason and every source are in the report.")


def _predicted(line: Line) -> str:
    found = line.interval
    assert found is not None
    return f"{console.number(found.median)} ({console.number(found.lower)} to {console.number(found.upper)})"
