"""Units of measure for models: a small algebra with cells and gene copies as dimensions of their own.

A `Unit` is a factor and exponents of base dimensions. Our own, because cells, copies and transduction units are not
in the usual tables and because naming a unit must not load numpy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from autologue.errors import UnitError, unknown

__all__ = ["ONE", "Unit", "convert", "parse"]

_BASE = {
    "1": (1.0, None), "%": (0.01, None), "rad": (1.0, None),
    "day": (1.0, "time"), "d": (1.0, "time"), "hour": (1 / 24, "time"), "h": (1 / 24, "time"), "min": (1 / 1440, "time"),
    "s": (1 / 86400, "time"), "week": (7.0, "time"), "month": (30.4375, "time"), "year": (365.25, "time"),
    "cell": (1.0, "cell"), "cells": (1.0, "cell"), "copy": (1.0, "copy"), "copies": (1.0, "copy"),
    "molecule": (1 / 6.02214076e23, "amount"), "molecules": (1 / 6.02214076e23, "amount"),
    "kg": (1e3, "mass"), "g": (1.0, "mass"), "mg": (1e-3, "mass"), "ug": (1e-6, "mass"), "ng": (1e-9, "mass"), "pg": (1e-12, "mass"),
    "L": (1.0, "volume"), "dL": (0.1, "volume"), "mL": (1e-3, "volume"), "uL": (1e-6, "volume"),
    "mol": (1.0, "amount"), "mmol": (1e-3, "amount"), "umol": (1e-6, "amount"), "nmol": (1e-9, "amount"), "pmol": (1e-12, "amount"),
    "m": (1.0, "length"), "cm": (0.01, "length"), "mm": (1e-3, "length"), "um": (1e-6, "length"),
    "U": (1.0, "activity"), "signal": (1.0, "signal"),
}  # fmt: skip
_CONCENTRATION = {"M": 1.0, "mM": 1e-3, "uM": 1e-6, "nM": 1e-9, "pM": 1e-12}
_TOKEN = re.compile(r"\s*(?:(\*\*|[*/^()·])|([A-Za-zµ%]+)|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?))")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: `factor` in base units and exponents by dimension; `text` is how it was written."""

    factor: float
    dimensions: tuple[tuple[str, Fraction], ...]
    text: str = ""

    def __mul__(self, other: Unit) -> Unit:
        """Return the product of two units."""
        powers = dict(self.dimensions)
        for name, power in other.dimensions:
            powers[name] = powers.get(name, Fraction(0)) + power
        return _unit(self.factor * other.factor, powers)

    def __truediv__(self, other: Unit) -> Unit:
        """Return the quotient of two units."""
        return self * other**-1

    def __pow__(self, power: float | Fraction) -> Unit:
        """Return a power of the unit."""
        exponent = Fraction(power).limit_denominator(1000)
        return _unit(self.factor ** float(exponent), {name: p * exponent for name, p in self.dimensions})

    @property
    def dimensionless(self) -> bool:
        """Whether no dimension is left (a percentage is dimensionless with factor 0.01)."""
        return not self.dimensions

    def matches(self, other: Unit) -> bool:
        """Whether values in the two units can be added without conversion."""
        return self.dimensions == other.dimensions and abs(self.factor / other.factor - 1) < 1e-9

    def __str__(self) -> str:
        """Return the unit as written, or rebuilt from its dimensions."""
        if self.text:
            return self.text
        symbols = {
            "time": "day",
            "cell": "cell",
            "copy": "copy",
            "mass": "g",
            "volume": "L",
            "amount": "mol",
            "length": "m",
            "activity": "U",
        }
        body = " ".join(symbols.get(n, n) + ("" if p == 1 else f"^{p}") for n, p in self.dimensions) or "1"
        return body if abs(self.factor - 1) < 1e-9 else f"{self.factor:g} {body}"


def _unit(factor: float, powers: dict[str, Fraction], text: str = "") -> Unit:
    return Unit(factor, tuple(sorted((n, p) for n, p in powers.items() if p)), text)


ONE = Unit(1.0, (), "1")


def _named(name: str, text: str) -> Unit:
    name = name.replace("µ", "u")
    if name in _CONCENTRATION:
        return _unit(_CONCENTRATION[name], {"amount": Fraction(1), "volume": Fraction(-1)})
    if name not in _BASE:
        raise UnitError(f"in unit '{text}': {unknown('unit', name, [*_BASE, *_CONCENTRATION])}")
    factor, dimension = _BASE[name]
    return _unit(factor, {dimension: Fraction(1)} if dimension else {})


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnitError(f"cannot read unit '{text}' at character {position + 1}; write it like 'copies/ug', '1/day' or 'cells/uL'")
        found.append(next(group for group in match.groups() if group is not None))
        position = match.end()
    return found


@cache
def parse(text: str) -> Unit:
    """Read a unit such as 'copies/ug', '1/day', 'cells/uL', '1/(day*cell)' or 'mL^0.5'.

    >>> parse("cells/uL").matches(parse("1e6*cells/L"))
    True
    """
    tokens = _tokens(text)
    if not tokens:
        raise UnitError("a unit is empty; write '1' for a number without unit")

    def fail() -> UnitError:
        return UnitError(f"cannot read unit '{text}'; write it like 'copies/ug', '1/day' or '1/(day*cell)'")

    def product() -> Unit:
        result = power()
        while tokens and tokens[0] not in (")",):
            operator = tokens.pop(0) if tokens[0] in ("*", "/", "·") else "*"
            factor = power()
            result = result / factor if operator == "/" else result * factor
        return result

    def power() -> Unit:
        base = atom()
        if tokens and tokens[0] in ("^", "**"):
            tokens.pop(0)
            try:
                base = base ** Fraction(tokens.pop(0))
            except (IndexError, ValueError):
                raise fail() from None
        return base

    def atom() -> Unit:
        if not tokens:
            raise fail()
        token = tokens.pop(0)
        if token == "(":
            inside = product()
            if not tokens or tokens.pop(0) != ")":
                raise fail()
            return inside
        if token in _BASE or token.replace("µ", "u").isalpha():
            return _named(token, text)
        try:
            number = float(token)
        except ValueError:
            raise fail() from None
        if number <= 0:
            raise fail()
        return Unit(number, ())

    result = product()
    if tokens:
        raise fail()
    return Unit(result.factor, result.dimensions, text)


def convert(value: float, source: str, target: str, *, what: str = "value") -> float:
    """Return `value` in unit `target`; raises UnitError where the dimensions differ.

    >>> convert(2.0, "day", "hour")
    48.0
    """
    a, b = parse(source), parse(target)
    if a.dimensions != b.dimensions:
        raise UnitError(f"{what} is in '{source}', which cannot be converted to '{target}'")
    return value * (a.factor / b.factor)
