"""Kaplan-Meier and Nelson-Aalen: the product-limit curve and the cumulative hazard, with their intervals.

Kaplan & Meier (1958), JASA 53:457-481; Greenwood (1926); Aalen (1978), Ann Stat 6:701-726.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from autologue.errors import InputError
from autologue.survival.counts import Counts, counts
from autologue.survival.curves import Survival
from autologue.survival.levels import check_level, deviate
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["Interval", "KaplanMeier", "Log", "LogLog", "Plain", "kaplan_meier"]


class Interval(ABC):
    """The scale on which a survival probability is taken to be normal."""

    @abstractmethod
    def bounds(self, survival: Floats, error: Floats, z: float) -> tuple[Floats, Floats]:
        """Return lower and upper from the survival, the standard error of its logarithm and a normal deviate."""


@dataclass(frozen=True)
class LogLog(Interval):
    """log(-log S) is normal: bounds stay inside 0 and 1; the default."""

    def bounds(self, survival: Floats, error: Floats, z: float) -> tuple[Floats, Floats]:
        inner = (survival > 0) & (survival < 1)
        log = np.log(np.where(inner, survival, 0.5))
        half = z * np.where(inner, error, 0.0) / log
        lower, upper = np.exp(log * np.exp(-half)), np.exp(log * np.exp(half))
        return np.where(inner, lower, survival), np.where(inner, upper, survival)


@dataclass(frozen=True)
class Log(Interval):
    """log S is normal, cut at 1: the default of R's survfit."""

    def bounds(self, survival: Floats, error: Floats, z: float) -> tuple[Floats, Floats]:
        half = z * np.where(survival > 0, error, 0.0)
        return survival * np.exp(-half), np.minimum(survival * np.exp(half), 1.0)


@dataclass(frozen=True)
class Plain(Interval):
    """S is normal, cut at 0 and 1."""

    def bounds(self, survival: Floats, error: Floats, z: float) -> tuple[Floats, Floats]:
        half = z * np.where(survival > 0, error * survival, 0.0)
        return np.maximum(survival - half, 0.0), np.minimum(survival + half, 1.0)


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """A product-limit estimate; arrays have shape (time,), one for each distinct event or censoring time.

    `log_error` is the standard error of log S (Greenwood); `hazard` the Nelson-Aalen cumulative hazard and `hazard_error`
    its standard error (Aalen).
    """

    counts: Counts
    survival: Floats
    log_error: Floats
    hazard: Floats
    hazard_error: Floats
    interval: Interval
    level: float
    unit: str
    warnings: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return time, numbers at risk, events, censored, survival with standard error and bounds, cumulative hazard."""
        found = self.at(self.counts.time)
        found.insert(1, "at_risk", self.counts.at_risk)
        found.insert(2, "events", self.counts.events)
        found.insert(3, "censored", self.counts.censored)
        return found.assign(cumulative_hazard=self.hazard, cumulative_hazard_error=self.hazard_error)

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Return survival at times with standard error and bounds; not-a-number after follow-up has ended."""
        when = np.atleast_1d(np.asarray(times, np.float64))
        position = np.searchsorted(self.counts.time, when, side="right") - 1
        before, known = position < 0, (when <= self.counts.time[-1]) | (self.survival[-1] == 0)
        survival = np.where(before, 1.0, self.survival[position])
        error = np.where(before, 0.0, self.log_error[position])
        z = deviate(self.level)
        lower, upper = self.interval.bounds(survival, error, z)
        columns = {"estimate": survival, "standard_error": survival * np.where(survival > 0, error, 0.0), "lower": lower, "upper": upper}
        return pd.DataFrame({"time": when, **{name: np.where(known, values, np.nan) for name, values in columns.items()}})

    def numbers_at_risk(self, times: ArrayLike) -> pd.DataFrame:
        """Return the number still at risk just before each time, and events and censored up to and including it."""
        when = np.atleast_1d(np.asarray(times, np.float64))
        done = np.searchsorted(self.counts.time, when, side="right")
        events = np.concatenate([[0.0], np.cumsum(self.counts.events)])[done]
        censored = np.concatenate([[0.0], np.cumsum(self.counts.censored)])[done]
        return pd.DataFrame({"time": when, "at_risk": self.counts.risk_at(when), "events": events, "censored": censored})

    def quantile(self, share: float) -> dict[str, float]:
        """Return the time by which `share` have had the event, with the bounds of Brookmeyer & Crowley (1982); infinite if not reached."""
        if not 0 < share < 1:
            raise InputError(f"the share is {share:g}; expected a fraction between 0 and 1, like 0.5 for the median.")
        table = self.at(self.counts.time)
        crossing = {name: table[name].to_numpy() <= 1 - share + 1e-12 for name in ("estimate", "lower", "upper")}
        return {name: float(self.counts.time[np.argmax(hit)]) if hit.any() else np.inf for name, hit in crossing.items()}

    def median(self) -> dict[str, float]:
        """Return the median time with its bounds."""
        return self.quantile(0.5)

    def curve(self, times: Floats | None = None, *, arm: str = "all", event: str = "event", draws: int = 1000, seed: int = 0) -> Survival:
        """Return a `Survival` on `times` (default: the event times, or 1,000 of them) with draws from a beta process.

        Each draw multiplies 1 - Beta(events, at risk - events) over the event times (Hjort 1990, Ann Stat 18:1259-1294):
        draws never rise, and their spread is Greenwood's to order 1/n. Times must lie within follow-up.
        """
        happened = self.counts.events > 0
        when, d, n = self.counts.time[happened], self.counts.events[happened], self.counts.at_risk[happened]
        at = self._grid(when) if times is None else np.asarray(times, np.float64)
        if at[-1] > self.counts.time[-1] and self.survival[-1] > 0:
            raise InputError(
                f"time {at[-1]:g} is after the end of follow-up at {self.counts.time[-1]:g} {self.unit}s; fit a family to go further."
            )
        steps = np.searchsorted(when, at, side="right")
        rng = np.random.Generator(np.random.Philox(key=seed))
        drawn = np.empty((draws, 1, at.size))
        for draw in range(draws):
            kept = rng.beta(np.maximum(n - d, 1e-12), d)
            drawn[draw, 0] = np.concatenate([[1.0], np.cumprod(kept)])[steps]
        exact = np.concatenate([[1.0], self.survival[happened]])[steps]
        source = {"method": "Kaplan-Meier", "seed": str(seed)}
        return Survival(at, exact[None], drawn, (arm,), unit=self.unit, event=event, step=True, provenance=source)

    def _grid(self, when: Floats) -> Floats:
        """Zero, the event times (1,000 spread evenly over them where there are more) and the end of follow-up."""
        some = when if when.size <= 1000 else when[np.linspace(0, when.size - 1, 1000).astype(int)]
        return np.unique(np.concatenate([[0.0], some, self.counts.time[-1:]]))


def kaplan_meier(data: TimeToEvent, *, level: float = 0.95, interval: Interval = LogLog()) -> KaplanMeier:
    """Return the product-limit estimate of all subjects together, any cause counted as the event.

    Weights count as replications; subjects enter the risk set after their entry time.

    >>> from autologue.survival.read import time_to_event
    >>> km = kaplan_meier(time_to_event(pd.DataFrame({"time": [1, 2, 2, 4], "status": [1, 1, 0, 1]})))
    >>> [round(float(s), 4) for s in km.survival]
    [0.75, 0.5, 0.0]
    """
    check_level(level)
    found = counts(data)
    d, n = found.events, found.at_risk
    share = np.where(n > 0, d / np.where(n > 0, n, 1.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.where(d > 0, d / (n * (n - d)), 0.0)
    survival: Floats = np.cumprod(1.0 - share, dtype=np.float64)
    return KaplanMeier(
        counts=found,
        survival=survival,
        log_error=np.sqrt(np.cumsum(greenwood)),
        hazard=np.cumsum(share),
        hazard_error=np.sqrt(np.cumsum(np.where(n > 0, share / np.where(n > 0, n, 1.0), 0.0))),
        interval=interval,
        level=level,
        unit=data.unit,
        warnings=_emptied(found, survival, data),
    )


def _emptied(found: Counts, survival: Floats, data: TimeToEvent) -> tuple[str, ...]:
    """Say where late entry lets the curve fall to zero while subjects are still to come."""
    zero = np.flatnonzero(survival <= 0)
    if zero.size == 0 or found.time[zero[0]] >= found.time[-1]:
        return ()
    when = found.time[zero[0]]
    return (
        f"All who were at risk at {when:g} {data.unit}s had the event while others entered later, so the curve is zero from there; "
        "start it at a later time with more subjects at risk.",
    )
