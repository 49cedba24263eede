"""How the course enters an outcome: a coefficient times a number read from the course, added to a logarithm or a logit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from autologue.errors import ModelError
from autologue.functions import log, maximum

__all__ = ["CURRENT", "LINEAR", "Current", "Exposure", "Linear", "Link", "Logarithm", "Peak"]


@dataclass(frozen=True, slots=True)
class Current:
    """The value at the time itself."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """The area under the course from its start to the time, in the unit of the output times that of time."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest value up to the time.

    It follows a rise with the time constant `lag` (in the time of the model) and never falls. The error is of second order in the lag at a
    smooth peak, of first order at one with a corner. A value that is high for less than a few lags is missed.
    """

    lag: float = 0.001

    def __post_init__(self) -> None:
        """Check the lag."""
        if not (math.isfinite(self.lag) and self.lag > 0):
            raise ModelError(f"Peak(lag={self.lag!r}): expected a time above zero")


@dataclass(frozen=True, slots=True)
class Linear:
    """(x - centre) / per, in the unit of what is read."""

    centre: float = 0.0
    per: float = 1.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (math.isfinite(self.centre) and math.isfinite(self.per) and self.per != 0):
            raise ModelError(f"Linear(centre={self.centre!r}, per={self.per!r}): expected finite numbers, and per not zero")

    def of(self, x: Any) -> Any:
        """Return x on this scale."""
        return (x - self.centre) / self.per


@dataclass(frozen=True, slots=True)
class Logarithm:
    """log(max(x, floor) / reference): with coefficient b, twice x is 2^b times the hazard. Needs a floor, since cells vanish."""

    reference: float
    floor: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not all(math.isfinite(x) and x > 0 for x in (self.reference, self.floor)):
            raise ModelError(f"Logarithm(reference={self.reference!r}, floor={self.floor!r}): expected numbers above zero")

    def of(self, x: Any) -> Any:
        """Return x on this scale."""
        return log(maximum(x, self.floor) / self.reference)


CURRENT, LINEAR = Current(), Linear()


@dataclass(frozen=True, slots=True)
class Link:
    """A number of the course that acts on an outcome: coefficient (a parameter of the model) * scale(summary of an output or state)."""

    coefficient: str
    of: str
    summary: Current | Exposure | Peak = CURRENT
    scale: Linear | Logarithm = LINEAR

    def __post_init__(self) -> None:
        """Check that summary and scale are values of their kind."""
        for name, kinds in (("summary", (Current, Exposure, Peak)), ("scale", (Linear, Logarithm))):
            given = getattr(self, name)
            if not isinstance(given, kinds):
                expected = " or ".join(f"{kind.__name__}(...)" for kind in kinds)
                raise ModelError(f"a link to '{self.of}' has {name}={given!r}; expected {expected}")
