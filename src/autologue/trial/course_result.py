"""What following the patients of a trial gives: the plan, the table of draws, the figures compared, and a control if there is one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from autologue.trial.compared import Compared
from autologue.trial.replicate import Plan
from autologue.trial.statistics import Replicates

__all__ = ["CourseResult"]


@dataclass(frozen=True, eq=False)
class CourseResult:
    """A followed trial; `drawn_from` says what its links were drawn from.

    `control` has the replicates of the protocol that serves as historical control (None: none).
    """

    plan: Plan
    trial: Replicates
    compared: tuple[Compared, ...]
    drawn_from: str
    control: Replicates | None = None

    def inside(self, use: str) -> tuple[int, int]:
        """Return how many figures of families with this use are inside, and how many were judged."""
        judged = [one for one in self.compared if one.family.use == use and one.verdict]
        return sum(one.verdict == "inside" for one in judged), len(judged)

    def records(self) -> list[dict[str, Any]]:
        """Return the comparison as values that JSON can hold."""
        return [_record(one) for one in self.compared]


def _record(one: Compared) -> dict[str, Any]:
    row, found = one.row, one.interval
    names = ("lower", "median", "upper", "lower_error", "median_error", "upper_error")
    ends = {name: _finite(getattr(found, name)) if found else None for name in names}
    return {
        "family": one.family.name, "use": one.family.use, "trial": row.trial, "endpoint": row.endpoint, "months": _finite(row.months),
        "statistic": row.statistic, "n": row.n, "published": row.published, "published_lower": _finite(row.lower),
        "published_upper": _finite(row.upper), **ends, "replicates": found.replicates if found else 0,
        "binomial_width": _finite(one.binomial), "verdict": one.verdict, "why": one.why, "source": row.source, "evidence": row.evidence,
    }  # fmt: skip


def _finite(value: float) -> float | str | None:
    if math.isinf(value):
        return "not reached"
    return None if math.isnan(value) else float(value)
