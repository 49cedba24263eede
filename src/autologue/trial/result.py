"""What a virtual trial gives: comparisons, panels and the curves for its figures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.protocol import Protocol
from autologue.trial.comparison import Row
from autologue.trial.course_result import CourseResult
from autologue.trial.interval import Interval
from autologue.trial.panel import Panel

__all__ = ["Curves", "Line", "TrialResult"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the comparison for one population: the interval predicted for `n` patients (None: not available) and the verdict.

    `contributing` is the mean share of the n patients who have a value; `detail` says what belongs to the number, such as the window
    of a half-life.
    """

    row: Row
    population: str
    n: int
    interval: Interval | None
    contributing: float
    detail: str

    @property
    def verdict(self) -> str:
        """Whether the published figure is inside or outside the predictive interval; empty where none is given."""
        if not self.row.judged or self.interval is None:
            return ""
        return "inside" if self.interval.lower <= self.row.published <= self.interval.upper else "outside"

    @property
    def close(self) -> bool:
        """Whether the verdict could turn within two Monte-Carlo errors of the nearer end."""
        if self.interval is None or not self.verdict:
            return False
        ends = ((self.interval.lower, self.interval.lower_error), (self.interval.upper, self.interval.upper_error))
        return any(abs(self.row.published - end) <= 2 * error for end, error in ends)


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves of patients for figures: days (times,), values (patients, times); no residual error."""

    days: Floats
    values: Floats
    unit: str


@dataclass(frozen=True)
class TrialResult:
    """A conducted trial: its protocol, the panels with their comparison and curves, and the course of its patients.

    A trial without panels has no lines and no curves; one whose protocol names no disease course has `course` None.
    """

    protocol: Protocol
    replicates: int
    seed: int
    lines: tuple[Line, ...]
    panels: Mapping[str, tuple[Panel, ...]]
    kinetics: Mapping[str, Curves]
    leukaemia: Mapping[str, Curves]
    models: Mapping[str, str]
    inputs: tuple[Path, ...]
    course: CourseResult | None = None

    def table(self) -> pd.DataFrame:
        """Return the comparison as a table: one row a line, numbers in the row's unit, NaN where there is none."""
        return pd.DataFrame([_record(line) for line in self.lines])

    def to_dict(self) -> dict[str, Any]:
        """Return what the trial found as values that JSON can hold (NaN becomes null)."""
        rows = [{key: _plain(value) for key, value in _record(line).items()} for line in self.lines]
        panels = [
            {"panel": p.name, "population": p.population, "model": p.model, "reference": p.reference, "solver": p.solver,
             "assumed": p.assumed, "patients_not_solved": p.failed}
            for group in self.panels.values() for p in group
        ]  # fmt: skip
        return {
            "trial": self.protocol.name.value, "registration": self.protocol.registration.value, "protocol": self.protocol.file,
            "infused": self.protocol.infused, "replicates": self.replicates, "seed": self.seed, "models": dict(self.models),
            "panels": panels, "comparison": rows,
            "course": None if self.course is None else {
                "uncertain": self.course.plan.uncertain, "drawn_from": self.course.drawn_from, "comparison": self.course.records(),
            },
        }  # fmt: skip

    def to_json(self) -> str:
        """Return `to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _record(line: Line) -> dict[str, Any]:
    row, found = line.row, line.interval
    ends = ("lower", "median", "upper", "lower_error", "median_error", "upper_error")
    return {
        "panel": row.panel, "population": line.population, "quantity": row.quantity, "unit": row.unit, "n": line.n,
        **{name: getattr(found, name) if found else math.nan for name in ends},
        "replicates": found.replicates if found else 0, "contributing": line.contributing,
        "published": row.published, "published_lower": row.lower, "published_upper": row.upper, "bounds": row.bounds,
        "evidence": row.evidence, "source": row.source, "kind": row.kind, "verdict": line.verdict, "close": line.close,
        "reason": row.reason, "detail": line.detail,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
