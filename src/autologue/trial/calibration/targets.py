"""The targets of a calibration: rows of families that calibrate, as summaries of a trial of the real size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from autologue.calibrate import Target
from autologue.errors import InputError
from autologue.protocol import Protocol
from autologue.trial.families import Family, Published

__all__ = ["SPREAD", "Aimed", "aimed_rows", "distinct", "stem_of"]

SPREAD = 0.05  # of angles and logarithms: how far two adjudicators or cuts of one endpoint lie apart, see `explanation/calibrating_trials`
SHARES = ("share", "share_by", "survival")


@dataclass(frozen=True, slots=True)
class Aimed:
    """A published row, the row whose statistic is simulated for it, and the target."""

    family: Family
    row: Published
    simulated: Published
    target: Target


def stem_of(protocol: Protocol) -> str:
    """Return the name by which families know a protocol: that of its file."""
    return protocol.file.removesuffix(".toml").rpartition("/")[2]


def aimed_rows(protocol: Protocol, families: Iterable[Family]) -> tuple[Aimed, ...]:
    """Return the targets of a protocol: every simulated row of its families that calibrate.

    A median that a curve reaches at some time is the share of one half at that time, which no replicate lacks. Raises InputError where
    there are figures but none of them calibrates or is simulated.
    """
    own = [family for family in families if family.protocol == stem_of(protocol)]
    found = [_aimed(family, row) for family in own if family.use == "calibrate" for row in family.rows if row.simulated]
    if not found:
        raise InputError(
            f"{protocol.file}: no figure of a family that calibrates is simulated under this protocol ({len(own)} families name it); "
            'give a file of figures with use = "calibrate"'
        )
    return tuple(found)


def _aimed(family: Family, row: Published) -> Aimed:
    name = f"{family.name}: {row.name}, n {row.n}"
    if row.statistic == "count":
        return Aimed(family, row, row, Target(name, row.published / row.n, "share", row.n, SPREAD))
    if row.statistic in SHARES:
        return Aimed(family, row, row, Target(name, row.published, "share", row.n, SPREAD))
    if row.statistic == "median_survival":
        at_half = replace(row, statistic="survival", months=row.published, published=0.5)
        return Aimed(family, row, at_half, Target(name, 0.5, "share", row.n, SPREAD))
    rounded = 0.5 / math.sqrt(3.0) / row.published if row.statistic == "median" and row.published == round(row.published) else 0.0
    return Aimed(family, row, row, Target(name, row.published, "log", row.n, math.hypot(SPREAD, rounded)))


def distinct(aimed: Sequence[Aimed]) -> tuple[Aimed, ...]:
    """Return the rows with names of targets that differ."""
    seen: dict[str, int] = {}
    made = []
    for one in aimed:
        count = seen[one.target.name] = seen.get(one.target.name, 0) + 1
        made.append(one if count == 1 else replace(one, target=replace(one.target, name=f"{one.target.name} ({count})")))
    return tuple(made)
