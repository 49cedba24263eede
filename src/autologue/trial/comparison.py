"""Published figures with their source, and what each comparison is worth."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from autologue import units
from autologue.errors import InputError, unknown
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


_KEYS = {f.name: f for f in fields(Row)}
_NUMBERS = ("published", "lower", "upper")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "panel": PANELS, "kind": KINDS, "statistic": ("", *STATISTICS), "bounds": ("", "95 % CI", "range"), "evidence": ("", "V", "P", "M"),
}  # fmt: skip


def read_rows(path: str | Path) -> tuple[Row, ...]:
    """Return the rows of a file of published figures; raises InputError that names file, row and remedy."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path.name}: cannot be read as published figures ({reason}); expected a TOML file with tables [[row]]") from None
    for key in table:
        if key != "row":
            raise InputError(f"{path.name}: {unknown('key', key, ['row'])}")
    rows = table.get("row", [])
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{path.name} has no [[row]]; expected at least one")
    return tuple(_row(row, f"{path.name}, row {number}") for number, row in enumerate(rows, start=1))


def _row(row: Mapping[str, Any], where: str) -> Row:
    for key in row:
        if key not in _KEYS:
            raise InputError(f"{where}: {unknown('key', key, _KEYS)}")
    for key in ("panel", "quantity", "unit", "kind", "reason"):
        if key not in row:
            raise InputError(f"{where} has no {key}; each row needs panel, quantity, unit, kind and reason")
    for key, value in row.items():
        _check_value(key, value, where)
    units.parse(row["unit"])
    made = Row(**{**row, **{key: float(row[key]) for key in _NUMBERS if key in row}})
    _check_sense(made, where)
    return made


def _check_value(key: str, value: Any, where: str) -> None:
    if key in (*_NUMBERS, "n"):
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not number or (key == "n" and (value < 1 or value != int(value))):
            raise InputError(f"{where}: {key} is {value!r}; expected {'a whole number of at least 1' if key == 'n' else 'a finite number'}")
    elif not isinstance(value, str):
        raise InputError(f"{where}: {key} is {value!r}; expected a text")
    elif key in _CHOICES and value not in _CHOICES[key]:
        raise InputError(f"{where}: {unknown(key, value, [c for c in _CHOICES[key] if c])}")


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
