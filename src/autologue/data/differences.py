"""What NONMEM, Monolix and nlmixr2 would each do with a table, where they differ.

NONMEM: Users Guides I, IV and VI, and help pages of data items. Monolix: data set documentation, 2018R1 on ('.' in each type of column;
lines that are both dose and response). nlmixr2: data set pages of rxode2, censoring as in the source of nlmixr2est (M2, M3, M4 by row).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from autologue.data.cohort import Parts
from autologue.data.findings import Finding, Severity
from autologue.data.reading import Kind

__all__ = ["find_differences"]

Check = Callable[[Parts], list[Finding]]


def find_differences(parts: Parts) -> list[Finding]:
    """Return a finding for each way in which programs would read the table differently, with all rows concerned."""
    in_file = replace(parts.records, rows=parts.records.rows.sort_index())
    ordered = replace(parts, records=in_file)  # rows as they stand in the file, as the programs meet them
    return [finding for check in CHECKS for finding in check(ordered)]


def _found(
    parts: Parts, which: pd.Series, what: str, role: str = "", *, severity: Severity = Severity.WARNING, **said: str
) -> list[Finding]:
    """Return one finding over all rows that are marked, or none."""
    rows = tuple(int(row) for row in which.index[which.fillna(False).astype(bool)])
    return [Finding(severity, what, rows, parts.records.columns.get(role, role), **said)] if rows else []


def _words(parts: Parts, role: str) -> pd.Series:
    return parts.records.table.words(parts.records.columns[role])


def _has(parts: Parts, *roles: str) -> bool:
    return all(role in parts.records.columns for role in roles)


def _dose_and_value(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    if _has(parts, "event"):
        return []
    both = rows["is_dose"] & _words(parts, "value").ne("")
    if "missing" in rows:
        both &= rows["missing"] != 1
    ours = "a dose and a sample" if parts.reading.convention.dose_rows_observe else "a dose; the value is not read"
    return _found(
        parts, both, "a row holds an amount and a value, and no EVID says which it is", "value", nonmem="a dose (MDV 1)",
        monolix="a dose and a sample (since 2018R1)", nlmixr2="a dose", autologue=ours,
    )  # fmt: skip


def _limit_unused(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    if not _has(parts, "limit"):
        return []
    censored = rows["censored"].fillna(0) != 0 if "censored" in rows else pd.Series(False, index=rows.index)
    given = rows["is_sample"] & rows["limit"].notna()
    m2 = parts.reading.convention.limit_conditions
    found = _found(
        parts, given & ~censored, "LIMIT stands on a row that is not censored", "limit", nonmem="as the control stream says",
        monolix="ignored", nlmixr2="M2: conditional on a value above LIMIT", autologue="as nlmixr2" if m2 else "ignored",
    )  # fmt: skip
    return found + _found(
        parts, given & censored, "LIMIT bounds a censored value", "limit", nonmem="as the control stream says",
        monolix="the value lies between LIMIT and DV", nlmixr2="M4: the same, given a value beyond LIMIT",
        autologue="as nlmixr2" if m2 else "as Monolix",
    )  # fmt: skip


def _marks(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    found = []
    if _has(parts, "censored"):
        found += _found(
            parts, rows["is_sample"] & (rows["censored"].fillna(0) != 0), "CENS marks values as censored", "censored",
            severity=Severity.NOTE, nonmem="measured at DV, unless the control stream says otherwise (M3: F_FLAG, Laplace)",
            monolix="below DV (1) or above it (-1)", nlmixr2="below DV (1) or above it (-1)", autologue="below DV (1) or above it (-1)",
        )  # fmt: skip
    if _has(parts, "blq") and not _has(parts, "censored"):
        found += _found(
            parts, rows["is_sample"] & rows["blq"], "a mark says that values are below quantification, and there is no CENS", "blq",
            nonmem="what the control stream does with the mark", monolix="measured at DV", nlmixr2="measured at DV",
            autologue="below LLOQ",
        )  # fmt: skip
    return found


def _words_for_values(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    said = rows["is_sample"] & rows["word"].isin(("below", "undetected", "detected", "above"))
    return _found(
        parts, said, "words or signs stand for values (BLQ, ND, <50, ...)", "value", nonmem="refused: not a number",
        monolix="refused: not a number", nlmixr2="the column is read as text and refused", autologue="censored, as the word says",
    )  # fmt: skip


def _below_unmarked(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    under = rows["is_sample"] & (rows["value"] < rows["loq"]) & rows["word"].eq("")
    marked = _has(parts, "blq") or _has(parts, "censored")
    if marked:
        return _found(
            parts, under & (rows["lower"] == rows["upper"]), "a value is below LLOQ and is not marked as censored", "value",
            nonmem="measured", monolix="measured", nlmixr2="measured", autologue="measured",
        )  # fmt: skip
    return _found(
        parts, under, "a value is below LLOQ, and no column marks values as censored", "value", nonmem="measured", monolix="measured",
        nlmixr2="measured", autologue="below LLOQ (between LOD and LLOQ where LOD is known and the value above it)",
    )  # fmt: skip


def _time_goes_back(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    label = parts.records.table.labels(parts.records.columns["id"]).reindex(rows.index)
    same = label.eq(label.shift())
    back = same & (rows["time"] < rows["time"].shift())
    reset = rows["event"].isin((3.0, 4.0))
    found = _found(
        parts, back & ~reset, "TIME is less than in the row before", "time", nonmem="refused", monolix="sorted by time",
        nlmixr2="sorted by time", autologue="sorted by time",
    )  # fmt: skip
    return found + _found(
        parts, back & reset, "TIME restarts at a reset", "time", nonmem="the course begins anew", monolix="the course begins anew",
        nlmixr2="rows are sorted by time, so that the parts may mix: check them",
        autologue="refused, or a patient of its own (Resets.SPLIT)",
    )  # fmt: skip


def _ids(parts: Parts) -> list[Finding]:
    rows, table = parts.records.rows, parts.records.table
    label = table.labels(parts.records.columns["id"])
    starts = label.ne(label.shift())
    again = starts & label.where(starts).duplicated() & starts
    text = ~label.str.fullmatch(r"\d+")
    found = _found(
        parts, again.reindex(rows.index), "the rows of a patient are not together", "id", nonmem="another patient begins", monolix="joined",
        nlmixr2="joined", autologue="joined",
    )  # fmt: skip
    texts = [parts.records.columns["id"]] if text.any() else []
    texts += [column for role, column in parts.records.columns.items() if role == "analyte" and _is_text(parts, column)]
    labels = {name: each.column or name for name, each in (parts.reading.covariates or {}).items() if each.kind is Kind.CATEGORICAL}
    words = texts + [name for name, column in labels.items() if column in table.cells and _is_text(parts, column)]
    if words:
        what = f"{', '.join(words)} hold{'s' if len(words) == 1 else ''} text"
        found.append(
            Finding(Severity.NOTE, what, nonmem="refused: numbers only (write_events numbers them)", monolix="read", nlmixr2="read",
                    autologue="read")
        )  # fmt: skip
    return found


def _is_text(parts: Parts, column: str) -> bool:
    return bool(parts.records.table.numbers(column)[1])


def _empty_covariates(parts: Parts) -> list[Finding]:
    found = []
    for name, covariate in (parts.reading.covariates or {}).items():
        column = covariate.column or name
        if column not in parts.records.table.cells:
            continue
        empty = parts.records.table.words(column).eq("")
        label = covariate.kind is Kind.CATEGORICAL
        found += _found(
            parts, empty, f"covariate {name} is empty", column, nonmem="0",
            monolix="a category called '.'" if label else "the value before it", nlmixr2="filled from its neighbours",
            autologue="the last level holds" if covariate.kind is Kind.INPUT else "the first value of the patient holds",
        )  # fmt: skip
    return found


def _changing_covariates(parts: Parts) -> list[Finding]:
    found = []
    ours = "from the row before up to its own row" if parts.reading.convention.next_value else "from its row on"
    for name, covariate in (parts.reading.covariates or {}).items():
        column = covariate.column or name
        if column not in parts.records.table.cells:
            continue
        words = parts.records.table.words(column)
        known = words[words != ""]
        varies = known.groupby(parts.records.rows["id"].reindex(known.index)).transform("nunique") > 1
        said = f"a level of input {name}, {ours}" if covariate.kind is Kind.INPUT else "the first value of the patient, as at baseline"
        found += _found(
            parts, varies, f"covariate {name} changes with time", column, nonmem="from the row before up to its own row",
            monolix="refused as a covariate (one value an occasion); as a regressor from its row on", nlmixr2="from its row on",
            autologue=said,
        )  # fmt: skip
    return found


def _missing_values(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    empty = rows["is_sample"] & rows["lower"].isna() & (rows["word"] == "missing")
    return _found(
        parts, empty, "a sample has no value, and no MDV says that it is missing", "value", nonmem="measured at 0", monolix="refused",
        nlmixr2="left out", autologue="left out",
    )  # fmt: skip


def _events(parts: Parts) -> list[Finding]:
    rows = parts.records.rows
    found = []
    if _has(parts, "event"):
        classic = parts.records.table.numbers(parts.records.columns["event"])[0] > 100
        found += _found(
            parts, classic, "EVID holds a compartment as well (101), as RxODE wrote it", "event", nonmem="refused", monolix="refused",
            nlmixr2="a dose into that compartment", autologue="a dose into that compartment",
        )  # fmt: skip
    if _has(parts, "compartment"):
        found += _found(
            parts, rows["is_dose"] & rows["compartment"].eq(""), "a dose says no compartment", "compartment",
            nonmem="the default dose compartment", monolix="administration 1", nlmixr2="the first compartment",
            autologue=f"route {next(iter(parts.reading.routes), 'none')}",
        )  # fmt: skip
    if _has(parts, "rate"):
        found += _found(
            parts, rows["rate"] < 0, "RATE -1 or -2 leaves rate or duration to the model", "rate", nonmem="estimated", monolix="a bolus",
            nlmixr2="estimated", autologue="refused",
        )  # fmt: skip
    if _has(parts, "steady"):
        found += _found(
            parts, rows["steady"] == 1, "SS asks for a steady state", "steady", severity=Severity.NOTE, nonmem="solved for",
            monolix="five doses before, unless told otherwise", nlmixr2="solved for", autologue="solved for",
        )  # fmt: skip
    return found


CHECKS: tuple[Check, ...] = (
    _dose_and_value, _limit_unused, _marks, _words_for_values, _below_unmarked, _time_goes_back, _ids, _empty_covariates,
    _changing_covariates, _missing_values, _events,
)  # fmt: skip
