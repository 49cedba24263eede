"""Samples as intervals: measured, below quantification, not detected, detected but not quantified, above, or missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autologue.data.conventions import Convention
from autologue.data.findings import Finding, cell_fault
from autologue.data.reading import Measured
from autologue.data.records import Records
from autologue.data.table import Table, read_number

__all__ = ["Values", "bound_samples", "read_values"]

BELOW = ("BLQ", "BQL", "BLOQ", "<LLOQ", "<LOQ", "< LLOQ", "< LOQ", "LLOQ")
UNDETECTED = ("ND", "NOT DETECTED", "UNDETECTED", "NEG", "NEGATIVE", "<LOD", "< LOD")
DETECTED = ("DETECTED", "DNQ", "POS", "POSITIVE", "DETECTED, NOT QUANTIFIED", "DETECTED NOT QUANTIFIED")
ABOVE = ("ALQ", "AQL", ">ULOQ", "> ULOQ", "ULOQ")
MISSING = ("", "NS", "NR", "NOT DONE", "MISSING", "NO SAMPLE", "NOT REPORTED")
_BOUND = re.compile(r"([<>])=?\s*(.*)")


@dataclass(frozen=True)
class Values:
    """What the value column says: `value` (NaN where it is no number), `word` for what else it says, and the number after < or >."""

    value: pd.Series
    word: pd.Series
    bound: pd.Series
    faults: list[Finding]


def read_values(table: Table, column: str, *, words: str | None = None, rows: pd.Index | None = None) -> Values:
    """Read a column of values, in which words may stand: BLQ, ND, DNQ, <50, >1000; a column `words` is asked where it is empty.

    `rows`: the rows to read, in this order; by default all.
    """
    table = table if rows is None else Table(table.name, table.cells.loc[rows])
    text = table.words(column)
    if words is not None:
        said = table.words(words)
        text = text.where((text != "") | said.map(lambda word: read_number(word) == read_number(word)), said)
    kinds = {**dict.fromkeys(BELOW, "below"), **dict.fromkeys(UNDETECTED, "undetected"), **dict.fromkeys(DETECTED, "detected"),
             **dict.fromkeys(ABOVE, "above"), **dict.fromkeys(MISSING, "missing")}  # fmt: skip
    word = text.map(kinds).astype(object).fillna("").astype(object)
    marked = text.where(word == "", "").str.extract(_BOUND)
    sign, bound = marked[0], marked[1].fillna("").map(read_number).astype(np.float64)
    word = word.mask(sign == "<", "below").mask(sign == ">", "above")
    value = text.where(word == "", "").map(read_number).astype(np.float64)
    place = table.cells[column]
    bad = sign.notna() & ~np.isfinite(bound)
    signs = {row: "<" if each == "below" else ">" for row, each in word.items()}
    faults = [cell_fault(row, column, f"a number after '{signs[row]}'", place.at[row]) for row in text.index[bad]]
    wrong = (word == "") & ~np.isfinite(value)
    faults += [cell_fault(row, column, "a number, '<limit' or 'BLQ'", place.at[row]) for row in text.index[wrong]]
    return Values(value, word.mask(wrong | bad, "missing"), bound.where(~bad), faults)


def bound_samples(
    records: Records, values: Values, outputs: Mapping[str, Measured], convention: Convention
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return lower, upper, above and loq (limit of quantification) of each row, NaN where it says nothing, and the faults of samples.

    `outputs`: what is declared, by output, for the column `output` of the rows. A limit that only some rows of an output state, always
    the same one, holds for all of them. CENS comes before marks and words, and those before a comparison with LLOQ.
    """
    rows, value, word, bound = records.rows, values.value, values.word, values.bound
    blank = pd.Series(np.nan, index=rows.index)
    cens, other, uloq = (rows.get(role, blank) for role in ("censored", "limit", "uloq"))
    marked = rows.get("blq", pd.Series(False, index=rows.index))
    left, right, below = cens == 1, cens == -1, word == "below"
    lloq = _limits(rows, rows.get("lloq", blank), value.where(left).fillna(bound.where(below)), {n: o.limit for n, o in outputs.items()})
    lod = _limits(rows, rows.get("detection", blank), bound.where(word == "undetected"), {n: o.detection for n, o in outputs.items()})
    compared = (word == "") & (not {"blq", "censored"} & set(rows.columns))
    least, greatest = pd.Series(-np.inf, index=rows.index), pd.Series(np.inf, index=rows.index)
    cases: list[tuple[pd.Series, pd.Series, pd.Series]] = [  # which rows, lower, upper; the first that holds counts
        (right, value.fillna(bound).fillna(uloq), other.fillna(np.inf)),
        (left, other.fillna(-np.inf), value.fillna(bound).fillna(lloq)),
        (word == "undetected", least, lod.fillna(lloq)),
        (word == "detected", lod.fillna(-np.inf), lloq),
        (below | marked, least, bound.where(below).fillna(lloq).fillna(value.where(value > 0))),
        ((word == "above") | ((word == "") & (value > uloq)), bound.fillna(uloq), greatest),
        (compared & (value < lod), least, lod),
        (compared & (value < lloq), lod.fillna(-np.inf), lloq),
    ]
    masks = [case[0].to_numpy(np.bool_) for case in cases]
    lower, upper = (np.select(masks, [case[k].to_numpy(np.float64) for case in cases], value.to_numpy(np.float64)) for k in (1, 2))
    censored = np.logical_or.reduce(masks)
    limit = lloq.fillna(pd.Series(upper, index=rows.index).where(left | below | marked))
    above = other.fillna(-np.inf) if convention.limit_conditions else least
    found = pd.DataFrame({"lower": lower, "upper": upper, "above": above, "loq": limit}, index=rows.index)
    return found, _faults(records, found, rows["is_sample"] & censored, left | right)


def _limits(rows: pd.DataFrame, own: pd.Series, implied: pd.Series, declared: Mapping[str, float | None]) -> pd.Series:
    """Return the limit of each row: its own, else the declared one, else the only one that rows of the output imply."""
    found = own
    for name, value in declared.items():
        mine = rows["output"] == name
        hints = implied[mine & rows["is_sample"]].dropna().unique()
        known = value if value is not None else float(hints[0]) if len(hints) == 1 and own[mine].isna().all() else np.nan
        found = found.fillna(pd.Series(known, index=rows.index).where(mine))
    return found


def _faults(records: Records, found: pd.DataFrame, censored: pd.Series, marked: pd.Series) -> list[Finding]:
    unknown = censored & (found["lower"].isna() | found["upper"].isna())
    crossed = censored & (found["lower"] > found["upper"])
    said = "a limit beside a value that is below or above it (in DV, LLOQ or ULOQ, as '<50', or declared for the output)"
    faults = [records.fault(row, "value", said) for row in found.index[unknown]]
    upper, limit, by_mark = (found["upper"].astype(float).to_dict(), found["loq"].astype(float).to_dict(), marked.to_dict())
    for row in found.index[crossed]:
        role = "limit" if by_mark[row] and "limit" in records.columns else "detection" if "detection" in records.columns else "value"
        faults.append(records.fault(row, role, f"a lower bound that is not above {upper[row]:g}"))
    lost = censored & marked & (found["upper"] <= 0) & (found["loq"] > 0)
    faults += [records.fault(row, "value", f"the limit {limit[row]:g} in DV where CENS is 1") for row in found.index[lost]]
    beyond = records.rows["is_sample"] & (found["above"] > found["lower"])
    what = "a LIMIT that the value is known to exceed, as the likelihood is conditional on that"
    return faults + [records.fault(row, "limit", what) for row in found.index[beyond]]
