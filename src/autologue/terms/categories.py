"""Categories at visits by proportional odds (McCullagh 1980, J R Stat Soc B 42:109-142): logit P(Y <= k) = threshold_k - location."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from autologue.errors import ModelError
from autologue.terms.links import Link
from autologue.terms.outcome import Outcome

__all__ = ["Binary", "Category", "Ordered"]


class Category(Outcome):
    """An ordered category, observed as a whole number from 0 to `highest`, unit '1'. What the links add moves it upward."""

    __slots__ = ()

    @property
    @abstractmethod
    def highest(self) -> int:
        """The highest category."""

    @abstractmethod
    def thresholds(self, p: Any) -> tuple[Any, ...]:
        """Return logit P(Y <= k) for k below the highest, ascending, where the links add nothing."""

    def outputs(self, name: str) -> tuple[str, ...]:
        """Return the names of logit P(Y <= k)."""
        return tuple(f"logit_{name}_{k}" for k in range(self.highest))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Category):
    """Categories 0, 1, ..., one more than there are thresholds.

    first: parameter with logit P(Y <= 0); steps: parameters above zero by which each further threshold is higher, so that they stay in
    order whatever is estimated. A normal random effect on `first` moves the whole patient.
    """

    first: str
    steps: tuple[str, ...]
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the links and check that there is a step."""
        object.__setattr__(self, "links", tuple(self.links))
        object.__setattr__(self, "steps", tuple(self.steps))
        if not self.steps:
            raise ModelError(f"Ordered(first={self.first!r}) has no step: two categories; expected steps=(...), or Binary(logit=...)")

    def parameters(self, time: str) -> Mapping[str, str]:
        return {self.first: "1"} | dict.fromkeys(self.steps, "1")

    def signed(self) -> tuple[str, ...]:
        return (self.first,)

    @property
    def highest(self) -> int:
        return len(self.steps) + 1

    def thresholds(self, p: Any) -> tuple[Any, ...]:
        found = [getattr(p, self.first)]
        for step in self.steps:
            found.append(found[-1] + getattr(p, step))
        return tuple(found)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Category):
    """No (0) or yes (1): `logit` is the parameter with the log odds of yes where the links add nothing."""

    logit: str
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the links."""
        object.__setattr__(self, "links", tuple(self.links))

    def parameters(self, time: str) -> Mapping[str, str]:
        return {self.logit: "1"}

    def signed(self) -> tuple[str, ...]:
        return (self.logit,)

    @property
    def highest(self) -> int:
        return 1

    def thresholds(self, p: Any) -> tuple[Any, ...]:
        return (-getattr(p, self.logit),)
