"""The linter: everything that is wrong with a table, read differently elsewhere, or worth a second look."""

from __future__ import annotations

from autologue.data.cohort import GUESSED, read_parts
from autologue.data.differences import find_differences
from autologue.data.findings import Finding, Severity
from autologue.data.reading import Reading
from autologue.data.suspicions import find_suspicions
from autologue.data.table import Source, read_table
from autologue.errors import AutologueError
from autologue.model import Model

__all__ = ["lint"]

_ORDER = {severity: place for place, severity in enumerate(Severity)}


def lint(source: Source, *, model: Model | None = None, reading: Reading = GUESSED) -> tuple[Finding, ...]:
    """Return all findings, errors first, each with its rows and column; raises InputError only where the source is no table.

    Errors are what `read_cohort` refuses. Warnings and notes say what NONMEM, Monolix and nlmixr2 would each do where they differ.
    """
    read_table(source)
    try:
        parts = read_parts(source, model=model, reading=reading)
    except AutologueError as problem:
        return (Finding(Severity.ERROR, str(problem)),)
    found = [*parts.findings, *find_differences(parts), *find_suspicions(parts)]
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: (_ORDER[finding.severity], finding.rows[:1])))
