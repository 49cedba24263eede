"""EASIX, modified and simplified EASIX: endothelial activation and stress indices.

Pennisi M et al. 2021, Blood Adv 5:3397-3406, doi:10.1182/bloodadvances.2020003885 (118 adults given CAR T cells).
EASIX = LDH (U/L) x creatinine (mg/dL) / platelets (1e9/L); m-EASIX has CRP (mg/dL) in place of creatinine; s-EASIX = LDH / platelets.
They are usually analysed as log2. No cut-point is applied: each index is a number, not a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from autologue.outcomes.scores.laboratory import Lab, in_unit

__all__ = ["Index", "easix", "m_easix", "s_easix"]


@dataclass(frozen=True)
class Index:
    """A value of the EASIX family and its base-2 logarithm (None at 0, which only a CRP of 0 can give)."""

    name: str
    value: float
    reason: str

    @property
    def log2(self) -> float | None:
        """The logarithm to base 2 that models use."""
        return log2(self.value) if self.value > 0 else None


def easix(ldh: Lab, *, creatinine: Lab, platelets: Lab) -> Index:
    """Return LDH x creatinine / platelets in U/L, mg/dL and 1e9/L; raises InputError for a wrong or missing unit.

    >>> easix(Lab(300, "U/L"), creatinine=Lab(1.0, "mg/dL"), platelets=Lab(150, "1e9/L")).value
    2.0
    """
    numbers = in_unit("ldh", ldh), in_unit("creatinine", creatinine), in_unit("platelets", platelets)
    value = numbers[0] * numbers[1] / numbers[2]
    return Index("EASIX", value, "LDH {:g} U/L x creatinine {:.3g} mg/dL / platelets {:g} 1e9/L".format(*numbers))


def m_easix(ldh: Lab, *, crp: Lab, platelets: Lab) -> Index:
    """Return LDH x CRP / platelets in U/L, mg/dL and 1e9/L; raises InputError for a wrong or missing unit.

    >>> m_easix(Lab(300, "U/L"), crp=Lab(20, "mg/L"), platelets=Lab(150, "1e9/L")).log2
    2.0
    """
    numbers = in_unit("ldh", ldh), in_unit("crp", crp), in_unit("platelets", platelets)
    value = numbers[0] * numbers[1] / numbers[2]
    return Index("m-EASIX", value, "LDH {:g} U/L x CRP {:g} mg/dL / platelets {:g} 1e9/L".format(*numbers))


def s_easix(ldh: Lab, *, platelets: Lab) -> Index:
    """Return LDH / platelets in U/L and 1e9/L; raises InputError for a wrong or missing unit.

    >>> s_easix(Lab(5, "ukat/L"), platelets=Lab(150_000, "/uL")).value
    2.0
    """
    numbers = in_unit("ldh", ldh), in_unit("platelets", platelets)
    return Index("s-EASIX", numbers[0] / numbers[1], "LDH {:g} U/L / platelets {:g} 1e9/L".format(*numbers))
