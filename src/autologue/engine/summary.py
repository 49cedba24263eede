"""Per-patient summaries computed inside the kernel, so that millions of patients need no trajectories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.engine.codes import AREA, FIRST_ABOVE, FIRST_BELOW, LAST_ABOVE, MAXIMUM, MINIMUM
from autologue.engine.system import System
from autologue.errors import InputError, unknown

__all__ = ["Area", "FirstAbove", "FirstBelow", "LastAbove", "Maximum", "Minimum", "Summary", "summary_rows"]


@dataclass(frozen=True, slots=True)
class Maximum:
    """The largest value of an output (Cmax) and its time (tmax), between `start` and `stop` in the model's time unit."""

    output: str
    start: float = -math.inf
    stop: float = math.inf


@dataclass(frozen=True, slots=True)
class Minimum:
    """The smallest value of an output (nadir) and its time."""

    output: str
    start: float = -math.inf
    stop: float = math.inf


@dataclass(frozen=True, slots=True)
class Area:
    """The area under an output between `start` and `stop`."""

    output: str
    start: float
    stop: float


@dataclass(frozen=True, slots=True)
class LastAbove:
    """The last time an output is at or above `limit` (Tlast above an assay limit); NaN if never."""

    output: str
    limit: float
    start: float = -math.inf
    stop: float = math.inf


@dataclass(frozen=True, slots=True)
class FirstAbove:
    """The first time an output is at or above `limit`, from `start` on; NaN if never."""

    output: str
    limit: float
    start: float = -math.inf
    stop: float = math.inf


@dataclass(frozen=True, slots=True)
class FirstBelow:
    """The first time an output is at or below `limit`, from `start` on; NaN if never."""

    output: str
    limit: float
    start: float = -math.inf
    stop: float = math.inf


Summary = Maximum | Minimum | Area | LastAbove | FirstAbove | FirstBelow
_KINDS = {Maximum: MAXIMUM, Minimum: MINIMUM, Area: AREA, LastAbove: LAST_ABOVE, FirstAbove: FIRST_ABOVE, FirstBelow: FIRST_BELOW}


def summary_rows(
    system: System, summaries: Sequence[Summary], *, start: float, stop: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the summaries as the driver reads them: (kind, output, the state that it is or -1) and (start, stop, limit).

    All patients are solved from `start` to `stop`: an area over more than that is refused, it would be a part of itself.
    """
    known = list(system.outputs)
    kinds, limits = [], []
    for s in summaries:
        if s.output not in known:
            raise InputError(f"model {system.model.name}: {unknown('output', s.output, known)}")
        if not s.start < s.stop:
            raise InputError(f"a summary of '{s.output}' covers {s.start:g} to {s.stop:g}; the end must come after the start")
        if isinstance(s, Area) and (-math.inf < s.start < start or stop < s.stop < math.inf):
            raise InputError(
                f"the area under '{s.output}' covers {s.start:g} to {s.stop:g} {system.model.time}, but the course is solved from "
                f"{start:g} to {stop:g}; give horizon={s.stop:g} or a shorter window"
            )
        kinds.append((_KINDS[type(s)], known.index(s.output), system.state_of(s.output)))
        limits.append((max(s.start, -1e300), min(s.stop, 1e300), getattr(s, "limit", 0.0)))
    return np.array(kinds, dtype=np.int64).reshape(-1, 3), np.array(limits, dtype=float).reshape(-1, 3)
