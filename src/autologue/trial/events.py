"""What follows response: failure, transplant, new therapy, and death by the earliest of its competing causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.trial.flow import MONTH, Flow, or_never
from autologue.trial.responses import Assessed
from autologue.trial.streams import Stream, normals, uniforms
from autologue.trial.values import Values

__all__ = ["CAUSES", "Aftermath", "after_failure", "earliest", "failure_day", "transplanted"]

Floats = NDArray[np.float64]
CAUSES = ("", "disease", "toxicity", "infection", "late", "background", "waiting", "transplant")
TRANSPLANT_SPREAD = 0.5  # of the logarithm of the time to transplant, as its link says
TRANSPLANT_DEATHS = 365.0  # days in which transplant kills
SECOND_VISIT = 2  # a patient without any response by this visit has failed


@dataclass(frozen=True, eq=False)
class Aftermath:
    """Days since enrolment (n,) of failure, new therapy and death from the disease; infinite where they do not come."""

    failure: Floats
    therapy: Floats
    disease_death: Floats


def failure_day(assessed: Assessed) -> Floats:
    """Return the day of progression or relapse, or that of the second visit in those without any response by then (n,); else infinite."""
    progression, response = assessed.progression(), assessed.response()
    second = assessed.day[:, min(SECOND_VISIT, assessed.day.shape[1] - 1)]
    late = np.isnan(response) | (response > second)
    never = np.where(late & (assessed.label[:, 0] > 0), second, np.inf)
    return np.fmin(progression, never)


def after_failure(failure: Floats, v: Values, *, ids: NDArray[np.int64], seed: int) -> Aftermath:
    """Return what follows failure on the days given (n,): new therapy, and death from the disease in those whom nothing saves."""
    u, z = uniforms(seed, Stream.FAILURE, ids, 4), normals(seed, Stream.FAILURE, ids, 1, attempt=1)[:, 0]
    delay = -np.log(u[:, 0]) * v["new_therapy_delay"]
    therapy = np.where(u[:, 1] < v["new_therapy_after_failure"], failure + delay, np.inf)
    time = v["survival_after_failure"] * MONTH * np.exp(v["survival_after_failure_spread"] * z)
    return Aftermath(failure, therapy, np.where(u[:, 2] < v["rescued"], np.inf, failure + time))


def transplanted(assessed: Assessed, v: Values, *, flow: Flow, failure: Floats, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return the day of transplant in remission, the day from which it protects, and of death from it (n,), all infinite in most."""
    u, z = uniforms(seed, Stream.TRANSPLANT, flow.ids, 4), normals(seed, Stream.TRANSPLANT, flow.ids, 1, attempt=1)[:, 0]
    when = assessed.remission() + v["transplant_time"] * np.exp(TRANSPLANT_SPREAD * z)
    with np.errstate(invalid="ignore"):
        done = (u[:, 0] < v["transplant_in_remission"]) & (when < failure)
    day = np.where(done, when, np.inf)
    protects = np.where(u[:, 1] < v["transplant_protects"], day, np.inf)
    return day, protects, np.where(u[:, 2] < v["transplant_mortality"], day + TRANSPLANT_DEATHS * u[:, 3], np.inf)


def earliest(**times: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """Return the earliest of competing deaths (n,) and the number of its cause in `CAUSES`; infinite and 0 where none comes."""
    stacked = np.stack([or_never(time) for time in times.values()], axis=1)
    place = np.argmin(stacked, axis=1)
    day = stacked[np.arange(len(place)), place]
    numbers = np.array([CAUSES.index(name) for name in times], np.int8)
    return day, np.where(np.isfinite(day), numbers[place], 0).astype(np.int8)
