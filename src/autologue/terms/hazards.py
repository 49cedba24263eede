"""Times to event by their hazard: a baseline in time, times the exponential of what the links add.

Survival is exp(-H), with H the integral of the hazard from the start of the course. Covariates act on the parameters of the baseline, as
on all parameters; a random effect on them is a frailty, and one on the kinetics is shared with the hazard through a link.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from autologue.functions import exp, maximum, where
from autologue.terms.links import Link
from autologue.terms.outcome import Outcome

__all__ = ["Exponential", "Gompertz", "Hazard", "Weibull"]

NEAR = 1e-6  # of a Weibull scale: the hazard is held before, and what that misses is added
LEAST = 1e-300  # a time at which a power can be taken
FLAT = 1e-4  # slope times time of a Gompertz hazard below which a series is exact to rounding


class Hazard(Outcome):
    """A time to event. terminal: nothing of the patient is observed after it (death)."""

    __slots__ = ()
    terminal: bool

    def outputs(self, name: str) -> tuple[str, ...]:
        """Return the names of the hazard and of its integral."""
        return f"hazard_{name}", f"cumulative_hazard_{name}"

    @abstractmethod
    def hazard(self, t: Any, p: Any) -> Any:
        """Return the baseline hazard, a finite number at time 0 too."""

    @abstractmethod
    def cumulative(self, t: Any, p: Any) -> Any:
        """Return the baseline hazard, integrated from 0 to t."""

    def missed(self, p: Any) -> Any:
        """Return what an integral of `hazard` from 0 on lacks."""
        return 0.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential(Hazard):
    """A constant hazard `rate`, the name of a parameter in 1/time."""

    rate: str
    links: tuple[Link, ...] = ()
    terminal: bool = False

    def __post_init__(self) -> None:
        """Freeze the links."""
        object.__setattr__(self, "links", tuple(self.links))

    def parameters(self, time: str) -> Mapping[str, str]:
        return {self.rate: f"1/{time}"}

    def signed(self) -> tuple[str, ...]:
        return ()

    def hazard(self, t: Any, p: Any) -> Any:
        return getattr(p, self.rate)

    def cumulative(self, t: Any, p: Any) -> Any:
        return getattr(p, self.rate) * t


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Weibull(Hazard):
    """shape / scale * (t / scale) ** (shape - 1): names of parameters, `scale` in time, at which 63 % have had the event."""

    scale: str
    shape: str
    links: tuple[Link, ...] = ()
    terminal: bool = False

    def __post_init__(self) -> None:
        """Freeze the links."""
        object.__setattr__(self, "links", tuple(self.links))

    def parameters(self, time: str) -> Mapping[str, str]:
        return {self.scale: time, self.shape: "1"}

    def signed(self) -> tuple[str, ...]:
        return ()

    def hazard(self, t: Any, p: Any) -> Any:
        scale, shape = getattr(p, self.scale), getattr(p, self.shape)
        return shape / scale * maximum(t / scale, NEAR) ** (shape - 1.0)

    def cumulative(self, t: Any, p: Any) -> Any:
        return maximum(t / getattr(p, self.scale), LEAST) ** getattr(p, self.shape)

    def missed(self, p: Any) -> Any:
        shape = getattr(p, self.shape)
        return (1.0 - shape) * NEAR**shape


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Gompertz(Hazard):
    """rate * exp(slope * t): names of parameters in 1/time; with a negative slope some never have the event."""

    rate: str
    slope: str
    links: tuple[Link, ...] = ()
    terminal: bool = False

    def __post_init__(self) -> None:
        """Freeze the links."""
        object.__setattr__(self, "links", tuple(self.links))

    def parameters(self, time: str) -> Mapping[str, str]:
        return {self.rate: f"1/{time}", self.slope: f"1/{time}"}

    def signed(self) -> tuple[str, ...]:
        return (self.slope,)

    def hazard(self, t: Any, p: Any) -> Any:
        return getattr(p, self.rate) * exp(getattr(p, self.slope) * t)

    def cumulative(self, t: Any, p: Any) -> Any:
        x = getattr(p, self.slope) * t
        flat = x * x < FLAT * FLAT
        far = where(flat, 1.0, x)
        return getattr(p, self.rate) * t * where(flat, 1.0 + x * (0.5 + x / 6.0), (exp(far) - 1.0) / far)
