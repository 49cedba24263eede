"""The shipped estimands, by name."""

from __future__ import annotations

from autologue.errors import InputError, unknown
from autologue.outcomes.estimands.belinda import BELINDA_EFS
from autologue.outcomes.estimands.cartitude_4 import CARTITUDE_4_PFS
from autologue.outcomes.estimands.eliana import ELIANA_RFS_CENSORED, ELIANA_RFS_UNCENSORED
from autologue.outcomes.estimands.estimand import Estimand
from autologue.outcomes.estimands.general import DOR, DOR_DEATH_COMPETES, OS_ENROLLED, OS_INFUSED, OS_RANDOMISED, OS_SALVAGE, PFS_INFUSED
from autologue.outcomes.estimands.karmma_3 import KARMMA_3_PFS
from autologue.outcomes.estimands.transform import TRANSFORM_EFS
from autologue.outcomes.estimands.zuma_7 import ZUMA_7_EFS, ZUMA_7_EFS_LABEL

__all__ = ["ESTIMANDS", "named_estimand"]

ESTIMANDS: dict[str, Estimand] = {
    estimand.name: estimand
    for estimand in (
        *(ZUMA_7_EFS, ZUMA_7_EFS_LABEL, BELINDA_EFS, TRANSFORM_EFS, KARMMA_3_PFS, CARTITUDE_4_PFS),
        *(ELIANA_RFS_CENSORED, ELIANA_RFS_UNCENSORED),
        *(OS_INFUSED, OS_ENROLLED, OS_RANDOMISED, OS_SALVAGE, PFS_INFUSED, DOR, DOR_DEATH_COMPETES),
    )
}


def named_estimand(name: str) -> Estimand:
    """Return the estimand of this name; raises InputError for an unknown one.

    >>> named_estimand("zuma_7_efs").origin.value
    'randomisation'
    """
    if name not in ESTIMANDS:
        raise InputError(unknown("estimand", name, ESTIMANDS))
    return ESTIMANDS[name]
