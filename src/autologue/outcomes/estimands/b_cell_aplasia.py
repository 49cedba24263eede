"""B-cell aplasia as a time to event: from infusion to the recovery of B cells, among responders.

The threshold differs between trials and assays, so it must be given; so must its unit, which is that of the counts (cells/uL or % of
lymphocytes). ELIANA reports the share of responders with aplasia maintained (doi:10.1056/NEJMoa1709866).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from autologue.errors import InputError
from autologue.outcomes.estimands.estimand import Observation, Status
from autologue.outcomes.estimands.observe import first_response
from autologue.outcomes.estimands.record import PatientRecord
from autologue.outcomes.response.assessment import Category

__all__ = ["b_cell_aplasia"]

NAME = "b_cell_aplasia"
DEPTH = (Category.COMPLETE, Category.PARTIAL)


def b_cell_aplasia(record: PatientRecord, counts: Sequence[tuple[float, float]], *, threshold: float) -> Observation:
    """Return the time from infusion to the first B-cell count of `threshold` or more after aplasia, for a Kaplan-Meier curve.

    `counts` are (day, count) pairs in the unit of `threshold`. Excluded: no infusion, no response that the cells can claim, no count
    after infusion. A patient whose counts never fall below the threshold has the event at the first count after infusion. Censored at
    the last count before death, transplant, new therapy or crossover. `interval` says between which two counts (days from infusion)
    recovery lies. Raises InputError for a threshold, count or day that is negative or not finite.
    """
    if not (isfinite(threshold) and threshold > 0):
        raise InputError(f"the B-cell threshold is {threshold:g}, expected a number above 0 in the unit of the counts; give one")
    for day, count in counts:
        if not (isfinite(day) and isfinite(count) and count >= 0):
            raise InputError(
                f"patient {record.patient}: B-cell count {count:g} on day {day:g}, expected a finite count of 0 or more; correct it"
            )
    if record.infusion is None or first_response(record, depth=DEPTH) is None:
        return _excluded(record, "not infused" if record.infusion is None else "no response that the cells can claim")
    infusion = record.infusion
    course = sorted((day - infusion, count) for day, count in counts if infusion < day <= _stop(record))
    if not course:
        return _excluded(record, "no B-cell count after infusion")
    aplastic_until = 0.0
    for day, count in course:
        if count >= threshold:
            words = f"B cells at {count:g}, threshold {threshold:g}, on day {day:g} after infusion"
            return Observation(record.patient, NAME, day, Status.EVENT, words, interval=(aplastic_until, day))
        aplastic_until = day
    return Observation(
        record.patient, NAME, aplastic_until, Status.CENSORED, f"aplasia up to the last count, day {aplastic_until:g} after infusion"
    )


def _stop(record: PatientRecord) -> float:
    """Return the day after which counts say nothing about the cells any more."""
    days = [therapy.day for therapy in record.new_therapies] + [
        d for d in (record.transplant, record.crossover, record.death) if d is not None
    ]
    return min((day for day in days if record.infusion is None or day >= record.infusion), default=record.last_contact)


def _excluded(record: PatientRecord, words: str) -> Observation:
    return Observation(record.patient, NAME, None, Status.EXCLUDED, f"not in the analysis set: {words}")
