"""What every outcome states: the parameters it reads, each with its unit and whether its sign is free, and its links."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autologue import units
from autologue.errors import ModelError, unknown
from autologue.terms.links import Link

if TYPE_CHECKING:
    from autologue.model import Model

__all__ = ["Outcome", "check_outcomes", "read_parameters", "signed_parameters"]


class Outcome(ABC):
    """A time to event, a count or a category: one term of the likelihood."""

    __slots__ = ()
    links: tuple[Link, ...]

    @abstractmethod
    def parameters(self, time: str) -> Mapping[str, str]:
        """Return the unit of each parameter of the model that it reads, for a model with this unit of time."""

    @abstractmethod
    def signed(self) -> tuple[str, ...]:
        """Return those of its parameters that may be negative; the coefficients of links are besides."""

    @abstractmethod
    def outputs(self, name: str) -> tuple[str, ...]:
        """Return the outputs that it adds to a model in which it goes by this name."""

    def linked(self, base: Any, values: Mapping[Link, Any], p: Any) -> Any:
        """Return a logarithm or a logit `base` with what the links add, given the values that they read."""
        total = base
        for link in self.links:
            total = total + getattr(p, link.coefficient) * values[link]
        return total


def signed_parameters(model: Model) -> frozenset[str]:
    """Return the parameters whose sign is free because of what they do in an outcome; they are estimated as values."""
    found = {name for outcome in model.outcomes.values() for name in outcome.signed()}
    return frozenset(found | {link.coefficient for outcome in model.outcomes.values() for link in outcome.links})


def read_parameters(model: Model) -> frozenset[str]:
    """Return the parameters that the outcomes of a model read."""
    found = {name for outcome in model.outcomes.values() for name in outcome.parameters(model.time)}
    return frozenset(found | {link.coefficient for outcome in model.outcomes.values() for link in outcome.links})


def check_outcomes(model: Model) -> None:
    """Raise ModelError where an outcome of a model names what is not there, in another unit, or twice."""
    for name, outcome in model.outcomes.items():
        where = f"model {model.name}, outcome '{name}'"
        if not isinstance(outcome, Outcome):
            raise ModelError(f"{where} is a {type(outcome).__name__}; expected one of autologue.terms, like Exponential(rate='rate')")
        if not name.isidentifier() or name in model.outputs or name in model.states:
            raise ModelError(f"{where}: the name is not usable; expected a Python name that no output and no state has")
        wanted = dict(outcome.parameters(model.time)) | {link.coefficient: "1" for link in outcome.links}
        for parameter, unit in wanted.items():
            if parameter not in model.parameters:
                raise ModelError(f"{where}: {unknown('parameter', parameter, model.parameters)}")
            given = model.parameters[parameter].unit
            if not units.parse(given).matches(units.parse(unit)):
                raise ModelError(f"{where}: parameter '{parameter}' is in {given}; expected {unit}, as time is in {model.time}")
        for link in outcome.links:
            if link.of not in model.outputs and link.of not in model.states:
                raise ModelError(f"{where}: {unknown('output or state', link.of, [*model.outputs, *model.states])}")
        taken = [each for each in outcome.outputs(name) if each in model.outputs or each in model.states]
        if taken:
            raise ModelError(f"{where} gives the model an output '{taken[0]}', and there is one already; rename one")
