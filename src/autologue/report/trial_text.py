"""The words and tables of a trial's report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

import pandas as pd

from autologue.plot.numbers import format_interval, format_number, format_unit
from autologue.protocol import Criterion, Endpoint, Fact, Protocol, Quantity
from autologue.report.content import Reference, Table
from autologue.report.course_text import judged
from autologue.trial import Line, TrialResult

__all__ = ["METHODS", "REFERENCES", "assumption_table", "comparison_table", "outlying", "protocol_table", "summary", "verdicts", "worth"]

REFERENCES = (
    Reference(
        "Stein AM, Grupp SA, Levine JE, et al. Tisagenlecleucel model-based cellular kinetic analysis of "
        "CAR-T cells. CPT Pharmacometrics Syst Pharmacol 2019;8:285-295.",
        "10.1002/psp4.12388",
    ),
    Reference(
        "Leon-Triana O, Sabir S, Calvo GF, et al. Commun Nonlinear Sci Numer Simul 2021;94:105570. BioModels BIOMD0000001012.",
        "10.1016/j.cnsns.2020.105570",
    ),
    Reference(
        "Hanson S, Grimes DR, Taylor-King JP, et al. Toxicity management in CAR T cell therapy for B-ALL: "
        "mathematical modelling as a new avenue for improvement. bioRxiv 2016. BioModels BIOMD0000000837.",
        "10.1101/049908",
    ),
    Reference(
        "Mueller KT, et al. 2018: cellular kinetics of tisagenlecleucel, 62 responders and 8 non-responders.",
        "10.1158/1078-0432.CCR-18-0758",
    ),
    Reference("ELIANA, first report in a journal.", "10.1056/NEJMoa1709866"),
    Reference("ELIANA, 97 enrolled and 79 infused, cut-off 13 April 2018.", "10.1182/blood-2018-99-112599"),
    Reference("ELIANA, three years of follow-up.", "10.1200/JCO.22.00642"),
    Reference("Cytokine release syndrome in ELIANA and ENSIGN, 137 patients.", "10.1136/jitc-2020-002287"),
)

METHODS = """\
**Patients.** Age and weight (log-normal, correlated) and burden (logit-normal) are sampled within their published ranges, and \
the dose follows \
from weight by the dose rule. A draw outside a range is drawn again for that patient as a whole.

**Three panels, three papers.** Kinetics, leukaemia with healthy B cells, and inflammation come from three models that were never fitted \
together. They share the age, weight and burden of a patient and no random effect: the correlation between panels is not \
predicted, and no \
figure shows one panel against another. Stein 2019 has no effect of dose, age, weight or burden, so none of them moves the kinetics.

**Kinetics.** Transgene at the visits gets log-normal residual error (standard deviation 0.56 of the logarithm) and the assay limit; \
values below it are marked. Non-compartmental analysis (linear up, logarithmic down; values below the limit count as zero before \
the first \
measurable value and are dropped after it; terminal slope by the best adjusted r2 of at least three points) sees these \
measurements, never \
the true curve. Patients without a half-life are left out of its median. Rows called *model* are individual parameters: they give \
back what went in. \
Whether the published random effects are \
standard deviations or variances could not be read in the paper at hand; both readings are run \
on the same random numbers.

**Leukaemia and healthy B cells.** The form with a source of B cells, at its published values, with the assumed spread. Its B \
cells start far above \
what marrow alone holds, so depletion is read against that level. The model has no eradication: late burden is regrowth by construction.

**Inflammation.** The model runs in hours and its signal has no assay unit; times are shown in days.

**Intervals.** Each statistic is computed in every replicate over the patients of the published row (or all infused); the \
interval runs from its 5th to its \
95th percentile over replicates. Monte-Carlo errors are those of order statistics. Only *reproduced input* and *independent* rows \
get a verdict. \
Nothing was tuned to any published figure.
"""


def summary(result: TrialResult) -> str:
    """Return what was done and found, in a few lines."""
    plan = result.protocol
    followed = "" if result.course is None else f"\n\n**Followed patients, {result.course.trial.count} replicates.** {judged(result.course)}"
    return (
        f"{plan.infused} infused patients, {result.replicates} replicates of the panels, seed {result.seed}. "
        f"{verdicts(result)} {outlying(result)}{followed}\n\n"
        "**What this cannot say.** The three panels know no remission, relapse, survival or grade of toxicity, and no effect of the dose on "
        "kinetics; their rows of these are printed as not available. Remission, toxicity, relapse and survival come from the course of the "
        "patients, which rests on statistical links where no model is; its kinetics are cells of the disease model, not transgene.\n\n"
        "**Not a validation.** Most published figures at hand went into a model, are not verified, or "
        "measure something else; each row says which."
    )


def verdicts(result: TrialResult) -> str:
    """Return how many rows were judged, in one sentence a kind."""
    parts = []
    for kind in ("independent", "reproduced input"):
        judged = [line for line in result.lines if line.row.kind == kind and line.verdict]
        inside = sum(line.verdict == "inside" for line in judged)
        parts.append(f"{kind}: {inside} of {len(judged)} figures inside their 90 % predictive interval")
    return f"{parts[0].capitalize()}; {parts[1]} (circular)."


def outlying(result: TrialResult) -> str:
    """Return where the recalled Cmax and AUC of responders lie, as a plain statement without a verdict."""
    above = [line for line in result.lines if line.row.kind == "unverified" and line.row.statistic == "geometric mean" and line.interval]
    higher = [line for line in above if line.interval and line.row.published > line.interval.upper]
    if not higher:
        return ""
    names = " and ".join(dict.fromkeys(line.row.quantity.split(",")[0] for line in higher))
    return (
        f"The recalled {names} of responders lie above the predicted intervals, as expected of responders "
        f"only and another data cut; they are unverified, so no verdict is given, and nothing was tuned."
    )


def comparison_table(result: TrialResult, panel: str) -> Table:
    """Return a panel's rows: what is predicted under each population, what was published, and what the comparison is worth."""
    groups: dict[int, list[Line]] = {}
    for line in result.lines:
        if line.row.panel == panel:
            groups.setdefault(id(line.row), []).append(line)
    several = len(result.panels[panel]) > 1
    rows = []
    for lines in groups.values():
        row = lines[0].row
        unit = format_unit(row.unit)
        cells = {"Quantity": row.quantity + (f", {unit}" if unit else ""), "n": lines[0].n}
        for k, known in enumerate(result.panels[panel]):
            line = lines[min(k, len(lines) - 1)]
            cells[f"Predicted, {known.population}" if several else "Predicted"] = predicted(line)
        cells |= {"Published": published(lines[0]), "What it is": worth(lines), "Because; source": because(lines)}
        rows.append(cells)
    caption = (
        "Median of the replicates (90 % predictive interval; the largest Monte-Carlo standard error of its "
        "ends and median after ±). A verdict, inside or outside, is given where figures can be compared."
    )
    return Table(pd.DataFrame(rows), caption)


def predicted(line: Line) -> str:
    """Return the prediction as text."""
    found = line.interval
    if found is None:
        return "not available"
    error = format_number(max(found.lower_error, found.median_error, found.upper_error), 2)
    share = "" if line.contributing > 0.995 else f"; {100 * line.contributing:.0f} % have a value"
    return f"{format_number(found.median)} ({format_interval(found.lower, found.upper)}) ± {error}{share}"


def published(line: Line) -> str:
    """Return the published figure as text."""
    row = line.row
    if math.isnan(row.published):
        return "–"
    ends = format_interval(row.lower, row.upper)
    recalled = ", recalled" if row.evidence == "M" else ""
    return format_number(row.published) + (f" ({row.bounds} {ends})" if ends else "") + recalled


def worth(lines: list[Line]) -> str:
    """Return the kind of a row and its verdicts, one for all populations where they agree."""
    kind = lines[0].row.kind
    told = [line.verdict + (" (within two Monte-Carlo errors)" if line.close else "") for line in lines]
    if not any(told):
        return f"{kind}, no verdict" if kind == "unverified" else kind
    said = told[0] if len(set(told)) == 1 else "; ".join(f"{line.population}: {each}" for line, each in zip(lines, told, strict=True))
    return f"{kind}: {said}"


def because(lines: list[Line]) -> str:
    """Return reason, detail and source of a row."""
    details = list(dict.fromkeys(f"{line.population}: {line.detail}" if len(lines) > 1 else line.detail for line in lines if line.detail))
    return "; ".join(filter(None, [lines[0].row.reason, *details, lines[0].row.source]))


def protocol_table(plan: Protocol) -> Table:
    """Return every entry of the protocol with its source."""
    rows = [row for name, part in _parts(plan).items() for row in _entries(name, part)]
    return Table(pd.DataFrame(rows, columns=["Entry", "Value", "Source"]), "The protocol as it was read, each entry with its source.")


def _parts(plan: Protocol) -> dict[str, Any]:
    """Return the parts of a protocol that have entries, by their heading."""
    named = {name.capitalize(): getattr(plan, name) for name in ("name", "registration", "product", "disease")}
    sizes = {name.capitalize(): entry for name, entry in plan.sizes.items()}
    rest = ("covariates", "correlation_age_weight", "dosing", "samples", "screening", "manufacturing", "waiting", "bridging", "lymphodepletion",
            "response", "toxicity", "analysis", "arms")  # fmt: skip
    return {
        **named, **sizes, "Female": plan.female, **{f"Eligibility: {name}": entry for name, entry in plan.eligibility.items()},
        **{HEADINGS.get(name, name.replace("_", " ").capitalize()): getattr(plan, name) for name in rest},
        **{f"Endpoint: {name.replace('_', ' ')}": entry for name, entry in plan.endpoints.items()},
    }  # fmt: skip


HEADINGS = {"dosing": "Dose", "samples": "Blood samples", "correlation_age_weight": "Correlation of age and weight"}


def _entries(label: str, part: Any) -> Iterator[tuple[str, str, str]]:
    """Yield every entry inside a part of the protocol as (entry, value, source)."""
    if isinstance(part, Quantity):
        yield _quantity(label, part)
    elif isinstance(part, (Fact, Criterion, Endpoint)):
        yield _fact(label, part)
    elif isinstance(part, Mapping):
        for name, each in part.items():
            yield from _entries(f"{label}: {name}", each)
    elif is_dataclass(part) and not isinstance(part, type):
        yield from _fields(label, part)


def _fields(label: str, part: Any) -> Iterator[tuple[str, str, str]]:
    for name in part.__dataclass_fields__:
        value, source = getattr(part, name), getattr(part, f"{name}_source", None)
        if source is not None:
            shown = ", ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in value)
            yield f"{label}: {name}", shown + (" day" if name == "days" else ""), source
        yield from _entries(f"{label}: {name.replace('_', ' ')}", value)


def assumption_table(result: TrialResult) -> Table:
    """Return what was assumed, in the protocol and in the populations."""
    names = result.protocol.assumptions.__dataclass_fields__
    rows = [_quantity(name.replace("_", " ").capitalize(), getattr(result.protocol.assumptions, name)) for name in names]
    rows += [
        (f"Population of {p.model}", p.assumed, f"assumption; {p.reference}")
        for group in result.panels.values()
        for p in group
        if p.assumed
    ]
    return Table(pd.DataFrame(rows, columns=["Assumption", "Value", "Why"]), "Assumptions: what no publication at hand states.")


def _fact(label: str, fact: Fact | Criterion | Endpoint) -> tuple[str, str, str]:
    return label, fact.value, fact.source


def _quantity(label: str, quantity: Quantity) -> tuple[str, str, str]:
    return label, f"{format_number(quantity.value)} {format_unit(quantity.unit)}".strip(), quantity.source
