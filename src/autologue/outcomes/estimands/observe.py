"""A patient's record and an estimand give a time and a status, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from autologue.errors import InputError
from autologue.outcomes.estimands.estimand import AnalysisSet, CensorAt, Estimand, Handling, Observation, Origin, Status
from autologue.outcomes.estimands.record import PatientRecord
from autologue.outcomes.response.assessment import Assessment, Category

__all__ = ["first_response", "observe", "observe_all", "time_and_status"]

CODES = {Status.CENSORED: 0, Status.EVENT: 1, Status.COMPETING: 2}
ORDER = {Handling.EVENT: 0, Handling.COMPETING: 1, Handling.CENSOR: 2}  # of two on one day, the first


@dataclass(frozen=True)
class _Happening:
    day: float
    handling: Handling
    words: str


def observe(record: PatientRecord, estimand: Estimand) -> Observation:
    """Return time, status and reason of one patient.

    Raises InputError, in one sentence, if progression or therapy is dated before time zero and the estimand does not set it aside.
    (A record with anything after death is refused when it is made.)
    """
    zero, outside = _time_zero(record, estimand)
    if zero is None:
        return Observation(record.patient, estimand.name, None, Status.EXCLUDED, outside)
    happenings = _happenings(record, estimand, zero)
    _check_before_zero(record, estimand, zero, happenings)
    ends = [found for found in happenings if found.day >= zero]
    first = min(ends, key=lambda found: (found.day, ORDER[found.handling]), default=None)
    outcome = _end_of_follow_up(record, estimand, zero) if first is None else _ended(record, estimand, zero, first)
    return outcome if estimand.landmark is None else _from_landmark(record, estimand, zero, outcome)


def observe_all(records: Iterable[PatientRecord], estimand: Estimand) -> list[Observation]:
    """Return one observation per record, in order, the excluded ones too."""
    return [observe(record, estimand) for record in records]


def time_and_status(observations: Iterable[Observation]) -> tuple[list[float], list[int]]:
    """Return times (days) and statuses (0 censored, 1 event, 2 competing) of the patients who are not excluded.

    >>> time_and_status([Observation("A", "os", 3.0, Status.EVENT, ""), Observation("B", "os", None, Status.EXCLUDED, "")])
    ([3.0], [1])
    """
    kept = [(found.time, CODES[found.status]) for found in observations if found.time is not None]
    return [time for time, _ in kept], [code for _, code in kept]


def first_response(record: PatientRecord, *, depth: Sequence[Category]) -> Assessment | None:
    """Return the first response of one of the categories in `depth` that the assigned treatment can claim.

    It is after infusion (after randomisation or the start of salvage in a patient who was not infused) and before any progression,
    new therapy, transplant or crossover since then. A patient who is in complete response at the last assessment on or before infusion
    has none: that response is bridging's, and nothing is left for the cells to respond to.
    """
    start = next((day for day in (record.infusion, record.randomisation, record.salvage_start, record.enrolment) if day is not None), 0.0)
    stops = [therapy.day for therapy in record.new_therapies] + [day for day in (record.transplant, record.crossover) if day is not None]
    stop = min((day for day in stops if day >= start), default=record.last_contact + 1)
    before = [found for found in _course(record) if found.day <= start]
    if record.infusion is not None and before and before[-1].response.category is Category.COMPLETE:
        return None
    for found in _course(record):
        if start < found.day < stop:
            if found.response.category is Category.PROGRESSION:
                return None
            if found.response.category in depth:
                return found
    return None


def _course(record: PatientRecord) -> list[Assessment]:
    evaluable = [found for found in record.assessments if found.response.category is not Category.NOT_EVALUABLE]
    return sorted(evaluable, key=lambda found: found.day)


def _time_zero(record: PatientRecord, estimand: Estimand) -> tuple[float | None, str]:
    """Return the day of time zero, or None and the reason why the patient is not in the analysis set."""
    if estimand.analysis_set is AnalysisSet.RESPONDERS:
        response = first_response(record, depth=estimand.response_depth)
        if response is None:
            return None, "not in the analysis set: no response that the treatment can claim (one to bridging is not credited)"
        if estimand.origin is Origin.RESPONSE:
            return response.day, ""
    elif getattr(record, estimand.analysis_set) is None:
        return None, f"not in the analysis set: no {estimand.analysis_set.replace('_', ' ')}"
    day: float | None = getattr(record, estimand.origin)
    return day, f"no time zero: {estimand.zero_words} is not dated"


def _happenings(record: PatientRecord, estimand: Estimand, zero: float) -> list[_Happening]:
    """Return everything that can end the patient's time, before or after time zero."""
    found = [_Happening(a.day, estimand.progression, a.response.label) for a in _progressions(record, estimand, zero)]
    if estimand.stable_from is not None:
        stable = [a for a in _course(record) if a.response.category is Category.STABLE and a.day >= zero + estimand.stable_from]
        found += [_Happening(a.day, Handling.EVENT, f"{a.response.label} at a visit that counts") for a in stable]
    therapies = [t for t in record.new_therapies if t.for_efficacy or not estimand.new_therapy_for_efficacy_only]
    found += [_Happening(therapy.day, estimand.new_therapy, "new therapy") for therapy in therapies]
    for name in ("transplant", "crossover", "death"):
        day = getattr(record, name)
        if day is not None:
            found.append(_Happening(day, getattr(estimand, name), name))
    found += _no_response(record, estimand, zero)
    return [happening for happening in found if happening.handling is not Handling.IGNORE]


def _progressions(record: PatientRecord, estimand: Estimand, zero: float) -> list[Assessment]:
    """Return progressions: those before time zero (to be judged) and those from the day they count."""
    all_of_them = [a for a in _course(record) if a.response.category is Category.PROGRESSION]
    return [a for a in all_of_them if a.day < zero or a.day >= zero + estimand.progression_from]


def _no_response(record: PatientRecord, estimand: Estimand, zero: float) -> list[_Happening]:
    rule = estimand.no_response
    if rule is None or record.last_contact < zero + rule.day:
        return []
    responded = any(a.responds and zero <= a.day <= zero + rule.day + rule.grace for a in _course(record))
    return [] if responded else [_Happening(zero + rule.day, Handling.EVENT, f"no CR or PR by day {rule.day:g}")]


def _check_before_zero(record: PatientRecord, estimand: Estimand, zero: float, happenings: Sequence[_Happening]) -> None:
    for found in happenings:
        if found.day < zero and not estimand.before_zero_ignored:
            place = f"patient {record.patient}: {found.words} on day {found.day:g}"
            raise InputError(
                f"{place} is before time zero ({estimand.zero_words}, day {zero:g}) of {estimand.name}; correct the dates or the estimand"
            )


def _ended(record: PatientRecord, estimand: Estimand, zero: float, first: _Happening) -> Observation:
    if first.handling is Handling.CENSOR:
        outcome = _end_of_follow_up(record, estimand, zero, until=first.day)
        return replace(
            outcome, reason=f"censored for {first.words} on day {first.day - zero:g} after {estimand.zero_words}: {outcome.reason}"
        )
    status = Status.EVENT if first.handling is Handling.EVENT else Status.COMPETING
    time = first.day - zero
    weight = 0.0 if estimand.weight_from > 0 and time <= estimand.weight_from else 1.0
    words = f"{first.words} on day {time:g} after {estimand.zero_words}"
    if weight == 0:
        words += f", not counted in a comparison because it is not later than day {estimand.weight_from:g}"
    return Observation(record.patient, estimand.name, time, status, words, weight)


def _end_of_follow_up(record: PatientRecord, estimand: Estimand, zero: float, *, until: float | None = None) -> Observation:
    last = record.last_contact if until is None else until
    if estimand.censor_at is CensorAt.LAST_CONTACT:
        day, words = last, "no event up to the last contact" if until is None else "followed until then"
    else:
        seen = [a.day for a in _course(record) if zero <= a.day <= last]
        day, words = (max(seen), "no event up to the last assessment") if seen else (zero, "no assessment since time zero")
    return Observation(
        record.patient, estimand.name, day - zero, Status.CENSORED, f"{words}, day {day - zero:g} after {estimand.zero_words}"
    )


def _from_landmark(record: PatientRecord, estimand: Estimand, zero: float, outcome: Observation) -> Observation:
    landmark = estimand.landmark or 0.0
    seen = [a for a in _course(record) if zero <= a.day <= zero + landmark]
    if outcome.time is None or outcome.time < landmark or (outcome.time == landmark and outcome.status is not Status.CENSORED):
        reason = f"not at risk at the landmark, day {landmark:g}: {outcome.reason}"
    elif not seen or seen[-1].response.category not in estimand.response_depth:
        reason = f"not in response at the landmark, day {landmark:g}"
    else:
        return replace(outcome, time=outcome.time - landmark, reason=f"{outcome.reason}; timed from the landmark, day {landmark:g}")
    return Observation(record.patient, estimand.name, None, Status.EXCLUDED, reason)
