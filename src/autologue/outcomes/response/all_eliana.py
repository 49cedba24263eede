"""Overall remission as ELIANA counted it: CR or CRi within three months of infusion, maintained for 28 days or more.

Maude SL et al. 2018, N Engl J Med 378:439-448, doi:10.1056/NEJMoa1709866.
"""

from __future__ import annotations

from collections.abc import Sequence

from autologue.outcomes.response.assessment import Assessment, BestResponse, best_response

__all__ = ["eliana_remission"]

THREE_MONTHS = 3 * 365.25 / 12  # days
MAINTAINED = 28.0  # days


def eliana_remission(assessments: Sequence[Assessment], *, infusion: float) -> BestResponse:
    """Return the best response by `all_nccn` assessments after `infusion` (a day), reached in three months and held for 28 days."""
    after = [found for found in assessments if found.day > infusion]
    return best_response(after, confirm_days=MAINTAINED, by=infusion + THREE_MONTHS)
