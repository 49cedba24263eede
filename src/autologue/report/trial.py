"""The report of a virtual trial: one self-contained page with figures, comparisons, assumptions, methods and provenance.

>>> from autologue.trial import conduct
>>> page = render_report(trial_report(conduct("eliana", replicates=4)))
>>> "What this cannot say" in page
True
"""

from __future__ import annotations

from collections.abc import Iterator

from autologue.plot import Axis
from autologue.report import trial_charts as charts
from autologue.report import trial_text as text
from autologue.report.content import Figure, Reference, Report, Section
from autologue.report.course import course_sections
from autologue.report.course_text import COURSE_METHODS, course_references
from autologue.report.manifest import manifest
from autologue.report.page import render_report
from autologue.trial import Panel, TrialResult
from autologue.trial.leukaemia import typical_marrow_level

__all__ = ["render_report", "trial_report"]

READINGS = {"sd": "standard deviations", "variance": "variances"}


def trial_report(result: TrialResult) -> Report:
    """Return the report of a conducted trial."""
    plan = result.protocol
    return Report(
        title=f"A virtual {plan.name.value}",
        subtitle=f"{plan.product.value.capitalize()}: {plan.disease.value}",
        sections=_sections(result),
        methods="\n".join([*([text.METHODS] if result.lines else []), *([COURSE_METHODS] if result.course else [])]),
        references=_references(result),
        manifest=manifest(
            seed=result.seed, inputs=result.inputs, models=result.models,
            settings={
                "trial": plan.name.value, "replicates": result.replicates, "patients infused": plan.infused, **_course_settings(result),
                **{f"{p.name} {p.population}": f"{p.model}, {p.solver}, {p.failed} patients not solved" for p in _panels(result)},
            },
        ),
    )  # fmt: skip


def _sections(result: TrialResult) -> list[Section]:
    """Return the sections: in short, the course of patients, the three panels where the trial has them, and the protocol."""
    panels = [_kinetics(result), _leukaemia(result), _inflammation(result)] if result.lines else []
    course = course_sections(result.course) if result.course else []
    opening = [_opening(result)] if result.lines else []
    return [*opening, *course, *panels, _protocol(result)]


def _references(result: TrialResult) -> list[Reference]:
    own = list(text.REFERENCES) if result.lines else []
    known = {reference.doi for reference in own}
    return own + [reference for reference in course_references(result) if reference.doi not in known]


def _course_settings(result: TrialResult) -> dict[str, str | int]:
    """Return what the manifest says of the course."""
    if result.course is None:
        return {}
    plan = result.course.plan
    said = "a draw for each pair of replicates" if plan.uncertain else "central values"
    count = result.course.trial.count
    return {"disease course": plan.setting.protocol.course, "replicates of the course": count, "uncertain numbers": said, "patients not solved": int(result.course.trial.table.failed.sum())}


def _panels(result: TrialResult) -> Iterator[Panel]:
    return (p for group in result.panels.values() for p in group if p.model)


def _opening(result: TrialResult) -> Section:
    drawn = "Bars are 90 % predictive intervals with a tick at the median; points are published figures, lines their 95 % intervals. "
    return Section(
        "In short",
        text.summary(result),
        figures=[
            Figure(charts.forest(result, "patients", "kinetics"), drawn + "Patients and kinetics, each relative to its predicted median."),
            Figure(
                charts.forest(result, "leukaemia", "inflammation"),
                drawn + "Leukaemia, healthy B cells and inflammation; most are not comparable, for reasons in the tables.",
            ),
        ],
        tables=[text.comparison_table(result, "patients")],
    )


def _kinetics(result: TrialResult) -> Section:
    figures = []
    for name, said in READINGS.items():
        caption = (
            f"CAR transgene, random effects read as {said}: median, 50 % and 90 % of patients, without assay "
            f"error; the rule is the assay limit."
        )
        figures.append(Figure(charts.expansion(result, name), caption))
    for name, said in READINGS.items():
        caption = f"The {result.protocol.infused} patients of the first replicate, one line each, random effects read as {said}."
        figures.append(Figure(charts.individuals(result, name), caption))
    prose = (
        "After Stein 2019. Its random effects are read in two ways, and both are shown; neither is "
        "tuned. The model has no effect of the dose, so the dose "
        "moves nothing here. A half-life by non-compartmental analysis belongs to its window of visits and "
        "is not compared with ln 2 / beta."
    )
    return Section("Kinetics", prose, figures, [text.comparison_table(result, "kinetics")])


def _leukaemia(result: TrialResult) -> Section:
    level = typical_marrow_level()
    figures = [
        Figure(
            charts.cell_curves(result.leukaemia["leukaemic"], quantity="Leukaemic cells"),
            "Leukaemic cells: median, 50 % and 90 % of patients, under assumed spread. The model cannot lose its "
            "last cell: regrowth is built in and is no prediction of relapse.",
        ),
        Figure(
            charts.cell_curves(result.leukaemia["healthy_b"], quantity="Healthy B cells", level=level, said="marrow alone"),
            "Healthy B cells: median, 50 % and 90 % of patients, under assumed spread. The rule is what marrow "
            "alone would hold, against which depletion is read.",
        ),
    ]
    prose = (
        "After Leon-Triana 2021, in the form with a source of B cells, which alone can speak beyond day 60. "
        "Assumed, for the paper gives none of them: cells in proportion "
        "to blasts, the share of the dose that engrafts, and the spread between patients."
    )
    return Section("Leukaemia and healthy B cells", prose, figures, [text.comparison_table(result, "leukaemia")])


def _inflammation(result: TrialResult) -> Section:
    alone = (
        "after Hanson 2016 alone: dots are the patients of the first replicate, bands the running median, 50 "
        "% and 90 % of the first 2,000 patients or fewer."
    )
    figures = [
        Figure(
            charts.inflammation_by_burden(result, "peak", axis=Axis("Peak inflammation", "signal")),
            f"Peak inflammation against burden at the infusion, {alone}",
        ),
        Figure(
            charts.inflammation_by_burden(result, "onset", axis=Axis("Onset of inflammation", "day")),
            f"Onset of inflammation against burden at the infusion, in patients whose signal rises to it, {alone}",
        ),
    ]
    prose = (
        "After Hanson 2016, whose claim is that the peak rises with the burden at the infusion. Assumed: "
        "cells in proportion to blasts, the spread between "
        "patients, and the level that counts as onset. The signal is not fever and carries no grade."
    )
    return Section("Inflammation", prose, figures, [text.comparison_table(result, "inflammation")])


def _protocol(result: TrialResult) -> Section:
    assumed = [text.assumption_table(result)] if result.protocol.panels else []
    return Section("Protocol and assumptions", "", (), [*assumed, text.protocol_table(result.protocol)])
