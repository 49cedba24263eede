"""Event-free survival of BELINDA (NCT03570892), second-line aggressive B-cell lymphoma.

Bishop MR et al. 2022, N Engl J Med 386:629-639, doi:10.1056/NEJMoa2116596; definition as tabulated in doi:10.1111/bjh.18335, Table 1.
From randomisation to stable or progressive disease at or after the visit of week 12, or death at any time.
"""

from __future__ import annotations

from autologue.outcomes.estimands.estimand import WEEK, AnalysisSet, Estimand, Origin

__all__ = ["BELINDA_EFS"]

WEEK_12_VISIT_OPENS = 11 * WEEK  # days

BELINDA_EFS = Estimand(
    name="belinda_efs",
    title="Event-free survival, BELINDA",
    origin=Origin.RANDOMISATION,
    analysis_set=AnalysisSet.RANDOMISED,
    progression_from=WEEK_12_VISIT_OPENS,
    stable_from=WEEK_12_VISIT_OPENS,
    reference="doi:10.1056/NEJMoa2116596",
    assumed="the visit of week 12 may be one week early; new therapy, transplant and crossover are not named as events and are ignored",
)
