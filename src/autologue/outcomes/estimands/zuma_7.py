"""Event-free survival of ZUMA-7 (NCT03391466), second-line large B-cell lymphoma, as reported and as on the label.

Locke FL et al. 2022, N Engl J Med 386:640-654, doi:10.1056/NEJMoa2116133; definition as tabulated in doi:10.1111/bjh.18335, Table 1.
From randomisation to progression, new lymphoma therapy or death; the label adds no response by the visit of day 150.
"""

from __future__ import annotations

from dataclasses import replace

from autologue.outcomes.estimands.estimand import AnalysisSet, Estimand, Handling, NoResponseBy, Origin

__all__ = ["ZUMA_7_EFS", "ZUMA_7_EFS_LABEL"]

ZUMA_7_EFS = Estimand(
    name="zuma_7_efs",
    title="Event-free survival, ZUMA-7",
    origin=Origin.RANDOMISATION,
    analysis_set=AnalysisSet.RANDOMISED,
    new_therapy=Handling.EVENT,
    reference="doi:10.1056/NEJMoa2116133",
    assumed="transplant is part of the control arm, so it is ignored; crossover comes after an event, so it is ignored",
)
ZUMA_7_EFS_LABEL = replace(
    ZUMA_7_EFS,
    name="zuma_7_efs_label",
    title="Event-free survival, ZUMA-7, with stable disease at day 150",
    no_response=NoResponseBy(day=150, grace=7),
    assumed=f"{ZUMA_7_EFS.assumed}; the failure is dated at day 150, and a response one week late still counts",
)
