"""Baseline after bridging: what bridging achieved is not credited to the cells.

Bridging therapy between apheresis and infusion can shrink the disease. The baseline of the cells is therefore the last measurement
after the end of bridging and on or before infusion, and a patient in complete response at that point cannot respond further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Assessment, Category

__all__ = ["Baseline", "credited", "reset_baseline"]


@dataclass(frozen=True)
class Baseline:
    """The burden that response is measured from, its day, whether it was re-set after bridging, and the reason."""

    day: float
    burden: float
    after_bridging: bool
    reason: str


def reset_baseline(measurements: Sequence[tuple[float, float]], *, infusion: float, bridging_end: float | None = None) -> Baseline:
    """Return the baseline from (day, burden) pairs: the last one on or before `infusion`, and after `bridging_end` if there was bridging.

    Raises InputError if bridging ended after infusion, or if nothing was measured where it is needed: then a response to bridging could
    not be told from one to the cells.

    >>> reset_baseline([(-40, 100.0), (-5, 30.0), (28, 1.0)], infusion=0, bridging_end=-10).burden
    30.0
    """
    if bridging_end is not None and bridging_end > infusion:
        raise InputError(f"bridging ends on day {bridging_end:g}, after infusion on day {infusion:g}; expected before, correct the dates")
    usable = [(day, burden) for day, burden in measurements if day <= infusion and (bridging_end is None or day >= bridging_end)]
    if not usable:
        span = "on or before infusion" if bridging_end is None else f"between the end of bridging (day {bridging_end:g}) and infusion"
        raise InputError(f"no burden was measured {span} (day {infusion:g}), expected one as baseline; add it or leave the patient out")
    day, burden = max(usable)
    words = "last measurement before infusion" if bridging_end is None else "last measurement between the end of bridging and infusion"
    return Baseline(day, burden, bridging_end is not None, f"day {day:g}: {words}")


def credited(assessments: Sequence[Assessment], *, infusion: float, at_baseline: Assessment | None = None) -> list[Assessment]:
    """Return the assessments after infusion as far as the cells can have caused them, in order of day.

    `at_baseline` is the response found between bridging and infusion, by criteria that compare with the start of bridging. A response no
    deeper than that one is bridging's: it comes back as not evaluable, with the reason. Progression always counts.
    """
    after = sorted((found for found in assessments if found.day > infusion), key=lambda found: found.day)
    if at_baseline is None or not at_baseline.responds:
        return after
    return [_not_credited(found, at_baseline) if _is_bridging(found, at_baseline) else found for found in after]


def _is_bridging(found: Assessment, at_baseline: Assessment) -> bool:
    return found.responds and found.response.rank <= at_baseline.response.rank


def _not_credited(found: Assessment, at_baseline: Assessment) -> Assessment:
    reason = f"{found.response.label} not credited: {at_baseline.response.label} was there on day {at_baseline.day:g}, before infusion"
    return Assessment(found.day, replace(found.response, category=Category.NOT_EVALUABLE, label="NE", reason=reason))
