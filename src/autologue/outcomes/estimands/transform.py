"""Event-free survival of TRANSFORM (NCT03575351), second-line large B-cell lymphoma.

Kamdar M et al. 2022, Lancet 399:2294-2308, doi:10.1016/S0140-6736(22)00662-6; definition as tabulated in doi:10.1111/bjh.18335, Table 1.
From randomisation to death, progression, no complete or partial response by week 9, or new therapy for lack of efficacy.
"""

from __future__ import annotations

from autologue.outcomes.estimands.estimand import WEEK, AnalysisSet, Estimand, Handling, NoResponseBy, Origin

__all__ = ["TRANSFORM_EFS"]

TRANSFORM_EFS = Estimand(
    name="transform_efs",
    title="Event-free survival, TRANSFORM",
    origin=Origin.RANDOMISATION,
    analysis_set=AnalysisSet.RANDOMISED,
    no_response=NoResponseBy(day=9 * WEEK, grace=WEEK),
    new_therapy=Handling.EVENT,
    new_therapy_for_efficacy_only=True,
    reference="doi:10.1016/S0140-6736(22)00662-6",
    assumed="the failure is dated at week 9 and a response one week late still counts; transplant and crossover are ignored",
)
