"""Units in place of numbers: a model's own functions, evaluated on quantities that know their unit and nothing else.

A quantity that was made by a wrong operation carries the sentence that says so to whatever is computed from it; so the
sentence arrives with the state whose derivative it spoils. Literal numbers have no unit; zero fits every unit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from autologue import functions
from autologue.errors import ModelError
from autologue.units import ONE, Unit

__all__ = ["Context", "Quantity", "describe", "fit"]


@dataclass(frozen=True, slots=True)
class Context:
    """What an evaluation knows: units by their written names, and whether conditions on time and state are refused (`smooth`)."""

    known: tuple[Unit, ...] = ()
    smooth: bool = False

    def name(self, unit: Unit) -> str:
        """Return the unit in the words of the model where it has some."""
        if unit.dimensionless and unit.factor == 1:
            return "a number without unit"
        return next((str(known) for known in self.known if known.matches(unit)), str(unit))


def describe(known: Iterable[Unit], time: Unit) -> tuple[Unit, ...]:
    """Return units with their names and, for each, the unit per time with its name."""
    units = list(dict.fromkeys([*known, time]))
    rates = [_renamed(unit / time, f"{unit}/{time}") for unit in units if unit is not time]
    return (*units, _renamed(ONE / time, f"1/{time}"), *rates)


def _renamed(unit: Unit, text: str) -> Unit:
    return Unit(unit.factor, unit.dimensions, text)


def _place() -> str:
    """Return file and line of the model's code that is being evaluated."""
    frame = sys._getframe(1)
    own = {__file__, functions.__file__}
    while frame.f_back is not None and frame.f_code.co_filename in own:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}"


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A value of which only the unit is known; `moving` where it depends on time or state, `fault` where it makes no sense."""

    unit: Unit
    context: Context
    moving: bool = False
    fault: str = ""

    def _other(self, value: Any) -> Quantity | None:
        """Return a partner as a quantity; None for zero, which fits every unit."""
        if isinstance(value, Quantity):
            return value
        return None if value == 0 else Quantity(ONE, self.context)

    def _wrong(self, sentence: str, *others: Quantity) -> Quantity:
        first = next((q.fault for q in (self, *others) if q.fault), "")
        return Quantity(self.unit, self.context, self.moving or any(q.moving for q in others), first or f"{sentence} ({_place()})")

    def _made(self, unit: Unit, *others: Quantity) -> Quantity:
        fault = next((q.fault for q in (self, *others) if q.fault), "")
        return Quantity(unit, self.context, self.moving or any(q.moving for q in others), fault)

    def _fit(self, value: Any, sentence: str) -> Quantity:
        """Return self joined with a value of the same unit; `sentence` has places for the unit of self and of the value."""
        other = self._other(value)
        if other is None:
            return self
        if self.unit.matches(other.unit):
            return self._made(self.unit, other)
        words = sentence.format(self.context.name(self.unit), self.context.name(other.unit))
        return self._wrong(words + _factor(self.unit, other.unit), other)

    def __add__(self, value: Any) -> Quantity:
        return self._fit(value, "adds {1} to {0}")

    def __radd__(self, value: Any) -> Quantity:
        return self._fit(value, "adds {0} to {1}")

    def __sub__(self, value: Any) -> Quantity:
        return self._fit(value, "subtracts {1} from {0}")

    def __rsub__(self, value: Any) -> Quantity:
        return self._fit(value, "subtracts {0} from {1}")

    def __neg__(self) -> Quantity:
        return self

    def __abs__(self) -> Quantity:
        return self

    def __mul__(self, value: Any) -> Quantity:
        other = value if isinstance(value, Quantity) else Quantity(ONE, self.context)
        return self._made(self.unit * other.unit, other)

    __rmul__ = __mul__

    def __truediv__(self, value: Any) -> Quantity:
        other = self._other(value)
        if other is None:
            return self._wrong("divides by zero")
        return self._made(self.unit / other.unit, other)

    def __rtruediv__(self, value: Any) -> Quantity:
        return self._made(ONE / self.unit)

    def __pow__(self, value: Any) -> Quantity:
        if not isinstance(value, Quantity):
            return self._made(self.unit ** Fraction(value).limit_denominator(1000))
        if not value.unit.matches(ONE):
            return self._wrong(f"raises to a power that has unit {self.context.name(value.unit)}", value)
        if not self.unit.matches(ONE):
            base = self.context.name(self.unit)
            return self._wrong(f"raises {base} to a power that is no plain number; divide by a reference first", value)
        return self._made(ONE, value)

    def __rpow__(self, value: Any) -> Quantity:
        return self._pure(f"raises {value:g} to a power that has unit {{}}")

    def _pure(self, sentence: str) -> Quantity:
        return self._made(ONE) if self.unit.matches(ONE) else self._wrong(sentence.format(self.context.name(self.unit)))

    def _exp(self) -> Quantity:
        return self._pure("takes exp of {}; its argument must have no unit")

    def _log(self) -> Quantity:
        return self._pure("takes the logarithm of {}; write log(a / b)")

    def _sqrt(self) -> Quantity:
        return self._made(self.unit ** Fraction(1, 2))

    def _binary(self, name: str, a: Any, b: Any) -> Quantity:
        first, second = (a, b) if isinstance(a, Quantity) else (b, a)
        joined: Quantity = first._fit(second, f"takes the {name}imum of {{0}} and {{1}}")
        return joined

    def _hill(self, x: Any, half: Any, power: Any) -> Quantity:
        first, second = (x, half) if isinstance(x, Quantity) else (half, x)
        level = first if isinstance(first, Quantity) else Quantity(ONE, self.context)
        joined: Quantity = level._fit(second, "takes the Hill function of {0} and {1}, which need one unit")
        exponent = power._pure("raises to a power that has unit {}") if isinstance(power, Quantity) else joined
        return joined._made(ONE, exponent)

    def _compare(self, value: Any) -> Condition:
        return Condition(self._fit(value, "compares {0} with {1}"))

    __lt__ = __le__ = __gt__ = __ge__ = _compare
    __eq__ = __ne__ = _compare  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise _refused(self.context)


@dataclass(frozen=True, slots=True)
class Condition:
    """The outcome of a comparison, known only to make sense or not."""

    joined: Quantity

    def _choose(self, a: Any, b: Any) -> Any:
        """Return what where(condition, a, b) gives: a value of the unit that both share."""
        first, second = (a, b) if isinstance(a, Quantity) else (b, a)
        if not isinstance(first, Quantity):
            first = Quantity(ONE, self.joined.context)
        both = first._fit(second, "chooses between {0} and {1}")
        if self.joined.moving and self.joined.context.smooth:
            return both._wrong("chooses by time or state in a right-hand side; end a phase there instead (until=)", self.joined)
        return both._made(both.unit, self.joined)

    def __bool__(self) -> bool:
        raise _refused(self.joined.context)


def _refused(context: Context) -> ModelError:
    remedy = "end a phase there instead (until=)" if context.smooth else "use functions.where(condition, a, b)"
    return ModelError(f"asks `if`, `and` or `or` about a value that is not yet known ({_place()}); {remedy}")


def _factor(a: Unit, b: Unit) -> str:
    if a.dimensions != b.dimensions:
        return ""
    ratio = max(a.factor / b.factor, b.factor / a.factor)
    return f", which differ by a factor of {ratio:.4g}"


def fit(value: Any, expected: Unit, context: Context) -> str:
    """Return why a result does not have the expected unit, or ''."""
    if not isinstance(value, Quantity):
        if not isinstance(value, (int, float)):
            return f"gives a {type(value).__name__}; expected a number"
        if value == 0:
            return ""
        value = Quantity(ONE, context)
    fault: str = value.fault
    if fault:
        return fault
    if not value.unit.matches(expected):
        return f"has unit {context.name(value.unit)}; expected {context.name(expected)}{_factor(value.unit, expected)}"
    return ""
