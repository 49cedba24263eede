"""The tables of a grading, for the terminal and the report alike; nothing here draws."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

__all__ = ["count_rows", "patient_rows"]

GRADES = range(6)


def count_rows(patients: pd.DataFrame, scales: Mapping[str, str]) -> pd.DataFrame:
    """Return by scale how many patients had each worst grade.

    "unknown": no day of grade 1 or more, and days that could not be graded; "may be higher": other days could not be graded.

    `patients` is the table of `summarise_table`; `scales` maps names to titles.
    """
    rows = []
    for name, title in scales.items():
        own = patients[patients["scale"] == name]
        row: dict[str, object] = {"scale": title}
        unsure = own["ungraded_days"] > 0
        known = own[~unsure | (own["worst"] > 0)]
        row |= {f"grade {grade}": int((known["worst"] == grade).sum()) for grade in GRADES}
        rows.append(row | {"unknown": len(own) - len(known), "may be higher": int((unsure & (own["worst"] > 0)).sum())})
    return pd.DataFrame(rows)


def patient_rows(days: pd.DataFrame, patients: pd.DataFrame, scales: Mapping[str, str]) -> pd.DataFrame:
    """Return a row for each patient and scale as text: worst grade, its day, onset, duration, and the reason for the worst grade.

    A worst grade that may be higher has ≥ before it; a duration that may be longer, too.
    """
    rows = []
    by_day = days.set_index(["patient", "day"])
    for each in patients.to_dict("records"):
        more, ill, name = each["ungraded_days"] > 0, each["worst"] > 0, each["scale"]
        own = by_day.loc[each["patient"]]
        open_ = own.loc[own[f"{name}_grade"].isna(), f"{name}_reason"]
        rows.append(
            {
                "patient": each["patient"],
                "scale": scales[name],
                "worst": f"{'≥ ' if more else ''}{each['worst']}",
                "day": f"{each['worst_day']:g}" if ill else "",
                "onset": f"{each['onset']:g}" if ill else "",
                "duration": f"{'≥ ' if each['ongoing'] else ''}{each['duration']:g}" if ill else "",
                "days not graded": each["ungraded_days"] or "",
                "because": own.loc[each["worst_day"], f"{name}_reason"] if ill else open_.iloc[0] if more else "",
            }
        )
    return pd.DataFrame(rows)
