"""`autologue design`: the operating characteristics of a randomised or a two-stage design over scenarios."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console

if TYPE_CHECKING:
    from autologue.protocol import Protocol
    from autologue.trial.designs import Characteristics, DesignFile, SurvivalDesign, TwoStageDesign

__all__ = ["design"]

HEADS = (
    "scenario", "values", "success", "by look", "futile by look", "events", "months", "HR", "HR infused", "not infused", "wait, days",
    "bridged", "crossed",
)  # fmt: skip
BOUND_HEADS = (
    "look",
    "events",
    "succeed above",
    "HR there",
    "stop below",
    "HR there ",
    "conditional power",
    "ends, no effect",
    "ends, planned effect",
)
STAGE_HEADS = ("scenario", "values", "success", "stops early", "patients", "response rate")
SPARE = 1.6  # patients enrolled for each that two stages need, so that enough of them are in the analysis set
Advance = Callable[[int], None]


def design(
    file: Annotated[Path, typer.Argument(help="Design file in TOML: a table design or two_stage, and scenarios with a protocol each.")],
    *,
    replicates: Annotated[int, typer.Option(min=2, help="How often each scenario is conducted, in each of two ways.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
) -> None:
    """Print power, type I error, stopping, events or patients and duration of a design over scenarios.

    \b
    autologue design examples/designs/second_line/design.toml
    autologue design examples/designs/second_line/futility.toml --replicates 500
    autologue design examples/designs/two_stage/design.toml

    Success with central values is power, or the type I error where the effect is none; with uncertain values it is the predictive
    probability of success. Hazard ratios are by intention to treat, and with the infused only, who are chosen by waiting.
    """
    from autologue.trial.designs import SurvivalDesign, read_design
    from autologue.trial.shelf import load_protocol

    plan = read_design(file)
    protocols = [load_protocol(scenario.protocol) for scenario in plan.scenarios]
    with console.progress("conducting the scenarios", 2 * replicates * len(protocols)) as advance:
        if isinstance(plan.design, SurvivalDesign):
            rows = _conducted(plan, protocols, replicates, seed, advance, _survival(plan.design))
        else:
            rows = _conducted(plan, protocols, replicates, seed, advance, _stages(plan.design))
    title = f"{plan.name}: {plan.design.endpoint}, {replicates} replicates, seed {seed}"
    if isinstance(plan.design, SurvivalDesign):
        _print(title, HEADS, rows, hidden=() if plan.design.futility else ("futile by look",))
        _say_bounds(plan.design)
    else:
        _print(title, STAGE_HEADS, rows)
        _say_stages(plan.design)
    console.say("± is the Monte-Carlo standard error. Research and simulation: not a medical device.")


def _print(title: str, heads: tuple[str, ...], rows: list[list[str]], *, hidden: tuple[str, ...] = ()) -> None:
    """Print a table without the columns that say nothing here."""
    shown = [k for k, head in enumerate(heads) if head not in hidden]
    kept = tuple(heads[k] for k in shown)
    words = ("scenario", "values", "look")
    console.print_table(title, kept, [[row[k] for k in shown] for row in rows], right=[head for head in kept if head not in words])


def _conducted(
    plan: DesignFile, protocols: list[Protocol], replicates: int, seed: int, advance: Advance, ask: Callable[[Any, Protocol], list[str]]
) -> list[list[str]]:
    """Return the rows of every scenario, with central and with uncertain values."""
    from autologue.trial.designs import TwoStageDesign
    from autologue.trial.replicate import plan_course, replicate_course

    rows = []
    for scenario, protocol in zip(plan.scenarios, protocols, strict=True):
        size = protocol.enrolled
        if isinstance(plan.design, TwoStageDesign):
            size = round(SPARE * plan.design.stages.total * protocol.enrolled / protocol.infused)
        for uncertain in (False, True):
            trial = replicate_course(plan_course(protocol, seed=seed, uncertain=uncertain, size=size), replicates, progress=advance)
            rows.append([scenario.name, "uncertain" if uncertain else "central", *ask(trial, protocol)])
    return rows


def _survival(chosen: SurvivalDesign) -> Callable[[Any, Protocol], list[str]]:
    from autologue.trial.designs import operate

    return lambda trial, protocol: _row(operate(trial, chosen, arms=list(protocol.arms)))


def _stages(chosen: TwoStageDesign) -> Callable[[Any, Protocol], list[str]]:
    from autologue.trial.designs import operate_two_stage

    def ask(trial: Any, protocol: Protocol) -> list[str]:
        found = operate_two_stage(trial, chosen)
        return [f"{found.success:.3f} ± {found.error:.3f}", f"{found.early:.3f}", f"{found.patients:.1f}", f"{found.rate:.3f}"]

    return ask


def _row(found: Characteristics) -> list[str]:
    looks, futile = (" / ".join(f"{share:.3f}" for share in shares) for shares in (found.stopped, found.futile))
    shares = (found.lost, found.bridged, found.crossed)
    lost, bridged, crossed = (f"{100 * share:.0f} %" for share in shares)
    ratios = ["-" if math.isnan(ratio) else f"{ratio:.2f}" for ratio in (found.hazard_ratio, found.infused_ratio)]  # nobody may be infused
    middle = [f"{found.events:.0f}", f"{found.months:.1f}", *ratios]
    return [f"{found.success:.3f} ± {found.error:.3f}", looks, futile, *middle, lost, console.number(found.wait), bridged, crossed]


def _say_bounds(chosen: SurvivalDesign) -> None:
    """Print the bounds, and what they do by integration where the statistic is normal."""
    from autologue.trial.designs import conditional_power, stopping_probabilities

    bounds, futility = chosen.bounds(), chosen.futility
    null = stopping_probabilities(chosen.looks, bounds.upper, bounds.lower)
    planned = stopping_probabilities(chosen.looks, bounds.upper, bounds.lower, drift=bounds.drift) if futility else None
    rows = []
    for k, t in enumerate(chosen.looks):
        up, low = float(bounds.upper[k]), float(bounds.lower[k])
        asked = futility is not None and t < 1
        stop = [f"{low:.3f}", f"{chosen.hazard_ratio(low, k):.2f}"] if futility else ["–", "–"]
        power = f"{conditional_power(low, t, bound=float(bounds.upper[-1]), drift=bounds.drift):.2f}" if asked else "–"
        ends = [f"{p[0][k]:.4f} / {p[1][k]:.4f}" if p else "–" for p in (null, planned)]
        rows.append([str(k + 1), f"{t * chosen.events:.0f}", f"{up:.3f}", f"{chosen.hazard_ratio(up, k):.2f}", *stop, power, *ends])
    hidden = () if futility else ("stop below", "HR there ", "conditional power", "ends, planned effect")
    _print("Bounds of the log-rank statistic, and the chance to end at each look: success / futility", BOUND_HEADS, rows, hidden=hidden)
    said = f"One-sided error {chosen.alpha:g}, spent as {_spending(chosen.spending)}."
    if futility:
        expected = [chosen.events * sum(t * (u + d) for t, u, d in zip(chosen.looks, *p, strict=True)) for p in (null, planned) if p]
        bind = "bind" if futility.binding else "do not bind"
        said += (
            f" Futility spends {futility.beta:g} as {_spending(futility.spending)}, and its bounds {bind}. With {chosen.events} events "
            f"power is {1 - futility.beta:g} at a hazard ratio of {chosen.hazard_ratio(bounds.drift):.3f} (arms of one size, proportional "
            f"hazards); events expected {expected[0]:.0f} without effect and {expected[1]:.0f} with it."
        )
    console.say(said)


def _spending(spending: str | float) -> str:
    names = {"obrien_fleming": "O'Brien and Fleming (Lan-DeMets)", "pocock": "Pocock (Lan-DeMets)"}
    return names[spending] if isinstance(spending, str) else f"Hwang, Shih and DeCani with parameter {spending:g}"


def _say_stages(chosen: TwoStageDesign) -> None:
    stages = chosen.stages
    console.say(
        f"Stop after {stages.first} patients with at most {stages.stop} responses; else go on to {stages.total}, promising above "
        f"{stages.reject}. Exactly: success {stages.passing(chosen.poor):.4f} at a rate of {chosen.poor:g} and "
        f"{stages.passing(chosen.good):.4f} at {chosen.good:g}; stops early {stages.early(chosen.poor):.4f} and "
        f"{stages.early(chosen.good):.4f}; patients expected {stages.patients(chosen.poor):.1f} and {stages.patients(chosen.good):.1f}."
    )
