"""Measurable residual disease: negative by a threshold and an assay, only where the assay can show it.

Thresholds in use: 1e-4 (below 0.01 %) by flow in acute lymphoblastic leukaemia; 1e-5, and 1e-6 beside it, in myeloma (IMWG 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

from autologue.errors import InputError

__all__ = ["Mrd", "MrdResult", "mrd_negative"]


@dataclass(frozen=True)
class Mrd:
    """A residual-disease result: `level` is a fraction of cells (None: not detected), `sensitivity` the lowest level the assay detects."""

    level: float | None
    assay: str
    sensitivity: float

    def __post_init__(self) -> None:
        if not 0 < self.sensitivity < 1:
            raise InputError(
                f"the sensitivity of {self.assay} is {self.sensitivity:g}, expected a fraction between 0 and 1 such as 1e-4; convert it"
            )
        if self.level is not None and not 0 <= self.level <= 1:
            raise InputError(f"the level by {self.assay} is {self.level:g}, expected a fraction from 0 to 1 (0.01 % is 1e-4); convert it")


@dataclass(frozen=True)
class MrdResult:
    """Whether residual disease is below the threshold, with the threshold, the assay and the reason."""

    negative: bool
    threshold: float
    assay: str
    reason: str


def mrd_negative(mrd: Mrd, *, threshold: float) -> MrdResult:
    """Say whether residual disease is below `threshold` (a fraction).

    Raises InputError where nothing was detected but the assay is not sensitive enough for the threshold.

    >>> mrd_negative(Mrd(None, "flow", 1e-4), threshold=1e-4).negative
    True
    """
    if mrd.level is not None and mrd.level >= threshold:
        return MrdResult(False, threshold, mrd.assay, f"{mrd.level:g} by {mrd.assay} is not below {threshold:g}")
    if mrd.sensitivity > threshold:
        raise InputError(
            f"{mrd.assay} detects {mrd.sensitivity:g} at best, so it cannot show a level below {threshold:g}; "
            "use a more sensitive assay or a higher threshold"
        )
    found = "not detected" if mrd.level is None else f"{mrd.level:g}"
    return MrdResult(True, threshold, mrd.assay, f"{found} by {mrd.assay}, below {threshold:g}")
