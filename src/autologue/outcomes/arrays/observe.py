"""Times and statuses of many patients under an estimand: `observe` of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.errors import InputError
from autologue.outcomes.arrays.labels import CATEGORIES, COMPLETE, NOT_EVALUABLE, PARTIAL, PROGRESSION, STABLE
from autologue.outcomes.arrays.records import DATES, Records
from autologue.outcomes.estimands.estimand import AnalysisSet, CensorAt, Estimand, Handling, Origin
from autologue.outcomes.response.assessment import Category

__all__ = ["CENSORED", "COMPETING", "EVENT", "EXCLUDED", "Observed", "first_responses", "observe_records"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
CENSORED, EVENT, COMPETING, EXCLUDED = 0, 1, 2, -1
# handling by number; of two on one day the lower number comes first
_EVENT, _COMPETING, _CENSOR, _IGNORE = range(4)
_HANDLING = {Handling.EVENT: _EVENT, Handling.COMPETING: _COMPETING, Handling.CENSOR: _CENSOR, Handling.IGNORE: _IGNORE}
_ENROLMENT, _RANDOMISATION, _SALVAGE, _INFUSION, _TRANSPLANT, _THERAPY, _CROSSOVER, _DEATH, _LAST = range(9)
_RESPONSE = -1
_FAR = 1e300


@dataclass(frozen=True, eq=False)
class Observed:
    """Time in days from time zero or the landmark (NaN: excluded), status (0 censored, 1 event, 2 competing, -1 excluded), weight; (n,)."""

    time: Floats
    status: Codes
    weight: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Who is in the analysis."""
        return np.asarray(self.status != EXCLUDED)


def observe_records(records: Records, estimand: Estimand) -> Observed:
    """Return time and status of every patient.

    Raises InputError, as `observe` does, where something is dated before time zero and the estimand does not set it aside.
    """
    n = len(records)
    time, status, weight = np.full(n, np.nan), np.full(n, EXCLUDED, np.int8), np.ones(n)
    early = np.zeros(n, bool)
    _observe(
        records.dates(), records.day, records.category, records.for_efficacy, _rules(estimand), _days(estimand), _depth(estimand),
        time, status, weight, early,
    )  # fmt: skip
    if early.any():
        k = int(np.argmax(early))
        raise InputError(
            f"patient {k}: something is dated before time zero ({estimand.zero_words}) of {estimand.name}; "
            "correct the dates or the estimand"
        )
    return Observed(time, status, weight)


def first_responses(records: Records, *, depth: Sequence[Category]) -> Floats:
    """Return the day of the first response that the treatment can claim (n,), NaN where there is none: `first_response` of each."""
    out = np.full(len(records), np.nan)
    _firsts(records.dates(), records.day, records.category, np.array([c in depth for c in CATEGORIES]), out)
    return out


def _rules(e: Estimand) -> NDArray[np.int64]:
    """Return origin, analysis set (-1: response), the handling of five happenings, and four switches."""
    origin = _RESPONSE if e.origin is Origin.RESPONSE else DATES.index(str(e.origin))
    chosen = _RESPONSE if e.analysis_set is AnalysisSet.RESPONDERS else DATES.index(str(e.analysis_set))
    handled = [_HANDLING[h] for h in (e.progression, e.transplant, e.new_therapy, e.crossover, e.death)]
    switches = (e.new_therapy_for_efficacy_only, e.before_zero_ignored, e.censor_at is CensorAt.LAST_CONTACT, e.landmark is not None)
    return np.array([origin, chosen, *handled, *switches], np.int64)


def _days(e: Estimand) -> Floats:
    """Return progression_from, stable_from, no response by, its grace, landmark, weight_from; infinite where there is no such rule."""
    late = e.no_response
    return np.array(
        [
            e.progression_from,
            np.inf if e.stable_from is None else e.stable_from,
            np.inf if late is None else late.day,
            0.0 if late is None else late.grace,
            0.0 if e.landmark is None else e.landmark,
            e.weight_from,
        ]
    )


def _depth(e: Estimand) -> NDArray[np.bool_]:
    return np.array([category in e.response_depth for category in CATEGORIES])


@compiled
def _first(dates: Floats, day: Floats, category: Codes, depth: NDArray[np.bool_]) -> float:
    """Return the first response of one patient, NaN where there is none."""
    start = 0.0
    for place in (_INFUSION, _RANDOMISATION, _SALVAGE, _ENROLMENT):
        if not np.isnan(dates[place]):
            start = dates[place]
            break
    stop = _FAR
    for place in (_TRANSPLANT, _THERAPY, _CROSSOVER):
        if dates[place] >= start and dates[place] < stop:
            stop = dates[place]
    if stop == _FAR:
        stop = dates[_LAST] + 1.0
    before = NOT_EVALUABLE
    for k in range(len(day)):
        if category[k] == NOT_EVALUABLE:
            continue
        if day[k] <= start:
            before = category[k]
            continue
        if not np.isnan(dates[_INFUSION]) and before == COMPLETE:
            return np.nan
        if day[k] < stop:
            if category[k] == PROGRESSION:
                return np.nan
            if depth[category[k]]:
                return float(day[k])
    return np.nan


@compiled
def _firsts(dates: Floats, day: Floats, category: Codes, depth: NDArray[np.bool_], out: Floats) -> None:
    for i in range(dates.shape[0]):
        out[i] = _first(dates[i], day[i], category[i], depth)


@compiled
def _earlier(best: float, kind: int, when: float, handling: int) -> tuple[float, int]:
    """Return the earlier of two happenings; on one day, the one with the lower handling."""
    if when < best or (when == best and handling < kind):
        return when, handling
    return best, kind


@compiled
def _add(best: float, kind: int, early: int, when: float, handling: int, zero: float) -> tuple[float, int, int]:
    """Return the first happening so far, and whether one was before time zero, after another one is seen."""
    if handling == _IGNORE or np.isnan(when):
        return best, kind, early
    if when < zero:
        return best, kind, 1
    found, how = _earlier(best, kind, when, handling)
    return found, how, early


@compiled
def _happenings(
    dates: Floats, day: Floats, category: Codes, efficacy: int, rules: NDArray[np.int64], days: Floats, zero: float
) -> tuple[float, int, int]:
    """Return day and handling of the first happening from time zero on, and whether anything that counts came before it."""
    best, kind, early = _FAR, _IGNORE, 0
    responded = False
    for k in range(len(day)):
        if category[k] == NOT_EVALUABLE:
            continue
        if category[k] == PROGRESSION and (day[k] < zero or day[k] >= zero + days[0]):
            best, kind, early = _add(best, kind, early, day[k], rules[2], zero)
        if category[k] == STABLE and day[k] >= zero + days[1]:
            best, kind, early = _add(best, kind, early, day[k], _EVENT, zero)
        if category[k] >= PARTIAL and zero <= day[k] <= zero + days[2] + days[3]:
            responded = True
    best, kind, early = _add(best, kind, early, dates[_TRANSPLANT], rules[3], zero)
    if efficacy == 1 or rules[7] == 0:
        best, kind, early = _add(best, kind, early, dates[_THERAPY], rules[4], zero)
    best, kind, early = _add(best, kind, early, dates[_CROSSOVER], rules[5], zero)
    best, kind, early = _add(best, kind, early, dates[_DEATH], rules[6], zero)
    if days[2] < np.inf and not responded and dates[_LAST] >= zero + days[2]:
        best, kind, early = _add(best, kind, early, zero + days[2], _EVENT, zero)
    return best, kind, early


@compiled
def _followed(day: Floats, category: Codes, zero: float, last: float, contact: int) -> float:
    """Return the end of follow-up of a patient without an event."""
    if contact == 1:
        return last
    end = zero
    for k in range(len(day)):
        if category[k] != NOT_EVALUABLE and zero <= day[k] <= last and day[k] > end:
            end = day[k]
    return end


@compiled
def _at_landmark(day: Floats, category: Codes, depth: NDArray[np.bool_], zero: float, landmark: float, time: float, status: int) -> bool:
    """Return whether a patient is followed, event-free and in response at the landmark."""
    if time < landmark or (time == landmark and status != CENSORED):
        return False
    latest = NOT_EVALUABLE
    for k in range(len(day)):
        if category[k] != NOT_EVALUABLE and zero <= day[k] <= zero + landmark:
            latest = category[k]
    return latest != NOT_EVALUABLE and depth[latest]


@compiled
def _observe(
    dates: Floats, day: Floats, category: Codes, efficacy: NDArray[np.bool_], rules: NDArray[np.int64], days: Floats,
    depth: NDArray[np.bool_], time: Floats, status: Codes, weight: Floats, early: NDArray[np.bool_],
) -> None:  # fmt: skip
    for i in range(dates.shape[0]):
        response = _first(dates[i], day[i], category[i], depth) if rules[1] == _RESPONSE else np.nan
        member = response if rules[1] == _RESPONSE else dates[i, rules[1]]
        if np.isnan(member):
            continue
        zero = response if rules[0] == _RESPONSE else dates[i, rules[0]]
        if np.isnan(zero):
            continue
        first, kind, before = _happenings(dates[i], day[i], category[i], int(efficacy[i]), rules, days, zero)
        early[i] = before == 1 and rules[8] == 0
        if kind in (_EVENT, _COMPETING):
            found, code = first - zero, EVENT if kind == _EVENT else COMPETING
        else:
            last = dates[i, _LAST] if kind == _IGNORE else first
            found, code = _followed(day[i], category[i], zero, last, rules[9]) - zero, CENSORED
        if rules[10] == 1 and not _at_landmark(day[i], category[i], depth, zero, days[4], found, code):
            continue
        if code != CENSORED and days[5] > 0 and found <= days[5]:
            weight[i] = 0.0
        time[i], status[i] = found - days[4], code
