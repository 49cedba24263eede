"""Labels of criteria as small numbers: 0 is "not evaluable", and each label has a common category and a rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autologue.outcomes.response.assessment import Category

__all__ = ["ALL_NCCN", "CATEGORIES", "COMPLETE", "IMWG", "LUGANO_BURDEN", "NOT_EVALUABLE", "PARTIAL", "PROGRESSION", "STABLE", "Labels"]

Codes = NDArray[np.int8]
CATEGORIES = (Category.NOT_EVALUABLE, Category.PROGRESSION, Category.STABLE, Category.PARTIAL, Category.COMPLETE)
NOT_EVALUABLE, PROGRESSION, STABLE, PARTIAL, COMPLETE = range(5)


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of one set of criteria, with the code of the category and the rank of each, in order of the label's number."""

    criteria: str
    names: tuple[str, ...]
    categories: Codes
    ranks: Codes

    def number(self, name: str) -> int:
        """Return the number of a label."""
        return self.names.index(name)

    def category(self, labels: Codes) -> Codes:
        """Return the category codes of labels, same shape."""
        return self.categories[labels]

    def rank(self, labels: Codes) -> Codes:
        """Return the ranks of labels, same shape."""
        return self.ranks[labels]


def _labels(criteria: str, *rows: tuple[str, int, int]) -> Labels:
    names, categories, ranks = zip(("NE", NOT_EVALUABLE, 0), *rows, strict=True)
    return Labels(criteria, names, np.array(categories, np.int8), np.array(ranks, np.int8))


ALL_NCCN = _labels("all_nccn", ("relapse", PROGRESSION, -1), ("NR", STABLE, 0), ("CRi", COMPLETE, 1), ("CR", COMPLETE, 2))
LUGANO_BURDEN = _labels("lugano_2014_burden_surrogate", ("PD", PROGRESSION, 0), ("SD", STABLE, 1), ("PR", PARTIAL, 2), ("CR", COMPLETE, 3))
IMWG = _labels(
    "imwg_2016",
    ("PD", PROGRESSION, 0), ("SD", STABLE, 1), ("PR", PARTIAL, 2), ("VGPR", PARTIAL, 3), ("CR", COMPLETE, 4), ("sCR", COMPLETE, 5),
)  # fmt: skip
