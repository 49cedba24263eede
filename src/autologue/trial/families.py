"""Published figures in families, each of which either calibrates or only checks: `published/trials.toml`."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from autologue.errors import InputError, unknown

__all__ = ["STATISTICS", "USES", "Family", "Published", "read_families", "shipped_families"]

USES = ("calibrate", "check")
STATISTICS = ("share", "count", "median", "survival", "median_survival", "share_by", "response_ratio")
TIMED = ("survival", "share_by")
_NUMBERS = ("months", "published", "lower", "upper", "cut")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published figure and the simulated statistic it is compared with; without `statistic` it cannot be said, for `reason`.

    Shares are fractions, times of `median` are days and those of `median_survival` months; `lower` and `upper` are a 95 % interval
    unless the note says otherwise. NaN where a number is not given.
    """

    trial: str
    endpoint: str
    published: float
    evidence: str
    source: str
    statistic: str = ""
    of: str = ""
    among: str = ""
    reason: str = ""
    months: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    n: int = 0
    cut: float = math.nan
    note: str = ""

    @property
    def simulated(self) -> bool:
        """Whether a simulated statistic stands beside it."""
        return bool(self.statistic)

    @property
    def name(self) -> str:
        """The figure in one line."""
        when = "" if math.isnan(self.months) else f" at {self.months:g} months"
        return f"{self.endpoint}{when}"


@dataclass(frozen=True, slots=True)
class Family:
    """One endpoint of one trial with its cuts, pooled sets and adjudicators; `protocol` is what it is simulated under."""

    name: str
    use: str
    why: str
    protocol: str
    rows: tuple[Published, ...]


_KEYS = {f.name for f in fields(Published)}


def shipped_families() -> tuple[Family, ...]:
    """Return the families that ship.

    >>> families = shipped_families()
    >>> sum(family.use == "check" for family in families) * 2 >= len(families)
    True
    """
    return read_families(Path(str(files("autologue.trial") / "published" / "trials.toml")))


def read_families(path: str | Path) -> tuple[Family, ...]:
    """Read a file of families; raises InputError, one sentence that names file, family, row and remedy."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path.name}: cannot be read as published figures ({reason}); expected a TOML file with [[family]]") from None
    for key in table:
        if key != "family":
            raise InputError(f"{path.name}: {unknown('key', key, ['family'])}")
    listed = table.get("family", [])
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        raise InputError(f"{path.name} has no [[family]]; expected at least one")
    found = tuple(_family(each, f"{path.name}, family {number}") for number, each in enumerate(listed, start=1))
    names = [family.name for family in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path.name}: family '{name}' comes twice; rows of one endpoint of one trial belong together")
    return found


def _family(table: Mapping[str, Any], where: str) -> Family:
    for key in table:
        if key not in ("name", "use", "why", "protocol", "row"):
            raise InputError(f"{where}: {unknown('key', key, ['name', 'use', 'why', 'protocol', 'row'])}")
    for key in ("name", "use", "why"):
        if not (isinstance(table.get(key), str) and table[key].strip()):
            raise InputError(f"{where}: {key} is {table.get(key)!r}; expected a text")
    name = table["name"]
    if table["use"] not in USES:
        raise InputError(f"{where} ({name}): {unknown('use', table['use'], USES)}")
    protocol = table.get("protocol", "")
    if not isinstance(protocol, str):
        raise InputError(f"{where} ({name}): protocol is {protocol!r}; expected the name of a protocol")
    rows = table.get("row", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        raise InputError(f"{where} ({name}) has no [[family.row]]; expected at least one")
    made = tuple(_row(each, f"{where} ({name}), row {number}") for number, each in enumerate(rows, start=1))
    if not protocol and any(row.simulated for row in made):
        raise InputError(f"{where} ({name}) has no protocol; expected the name of the one that its figures are simulated under")
    return Family(name, table["use"], table["why"], protocol, made)


def _row(table: Mapping[str, Any], where: str) -> Published:
    for key, value in table.items():
        if key not in _KEYS:
            raise InputError(f"{where}: {unknown('key', key, _KEYS)}")
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if key in _NUMBERS and not number:
            raise InputError(f"{where}: {key} is {value!r}; expected a finite number")
        if key == "n" and not (number and value == int(value) and value >= 1):
            raise InputError(f"{where}: n is {value!r}; expected a whole number of at least 1")
        if key not in (*_NUMBERS, "n") and not isinstance(value, str):
            raise InputError(f"{where}: {key} is {value!r}; expected a text")
    for key in ("trial", "endpoint", "published", "evidence", "source"):
        if key not in table:
            raise InputError(f"{where} has no {key}; expected trial, endpoint, published, evidence and source")
    values: dict[str, Any] = {key: float(value) if key in _NUMBERS else value for key, value in table.items()}
    row = Published(**values)
    _check(row, where)
    return row


def _check(row: Published, where: str) -> None:
    if row.evidence not in ("V", "P"):
        raise InputError(f"{where}: evidence is '{row.evidence}'; expected V or P, for a recalled figure is compared with nothing")
    if not row.simulated:
        if not row.reason:
            raise InputError(f"{where}: neither statistic nor reason; expected the statistic it is compared with, or why there is none")
        return
    if row.statistic not in STATISTICS:
        raise InputError(f"{where}: {unknown('statistic', row.statistic, STATISTICS)}")
    if not (row.of and row.among):
        raise InputError(f"{where}: of or among is missing; expected the variable or endpoint, and the analysis set")
    if not row.n:
        raise InputError(
            f"{where}: {row.endpoint} of {row.trial} has no n; expected the number of patients behind it, or a reason to leave it out"
        )
    if row.statistic in TIMED and math.isnan(row.months):
        raise InputError(f"{where}: months is missing; expected the months at which {row.statistic.replace('_', ' ')} is read")
