"""`autologue design`: the operating characteristics of a randomised design over scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autologue.cli import console

if TYPE_CHECKING:
    from autologue.trial.designs import Characteristics

__all__ = ["design"]

HEADS = (
    "scenario", "values", "success", "by look", "events", "months", "HR", "HR infused", "not infused", "wait, days", "bridged", "crossed"
)  # fmt: skip


def design(
    file: Annotated[Path, typer.Argument(help="Design file in TOML: [design], and [[scenario]]s with a protocol file each.")],
    *,
    replicates: Annotated[int, typer.Option(min=2, help="How often each scenario is conducted, in each of two ways.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
) -> None:
    """Print power, type I error, stopping, events and duration of a group-sequential survival design over scenarios.

    \b
    autologue design examples/designs/second_line/design.toml

    Success with central values is power, or the type I error where both arms are alike; with uncertain values it is the predictive
    probability of success. Hazard ratios are by intention to treat, and with the infused only, who are chosen by waiting.
    """
    from autologue.trial.designs import operate, read_design
    from autologue.trial.replicate import plan_course, replicate_course
    from autologue.trial.shelf import load_protocol

    plan = read_design(file)
    protocols = [load_protocol(str(scenario.protocol)) for scenario in plan.scenarios]
    rows = []
    with console.progress("conducting the scenarios", 2 * replicates * len(protocols)) as advance:
        for scenario, protocol in zip(plan.scenarios, protocols, strict=True):
            for uncertain in (False, True):
                trial = replicate_course(plan_course(protocol, seed=seed, uncertain=uncertain), replicates, progress=advance)
                found = operate(trial, plan.design, arms=list(protocol.arms))
                rows.append([scenario.name, "uncertain" if uncertain else "central", *_row(found)])
    bounds = ", ".join(
        f"{z:.3f} at {round(t * plan.design.events)} events" for z, t in zip(plan.design.bounds(), plan.design.looks, strict=True)
    )
    console.print_table(f"{plan.name}: {plan.design.endpoint}, {replicates} replicates, seed {seed}", HEADS, rows, right=HEADS[2:])
    console.say(f"Log-rank bounds: {bounds}; one-sided error {plan.design.alpha:g} (Lan-DeMets, O'Brien-Fleming kind).")
    console.say("± is the Monte-Carlo standard error. Research and simulation: not a medical device.")


def _row(found: Characteristics) -> list[str]:
    looks = " / ".join(f"{share:.3f}" for share in found.stopped)
    shares = (found.lost, found.bridged, found.crossed)
    lost, bridged, crossed = (f"{100 * share:.0f} %" for share in shares)
    middle = [f"{found.events:.0f}", f"{found.months:.1f}", f"{found.hazard_ratio:.2f}", f"{found.infused_ratio:.2f}"]
    return [f"{found.success:.3f} ± {found.error:.3f}", looks, *middle, lost, console.number(found.wait), bridged, crossed]
