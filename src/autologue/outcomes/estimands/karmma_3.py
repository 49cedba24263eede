"""Progression-free survival of KarMMa-3 (NCT03651128), myeloma after two to four lines.

Rodriguez-Otero P et al. 2023, N Engl J Med 388:1002-1014, doi:10.1056/NEJMoa2213614.
From randomisation to progression by IMWG criteria or death, in all who were randomised.
"""

from __future__ import annotations

from autologue.outcomes.estimands.estimand import AnalysisSet, Estimand, Handling, Origin

__all__ = ["KARMMA_3_PFS"]

KARMMA_3_PFS = Estimand(
    name="karmma_3_pfs",
    title="Progression-free survival, KarMMa-3",
    origin=Origin.RANDOMISATION,
    analysis_set=AnalysisSet.RANDOMISED,
    transplant=Handling.CENSOR,
    new_therapy=Handling.CENSOR,
    reference="doi:10.1056/NEJMoa2213614",
    assumed="new therapy and transplant before progression censor at the last assessment; crossover comes after progression and is ignored",
)
