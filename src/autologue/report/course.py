"""The part of a trial's report that follows its patients: flow, response, survival, toxicity, kinetics by response, published figures."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from autologue.plot import survival_curves
from autologue.plot.flow import patient_flow
from autologue.plot.grade_bars import grade_bars
from autologue.plot.swimmer import swimmer
from autologue.plot.waterfall import waterfall
from autologue.report import course_text as text
from autologue.report.content import Figure, Section
from autologue.report.course_patients import changes, lanes, marks
from autologue.trial import CourseResult
from autologue.trial.summaries import best_responses_table, curve_table, flow_counts, kinetics_by_response, toxicity_table

__all__ = ["course_sections"]

INTERVAL = "median of the replicates and 90 % of them"


def course_sections(found: CourseResult) -> list[Section]:
    """Return the sections, in the order of a patient's way."""
    sections = [_published(found), _flow(found), _response(found), _survival(found)]
    if found.trial.table.infused.any():
        sections += [_toxicity(found), _kinetics(found)]
    return [*sections, _links(found)]


def _published(found: CourseResult) -> Section:
    tables = [text.compared_table(found, use) for use in ("check", "calibrate") if any(c.family.use == use for c in found.compared)]
    return Section("Simulated and published", text.judged(found), tables=tables)


def _flow(found: CourseResult) -> Section:
    caption = f"Patients at each step of one trial ({INTERVAL}). Losses between enrolment and infusion stand beside the arrow."
    return Section("Flow of patients", text.flow_words(found), [Figure(patient_flow(flow_counts(found.trial)), caption)])


def _response(found: CourseResult) -> Section:
    figures = []
    if found.trial.table.infused.any():
        known = changes(found)
        kinds = found.trial.table.kinds
        order = [*(kinds.names[k] for k in (-kinds.ranks).argsort(kind="stable") if k), "none"]
        figures = [
            Figure(
                swimmer(lanes(found), marks(found)),
                "The infused patients of the first replicate, each a lane from infusion to the last contact at the data cut.",
            ),
            Figure(
                waterfall(known, order=order),
                "Best change of the burden in the infused patients of the first replicate, from the baseline at infusion; rises are cut at 100 %.",
            ),
        ]
    return Section("Response", text.response_words(found), figures, [text.share_table(best_responses_table(found.trial), "best response")])


def _survival(found: CourseResult) -> Section:
    return Section("Survival", text.survival_words(found), list(_curves(found)))


def _curves(found: CourseResult) -> Iterator[Figure]:
    """Return a figure an endpoint, arms and control together."""
    arms = list(found.plan.setting.protocol.arms)
    for name, endpoint in found.plan.setting.protocol.endpoints.items():
        if not endpoint.timed:
            continue
        drawn, risk = [], []
        for number, arm in enumerate(arms or [""]):
            curve, counted = curve_table(found.trial, name, arm=number if len(arms) > 1 else None)
            drawn.append(curve.assign(arm=arm))
            risk.append(counted.assign(arm=arm))
        if found.control is not None and name == "overall_survival":
            curve, counted = curve_table(found.control, name)
            other = found.plan.setting.protocol.control
            drawn, risk = [drawn[0].assign(arm="trial"), curve.assign(arm=other)], [risk[0].assign(arm="trial"), counted.assign(arm=other)]
        chart = survival_curves(pd.concat(drawn), _same_ticks(risk), event="Free of the event", start=text.zero_of(found, name))
        yield Figure(
            chart, f"{name.replace('_', ' ').capitalize()}: {endpoint.value}. Line: median of the predicted Kaplan-Meier curves; band: 90 % of "
            "them, parameter uncertainty included where the trial is uncertain; numbers at risk: median."
        )  # fmt: skip


def _same_ticks(risk: list[pd.DataFrame]) -> pd.DataFrame:
    """Return numbers at risk at the ticks that all curves have."""
    ticks = sorted(set.intersection(*(set(table["time"]) for table in risk)))
    return pd.concat([table[table["time"].isin(ticks)] for table in risk])


def _toxicity(found: CourseResult) -> Section:
    table = toxicity_table(found.trial)
    bars = table.assign(share=table["median"], scale=table["scale"].map(text.SCALE_NAMES))
    bars["share"] = bars["share"] / bars.groupby("scale")["share"].transform("sum")
    caption = (
        "Infused patients by worst grade, the same simulated physiology read by every scale (medians of the replicates, scaled to 100 %)."
    )
    return Section("Toxicity", text.toxicity_words(found), [Figure(grade_bars(bars), caption)], [text.toxicity_rows(table)])


def _kinetics(found: CourseResult) -> Section:
    return Section(
        "Kinetics by response", text.kinetics_words(found), tables=[text.kinetics_rows(kinetics_by_response(found.trial), found)]
    )


def _links(found: CourseResult) -> Section:
    return Section("Statistical links", text.LINKS, tables=[text.link_table(found)])
