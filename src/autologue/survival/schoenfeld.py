"""Schoenfeld residuals and the test of proportional hazards built on them; late entry and ties (Efron) included.

Schoenfeld (1982), Biometrika 69:239-241; Grambsch & Therneau (1994), Biometrika 81:515-526. lifelines has no residuals
under late entry, so these are ours; tests hold them against lifelines where it has them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import chi2, rankdata

from autologue.survival.kaplan_meier import kaplan_meier
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["proportionality", "schoenfeld_residuals"]


def schoenfeld_residuals(data: TimeToEvent, design: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Return event times (event,) in order and residuals (event, covariate): covariates less their mean over those at risk."""
    centred = design - design.mean(0)
    risk = data.weight * np.exp(centred @ beta)
    events = np.flatnonzero(data.event)
    events = events[np.argsort(data.time[events], kind="stable")]
    leaving = _from_each(data.time, risk, centred)
    entering = _from_each(data.entry[data.entry > 0], risk[data.entry > 0], centred[data.entry > 0])
    residuals = np.empty((events.size, design.shape[1]))
    times = data.time[events]
    starts = np.flatnonzero(np.append(True, np.diff(times) > 0))
    for first, stop in zip(starts, np.append(starts[1:], events.size), strict=True):
        tied = events[first:stop]
        total = _at(leaving, times[first]) - _at(entering, times[first])
        own = np.append(risk[tied].sum(), risk[tied] @ centred[tied])
        share = np.arange(tied.size)[:, None] / tied.size
        left = total - share * own
        residuals[first:stop] = centred[tied] - (left[:, 1:] / left[:, :1]).mean(0)
    return times, residuals


def proportionality(data: TimeToEvent, times: Floats, residuals: Floats, covariance: Floats, terms: list[str]) -> pd.DataFrame:
    """Return by covariate the chi-square (1 degree of freedom) and p-value of a slope in time, ranked and as 1 - Kaplan-Meier."""
    weight = data.weight[data.event][np.argsort(data.time[data.event], kind="stable")]
    km = kaplan_meier(data).at(times).estimate.to_numpy()
    clocks: Mapping[str, Floats] = {"rank": rankdata(times, method="average"), "km": 1 - km}
    scaled = len(times) * (residuals * weight[:, None]) @ covariance
    found = {}
    for name, clock in clocks.items():
        centred = clock - clock.mean()
        statistic = (centred @ scaled) ** 2 / (len(times) * np.diag(covariance) * (centred @ centred))
        found[f"chi_square_{name}"] = pd.Series(statistic, index=terms)
        found[f"p_{name}"] = pd.Series(chi2.sf(statistic, 1), index=terms)
    return pd.DataFrame(found)


def _from_each(times: Floats, risk: Floats, design: Floats) -> tuple[Floats, Floats]:
    """Return sorted times and, from each onwards, the sums of risk and of risk times covariates, shape (n + 1, 1 + covariate)."""
    order = np.argsort(times, kind="stable")
    rows = np.column_stack([risk, risk[:, None] * design])[order]
    sums = np.concatenate([np.cumsum(rows[::-1], axis=0)[::-1], np.zeros((1, rows.shape[1]))])
    return times[order], sums


def _at(sums: tuple[Floats, Floats], time: float) -> Floats:
    row: Floats = sums[1][np.searchsorted(sums[0], time, side="left")]
    return row
