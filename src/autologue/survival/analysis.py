"""`analyse_survival`: everything that is said of a time-to-event table, arm by arm, in one value.

Kaplan-Meier, restricted means, log-rank and Cox where there are arms, and every family fitted to each arm apart and extrapolated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from autologue.errors import InputError, unknown
from autologue.survival.compare import LogRank, log_rank, restricted_mean, restricted_mean_difference
from autologue.survival.cox import CoxFit, fit_cox
from autologue.survival.curves import Survival
from autologue.survival.families.family import Family
from autologue.survival.fitting import SurvivalFit, fit_survival
from autologue.survival.kaplan_meier import KaplanMeier, kaplan_meier
from autologue.survival.records import Floats, TimeToEvent
from autologue.survival.uncertainty import Asymptotic, Uncertainty, draw_curve

__all__ = ["ArmAnalysis", "Extrapolated", "SurvivalAnalysis", "analyse_survival"]

CLOSE = 2.0  # AIC within which families describe the data about as well (Burnham & Anderson 2002, chapter 2.6)
VISIBLE = 0.02  # difference of survival that two lines of a figure can show
STEPS = 200
NORMAL = Asymptotic()


@dataclass(frozen=True, eq=False)
class Extrapolated:
    """A fitted family and its curve to the horizon; draws are absent where the likelihood has no interior maximum."""

    key: str
    fit: SurvivalFit
    curve: Survival

    @property
    def usable(self) -> bool:
        """Whether the fit settled, so that its criteria and curve may be compared with others."""
        return self.fit.converged and bool(np.isfinite(self.fit.log_likelihood))


@dataclass(frozen=True, eq=False)
class ArmAnalysis:
    """One arm: its data, its Kaplan-Meier curve and its fits, those that settled first, best AIC first."""

    name: str
    data: TimeToEvent
    kaplan_meier: KaplanMeier
    fits: tuple[Extrapolated, ...]

    @property
    def usable(self) -> tuple[Extrapolated, ...]:
        """The fits that settled."""
        return tuple(each for each in self.fits if each.usable)

    @property
    def close(self) -> tuple[Extrapolated, ...]:
        """The fits within 2 of the best AIC: data do not tell them apart."""
        return tuple(each for each in self.usable if each.fit.aic <= self.usable[0].fit.aic + CLOSE)

    def best(self, count: int) -> tuple[Extrapolated, ...]:
        """Return the first `count` fits by AIC, leaving out a curve that runs as one already taken (within 2 points)."""
        taken: list[Extrapolated] = []
        for each in self.usable:
            if all(np.max(np.abs(each.curve.estimate - other.curve.estimate)) > VISIBLE for other in taken):
                taken.append(each)
        return tuple(taken[:count])


@dataclass(frozen=True, eq=False)
class SurvivalAnalysis:
    """What `analyse_survival` found; arms are compared with `reference`.

    Times are in `data.unit`; restricted means run to `tau`, extrapolation to `horizon`.
    """

    data: TimeToEvent
    arms: tuple[ArmAnalysis, ...]
    reference: str
    milestones: tuple[float, ...]
    horizon: float
    tau: float
    restricted_means: pd.DataFrame
    differences: pd.DataFrame | None
    log_rank: LogRank | None
    cox: CoxFit | None
    notes: tuple[str, ...]

    @property
    def unit(self) -> str:
        """The unit of time."""
        return self.data.unit

    @cached_property
    def fit_table(self) -> pd.DataFrame:
        """Fits side by side: criteria, survival at each milestone and mean time to the horizon, with 95 % bounds.

        One row an arm and family, in the order of `ArmAnalysis.fits`; `delta_aic` is against the best fit of the arm that settled.
        """
        rows = []
        for arm in self.arms:
            best = arm.usable[0].fit.aic if arm.usable else np.nan
            rows += [self._row(arm, each, best) for each in arm.fits]
        return pd.DataFrame(rows)

    def _row(self, arm: ArmAnalysis, each: Extrapolated, best: float) -> dict[str, object]:
        row: dict[str, object] = {
            "arm": arm.name,
            "key": each.key,
            "family": each.fit.family.name,
            "parameters": int(each.fit.theta.size),
            "log_likelihood": each.fit.log_likelihood,
            "aic": each.fit.aic,
            "delta_aic": each.fit.aic - best if each.usable else np.nan,
            "bic": each.fit.bic,
            "converged": each.usable,
        }
        for time in self.milestones:
            at = each.curve.milestone(time).iloc[0]
            row |= {f"survival_{time:g}": at.estimate, f"survival_{time:g}_lower": at.lower, f"survival_{time:g}_upper": at.upper}
        mean = each.curve.restricted_mean(self.horizon).iloc[0]
        return row | {"mean": mean.estimate, "mean_lower": mean.lower, "mean_upper": mean.upper}


def analyse_survival(
    data: TimeToEvent,
    families: Mapping[str, Family],
    *,
    milestones: Sequence[float],
    horizon: float,
    reference: str | None = None,
    uncertainty: Uncertainty = NORMAL,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> SurvivalAnalysis:
    """Return Kaplan-Meier, comparisons and the fits of `families` (by a short name) to each arm, extrapolated to `horizon`.

    `milestones` lie within the horizon; arms are compared with `reference`, by default the first. `progress` is told 1 after each
    fit. A family that cannot be fitted is left out, with a sentence in `notes`. Raises `InputError` for a milestone or horizon out
    of range, an unknown arm, and interval-censored data.

    >>> from autologue.survival.families.exponential import Exponential
    >>> from autologue.survival.read import time_to_event
    >>> data = time_to_event(pd.DataFrame({"time": [1.0, 2, 3, 4], "status": [1, 1, 0, 1]}))
    >>> found = analyse_survival(data, {"exponential": Exponential()}, milestones=[4], horizon=8)
    >>> round(float(found.fit_table["survival_4"].iloc[0]), 4)
    0.3012
    """
    _check(data, milestones, horizon)
    base = data.arms[0] if reference is None else reference
    if base not in data.arms:
        raise InputError(unknown("arm", base, data.arms))
    notes: list[str] = []
    if len(data.causes) > 1:
        notes.append(f"Events of several causes ({', '.join(data.causes)}) are counted together; competing risks need another analysis.")
    grid = np.unique(np.concatenate([np.linspace(0.0, horizon, STEPS + 1), np.asarray(milestones, np.float64)]))
    arms = []
    for position, (name, part) in enumerate(data.by_arm()):
        stream = int(np.random.SeedSequence([seed, position]).generate_state(1, np.uint64)[0])
        fits, said = _fits(part, families, grid, uncertainty, stream, progress)
        km = kaplan_meier(part)
        own = (*km.warnings, *said)
        notes += [f"Arm {name}: {each}" for each in own] if len(data.arms) > 1 else own
        arms.append(ArmAnalysis(name, part, km, fits))
    tau = min([horizon, *(_followed(arm.kaplan_meier) for arm in arms)])
    several = len(arms) > 1
    cox, trouble = _cox(data, base)
    with np.errstate(all="ignore"):  # the variance of log survival is infinite once a curve is at zero, and left out
        means = restricted_mean(data, tau)
        differences = restricted_mean_difference(data, tau, reference=base) if several else None
    return SurvivalAnalysis(
        data=data,
        arms=tuple(arms),
        reference=base,
        milestones=tuple(float(time) for time in milestones),
        horizon=float(horizon),
        tau=tau,
        restricted_means=means,
        differences=differences,
        log_rank=log_rank(data) if several and bool(data.event.any()) else None,
        cox=cox,
        notes=(*notes, *trouble),
    )


def _check(data: TimeToEvent, milestones: Sequence[float], horizon: float) -> None:
    if not (np.isfinite(horizon) and horizon > 0):
        raise InputError(f"the horizon is {horizon:g}; expected a time above zero, in {data.unit}s.")
    for time in milestones:
        if not 0 < time <= horizon:
            raise InputError(f"the milestone {time:g} lies outside 0 to the horizon {horizon:g} {data.unit}s; move one of the two.")


def _followed(km: KaplanMeier) -> float:
    """Return the time to which a restricted mean is known: the end of follow-up, or without end once nobody is left."""
    return float(km.counts.time[-1]) if km.survival[-1] > 0 else np.inf


def _fits(
    part: TimeToEvent, families: Mapping[str, Family], grid: Floats, uncertainty: Uncertainty, seed: int, progress: Callable[[int], None]
) -> tuple[tuple[Extrapolated, ...], list[str]]:
    found, said = [], []
    for key, family in families.items():
        try:
            fit = fit_survival(part, family)
            found.append(Extrapolated(key, fit, _curve(fit, grid, uncertainty, seed)))
        except InputError as problem:
            said.append(f"{family.name} is left out: {problem}")
        progress(1)
    found.sort(key=lambda each: (not each.usable, each.fit.aic))
    return tuple(found), said[:1] if not found else said


def _curve(fit: SurvivalFit, grid: Floats, uncertainty: Uncertainty, seed: int) -> Survival:
    """Return the fitted curve with draws, or without any where the fit did not settle."""
    if fit.converged and np.all(np.isfinite(fit.covariance)):
        return draw_curve(fit, grid, uncertainty=uncertainty, seed=seed)
    estimate = np.minimum.accumulate(np.clip(np.nan_to_num(fit.survival(grid), nan=0.0), 0.0, 1.0))
    estimate[grid <= 0] = 1.0
    arms = (fit.data.arms[0],)
    return Survival(grid, estimate[None], np.empty((0, 1, grid.size)), arms, unit=fit.data.unit)


def _cox(data: TimeToEvent, base: str) -> tuple[CoxFit | None, tuple[str, ...]]:
    """Return Cox's model of arms and covariates, if there are any, and what must be said of it."""
    if (len(data.arms) < 2 and data.covariates.shape[1] == 0) or not data.event.any():
        return None, ()
    silent = [name for name, part in data.by_arm() if not part.event.any()]
    if silent:
        return None, (f"There is no hazard ratio: arm {silent[0]} has no event, so that its ratio has no finite estimate.",)
    try:
        found = fit_cox(data, reference=base)
    except InputError as problem:
        return None, (str(problem),)
    return found, found.warnings
