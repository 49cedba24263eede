"""Estimands of single-arm reports: overall survival from each time zero, progression-free survival and duration of response.

Time zero changes the answer: infusion leaves out those who never reached it. Overall survival from the start of salvage is that of
SCHOLAR-1 (Crump M et al. 2017, Blood 130:1800-1808, doi:10.1182/blood-2017-03-769620).
"""

from __future__ import annotations

from dataclasses import replace

from autologue.outcomes.estimands.estimand import AnalysisSet, CensorAt, Estimand, Handling, Origin

__all__ = ["DOR", "DOR_DEATH_COMPETES", "OS_ENROLLED", "OS_INFUSED", "OS_RANDOMISED", "OS_SALVAGE", "PFS_INFUSED"]

OS_INFUSED = Estimand(
    name="os_infused",
    title="Overall survival from infusion",
    origin=Origin.INFUSION,
    analysis_set=AnalysisSet.INFUSED,
    progression=Handling.IGNORE,
    censor_at=CensorAt.LAST_CONTACT,
    before_zero_ignored=True,
    reference="house definition",
)
OS_ENROLLED = replace(
    OS_INFUSED,
    name="os_enrolled",
    title="Overall survival from enrolment",
    origin=Origin.ENROLMENT,
    analysis_set=AnalysisSet.ENROLLED,
    before_zero_ignored=False,
)
OS_RANDOMISED = replace(
    OS_ENROLLED,
    name="os_randomised",
    title="Overall survival from randomisation",
    origin=Origin.RANDOMISATION,
    analysis_set=AnalysisSet.RANDOMISED,
)
OS_SALVAGE = replace(
    OS_ENROLLED,
    name="os_salvage",
    title="Overall survival from the start of salvage",
    origin=Origin.SALVAGE_START,
    analysis_set=AnalysisSet.SALVAGE,
    reference="doi:10.1182/blood-2017-03-769620",
)
PFS_INFUSED = Estimand(
    name="pfs_infused",
    title="Progression-free survival from infusion",
    origin=Origin.INFUSION,
    analysis_set=AnalysisSet.INFUSED,
    transplant=Handling.CENSOR,
    new_therapy=Handling.CENSOR,
    before_zero_ignored=True,
    reference="house definition",
    assumed="transplant and new therapy before progression censor at the last assessment",
)
DOR = replace(
    PFS_INFUSED,
    name="dor",
    title="Duration of response",
    origin=Origin.RESPONSE,
    analysis_set=AnalysisSet.RESPONDERS,
)
DOR_DEATH_COMPETES = replace(DOR, name="dor_death_competes", title="Duration of response, death competing", death=Handling.COMPETING)
