"""What a reader of a fit must be told, in sentences."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from autologue.survival.families.cure import MixtureCure, NonMixtureCure
from autologue.survival.families.family import Family
from autologue.survival.families.gompertz import Gompertz
from autologue.survival.records import Floats, TimeToEvent

__all__ = ["at_bound", "concerns"]

LEFT_OVER = 0.05  # share of the uncured who may still be free of the event when follow-up ends
NOBODY = 1e-3  # a cure fraction below this is none
SOME = 0.01  # share of the uncured below which late events are strays
RARE = 0.05  # Maller and Zhou's level for sufficient follow-up


class Fitted(Protocol):
    """What is read of a fit."""

    @property
    def family(self) -> Family: ...
    @property
    def theta(self) -> Floats: ...
    @property
    def converged(self) -> bool: ...
    @property
    def data(self) -> TimeToEvent: ...


def concerns(fit: Fitted) -> tuple[str, ...]:
    """Return warnings as sentences: no convergence, a cure without a plateau, an implied cure."""
    said = []
    if not fit.converged:
        said.append(f"The {fit.family.name} fit did not settle at an interior maximum; do not use its curve without a look at the data.")
    if isinstance(fit.family, MixtureCure | NonMixtureCure):
        said.extend(_plateau(fit, fit.family))
    if isinstance(fit.family, Gompertz) and fit.theta[0] < 0:
        cured = np.exp(np.exp(fit.theta[1]) / fit.theta[0])
        said.append(f"The Gompertz hazard falls with time, which implies that {100 * cured:.0f} % never have the event.")
    return tuple(said)


def at_bound(family: Family, theta: Floats) -> bool:
    """Whether a cure model's fraction has gone to zero, the edge of its range."""
    return isinstance(family, MixtureCure | NonMixtureCure) and family.natural(theta)["cure_fraction"] < NOBODY


def _plateau(fit: Fitted, family: MixtureCure | NonMixtureCure) -> list[str]:
    """Say where the data show no plateau: the cure fraction then rests on the family, not on observation."""
    end, unit = fit.data.follow_up, fit.data.unit
    fraction = family.natural(fit.theta)["cure_fraction"]
    rest = family.uncured if isinstance(family, MixtureCure) else family.latent
    left = float(rest.survival(np.array([end]), fit.theta[1:])[0])
    if at_bound(family, fit.theta):
        return [
            f"The curve has no plateau: the estimated cure fraction is {fraction:.1g}, so the data give no sign of a cure ({family.name})."
        ]
    if left > LEFT_OVER:
        return [
            f"The curve has no plateau: when follow-up ends at {end:g} {unit}s, {100 * left:.0f} % of those not cured are still free of "
            f"the event, so the cure fraction of {100 * fraction:.0f} % is an extrapolation of the {rest.name} family and not an "
            "observation."
        ]
    chance = _insufficient(fit.data)
    if chance > RARE and left > SOME:
        return [
            f"The plateau is short: events continue until near the end of follow-up at {end:g} {unit}s (Maller-Zhou follow-up test "
            f"{chance:.2f}, sufficient below {RARE:g}), so the cure fraction of {100 * fraction:.0f} % may fall with longer follow-up."
        ]
    return []


def _insufficient(data: TimeToEvent) -> float:
    """Maller and Zhou's alpha: the chance of so few events in the last stretch as long as the plateau, were follow-up too short.

    Maller & Zhou (1994), JASA 89:1499-1506.
    """
    when = np.where(np.isfinite(data.upper), data.upper, data.lower)
    last = float(when[data.event].max())
    late = data.event & (when > 2 * last - data.follow_up) & (when <= last)
    share = float(np.sum(data.weight * late) / np.sum(data.weight))
    return float((1 - share) ** np.sum(data.weight))
