"""A surrogate of the Lugano response from tumour burden alone, for simulated trajectories. It is not PET and not CT.

The thresholds are those of the CT criteria (Cheson BD et al. 2014, doi:10.1200/JCO.2013.54.8800) applied to total burden: a fall of
50 % or more from baseline is partial, a rise of 50 % or more from nadir progression. What counts as complete must be declared, because
no published burden does.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from autologue.errors import InputError
from autologue.outcomes.response.assessment import Assessment, Category, Response

__all__ = ["lugano_burden", "lugano_burden_course"]

CRITERIA = "lugano_2014_burden_surrogate"


def lugano_burden(burden: float, *, baseline: float, nadir: float, complete_at: float) -> Response:
    """Return the surrogate response; all arguments in one unit, `nadir` the lowest burden before this visit, baseline included.

    `complete_at` is the burden at or below which disease counts as undetectable. Raises InputError for values that are negative or not
    finite, and for a baseline that is not measurable.

    >>> lugano_burden(3e10, baseline=1e11, nadir=1e11, complete_at=1e8).label
    'PR'
    """
    values = {"burden": burden, "baseline": baseline, "nadir": nadir, "complete_at": complete_at}
    for name, value in values.items():
        if not (isfinite(value) and value >= 0):
            raise InputError(f"{name} is {value:g}, expected a finite burden of 0 or more; correct it")
    if baseline <= complete_at:
        raise InputError(f"baseline is {baseline:g}, expected a burden above complete_at ({complete_at:g}); there is no disease to respond")
    words = f"burden {burden:.3g}, {burden / baseline - 1:+.0%} from baseline (surrogate, not PET)"
    if burden <= complete_at:
        return Response(CRITERIA, "CR", Category.COMPLETE, 3, words)
    if burden >= 1.5 * max(nadir, complete_at):
        return Response(CRITERIA, "PD", Category.PROGRESSION, 0, words)
    if burden <= 0.5 * baseline:
        return Response(CRITERIA, "PR", Category.PARTIAL, 2, words)
    return Response(CRITERIA, "SD", Category.STABLE, 1, words)


def lugano_burden_course(visits: Sequence[tuple[float, float]], *, baseline: float, complete_at: float) -> list[Assessment]:
    """Return one assessment per (day, burden), in order of day; the nadir runs along."""
    nadir, assessments = baseline, []
    for day, burden in sorted(visits):
        assessments.append(Assessment(day, lugano_burden(burden, baseline=baseline, nadir=nadir, complete_at=complete_at)))
        nadir = min(nadir, burden)
    return assessments
