"""Counts at visits: their mean is a parameter of the model, times the exponential of what the links add."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from autologue.functions import exp
from autologue.terms.links import Link
from autologue.terms.outcome import Outcome

__all__ = ["Count", "NegativeBinomial", "Poisson"]


class Count(Outcome):
    """A count, observed as a whole number of at least zero, unit '1'."""

    __slots__ = ()
    mean: str

    def signed(self) -> tuple[str, ...]:
        return ()

    def expected(self, values: Mapping[Link, Any], p: Any) -> Any:
        """Return the mean."""
        return getattr(p, self.mean) * exp(self.linked(0.0, values, p))

    @abstractmethod
    def spread(self, p: Any) -> Any:
        """Return (variance - mean) / mean^2, None for none."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Poisson(Count):
    """A count with variance equal to its mean."""

    mean: str
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the links."""
        object.__setattr__(self, "links", tuple(self.links))

    def parameters(self, time: str) -> Mapping[str, str]:
        return {self.mean: "1"}

    def outputs(self, name: str) -> tuple[str, ...]:
        return (f"mean_{name}",)

    def spread(self, p: Any) -> Any:
        return None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeBinomial(Count):
    """A count with variance mean + dispersion * mean^2."""

    mean: str
    dispersion: str
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the links."""
        object.__setattr__(self, "links", tuple(self.links))

    def parameters(self, time: str) -> Mapping[str, str]:
        return {self.mean: "1", self.dispersion: "1"}

    def outputs(self, name: str) -> tuple[str, ...]:
        return f"mean_{name}", f"dispersion_{name}"

    def spread(self, p: Any) -> Any:
        return getattr(p, self.dispersion)
