"""`estimate_survival`: from time-to-event data to `Survival`, arm by arm, by Kaplan-Meier or by a family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autologue.survival.curves import Survival, stack_survival
from autologue.survival.families.family import Family
from autologue.survival.fitting import fit_survival
from autologue.survival.kaplan_meier import kaplan_meier
from autologue.survival.records import Floats, TimeToEvent
from autologue.survival.uncertainty import Asymptotic, Uncertainty, draw_curve

__all__ = ["ProductLimit", "estimate_survival"]


NORMAL = Asymptotic()


@dataclass(frozen=True)
class ProductLimit:
    """Kaplan-Meier, with `draws` curves from a beta process."""

    draws: int = 1000


def estimate_survival(
    data: TimeToEvent,
    method: ProductLimit | Family,
    *,
    times: Floats | None = None,
    uncertainty: Uncertainty = NORMAL,
    seed: int = 0,
) -> Survival:
    """Return the survival curves of the arms of `data`, each estimated apart, with draws.

    `times` start at 0; by default they are the event times up to where the first arm's follow-up ends (Kaplan-Meier) or 200
    steps to the end of follow-up (a family). Each arm has its own stream of random numbers from `seed`.
    """
    at = _times(data, method) if times is None else np.asarray(times, np.float64)
    curves = []
    for position, (arm, part) in enumerate(data.by_arm()):
        stream = int(np.random.SeedSequence([seed, position]).generate_state(1, np.uint64)[0])
        if isinstance(method, ProductLimit):
            curves.append(kaplan_meier(part).curve(at, arm=arm, event=" or ".join(data.causes), draws=method.draws, seed=stream))
        else:
            curves.append(draw_curve(fit_survival(part, method), at, uncertainty=uncertainty, seed=stream, arm=arm))
    return stack_survival(curves)


def _times(data: TimeToEvent, method: ProductLimit | Family) -> Floats:
    if not isinstance(method, ProductLimit):
        return np.linspace(0.0, data.follow_up, 201)
    fits = [kaplan_meier(part) for _, part in data.by_arm()]
    end = min(float(fit.counts.time[-1]) for fit in fits)
    happened = np.unique(np.concatenate([fit.counts.time[fit.counts.events > 0] for fit in fits]))
    some = happened if happened.size <= 1000 else happened[np.linspace(0, happened.size - 1, 1000).astype(int)]
    return np.unique(np.concatenate([[0.0], some[some <= end], [end]]))
