"""Relapse-free survival of ELIANA (NCT02435849), both ways.

Laetsch TW et al. 2023, J Clin Oncol 41:1664-1669, doi:10.1200/JCO.22.00642: at three years 52 % with and 48 % without censoring for
subsequent therapy. From the onset of remission (CR or CRi) to relapse or death, among patients with remission.
"""

from __future__ import annotations

from dataclasses import replace

from autologue.outcomes.estimands.estimand import AnalysisSet, Estimand, Handling, Origin
from autologue.outcomes.response.assessment import Category

__all__ = ["ELIANA_RFS_CENSORED", "ELIANA_RFS_UNCENSORED"]

ELIANA_RFS_CENSORED = Estimand(
    name="eliana_rfs_censored",
    title="Relapse-free survival, ELIANA, censored at new therapy",
    origin=Origin.RESPONSE,
    analysis_set=AnalysisSet.RESPONDERS,
    response_depth=(Category.COMPLETE,),
    transplant=Handling.CENSOR,
    new_therapy=Handling.CENSOR,
    before_zero_ignored=True,
    reference="doi:10.1200/JCO.22.00642",
    assumed="transplant in remission is a subsequent therapy; time zero is the first remission after infusion",
)
ELIANA_RFS_UNCENSORED = replace(
    ELIANA_RFS_CENSORED,
    name="eliana_rfs_uncensored",
    title="Relapse-free survival, ELIANA, not censored at new therapy",
    transplant=Handling.IGNORE,
    new_therapy=Handling.IGNORE,
)
