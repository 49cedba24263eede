"""Progression-free survival of CARTITUDE-4 (NCT04181827), lenalidomide-refractory myeloma after one to three lines.

San-Miguel J et al. 2023, N Engl J Med 389:335-347, doi:10.1056/NEJMoa2303379.
From randomisation to progression or death. Both arms receive the same bridging, so the comparison gives weight 0 to events in the
first eight weeks after randomisation; the hazard ratio counts later events only (as the sponsor states beside the published curve).
"""

from __future__ import annotations

from autologue.outcomes.estimands.estimand import WEEK, AnalysisSet, Estimand, Handling, Origin

__all__ = ["CARTITUDE_4_PFS"]

CARTITUDE_4_PFS = Estimand(
    name="cartitude_4_pfs",
    title="Progression-free survival, CARTITUDE-4",
    origin=Origin.RANDOMISATION,
    analysis_set=AnalysisSet.RANDOMISED,
    transplant=Handling.CENSOR,
    new_therapy=Handling.CENSOR,
    weight_from=8 * WEEK,
    reference="doi:10.1056/NEJMoa2303379",
    assumed="new therapy and transplant before progression censor at the last assessment; crossover is ignored",
)
