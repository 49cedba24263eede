"""Whose reading of an event table is followed where programs differ, and whose dialect a table is written in."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

__all__ = ["NONMEM", "Autologue", "Convention", "Monolix", "Nlmixr2"]


@dataclass(frozen=True, slots=True)
class Convention(ABC):
    """How rows are understood on which programs differ.

    dose_rows_observe: a value on a dose row is a sample too. limit_conditions: LIMIT on a measured row conditions on a value above it
    (M2), and on a censored row does so besides bounding it (M4). next_value: a covariate holds from the row before to its own row,
    not from its own row on.
    """

    name: ClassVar[str]
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


@final
class Monolix(Convention):
    """A row with an amount and a value is a dose and a sample; LIMIT is the other bound of a censored value."""

    name = "monolix"
    dose_rows_observe = True


@final
class Nlmixr2(Convention):
    """A dose row is a dose; a finite LIMIT makes a measured row M2 and a censored one M4; a covariate holds from its row on."""

    name = "nlmixr2"
    limit_conditions = True
