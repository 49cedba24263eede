"""What is found in a table: a sentence, where it stands, and who would read it differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from autologue.errors import InputError

__all__ = ["Finding", "Severity", "refuse"]

_SHOWN = 5  # rows that a sentence lists


class Severity(Enum):
    """How much a finding matters: what cannot be read, what is read differently elsewhere or looks wrong, what is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about a table: `rows` (the header of a CSV file is row 1) and `column` say where.

    nonmem, monolix, nlmixr2, autologue: what each does with it, where they differ.
    """

    severity: Severity
    what: str
    rows: tuple[int, ...] = ()
    column: str = ""
    nonmem: str = ""
    monolix: str = ""
    nlmixr2: str = ""
    autologue: str = ""

    @property
    def where(self) -> str:
        """Row and column in words.

        >>> Finding(Severity.ERROR, "expected a number", (4,), "TIME").where
        'row 4, column TIME'
        """
        shown = ", ".join(map(str, self.rows[:_SHOWN])) + (f" and {len(self.rows) - _SHOWN} more" if len(self.rows) > _SHOWN else "")
        parts = [f"row{'s' if len(self.rows) > 1 else ''} {shown}" if self.rows else "", f"column {self.column}" if self.column else ""]
        return ", ".join(part for part in parts if part)

    @property
    def sentence(self) -> str:
        """Where and what, on one line whatever stood in a cell."""
        return " ".join((f"{self.where}: {self.what}" if self.where else self.what).split())


def cell_fault(row: object, column: str, expected: str, found: object) -> Finding:
    """Return the error of one cell."""
    return Finding(Severity.ERROR, f"expected {expected}, found {str(found)[:40]!r}", (int(str(row)),), column)


def refuse(name: str, findings: Iterable[Finding]) -> None:
    """Raise InputError for the first error among the findings, saying how many more there are; return where there is none."""
    errors: Sequence[Finding] = [f for f in findings if f.severity is Severity.ERROR]
    if errors:
        rest = f" ({len(errors) - 1} more: autologue.data.lint lists them all)" if len(errors) > 1 else ""
        joint = ", " if errors[0].where else ": "
        raise InputError(f"{name}{joint}{errors[0].sentence}{rest}")
