"""The shipped toxicity scales, by name."""

from __future__ import annotations

from collections.abc import Iterable

from autologue.errors import InputError, unknown
from autologue.outcomes.toxicity.crs_astct_2019 import CRS_ASTCT_2019
from autologue.outcomes.toxicity.crs_lee_2014 import CRS_LEE_2014
from autologue.outcomes.toxicity.crs_penn import CRS_PENN
from autologue.outcomes.toxicity.grading import Scale
from autologue.outcomes.toxicity.icans_astct_2019 import ICANS_ASTCT_2019

__all__ = ["SCALES", "named_scales"]

SCALES: dict[str, Scale] = {scale.name: scale for scale in (CRS_ASTCT_2019, CRS_LEE_2014, CRS_PENN, ICANS_ASTCT_2019)}


def named_scales(names: Iterable[str]) -> tuple[Scale, ...]:
    """Return the scales of these names; raises InputError for an unknown one.

    >>> [scale.title for scale in named_scales(["crs_penn"])]
    ['Penn CRS']
    """
    chosen = tuple(names)
    for name in chosen:
        if name not in SCALES:
            raise InputError(unknown("scale", name, SCALES))
    return tuple(SCALES[name] for name in chosen)
