"""`Survival`: survival curves by arm, with draws; every later step (trial, economics) reads curves from this noun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from autologue.errors import InputError, unknown
from autologue.survival.levels import check_level
from autologue.survival.records import Floats

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Survival", "stack_survival"]


@dataclass(frozen=True, eq=False)
class Survival:
    """Survival curves of one or more arms on common times.

    `time` has shape (time,), starts at 0 and increases, in `unit`; `estimate` has shape (arm, time); `draws`, shape
    (draw, arm, time), carry the uncertainty of the parameters (no rows: none known). `step` says how a curve runs between
    its times: constant (Kaplan-Meier), or smooth, with a constant hazard. `provenance` says where it came from.

    >>> curve = Survival(np.array([0.0, 1, 2]), np.array([[1.0, 0.5, 0.25]]), np.empty((0, 1, 3)), arms=("a",), unit="year")
    >>> curve.median().estimate["a"].item()
    1.0
    """

    time: Floats
    estimate: Floats
    draws: Floats
    arms: tuple[str, ...]
    unit: str = "month"
    event: str = "event"
    step: bool = False
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.arms), self.time.size)
        if self.estimate.shape != shape or self.draws.shape[1:] != shape:
            raise InputError(
                f"survival needs estimate of shape {shape} and draws of shape (draw, {shape[0]}, {shape[1]}), "
                f"got {self.estimate.shape} and {self.draws.shape}."
            )
        if self.time[0] != 0 or np.any(np.diff(self.time) <= 0):
            raise InputError(f"survival times must start at 0 and increase, got {self.time[0]:g} first; sort them and add 0.")
        for values, what in ((self.estimate[None], "estimate"), (self.draws, "draws")):
            if not np.all((values >= -1e-12) & (values <= 1 + 1e-12)):
                raise InputError(f"the {what} of a survival curve must lie between 0 and 1.")
            rise = np.diff(values, axis=-1) > 1e-9
            if np.any(rise):
                _, arm, at = (int(i) for i in np.argwhere(rise)[0])
                raise InputError(f"the {what} of arm '{self.arms[arm]}' rise after {self.time[at]:g} {self.unit}s; survival never rises.")

    def values(self, times: ArrayLike) -> tuple[Floats, Floats]:
        """Return estimate (arm, n) and draws (draw, arm, n) at times (n,), which may not lie beyond the last time."""
        at = np.atleast_1d(np.asarray(times, np.float64))
        inside = (at >= 0) & (at <= self.time[-1] * (1 + 1e-12))
        if not np.all(inside):
            worst = float(at[~inside][0])
            raise InputError(
                f"time {worst:g} is outside the curve, which runs from 0 to {self.time[-1]:g} {self.unit}s; estimate it for longer."
            )
        return self._between(self.estimate, at), self._between(self.draws, at)

    def _between(self, values: Floats, at: Floats) -> Floats:
        left = np.clip(np.searchsorted(self.time, at, side="right") - 1, 0, max(self.time.size - 2, 0))
        if self.step:
            exact = np.searchsorted(self.time, at, side="right") - 1
            stepped: Floats = values[..., exact]
            return stepped
        if self.time.size == 1:
            return np.repeat(values, at.size, axis=-1)
        share = (at - self.time[left]) / (self.time[left + 1] - self.time[left])
        low, high = values[..., left], values[..., left + 1]
        ratio = np.where(low > 0, high / np.where(low > 0, low, 1.0), 1.0)
        smooth: Floats = low * np.where(ratio > 0, np.maximum(ratio, 1e-300) ** share, 1.0 - share)
        return smooth

    def at(self, times: ArrayLike, *, level: float = 0.95) -> pd.DataFrame:
        """Return survival at times as a tidy table: arm, time, estimate, lower, upper (bounds are quantiles of the draws)."""
        when = np.atleast_1d(np.asarray(times, np.float64))
        estimate, draws = self.values(when)
        lower, upper = _bounds(draws, level, estimate.shape)
        return pd.DataFrame(
            {
                "arm": np.repeat(self.arms, when.size),
                "time": np.tile(when, len(self.arms)),
                "estimate": estimate.ravel(),
                "lower": lower.ravel(),
                "upper": upper.ravel(),
            }
        )

    def band(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return the whole curve with its quantile band, for a figure."""
        return self.at(self.time, level=level)

    def milestone(self, time: float, *, level: float = 0.95) -> pd.DataFrame:
        """Return survival at one time by arm, with bounds from the draws."""
        estimate, draws = self.values([time])
        return self._table(estimate[..., 0], draws[..., 0], level)

    def quantile(self, share: float, *, level: float = 0.95) -> pd.DataFrame:
        """Return the time by which `share` have had the event, by arm; infinite where the curve does not come down so far."""
        return self._table(self._crossing(self.estimate, 1 - share), self._crossing(self.draws, 1 - share), level)

    def median(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return the median time to the event by arm; infinite where not reached on the curve's times."""
        return self.quantile(0.5, level=level)

    def restricted_mean(self, horizon: float, *, level: float = 0.95) -> pd.DataFrame:
        """Return the area under each curve up to `horizon`, by arm."""
        estimate, draws = self._areas(horizon)
        return self._table(estimate, draws, level)

    def restricted_mean_difference(self, horizon: float, *, reference: str, level: float = 0.95) -> pd.DataFrame:
        """Return each arm's restricted mean less that of the reference arm, draw by draw."""
        estimate, draws = self._areas(horizon)
        base = self._position(reference)
        return self._table(estimate - estimate[base], draws - draws[:, [base]], level)

    def select(self, arms: Sequence[str]) -> Survival:
        """Return the curves of some arms, in the given order."""
        rows = [self._position(arm) for arm in arms]
        return replace(self, estimate=self.estimate[rows], draws=self.draws[:, rows], arms=tuple(arms))

    def with_background(self, expected: Floats) -> Survival:
        """Return all-cause survival: a relative survival times the expected survival at the same times, shape (time,)."""
        if expected.shape != self.time.shape:
            raise InputError(
                f"expected survival needs shape {self.time.shape}, one value for each time of the curve, got {expected.shape}."
            )
        return replace(self, estimate=self.estimate * expected, draws=self.draws * expected)

    def to_xarray(self) -> xr.Dataset:
        """Return a labelled dataset: `survival` (arm, time) and `draws` (draw, arm, time)."""
        import xarray as xr

        return xr.Dataset(
            {"survival": (("arm", "time"), self.estimate), "draws": (("draw", "arm", "time"), self.draws)},
            coords={"arm": list(self.arms), "time": self.time, "draw": np.arange(self.draws.shape[0])},
            attrs={"time_unit": self.unit, "event": self.event, "step": int(self.step), **self.provenance},
        )

    def _position(self, arm: str) -> int:
        if arm not in self.arms:
            raise InputError(unknown("arm", arm, self.arms))
        return self.arms.index(arm)

    def _areas(self, horizon: float) -> tuple[Floats, Floats]:
        self.values([horizon])
        times = np.append(self.time[self.time < horizon], horizon)
        return self._area(self.estimate, times), self._area(self.draws, times)

    def _area(self, values: Floats, times: Floats) -> Floats:
        at = self._between(values, times)
        left, right, width = at[..., :-1], at[..., 1:], np.diff(times)
        if self.step:
            return np.asarray((left * width).sum(-1))
        with np.errstate(divide="ignore", invalid="ignore"):
            drop = np.log(left / right)
            mean = np.where((drop > 1e-6) & np.isfinite(drop), (left - right) / drop, 0.5 * (left + right))
        return np.asarray((mean * width).sum(-1))

    def _crossing(self, values: Floats, level: float) -> Floats:
        below = values <= level + 1e-12
        first = np.argmax(below, axis=-1)
        reached = np.any(below, axis=-1)
        when = self.time[first]
        if self.step or self.time.size == 1:
            return np.where(reached, when, np.inf)
        before = np.maximum(first - 1, 0)
        low = np.take_along_axis(values, first[..., None], -1)[..., 0]
        high = np.take_along_axis(values, before[..., None], -1)[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(low > 0, np.log(high / level) / np.log(high / low), (high - level) / (high - low))
        inside = self.time[before] + np.nan_to_num(share) * (when - self.time[before])
        return np.where(reached, inside, np.inf)

    def _table(self, estimate: Floats, draws: Floats, level: float) -> pd.DataFrame:
        lower, upper = _bounds(draws, level, estimate.shape)
        return pd.DataFrame({"estimate": estimate, "lower": lower, "upper": upper}, index=pd.Index(self.arms, name="arm"))


def stack_survival(curves: Sequence[Survival]) -> Survival:
    """Return the arms of several curves as one; times, unit and number of draws must agree."""
    first = curves[0]
    for curve in curves[1:]:
        same = np.array_equal(curve.time, first.time) and (curve.unit, curve.step) == (first.unit, first.step)
        if not same or curve.draws.shape[0] != first.draws.shape[0]:
            raise InputError(f"arms {first.arms} and {curve.arms} cannot be stacked: times, unit and number of draws must agree.")
    return replace(
        first,
        estimate=np.concatenate([curve.estimate for curve in curves]),
        draws=np.concatenate([curve.draws for curve in curves], axis=1),
        arms=tuple(arm for curve in curves for arm in curve.arms),
    )


def _bounds(draws: Floats, level: float, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    check_level(level)
    if draws.shape[0] == 0:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    tail = 0.5 * (1 - level)
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return low, high
