"""The report of a survival analysis: Kaplan-Meier with numbers at risk, comparisons, and every family side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from autologue.plot import survival_curves
from autologue.plot.fitted import fitted_curves
from autologue.plot.numbers import format_number
from autologue.report.content import Figure, Reference, Report, Section, Table
from autologue.report.survival_text import (
    agreement,
    compared,
    counted,
    fit_rows,
    hazard_rows,
    key_lines,
    observed_rows,
    ticks,
    warning_rows,
)
from autologue.survival.analysis import ArmAnalysis, Extrapolated, SurvivalAnalysis

__all__ = ["kaplan_meier_figure", "survival_report"]

DRAWN, MANY = 4, 1500  # fitted curves in a figure; steps of a curve that are drawn
METHODS = """\
**Without a model.** Kaplan-Meier with Greenwood's variance and log(-log) intervals; medians with Brookmeyer-Crowley intervals; the \
restricted mean is the area under the curve to a time that every arm was followed to. Arms are compared by the log-rank test and by \
Cox's model (ties by Efron), whose proportional hazards are checked on Schoenfeld residuals.

**With a model.** Each family is fitted to each arm apart by maximum likelihood. AIC and BIC compare families on what was observed; \
they say nothing of what follows. Fits without an interior maximum are listed last and not ranked. Intervals are quantiles of \
drawn curves, {draws}. They hold given the family: the choice of the family is not in them, and beyond follow-up it is often the \
greater uncertainty.
"""
REFERENCES = (
    Reference("Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958;53:457-481."),
    Reference("Royston P, Parmar MKB. Restricted mean survival time. BMC Med Res Methodol 2013;13:152.", "10.1186/1471-2288-13-152"),
    Reference("Royston P, Parmar MKB. Flexible parametric models for censored data. Stat Med 2002;21:2175-2197.", "10.1002/sim.1203"),
    Reference("Maller RA, Zhou S. Testing for sufficient follow-up and outliers in survival data. J Am Stat Assoc 1994;89:1499-1506."),
)


def survival_report(found: SurvivalAnalysis, *, title: str, event: str, start: str, draws: str, record: Mapping[str, Any]) -> Report:
    """Return the report; `event` names the vertical axis, `start` time zero, `draws` how intervals were made, `record` is the manifest."""
    subjects, events = len(found.data), int(found.data.event.sum())
    sections = [_observed(found, event, start)]
    sections += [_arm(found, arm, event, start) for arm in found.arms if arm.fits]
    said = list(dict.fromkeys(found.notes))
    if said:
        sections.append(Section("What to bear in mind", "\n".join(f"- {each}" for each in said)))
    subtitle = f"{counted(subjects, 'subject')}, {counted(events, 'event')}, times in {found.unit}s"
    return Report(title, subtitle, sections, METHODS.replace("{draws}", draws), REFERENCES, record)


def kaplan_meier_figure(found: SurvivalAnalysis, event: str, start: str) -> Any:
    """Return the Kaplan-Meier curves of all arms with bands and numbers at risk."""
    times = ticks(found.data.follow_up, found.unit)
    curves = pd.concat([_steps(arm) for arm in found.arms], ignore_index=True)
    risk = pd.concat([arm.kaplan_meier.numbers_at_risk(times).assign(arm=arm.name) for arm in found.arms], ignore_index=True)
    if len(found.arms) == 1:
        curves, risk = curves.drop(columns="arm"), risk.drop(columns="arm")
    return survival_curves(curves, risk, time_unit=found.unit, event=event, start=start, key=key_lines(found))


def _steps(arm: ArmAnalysis) -> pd.DataFrame:
    """Return the curve for a figure, thinned where it has more steps than can be seen."""
    table = arm.kaplan_meier.table()[["time", "estimate", "lower", "upper", "censored"]]
    if len(table) > MANY:
        table = table.iloc[np.unique(np.linspace(0, len(table) - 1, MANY).astype(int))].assign(censored=0.0)
    return table.assign(arm=arm.name)


def _observed(found: SurvivalAnalysis, event: str, start: str) -> Section:
    caption = (
        f"{event} by Kaplan-Meier with 95 % intervals; ticks are censored subjects, the numbers beneath the axis those at risk. "
        "Follow-up that has ended is not drawn."
    )
    tables = [
        Table(
            observed_rows(found),
            f"By arm. Mean: restricted to {found.tau:.4g} {found.unit}s. Survival in % at each time in {found.unit}s. 95 % intervals.",
        )
    ]
    if found.cox is not None:
        tables.append(
            Table(
                hazard_rows(found),
                "Cox's model with 95 % intervals; the last column is Schoenfeld's test that the ratio does not change with time.",
            )
        )
    return Section("Observed", compared(found), [Figure(kaplan_meier_figure(found, event, start), caption)], tables)


def _arm(found: SurvivalAnalysis, arm: ArmAnalysis, event: str, start: str) -> Section:
    heading = "Fits and extrapolation" + (f": {arm.name}" if len(found.arms) > 1 else "")
    shown = arm.best(DRAWN)
    figures = []
    if shown:
        caption = (
            f"The {len(shown)} best families by AIC that differ visibly, over Kaplan-Meier with its 95 % interval; dashed beyond the "
            f"end of follow-up at {format_number(arm.data.follow_up)} {found.unit}s."
        )
        figures = [Figure(_fit_figure(found, arm, shown, event, start), caption)]
    caption = (
        f"Families by AIC, with survival in % at each time in {found.unit}s and the mean time to {found.horizon:g} {found.unit}s; "
        "95 % intervals. ΔAIC is against the best."
    )
    tables = [Table(fit_rows(found, arm), caption, digits=5)]
    if len(said := warning_rows(arm)):
        tables.append(Table(said, "What must be known before a curve is used."))
    return Section(heading, agreement(found, arm), figures, tables)


def _fit_figure(found: SurvivalAnalysis, arm: ArmAnalysis, shown: tuple[Extrapolated, ...], event: str, start: str) -> Any:
    times = ticks(found.horizon, found.unit)
    risk = arm.kaplan_meier.numbers_at_risk(times)
    rows = []
    for each in shown:
        inside = each.curve.time <= times[-1]
        name = each.fit.family.name
        rows.append(pd.DataFrame({"family": name, "time": each.curve.time[inside], "estimate": each.curve.estimate[0, inside]}))
    observed = _steps(arm).drop(columns="arm")
    observed = observed[observed["time"] <= times[-1]]
    fits = pd.concat(rows, ignore_index=True)
    return fitted_curves(observed, risk, fits, followed=arm.data.follow_up, time_unit=found.unit, event=event, start=start)
