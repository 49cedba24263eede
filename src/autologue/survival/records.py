"""Time-to-event data as one frozen table of arrays, whatever the kind of censoring.

Each subject is known to be free of the event at `lower` and to have had it by `upper`:

    exact event        lower == upper
    right censored     upper is infinite
    interval censored  lower < upper < infinity   (left censored when lower is 0)

`entry` is the time from which the subject is under observation (left truncation), 0 when from the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autologue.errors import InputError

__all__ = ["Floats", "Integers", "TimeToEvent"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TimeToEvent:
    """Times to an event, one row a subject; every array has shape (subject,) and is read-only.

    `cause` is 0 for no event and otherwise the 1-based position in `causes`; `arm` is a position in `arms`.
    `background` is the expected (life table) hazard at the event time, per `unit`; 0 where none applies.
    Build one with `time_to_event` or `interval_censored`, which check a table and name the row and column at fault.
    """

    lower: Floats
    upper: Floats
    cause: Integers
    entry: Floats
    weight: Floats
    background: Floats
    arm: Integers
    subject: NDArray[np.object_]
    covariates: pd.DataFrame
    arms: tuple[str, ...] = ("all",)
    causes: tuple[str, ...] = ("event",)
    unit: str = "month"

    def __post_init__(self) -> None:
        for name in ("lower", "upper", "cause", "entry", "weight", "background", "arm", "subject"):
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return int(self.lower.size)

    @property
    def event(self) -> NDArray[np.bool_]:
        """True where the event (of any cause) is known to have happened."""
        return self.cause > 0

    @property
    def time(self) -> Floats:
        """The event or censoring time; refuses interval-censored data, which have none."""
        if self.interval_censored:
            row = int(np.flatnonzero(self._interval)[0])
            raise InputError(
                f"subject {self.subject[row]} is interval censored ({self.lower[row]:g} to {self.upper[row]:g} {self.unit}s), "
                "but this method needs exact or right-censored times; use turnbull or a parametric family."
            )
        return self.lower

    @property
    def _interval(self) -> NDArray[np.bool_]:
        return (self.lower < self.upper) & np.isfinite(self.upper)

    @property
    def interval_censored(self) -> bool:
        """Whether any subject's event is known only to lie between two times."""
        return bool(np.any(self._interval))

    @property
    def follow_up(self) -> float:
        """The last time at which anyone was known to be under observation."""
        return float(np.where(np.isfinite(self.upper), self.upper, self.lower).max())

    def take(self, rows: NDArray[np.bool_] | Integers) -> TimeToEvent:
        """Return the data of some subjects, given by mask or positions."""
        return replace(
            self,
            lower=self.lower[rows],
            upper=self.upper[rows],
            cause=self.cause[rows],
            entry=self.entry[rows],
            weight=self.weight[rows],
            background=self.background[rows],
            arm=self.arm[rows],
            subject=self.subject[rows],
            covariates=self.covariates.iloc[rows],
        )

    def by_arm(self) -> Iterator[tuple[str, TimeToEvent]]:
        """Yield each arm's name and data, in the order of `arms`."""
        for code, name in enumerate(self.arms):
            yield name, replace(self.take(self.arm == code), arm=np.zeros(int((self.arm == code).sum()), np.int64), arms=(name,))

    def only(self, cause: str) -> TimeToEvent:
        """Return the data with every other cause counted as censoring at its time (a cause-specific analysis)."""
        if cause not in self.causes:
            raise InputError(f"cause '{cause}' is not declared; the data know {', '.join(self.causes)}.")
        kept = self.cause == self.causes.index(cause) + 1
        other = self.event & ~kept
        if np.any(other & self._interval):
            raise InputError("a competing event of unknown exact time cannot be counted as censoring; give exact times for it.")
        return replace(self, cause=kept.astype(np.int64), upper=np.where(other, np.inf, self.upper), causes=(cause,))
