"""The report of a calibration: what was learnt, fit, posterior predictive checks, and how far the surface can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from autologue.plot.calibration import distances, learnt
from autologue.plot.numbers import format_interval, format_number, format_unit
from autologue.report.content import Figure, Reference, Report, Section, Table
from autologue.report.course_text import predicted
from autologue.report.manifest import manifest
from autologue.trial.calibration import TrialCalibration
from autologue.trial.calibration.predicted import Checked, counts
from autologue.trial.calibration.said import in_short
from autologue.trial.calibration.targets import SPREAD

__all__ = ["calibration_report"]

METHODS = """\
**Likelihood.** The published summaries are taken as normal about their simulated means, with the covariance that replicates of the real size \
have (synthetic likelihood). Shares are compared as angles, whose chance is nearly the same at every share; times and ratios as logarithms; a \
median of a curve as one half at that time. To this covariance is added what no replicate shows: a spread of {spread:g} on these scales for \
adjudicators and cuts of one endpoint, the rounding of whole days, and the error of the fitted surface.

**Simulation.** Each set of links is tried in {replicates} trials of the real size. Sets in one block share patients and all random numbers, so \
that they differ by their links only; blocks have numbers of their own. Links that are not moved, and shares of the protocol, are drawn anew \
for each pair of trials, so the likelihood is averaged over them. They are not themselves informed.

**Waves.** A surface of second degree is fitted to the means within blocks; its error is that of points left out. Each wave draws its sets \
from the posterior so far, broadened. Draws come from sequential Monte Carlo on the last surface.

**Prior.** Links before calibration, independent, each with its own uncertainty. Figures of families that only check are used nowhere.
"""
REFERENCES = (
    Reference("Wood SN. Statistical inference for noisy nonlinear ecological dynamic systems. Nature 2010;466:1102-1104.",
              "10.1038/nature09319"),
    Reference("Vernon I, Goldstein M, Bower RG. Galaxy formation: a Bayesian uncertainty analysis. Bayesian Anal 2010;5:619-669.",
              "10.1214/10-BA524"),
    Reference("Del Moral P, Doucet A, Jasra A. Sequential Monte Carlo samplers. J R Stat Soc B 2006;68:411-436.",
              "10.1111/j.1467-9868.2006.00553.x"),
)  # fmt: skip


def calibration_report(calibration: TrialCalibration, checked: Sequence[Checked] = ()) -> Report:
    """Return the report of a calibration; `checked` are its posterior predictive checks."""
    found = calibration.found
    state = calibration.posterior().state
    return Report(
        "Calibration of links", ", ".join(p.name.value for p in calibration.protocols),
        [_short(calibration, checked), _learnt(calibration), _fit(calibration), *_checks(checked), _surface(calibration)],
        METHODS.format(spread=SPREAD, replicates=calibration.method.replicates), REFERENCES,
        manifest(
            seed=found.seed, models=state["models"],
            settings={**{name: str(getattr(calibration.method, name)) for name in calibration.method.__dataclass_fields__},
                      "trials simulated": found.replicates, **{f"targets {name}": each for name, each in state["targets"].items()},
                      **{f"links {name}": each for name, each in state["links"].items()}},
        ),
    )  # fmt: skip


def _short(calibration: TrialCalibration, checked: Sequence[Checked]) -> Section:
    return Section("In short", "\n\n".join(in_short(calibration, tuple(checked))))


def _learnt(calibration: TrialCalibration) -> Section:
    table = calibration.found.identifiability()
    caption = "Every link that was moved. Broad grey: 90 % of the prior. Blue: 90 % of the posterior and its mean."
    rows, ties = [], []
    for (name, link), (_, row), draws in zip(calibration.links.items(), table.iterrows(), calibration.values().values(), strict=True):
        low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
        prior_low, prior_high = link.at(np.array([-1.645, 1.645]))
        rows.append({
            "Link": _words(name), "Unit": format_unit(link.unit) or "–",
            "Before (90 %)": f"{format_number(link.value)} ({format_interval(prior_low, prior_high)})",
            "After (90 %)": f"{format_number(middle)} ({format_interval(low, high)})", "Contraction": f"{row['contraction']:.2f}",
        })  # fmt: skip
        ties.append({
            "Link": _words(name), "Moves most": _words(str(row["most_informed_by"])), "By": f"{row['slope']:+.2f}",
            "Correlated most with": f"{_words(str(row['correlated_with']))} ({row['correlation']:+.2f})" if row["correlated_with"] else "–",
        })  # fmt: skip
    said = (
        "Contraction is one less the variance after over that before: 0, the targets say nothing of this link; 1, they fix it. Links with a "
        "strong correlation are known together better than alone. Contraction below zero, and small ones, are Monte-Carlo error."
    )
    told = "What each link moves most, in standard deviations of the target for one of the prior, and its strongest correlation."
    tables = [Table(pd.DataFrame(rows), "Links before and after calibration."), Table(pd.DataFrame(ties), told)]
    return Section("What was learnt", said, [Figure(learnt(table), caption)], tables)


def _words(name: str) -> str:
    """Return a name with spaces, which can be broken over lines."""
    return name.replace("_", " ").replace(".", ": ")


def _fit(calibration: TrialCalibration) -> Section:
    table = calibration.found.fit()
    said = (
        f"Posterior predictive p-value of all targets together: {calibration.found.together():.3g}. Near zero the simulation cannot give them "
        "together, whatever the links; each target far outside the band says where."
    )
    rows = table.assign(
        target=table["target"].map(_words), informed=["yes" if each else "no" for each in table["informed"]]
    ).rename(columns={"surface_error": "error of the surface", "informed": "moved by links"})  # fmt: skip
    caption = (
        "By the fitted surface: published, 90 % predictive interval of a new trial, distance in predictive standard deviations, and the "
        "error of the surface in standard deviations of the target. A median of a curve stands as its share at that time, 0.5."
    )
    return Section("Fit", said, [Figure(distances(table), "Published less predicted; the band holds 90 %.")], [Table(rows, caption)])


def _checks(checked: Sequence[Checked]) -> list[Section]:
    if not checked:
        return []
    rows = [
        {
            "Figure": f"{each.after.row.trial}: {_words(each.after.row.name)}", "n": each.after.row.n, "Published": format_number(each.after.row.published),
            "Before": predicted(each.before), "After": predicted(each.after), "Verdict": f"{each.before.verdict} → {each.after.verdict}",
            "Width; of chance": f"{format_number(each.after.width, 2)}; {format_number(each.after.binomial, 2)}",
        }
        for each in checked
    ]  # fmt: skip
    said = counts(tuple(checked))
    prose = (
        f"Whole trials conducted anew with links of the prior and of the posterior: {said['before'][0]} of {said['before'][1]} calibrating figures "
        f"inside before, {said['after'][0]} of {said['after'][1]} after. These figures were aimed at, so agreement is no evidence; a miss is."
    )
    return [
        Section(
            "Posterior predictive checks",
            prose,
            (),
            [Table(pd.DataFrame(rows), "Medians and 90 % predictive intervals (± Monte-Carlo error).")],
        )
    ]


def _surface(calibration: TrialCalibration) -> Section:
    found = calibration.found
    rows = [
        {
            "Wave": wave.number, "Power of the likelihood": wave.power, "Sets fitted": wave.points,
            "Median variance explained": f"{np.median(wave.explained[found.informed]):.2f}",
            "Median error": f"{np.median(wave.error):.2f}", "Largest error": f"{wave.error.max():.2f}",
        }
        for wave in found.waves
    ]  # fmt: skip
    said = (
        f"{100 * found.outside:.1f} % of the particles lie beyond every set of the last design, where the surface is extrapolated. Errors are "
        "those of points left out, in standard deviations of the target, the Monte-Carlo error of a point included."
    )
    return Section("The surface", said, (), [Table(pd.DataFrame(rows), "Wave by wave; variance explained of targets that links move.")])
