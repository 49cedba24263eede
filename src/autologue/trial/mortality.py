"""Death without relapse: early infections, late hazards, and other causes by age and sex."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.survival.life_table import LifeTable
from autologue.trial.streams import Stream, uniforms
from autologue.trial.values import Values

__all__ = ["background_death", "infection_death", "late_death"]

Floats = NDArray[np.float64]
YEAR = 365.25
EARLY = 91.0  # days after infusion in which early infections kill
_HORIZON = 120  # years


def infection_death(v: Values, *, ids: NDArray[np.int64], seed: int) -> Floats:
    """Return the day after infusion of death from an early infection (n,), infinite in most."""
    u = uniforms(seed, Stream.DEATH, ids, 4)
    return np.where(u[:, 0] < v["early_mortality"], EARLY * u[:, 1], np.inf)


def late_death(v: Values, *, ids: NDArray[np.int64], seed: int) -> Floats:
    """Return the day after infusion of a late death without relapse (n,), at a constant rate after three months."""
    u = uniforms(seed, Stream.DEATH, ids, 4)[:, 2]
    return np.asarray(EARLY - np.log(u) / (v["late_mortality"] / YEAR))


def background_death(
    v: Values, *, age: Floats, female: NDArray[np.bool_], ids: NDArray[np.int64], seed: int, table: LifeTable | None = None
) -> Floats:
    """Return the day after enrolment of death from other causes (n,): a life table where there is one, else Gompertz hazards of links."""
    target = -np.log(uniforms(seed, Stream.DEATH, ids, 4)[:, 3])
    if table is not None:
        return _by_table(table, age, female, target)
    slope = v["background_slope"]
    now = v["background_level"] * np.where(female, v["background_women"], 1.0) * np.exp(slope * age)
    return np.asarray(np.log1p(slope * target / now) / slope * YEAR)


def _by_table(table: LifeTable, age: Floats, female: NDArray[np.bool_], target: Floats) -> Floats:
    """Return the day on which the cumulative hazard from each age on reaches a target (n,)."""
    women = next((name for name in table.sexes if name.lower().startswith(("f", "w"))), table.sexes[0])
    men = next((name for name in table.sexes if name != women), women)
    years = np.arange(0.0, _HORIZON + 1.0)
    reached = table.cumulative(age, np.where(female, women, men), years)
    place = np.clip((reached < target[:, None]).sum(axis=1), 1, _HORIZON)
    rows = np.arange(len(age))
    low, high = reached[rows, place - 1], reached[rows, place]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high > low, (target - low) / (high - low), 1.0)
    return np.asarray((place - 1 + np.clip(share, 0.0, 1.0)) * YEAR)
