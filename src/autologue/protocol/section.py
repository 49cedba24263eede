"""A table of a TOML file with its place for messages: protocols and published figures are read with it; refusals name file and key."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from autologue import units
from autologue.errors import InputError, UnitError, unknown
from autologue.protocol.entries import Fact, Quantity

__all__ = ["Section", "finite", "whole"]


def finite(value: Any) -> bool:
    """Return whether a value of the file is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def whole(value: Any) -> bool:
    """Return whether a value of the file is a whole number of at least one."""
    return finite(value) and value >= 1 and value == int(value)


@dataclass(frozen=True)
class Section:
    """A table of the file, with its place for messages."""

    file: str
    place: str
    table: Mapping[str, Any]

    def where(self, key: str) -> str:
        """Return file and key."""
        return f"{self.file}: {self.place}{key}"

    def fault(self, key: str, found: str, expected: str) -> InputError:
        """Return the error that says what was found at a key and what was expected."""
        return InputError(f"{self.where(key)} {found}; expected {expected}")

    def allow(self, *keys: str) -> None:
        """Refuse keys that nobody reads."""
        for key in self.table:
            if key not in keys:
                place = f" in [{self.place.rstrip('.')}]" if self.place else ""
                raise InputError(f"{self.file}: {unknown(f'key{place}', key, keys)}")

    def need(self, key: str, kind: type, expected: str) -> Any:
        """Return what stands at a key, of one kind."""
        if key not in self.table:
            raise self.fault(key, "is missing", expected)
        if not isinstance(self.table[key], kind):
            raise self.fault(key, f"is {self.table[key]!r}", expected)
        return self.table[key]

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; a missing one is `default` where that is given."""
        if default is not None and key not in self.table:
            return default
        found: str = self.need(key, str, "a text")
        return found

    def choice(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        """Return a text that is one of `choices`."""
        found = self.text(key, default)
        if found not in choices and found != default:
            raise InputError(f"{self.where(key)}: {unknown(key.replace('_', ' '), found, choices)}")
        return found

    def tables(self, key: str, *, place: str = "") -> tuple[Section, ...]:
        """Return the tables of a list, `[[key]]`, at least one; a message names each by its number."""
        listed = self.table.get(key)
        if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
            raise InputError(f"{self.file} has no [[{place}{key}]]; expected at least one")
        return tuple(Section(f"{self.file}, {key} {number}", "", each) for number, each in enumerate(listed, start=1))

    def record(self, needed: Iterable[str], *, known: Iterable[str], numbers: Iterable[str], counts: Iterable[str]) -> dict[str, Any]:
        """Return every value of this table: `numbers` finite, `counts` whole and at least 1, the others texts; `needed` must be there."""
        self.allow(*known)
        for key in needed:
            if key not in self.table:
                raise InputError(f"{self.file} has no {key}; expected {', '.join(needed)}")
        for key, value in self.table.items():
            fine, expected = isinstance(value, str), "a text"
            if key in numbers:
                fine, expected = finite(value), "a finite number"
            elif key in counts:
                fine, expected = whole(value), "a whole number of at least 1"
            if not fine:
                raise self.fault(key, f"is {value!r}", expected)
        return {key: float(value) if key in numbers else value for key, value in self.table.items()}

    def section(self, key: str, keys: Iterable[str] | None = None) -> Section:
        """Return a table inside this one, with only `keys` in it (None: any)."""
        inner = Section(self.file, f"{self.place}{key}.", self.need(key, dict, "a table"))
        if keys is not None:
            inner.allow(*keys)
        return inner

    def entry(self, key: str, keys: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, Any]:
        """Return an entry, whose unit and source are texts."""
        shape = "{ " + ", ".join(f"{name} = ..." for name in keys) + " }"
        allowed = (*keys, *optional)
        found: Mapping[str, Any] = (
            self.section(key, allowed).table if isinstance(self.table.get(key), dict) else self.need(key, dict, shape)
        )
        for name in keys:
            if name not in found:
                raise self.fault(key, f"has no {name}", shape)
            if name in ("unit", "source") and not (isinstance(found[name], str) and found[name].strip()):
                raise self.fault(key, f"has {name} {found[name]!r}", f"a text as {name}")
        return found

    def unit(self, key: str, entry: Mapping[str, Any], wanted: str) -> float:
        """Return the factor from the entry's unit to the wanted one."""
        try:
            return units.convert(1.0, entry["unit"], wanted, what=key)
        except UnitError:
            raise self.fault(key, f"has unit '{entry['unit']}'", f"{wanted} or a unit that converts to it") from None

    def number(self, key: str, unit: str, *, below: float = math.inf, above: float = 0.0) -> Quantity:
        """Return a number from `above` on and below `below`, in `unit`."""
        entry = self.entry(key, ("value", "unit", "source"), ("n",))
        value, n = entry["value"], entry.get("n", 0)
        if not finite(value):
            raise self.fault(key, f"has value {value!r}", "a finite number")
        if not above <= value < below:
            least = "zero or more" if above == 0 else f"{above:g} or more"
            limit = least if math.isinf(below) else f"{least} and below {below:g}"
            raise self.fault(key, f"has value {value:g}", f"a number of {limit}")
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise self.fault(key, f"has n {n!r}", "a whole number of patients")
        return Quantity(float(value) * self.unit(key, entry, unit), unit, entry["source"], n)

    def maybe(self, key: str, unit: str) -> Quantity | None:
        """Return a number where there is one."""
        return self.number(key, unit) if key in self.table else None

    def share(self, key: str) -> Quantity:
        """Return a share, 0 to 1."""
        found = self.number(key, "1")
        if found.value > 1:
            raise self.fault(key, f"has value {found.value:g}", "a share from 0 to 1")
        return found

    def times(self, key: str, *, start: str) -> tuple[tuple[float, ...], str]:
        """Return planned days, zero or more and rising, with their source; `start` says from when they count."""
        entry = self.entry(key, ("value", "unit", "source"))
        scale = self.unit(key, entry, "day")
        days = entry["value"]
        if not isinstance(days, list) or not days or not all(finite(day) for day in days):
            raise self.fault(key, f"has value {days!r}", "a list of numbers, at least one")
        if min(days) < 0:
            raise self.fault(key, f"has the negative time {min(days):g}", f"times from {start} on, zero or more")
        late = next((k for k in range(1, len(days)) if days[k] <= days[k - 1]), None)
        if late is not None:
            raise self.fault(key, f"goes from {days[late - 1]:g} to {days[late]:g}", "visits in rising order")
        return tuple(scale * float(day) for day in days), entry["source"]

    def fact(self, key: str) -> Fact:
        """Return a statement."""
        entry = self.entry(key, ("value", "source"))
        if not isinstance(entry["value"], str):
            raise self.fault(key, f"has value {entry['value']!r}", "a text")
        return Fact(entry["value"], entry["source"])

    def facts(self) -> Mapping[str, Fact]:
        """Return every entry of this table as a statement."""
        return MappingProxyType({key: self.fact(key) for key in self.table})
