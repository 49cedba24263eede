"""The words and tables of the part of a report that follows patients."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from autologue.plot.numbers import format_interval, format_number, format_unit
from autologue.report.content import Reference, Table
from autologue.trial import Compared, CourseResult, TrialResult
from autologue.trial.endpoints import estimands_of

__all__ = [
    "COURSE_METHODS",
    "COURSE_REFERENCES",
    "LINKS",
    "SCALE_NAMES",
    "compared_table",
    "course_references",
    "flow_words",
    "judged",
    "kinetics_rows",
    "kinetics_words",
    "link_table",
    "predicted",
    "response_words",
    "share_table",
    "survival_words",
    "toxicity_rows",
    "toxicity_words",
    "zero_of",
]

SCALE_NAMES = {
    "crs_astct_2019": "CRS, ASTCT 2019",
    "crs_lee_2014": "CRS, Lee 2014",
    "crs_penn": "CRS, Penn",
    "icans_astct_2019": "ICANS, ASTCT 2019",
}
QUANTITIES = {"cmax": "Peak of CAR-T cells, geometric mean", "auc_28": "Area to day 28, geometric mean", "tmax": "Day of the peak, mean"}
LINKS = (
    "What no published model says is a statistical link: a number with its uncertainty and its source, or the word *assumed*. A *variability* "
    "is the centre or the spread between patients of a parameter of a library model; a *product* is what tells products apart."
)
COURSE_METHODS = """\
**Patients.** Each goes from screening through apheresis, manufacturing, waiting, bridging and lymphodepletion to infusion, then through the \
disease course, response at visits, relapse with or without antigen, comedication, toxicity, later therapy and death by the earliest of its \
causes, on one clock.

**Disease.** The course is a library model with chance extinction of the last hundred antigen-positive cells; antigen-negative clones grow \
beside it from a Poisson number of founders. Response follows from the simulated burden by the criteria of the protocol; where that is \
Lugano by burden it is a surrogate, not imaging.

**Toxicity.** The signal of Hanson 2016 and a susceptibility give a severity, thresholds of which are fever, vasopressors, oxygen and organ \
signs. Every scale is read from the same days by its published table. Neurotoxicity has a severity of its own, without expansion.

**Intervals.** From the 5th to the 95th percentile over replicates at the figure's own n, accrual and data cut. Where the trial is \
uncertain, each pair of replicates has its own draw of links and parameters, so the interval holds parameter uncertainty and chance. The \
width of chance alone is that of a binomial share at the predicted median. Figures of families that calibrate say nothing about whether \
the simulation is right.
"""
COURSE_REFERENCES = {
    "leukaemia": (
        Reference(
            "Leon-Triana O, Sabir S, Calvo GF, et al. Commun Nonlinear Sci Numer Simul 2021;94:105570.", "10.1016/j.cnsns.2020.105570"
        ),
    ),
    **dict.fromkeys(
        ("lymphoma", "mantle_cell", "follicular"),
        (Reference("Kimmel GJ, Locke FL, Altrock PM. Proc R Soc B 2021;288:20210229.", "10.1098/rspb.2021.0229"),),
    ),
    "myeloma": (Reference("Singh AP, Chen W, Zheng X, et al. CPT Pharmacometrics Syst Pharmacol 2021;10:362-376.", "10.1002/psp4.12598"),),
}
TOXICITY_REFERENCES = (
    Reference("Hanson S, Grimes DR, Taylor-King JP, et al. bioRxiv 2016.", "10.1101/049908"),
    Reference(
        "Lee DW, Santomasso BD, Locke FL, et al. ASTCT consensus grading. Biol Blood Marrow Transplant 2019;25:625-638.",
        "10.1016/j.bbmt.2018.12.758",
    ),
)


def course_references(result: TrialResult) -> list[Reference]:
    """Return the papers that the course of patients rests on."""
    if result.course is None:
        return []
    plan = result.course.plan.setting.protocol
    return [*COURSE_REFERENCES.get(plan.course, ()), *(TOXICITY_REFERENCES if plan.toxicity else ())]


def judged(found: CourseResult) -> str:
    """Return how many figures are inside, calibrating and checking apart, and what the interval holds."""
    parts = []
    for use, words in (("check", "checking"), ("calibrate", "calibrating")):
        inside, count = found.inside(use)
        if count:
            parts.append(f"{inside} of {count} {words} figures lie inside their 90 % predictive interval")
    silent = sum(one.interval is None for one in found.compared)
    said = "; ".join(parts) + "." if parts else "No published figure of this trial is at hand."
    said += f" {silent} figures cannot be said, for the reasons given." if silent else ""
    if not found.plan.uncertain:
        said += " All replicates share the central values, so intervals are chance alone and too narrow for a verdict on the models."
    else:
        said += f" {found.drawn_from}"
    return said


def compared_table(found: CourseResult, use: str) -> Table:
    """Return the figures of the families with this use."""
    rows = [
        {
            "Figure": f"{one.row.trial}: {_words(one.row.endpoint)}"
            + ("" if math.isnan(one.row.months) else f", {one.row.months:g} months"),
            "n": one.row.n or "–",
            "Predicted": predicted(one),
            "Width; of chance": _widths(one),
            "Published": _published(one),
            "Verdict": one.verdict or "–",
            "Source": one.row.source.removeprefix("https://").removeprefix("http://") + (f"; {one.row.note}" if one.row.note else ""),
        }
        for one in found.compared
        if one.family.use == use
    ]
    said = {
        "check": "Figures that only check: used nowhere.",
        "calibrate": "Figures of families meant for calibration: agreement is no evidence.",
    }[use]
    caption = f"{said} Median of the replicates (90 % predictive interval; ± the largest Monte-Carlo standard error of its ends and median); shares are fractions, times of curves months, onset and duration days."
    return Table(pd.DataFrame(rows), caption)


def _words(endpoint: str) -> str:
    return endpoint.replace("_prop", "").replace("_surv", "").replace("_", " ")


def predicted(one: Compared) -> str:
    """Return the median of a figure with its interval and Monte-Carlo error, or why there is none."""
    if one.interval is None:
        return one.why
    return (
        f"{format_number(one.interval.median)} ({format_interval(one.interval.lower, one.interval.upper)}; ± {format_number(one.error, 2)})"
    )


def _widths(one: Compared) -> str:
    if one.interval is None:
        return "–"
    return f"{format_number(one.width, 2)}; {format_number(one.binomial, 2)}"


def _published(one: Compared) -> str:
    bounds = format_interval(one.row.lower, one.row.upper)
    return format_number(one.row.published) + (f" ({bounds})" if bounds else "")


def flow_words(found: CourseResult) -> str:
    """Return what the flow diagram counts."""
    plan = found.plan.setting.protocol
    who = plan.sizes.get("infused")
    reported = f" The trial itself reported {plan.infused} infused." if who is not None else ""
    grown = 100.0 * np.isfinite(found.trial.table.progressed_waiting).mean()
    waited = (
        f" Before infusion {grown:.0f} % were seen to progress: some were withdrawn, some died, the others were infused." if grown else ""
    )
    return (
        f"{found.trial.count} replicates of {found.plan.size} enrolled patients each.{reported}{waited} "
        "Rates per infused patient leave out those lost before."
    )


def response_words(found: CourseResult) -> str:
    """Return by which criteria response was read."""
    plan = found.plan.setting.protocol.response
    if plan is None:
        return "Response is a published share: no model stands behind it."
    said = f"By {plan.criteria.value} ({plan.criteria.source}). A patient in remission at infusion, after bridging, has no response that the cells can claim."
    if plan.criteria.value == "lugano_burden":
        said += " Lugano by burden is a surrogate: neither PET nor CT."
    course = found.plan.setting.course
    if course is None:
        return said
    shared = found.plan.setting.protocol.course
    if shared != course.name:
        said += f" The disease follows the course of {course.name}, with links of its own, all assumed."
    if course.model.provisional:
        said += f"\n\n**The model of this course is provisional**: {course.model.provisional}."
    return said + f"\n\nTaken for granted: {course.assumed}."


def survival_words(found: CourseResult) -> str:
    """Return what an estimand is and what is assumed in each."""
    lines = ["Each endpoint keeps its own time zero, events and censoring:", ""]
    for name, estimand in estimands_of(found.plan.setting.protocol).items():
        assumed = f"; assumed: {estimand.assumed}" if estimand.assumed else ""
        lines.append(f"- **{name.replace('_', ' ')}**: from {estimand.zero_words}, {estimand.reference}{assumed}")
    return "\n".join(lines)


def zero_of(found: CourseResult, name: str) -> str:
    """Return time zero of an endpoint in words."""
    return estimands_of(found.plan.setting.protocol)[name].zero_words


def toxicity_words(found: CourseResult) -> str:
    """Return whose scale the trial used."""
    plan = found.plan.setting.protocol.toxicity
    if plan is None:
        return "The protocol names no scale, so no toxicity was simulated."
    return (
        f"The trial graded cytokine release by {SCALE_NAMES[plan.crs.value]}; comedication follows that grade. A Penn rate cannot be compared with "
        "an ASTCT rate: the figure shows the same days read by each."
    )


def kinetics_words(found: CourseResult) -> str:
    """Return what the cells are."""
    course = found.plan.setting.course
    unit = course.model.outputs[course.cells].unit if course else ""
    return (
        f"CAR-T cells of the disease model ({format_unit(unit)}), not transgene: ratios can be compared with published ones, values cannot."
    )


def share_table(frame: pd.DataFrame, what: str) -> Table:
    """Return shares of patients in percent."""
    rows = [
        {
            what.capitalize(): row[what],
            "Patients": _percent(row["median"]),
            "90 % of replicates": f"{_percent(row['lower'])} to {_percent(row['upper'])}",
        }
        for _, row in frame.iterrows()
    ]
    return Table(pd.DataFrame(rows), "Share of patients by best response.")


def toxicity_rows(frame: pd.DataFrame) -> Table:
    """Return the share of patients by worst grade, one column a scale."""
    rows = []
    for grade, own in frame.groupby("grade"):
        cells = {"Worst grade": str(grade)}
        for _, row in own.iterrows():
            cells[SCALE_NAMES[row["scale"]]] = f"{_percent(row['median'])} ({_percent(row['lower'])} to {_percent(row['upper'])})"
        rows.append(cells)
    return Table(pd.DataFrame(rows), "Infused patients by worst grade: median of the replicates (90 % of them).")


def kinetics_rows(frame: pd.DataFrame, found: CourseResult) -> Table:
    """Return exposure in responders and others."""
    rows = [
        {
            "Quantity": QUANTITIES[row["quantity"]],
            "Patients": row["group"],
            "Predicted": f"{format_number(row['median'])} ({format_interval(row['lower'], row['upper'])})",
        }
        for _, row in frame.iterrows()
    ]
    return Table(pd.DataFrame(rows), "CAR-T cells by response: median of the replicates (90 % of them).")


def link_table(found: CourseResult) -> Table:
    """Return every link with its uncertainty and source."""
    rows = [
        {
            "Link": name.replace("_", " "),
            "Value": f"{format_number(link.value)} {format_unit(link.unit)}".strip(),
            "Uncertainty": f"{format_number(link.sd, 2)} ({link.scale})",
            "Kind": link.kind + (", calibrated" if name in found.plan.calibrated else ""),
            "Source": link.source,
        }
        for name, link in found.plan.links.items()
    ]
    return Table(pd.DataFrame(rows), "Links: centre, standard deviation of the uncertainty on its scale, and source.")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
