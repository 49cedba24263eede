"""Waiting for the cells: what it costs, beside what others found.

Nothing here was calibrated to waiting: how fast disease grows meanwhile, and who is withdrawn, are assumed links. The published figures are
a simulation of lymphoma (Tully 2019), a model on JULIET (Chen 2022, of which only the summary is at hand, so that two months less is taken
as one month instead of three), and the patients of a German registry, whose hazard ratio is univariate: those who wait longer differ in
other ways too. Each is compared with the 90 % interval of our trials of large B-cell lymphoma under uncertain links; a figure outside is
shown and nothing is tuned.
"""

import sys
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter

from autologue.outcomes import ESTIMANDS
from autologue.outcomes.arrays import observe_records
from autologue.qualify.claims import print_claims
from autologue.trial import load_protocol
from autologue.trial.flow import MONTH
from autologue.trial.replicate import plan_course, replicate_course

WHY = "another population and other assumptions, ours not calibrated to waiting; nothing was tuned to bring it inside"
WAITS = (0.0, 1.0, 2.0, 3.0)  # months from enrolment to the released product
GERMAN = 374
TULLY, CHEN = "Tully 2019", "Chen 2022, Value Health 25:1344"
REGISTRY = "German registry, n = 374, PMC10337711, Table 2"


def waited(protocol, months):
    """Return the protocol with every product released so many months after enrolment, give or take a tenth."""
    day = max(months * MONTH, 1.0)
    time = protocol.manufacturing.time
    made = {key: replace(getattr(time, key), value=day * by) for key, by in (("median", 1.0), ("lower", 0.8), ("upper", 1.25))}
    return replace(protocol, manufacturing=replace(protocol.manufacturing, time=replace(time, **made, sd=replace(time.sd, value=0.05))))


def by_wait(name, *, draws, size):
    """Return the share infused, in complete response and alive at a year, of all who enrol: (waits, 3, draws)."""
    found = []
    for months in WAITS:
        plan = plan_course(waited(load_protocol(name), months), seed=11, uncertain=True, size=size)
        trial = replicate_course(plan, 2 * draws, block=5)
        columns = (trial.table.infused, trial.table.kinds.category(trial.table.best_label) == 4, trial.table.death > 365.25)
        found.append([np.asarray(trial.grouped(column, 2), float).mean(axis=1) for column in columns])
    return np.array(found)


def per_doubling(*, draws):
    """Return the hazard ratio of progression or death after infusion for a doubling of the time to it (draws,), for as many patients."""
    protocol = load_protocol("juliet")
    spread = replace(protocol.manufacturing.time, sd=replace(protocol.manufacturing.time.sd, value=0.45))
    protocol = replace(protocol, manufacturing=replace(protocol.manufacturing, time=spread))
    trial = replicate_course(plan_course(protocol, seed=12, uncertain=True, size=round(1.6 * GERMAN)), draws, block=5)
    seen = observe_records(trial.table.records(trial.cut), ESTIMANDS["pfs_infused"])
    ratios = []
    for k in range(draws):
        rows = np.flatnonzero((trial.table.replicate == k) & seen.known & (seen.time > 0))[:GERMAN]
        frame = pd.DataFrame({"time": seen.time[rows], "event": seen.status[rows] == 1, "wait": np.log2(trial.table.infusion[rows])})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ratios.append(float(np.exp(CoxPHFitter().fit(frame, "time", "event").params_["wait"])))
    return np.array(ratios)


def judged(text, values, *, source, published):
    """Return a claim: published inside the 90 % interval."""
    low, middle, high = np.percentile(values, (5, 50, 95))
    inside = bool(low <= published <= high)
    return dict(
        claim=f"{text} (ours {low:.3g} to {high:.3g})", source=source, published=published, ours=float(middle),
        tolerance=float((high - low) / 2), passed=inside, note="" if inside else WHY,
    )  # fmt: skip


def worse(name, found):
    """Return one claim an outcome: the mean over draws falls with every month of waiting."""
    rows = []
    for k, outcome in enumerate(("infused", "in complete response", "alive at a year")):
        means = found[:, k].mean(axis=1)
        said = ", ".join(f"{100 * mean:.1f}" for mean in means)
        rows.append(
            dict(
                claim=f"{name}, all enrolled, {outcome}: fewer with each month of waiting ({said} % at 0, 1, 2, 3 months)",
                source="the direction of every study of waiting", published=True, ours=bool((np.diff(means) < 0).all()), tolerance=0.0,
                passed=bool((np.diff(means) < 0).all()), note="",
            )
        )  # fmt: skip
    return rows


def checks(*, quick=False):
    """Return all claims."""
    draws, size = (10, 200) if quick else (40, 400)
    zuma, juliet = (by_wait(name, draws=draws, size=size) for name in ("zuma_1", "juliet"))
    ratios = per_doubling(draws=20 if quick else 80)
    return [
        *worse("ZUMA-1", zuma),
        *worse("JULIET", juliet),
        judged("rise of mortality at a year from no wait to one month", zuma[0, 2] - zuma[1, 2], source=TULLY, published=0.021),
        judged("more treated with two months less", juliet[1, 0] / juliet[3, 0] - 1.0, source=CHEN, published=0.107),
        judged("hazard ratio after infusion for each doubling of the wait", ratios, source=REGISTRY, published=1.5),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(print_claims(checks(quick="--quick" in sys.argv)))
