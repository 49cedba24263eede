"""The report of a grading: patients by worst grade, the course of each patient, the reason for each grade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from autologue.outcomes import SCALES
from autologue.plot.grades import grade_tiles
from autologue.report.content import Figure, Reference, Report, Section, Table
from autologue.report.grade_text import count_rows, patient_rows

__all__ = ["grade_report"]

DRAWN, DAYS = 50, 40  # patients and distinct days in a figure
METHODS = """\
Every scale is read from the same daily findings. A day gets the worst criterion that holds. What was not recorded is not taken as \
normal: where a higher grade hangs on it, the day is not graded, the reason names the finding, and the worst grade is what is certain. \
Onset is the first day of grade 1 or more; duration runs from onset to the last such day, both included.
"""


def grade_report(days: pd.DataFrame, patients: pd.DataFrame, scales: Mapping[str, str], *, title: str, record: Mapping[str, Any]) -> Report:
    """Return the report from the tables of `grade_table` and `summarise_table`; `scales` maps names to titles, `record` is the manifest."""
    count = days["patient"].nunique()
    opening = Section(
        "In short",
        f"{count} patients, {len(days)} patient-days.",
        tables=[
            Table(count_rows(patients, scales), "Patients by worst grade. With days not graded, the worst grade is a lower bound."),
            Table(patient_rows(days, patients, scales), "Each patient by each scale; onset and duration in days."),
        ],
    )
    sections = [opening, *(_scale(days, name, said) for name, said in scales.items())]
    references = [Reference(said, SCALES[name].reference.removeprefix("doi:")) for name, said in scales.items()]
    return Report(title, f"By {', '.join(scales.values())}", sections, METHODS, references, record)


def _scale(days: pd.DataFrame, name: str, said: str) -> Section:
    own = days[["patient", "day", f"{name}_grade", f"{name}_reason"]]
    own = own.set_axis(["patient", "day", "grade", "because"], axis="columns")
    if own["grade"].isna().all():
        return Section(said, f"No day could be graded. {own['because'].iloc[0][:1].upper()}{own['because'].iloc[0][1:]}.")
    first = list(dict.fromkeys(own["patient"]))[:DRAWN]
    shown = own[own["patient"].isin(first)]
    shown = shown[shown["day"] <= sorted(shown["day"].unique())[:DAYS][-1]]
    left = "" if len(shown) == len(own) else f" The first {DRAWN} patients and {DAYS} days are drawn."
    figure = Figure(grade_tiles(shown), f"{said}: grade of each patient on each day; a dash is a day that was not graded.{left}")
    reached = own[own["grade"].isna() | (own["grade"] > 0).fillna(False)]
    tables = [Table(reached, f"{said}: each day of grade 1 or more or not graded, with its reason.")] if len(reached) else []
    return Section(said, "", [figure], tables)
