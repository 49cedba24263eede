"""Published figures with their source, and what each comparison is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from autologue import units
from autologue.errors import InputError, unknown
from autologue.files import read_toml
from autologue.protocol.section import Section
from autologue.trial.panel import STATISTICS

__all__ = ["KINDS", "PANELS", "Row", "read_rows"]

PANELS = ("patients", "kinetics", "leukaemia", "inflammation")
KINDS = ("reproduced input", "independent", "unverified", "not comparable")
JUDGED = ("reproduced input", "independent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison: what is predicted, what was published and where, and of which kind it is, for which reason.

    Without `variable` the models cannot say it. `published` is NaN where nothing was. `evidence`: V read in a source, P point
    estimate read, M recalled and not verified.
    """

    panel: str
    quantity: str
    unit: str
    kind: str
    reason: str
    variable: str = ""
    statistic: str = ""
    n: int = 0
    published: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    bounds: str = ""
    evidence: str = ""
    source: str = ""

    @property
    def judged(self) -> bool:
        """Whether a verdict is given."""
        return self.kind in JUDGED


_KEYS = tuple(f.name for f in fields(Row))
_NEEDED = ("panel", "quantity", "unit", "kind", "reason")
_NUMBERS = ("published", "lower", "upper")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "panel": PANELS, "kind": KINDS, "statistic": ("", *STATISTICS), "bounds": ("", "95 % CI", "range"), "evidence": ("", "V", "P", "M"),
}  # fmt: skip


def read_rows(path: str | Path) -> tuple[Row, ...]:
    """Return the rows of a file of published figures; raises InputError that names file, row and remedy."""
    path = Path(path)
    table = Section(path.name, "", read_toml(path, kind="published figures", expected="a TOML file with tables [[row]]"))
    table.allow("row")
    return tuple(_row(each) for each in table.tables("row"))


def _row(table: Section) -> Row:
    values = table.record(_NEEDED, known=_KEYS, numbers=_NUMBERS, counts=("n",))
    for key, known in _CHOICES.items():
        if values.get(key, known[0]) not in known:
            raise InputError(f"{table.file}: {unknown(key, values[key], [c for c in known if c])}")
    units.parse(values["unit"])
    made = Row(**values)
    _check_sense(made, table.file)
    return made


def _check_sense(row: Row, where: str) -> None:
    """Refuse a kind that does not fit the evidence, and a figure without its source."""
    known = math.isfinite(row.published)
    if known and not (row.source and row.evidence):
        raise InputError(f"{where}: the published figure {row.published:g} has no source or no evidence; give both")
    if row.judged and not (known and row.variable):
        raise InputError(f"{where}: kind '{row.kind}' compares, so it needs a variable and a published figure")
    if (row.kind == "unverified") != (row.evidence == "M"):
        raise InputError(f"{where}: kind '{row.kind}' with evidence '{row.evidence}'; a recalled figure (M), and only that, is unverified")
    if bool(row.variable) != bool(row.statistic):
        raise InputError(f"{where}: variable and statistic go together; give both or neither")
    paired = math.isfinite(row.lower) == math.isfinite(row.upper) and (row.bounds == "") == math.isnan(row.lower)
    if not paired or row.lower > row.upper:
        raise InputError(f"{where}: lower, upper and bounds go together, with lower at most upper")
