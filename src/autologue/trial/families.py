"""Published figures in families, each of which either calibrates or only checks: `published/trials.toml`."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from pathlib import Path

from autologue.errors import InputError, unknown
from autologue.files import read_toml
from autologue.protocol.section import Section

__all__ = ["STATISTICS", "USES", "Family", "Published", "read_families", "shipped_families"]

USES = ("calibrate", "check")
STATISTICS = ("share", "count", "median", "survival", "median_survival", "share_by", "response_ratio")
TIMED = ("survival", "share_by")
_NUMBERS = ("months", "published", "lower", "upper", "cut")
_NEEDED = ("trial", "endpoint", "published", "evidence", "source")


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


_KEYS = tuple(f.name for f in fields(Published))


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
    table = Section(path.name, "", read_toml(path, kind="published figures", expected="a TOML file with [[family]]"))
    table.allow("family")
    found = tuple(_family(each) for each in table.tables("family"))
    names = [family.name for family in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path.name}: family '{name}' comes twice; rows of one endpoint of one trial belong together")
    return found


def _family(table: Section) -> Family:
    table.allow("name", "use", "why", "protocol", "row")
    for key in ("name", "why"):
        if not table.text(key).strip():
            raise table.fault(key, "is empty", "a text")
    name, use, protocol = table.text("name"), table.choice("use", USES), table.text("protocol", "")
    named = replace(table, file=f"{table.file} ({name})")
    made = tuple(_row(each) for each in named.tables("row", place="family."))
    if not protocol and any(row.simulated for row in made):
        raise InputError(f"{named.file} has no protocol; expected the name of the one that its figures are simulated under")
    return Family(name, use, table.text("why"), protocol, made)


def _row(table: Section) -> Published:
    values = table.record(_NEEDED, known=_KEYS, numbers=_NUMBERS, counts=("n",))
    row = Published(**values)
    _check(row, table.file)
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
