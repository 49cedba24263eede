"""Covariates: of which kind each column is, values at baseline, and levels of the inputs that change with time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from autologue.data.findings import Finding, cell_fault
from autologue.data.reading import Covariate, Kind
from autologue.data.records import Records
from autologue.data.roles import BOOKKEEPING, NAMES
from autologue.data.table import Table, short_code
from autologue.regimen import Level

__all__ = ["guess_covariates", "read_covariates"]

_LABELS = frozenset(
    {"SEX", "GENDER", "RACE", "ETHNIC", "ETHNICITY", "SITE", "STUDY", "ARM", "COHORT", "GROUP", "RESPONSE", "PRODUCT", "DISEASE"}
)
_ALIASES = frozenset(name for role, names in NAMES.items() if role not in ("dose", "group") for name in names)


def guess_covariates(records: Records, taken: set[str], inputs: Mapping[str, Any]) -> dict[str, Covariate]:
    """Return the covariates among the columns that play no role; those that vary and are inputs of the model drive them."""
    table, ids = records.table, records.rows["id"]
    found: dict[str, Covariate] = {}
    for column in table.cells.columns:
        upper = column.upper()
        if column in taken or not column or upper in BOOKKEEPING or upper in _ALIASES:
            continue
        words = table.words(column)
        known = words[words != ""]
        if known.empty:
            continue
        varies = bool((known.groupby(ids.reindex(known.index)).nunique() > 1).any())
        numeric = not table.numbers(column)[1]
        name = next((each for each in inputs if each.upper() == upper), None)
        if varies and name is not None and numeric:
            found[name] = Covariate(column, Kind.INPUT)
        elif numeric and upper not in _LABELS:
            found[column] = Covariate(column, Kind.CONTINUOUS)
        elif not varies:
            found[column] = Covariate(column, Kind.CATEGORICAL)
    return found


def read_covariates(
    records: Records, covariates: Mapping[str, Covariate], *, next_value: bool
) -> tuple[dict[str, dict[str, float | str]], dict[str, list[Level]], list[Finding]]:
    """Return by patient the values at baseline (the first known one) and the levels of inputs; an empty cell keeps the last value.

    `next_value`: a value holds from the row before until its own row, as NONMEM reads it; else from its row on.
    """
    values: dict[str, dict[str, float | str]] = {}
    levels: dict[str, list[Level]] = {}
    faults: list[Finding] = []
    for name, covariate in covariates.items():
        column, wrong = _cells(records.table, name, covariate)
        faults += wrong
        column = column.reindex(records.rows.index)
        for patient, own in column.groupby(records.rows["id"], sort=False):
            known = own.dropna()
            if covariate.kind is Kind.INPUT:
                times = records.rows["time"].reindex(own.index)
                levels.setdefault(str(patient), []).extend(_levels(name, times, own, next_value=next_value))
            elif len(known):
                first = known.iloc[0]
                values.setdefault(str(patient), {})[name] = first if isinstance(first, str) else float(first)
    return values, levels, faults


def _cells(table: Table, name: str, covariate: Covariate) -> tuple[pd.Series, list[Finding]]:
    column = covariate.column or name
    if covariate.kind is not Kind.CATEGORICAL:
        return table.numbers(column)
    text = table.labels(column).where(table.words(column) != "", None).map(lambda cell: None if cell is None else short_code(cell))
    if not covariate.labels:
        return text.astype(object), []
    wrong = text.index[text.notna() & ~text.isin(list(covariate.labels))]
    expected = f"one of {', '.join(covariate.labels)}"
    return text.map(dict(covariate.labels)).astype(object), [
        cell_fault(row, column, expected, table.cells.at[row, column]) for row in wrong
    ]


def _levels(name: str, times: pd.Series, values: pd.Series, *, next_value: bool) -> list[Level]:
    """Return the changes of one input of one patient; rows are in the order of time."""
    found: list[Level] = []
    before = None
    for time, value in zip(times, values, strict=True):
        if value == value and time == time and (not found or found[-1].value != value):
            start = before if next_value and before is not None and found else time
            if found and start <= found[-1].time:
                found.pop()
            found.append(Level(float(start), name, float(value)))
        before = time if time == time else before
    return found
