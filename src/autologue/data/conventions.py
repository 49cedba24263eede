"""Whose reading of an event table is followed where programs differ, and whose dialect a table is written in."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

__all__ = ["CONVENTIONS", "NONMEM", "Autologue", "Convention", "Monolix", "Nlmixr2"]


@dataclass(frozen=True, slots=True)
class Convention(ABC):
    """How rows are understood on which programs differ.

    dose_rows_observe: a value on a dose row is a sample too. limit_conditions: LIMIT on a measured row conditions on a value above it
    (M2), and on a censored row does so besides bounding it (M4). next_value: a covariate holds from the row before to its own row,
    not from its own row on. columns, empty, numbers_only: the names of written columns, an empty cell, whether text is refused.
    """

    name: ClassVar[str]
    columns: ClassVar[dict[str, str]] = {
        "id": "ID", "time": "TIME", "event": "EVID", "compartment": "CMT", "amount": "AMT", "duration": "DUR", "interval": "II",
        "additional": "ADDL", "steady": "SS", "analyte": "DVID", "value": "DV", "censored": "CENS", "limit": "LIMIT", "lloq": "LLOQ",
        "occasion": "OCC",
    }  # fmt: skip
    empty: ClassVar[str] = "."
    numbers_only: ClassVar[bool] = False
    dose_rows_observe: ClassVar[bool] = False
    limit_conditions: ClassVar[bool] = False
    next_value: ClassVar[bool] = False


@final
class Autologue(Convention):
    """A dose row is a dose; LIMIT is the other bound of a censored value; a covariate holds from its row on."""

    name = "autologue"


@final
class NONMEM(Convention):
    """A dose row is a dose; what CENS, LIMIT, BLQ and LLOQ do is written in the control stream; covariates hold up to their row."""

    name = "nonmem"
    next_value = True
    numbers_only = True
    columns: ClassVar[dict[str, str]] = {
        **{role: column for role, column in Convention.columns.items() if role != "duration"},
        "missing": "MDV", "rate": "RATE", "blq": "BLQ",
    }  # fmt: skip


@final
class Monolix(Convention):
    """A row with an amount and a value is a dose and a sample; LIMIT is the other bound of a censored value."""

    name = "monolix"
    dose_rows_observe = True
    columns: ClassVar[dict[str, str]] = {**Convention.columns, "compartment": "ADM", "duration": "TINF", "analyte": "YTYPE"}


@final
class Nlmixr2(Convention):
    """A dose row is a dose; a finite LIMIT makes a measured row M2 and a censored one M4; a covariate holds from its row on."""

    name = "nlmixr2"
    limit_conditions = True
    empty = "NA"


CONVENTIONS: dict[str, Convention] = {each.name: each for each in (Autologue(), NONMEM(), Monolix(), Nlmixr2())}
