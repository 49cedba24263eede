"""A trial protocol: who is treated, with what, when they are seen and what was assumed, read from a TOML file.

Every number is an entry `{ value = ..., unit = "...", source = "..." }` and every statement `{ value = "...", source = "..." }`, so that
nothing stands in a protocol without the place where it was read, or the word assumption.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autologue import units
from autologue.errors import InputError, UnitError, unknown
from autologue.population import Continuous
from autologue.variability import LogitNormal, LogNormal

__all__ = ["Assumptions", "Covariate", "DoseRange", "DoseRule", "Fact", "Protocol", "Quantity", "Visits", "read_protocol"]

COVARIATES = {"age": "year", "weight": "kg", "burden": "%"}
DISTRIBUTIONS = {"log-normal": LogNormal, "logit-normal": LogitNormal}
_SIZES = ("enrolled", "infused")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and source."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement with its source."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Covariate:
    """A covariate of the patients: median, spread of its logarithm or logit, and the range that nobody leaves."""

    distribution: str
    median: Quantity
    sd: Quantity
    lower: Quantity
    upper: Quantity

    def continuous(self) -> Continuous:
        """Return the covariate as the language of populations has it; a percentage becomes a fraction."""
        scale = units.convert(1.0, self.median.unit, "1") if self.median.unit == "%" else 1.0
        spread = DISTRIBUTIONS[self.distribution](sd=self.sd.value, lower=scale * self.lower.value, upper=scale * self.upper.value)
        return Continuous(scale * self.median.value, "1" if self.median.unit == "%" else self.median.unit, spread, self.median.source)


@dataclass(frozen=True, slots=True)
class DoseRange:
    """Cells given, per kilogram or in total: median and the range that is allowed."""

    median: Quantity
    lower: Quantity
    upper: Quantity


@dataclass(frozen=True, slots=True)
class DoseRule:
    """Dose by weight: per kilogram up to `threshold`, a total above it; `sd` is the spread of its logarithm around the median."""

    threshold: Quantity
    light: DoseRange
    heavy: DoseRange
    sd: Quantity


@dataclass(frozen=True, slots=True)
class Visits:
    """When the transgene is measured, in days after the infusion, and the limit below which the assay cannot quantify it."""

    days: tuple[float, ...]
    days_source: str
    limit: Quantity


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What no publication at hand states and the panels need; each entry says why it has this value."""

    leukaemia_at_median_burden: Quantity
    inflammation_at_median_burden: Quantity
    share_engrafted: Quantity
    spread_leukaemia: Quantity
    spread_inflammation: Quantity
    aplasia_below: Quantity
    onset_above: Quantity


_ASSUMED_UNITS = {
    "leukaemia_at_median_burden": "cells",
    "inflammation_at_median_burden": "cells/uL",
    "share_engrafted": "1",
    "spread_leukaemia": "1",
    "spread_inflammation": "1",
    "aplasia_below": "1",
    "onset_above": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A single-arm trial: identity, numbers of patients, covariates, dose rule, visits, endpoints and assumptions."""

    name: Fact
    registration: Fact
    product: Fact
    disease: Fact
    enrolled: int
    infused: int
    sizes: Mapping[str, Quantity]
    eligibility: Mapping[str, Fact]
    covariates: Mapping[str, Covariate]
    correlation_age_weight: Quantity
    dose: DoseRule
    visits: Visits
    endpoints: Mapping[str, Fact]
    assumptions: Assumptions
    published: str
    file: str


def read_protocol(path: str | Path) -> Protocol:
    """Read and check a protocol; raises InputError, one sentence that names the file, the key and the remedy.

    `published`, at the top of the file, names the file of published figures that the trial is compared with.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path.name}: cannot be read as a protocol ({reason}); expected a TOML file") from None
    whole = _Section(path.name, "", table)
    whole.allow("published", "trial", "patients", "eligibility", "covariates", "correlation", "dose", "visits", "endpoints", "assumptions")
    identity = whole.section("trial", ("name", "registration", "product", "disease"))
    sizes = _sizes(whole.section("patients", _SIZES))
    correlation = whole.section("correlation", ("age_weight",)).number("age_weight", "1", below=1.0)
    covariates = whole.section("covariates", tuple(COVARIATES))
    assumed = whole.section("assumptions", tuple(_ASSUMED_UNITS))
    return Protocol(
        **{key: identity.fact(key) for key in ("name", "registration", "product", "disease")},
        enrolled=int(sizes["enrolled"].value),
        infused=int(sizes["infused"].value),
        sizes=MappingProxyType(sizes),
        eligibility=whole.section("eligibility").facts(),
        covariates=MappingProxyType({name: _covariate(covariates, name, unit) for name, unit in COVARIATES.items()}),
        correlation_age_weight=correlation,
        dose=_dose(whole.section("dose", ("threshold", "sd", "light", "heavy"))),
        visits=_visits(whole.section("visits", ("days", "limit"))),
        endpoints=whole.section("endpoints").facts(),
        assumptions=Assumptions(**{key: assumed.number(key, unit) for key, unit in _ASSUMED_UNITS.items()}),
        published=whole.text("published"),
        file=path.name,
    )


def _sizes(section: _Section) -> dict[str, Quantity]:
    found = {key: section.number(key, "1") for key in _SIZES}
    for key, entry in found.items():
        if entry.value != int(entry.value) or entry.value < 1:
            raise section.fault(key, f"is {entry.value:g} patients", "a whole number of at least 1")
    if found["infused"].value > found["enrolled"].value:
        infused, enrolled = found["infused"].value, found["enrolled"].value
        raise section.fault("infused", f"is {infused:g}, more than the {enrolled:g} enrolled", "at most the number enrolled")
    return found


def _covariate(section: _Section, name: str, unit: str) -> Covariate:
    inner = section.section(name, ("distribution", "median", "sd", "lower", "upper"))
    kind = inner.text("distribution")
    if kind not in DISTRIBUTIONS:
        raise InputError(f"{inner.where('distribution')}: {unknown('distribution', kind, DISTRIBUTIONS)}")
    spread, middle = _range(inner, unit), inner.number("sd", "1")
    return Covariate(kind, spread.median, middle, spread.lower, spread.upper)


def _range(section: _Section, unit: str) -> DoseRange:
    lower, median, upper = (section.number(key, unit) for key in ("lower", "median", "upper"))
    if not lower.value < median.value < upper.value:
        raise section.fault("median", f"is {median.value:g} with range {lower.value:g} to {upper.value:g}", "lower < median < upper")
    return DoseRange(median, lower, upper)


def _dose(section: _Section) -> DoseRule:
    keys = ("median", "lower", "upper")
    light, heavy = _range(section.section("light", keys), "cells/kg"), _range(section.section("heavy", keys), "cells")
    return DoseRule(section.number("threshold", "kg"), light, heavy, section.number("sd", "1"))


def _visits(section: _Section) -> Visits:
    entry = section.entry("days", ("value", "unit", "source"))
    scale = section.unit("days", entry, "day")
    days = entry["value"]
    if not isinstance(days, list) or not days or not all(_finite(day) for day in days):
        raise section.fault("days", f"has value {days!r}", "a list of numbers, at least one")
    if min(days) < 0:
        raise section.fault("days", f"has the negative time {min(days):g}", "times from the infusion on, zero or more")
    late = next((k for k in range(1, len(days)) if days[k] <= days[k - 1]), None)
    if late is not None:
        raise section.fault("days", f"goes from {days[late - 1]:g} to {days[late]:g}", "visits in rising order")
    limit = section.number("limit", "copies/ug")
    if limit.value <= 0:
        raise section.fault("limit", "is 0", "an assay limit above zero")
    return Visits(tuple(scale * float(day) for day in days), entry["source"], limit)


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True)
class _Section:
    """A table of the file, with its place for messages."""

    file: str
    place: str
    table: Mapping[str, Any]

    def where(self, key: str) -> str:
        return f"{self.file}: {self.place}{key}"

    def fault(self, key: str, found: str, expected: str) -> InputError:
        return InputError(f"{self.where(key)} {found}; expected {expected}")

    def allow(self, *keys: str) -> None:
        """Refuse keys that nobody reads."""
        for key in self.table:
            if key not in keys:
                place = f" in [{self.place.rstrip('.')}]" if self.place else ""
                raise InputError(f"{self.file}: {unknown(f'key{place}', key, keys)}")

    def need(self, key: str, kind: type, expected: str) -> Any:
        if key not in self.table:
            raise self.fault(key, "is missing", expected)
        if not isinstance(self.table[key], kind):
            raise self.fault(key, f"is {self.table[key]!r}", expected)
        return self.table[key]

    def text(self, key: str) -> str:
        found: str = self.need(key, str, "a text")
        return found

    def section(self, key: str, keys: Iterable[str] | None = None) -> _Section:
        """Return a table inside this one, with only `keys` in it (None: any)."""
        inner = _Section(self.file, f"{self.place}{key}.", self.need(key, dict, "a table"))
        if keys is not None:
            inner.allow(*keys)
        return inner

    def entry(self, key: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
        """Return an entry, whose unit and source are texts."""
        shape = "{ " + ", ".join(f"{name} = ..." for name in keys) + " }"
        found: Mapping[str, Any] = self.section(key, keys).table if isinstance(self.table.get(key), dict) else self.need(key, dict, shape)
        for name in keys:
            if name not in found:
                raise self.fault(key, f"has no {name}", shape)
            if name != "value" and not (isinstance(found[name], str) and found[name].strip()):
                raise self.fault(key, f"has {name} {found[name]!r}", f"a text as {name}")
        return found

    def unit(self, key: str, entry: Mapping[str, Any], wanted: str) -> float:
        """Return the factor from the entry's unit to the wanted one."""
        try:
            return units.convert(1.0, entry["unit"], wanted, what=key)
        except UnitError:
            raise self.fault(key, f"has unit '{entry['unit']}'", f"{wanted} or a unit that converts to it") from None

    def number(self, key: str, unit: str, *, below: float = math.inf) -> Quantity:
        """Return a number that is zero or more, in `unit`."""
        entry = self.entry(key, ("value", "unit", "source"))
        value = entry["value"]
        if not _finite(value):
            raise self.fault(key, f"has value {value!r}", "a finite number")
        if not 0 <= value < below:
            limit = "zero or more" if math.isinf(below) else f"zero or more and below {below:g}"
            raise self.fault(key, f"has value {value:g}", f"a number of {limit}")
        return Quantity(float(value) * self.unit(key, entry, unit), unit, entry["source"])

    def fact(self, key: str) -> Fact:
        """Return a statement."""
        entry = self.entry(key, ("value", "source"))
        if not isinstance(entry["value"], str):
            raise self.fault(key, f"has value {entry['value']!r}", "a text")
        return Fact(entry["value"], entry["source"])

    def facts(self) -> Mapping[str, Fact]:
        """Return every entry of this table as a statement."""
        return MappingProxyType({key: self.fact(key) for key in self.table})
