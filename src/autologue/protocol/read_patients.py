"""Reading who is treated: numbers, eligibility, covariates and dose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from autologue.protocol.conduct import LogSpread
from autologue.protocol.entries import DISTRIBUTIONS, Covariate, Criterion, DoseRange, DoseRule, Fact, Quantity, Visits
from autologue.protocol.plan import COURSES
from autologue.protocol.section import Section

__all__ = ["SPREAD", "read_covariates", "read_dose", "read_eligibility", "read_log_spread", "read_samples", "read_sizes"]

SPREAD = ("median", "sd", "lower", "upper")  # keys of a log-normal quantity
DOSES = {"light": "cells/kg", "heavy": "cells"}
FIXED = {"age": "year", "weight": "kg"}


def read_sizes(section: Section) -> dict[str, Quantity]:
    """Return the numbers of patients; without `infused` nobody knows how many will be, and all enrolled are taken."""
    found = {key: section.number(key, "1") for key in ("enrolled", "infused") if key in section.table or key == "enrolled"}
    for key, entry in found.items():
        if entry.value != int(entry.value) or entry.value < 1:
            raise section.fault(key, f"is {entry.value:g} patients", "a whole number of at least 1")
    if "infused" in found and found["infused"].value > found["enrolled"].value:
        infused, enrolled = found["infused"].value, found["enrolled"].value
        raise section.fault("infused", f"is {infused:g}, more than the {enrolled:g} enrolled", "at most the number enrolled")
    return found


def read_covariates(section: Section, course: str, needed: tuple[str, ...]) -> Mapping[str, Covariate]:
    """Return the covariates; the unit of the burden is that of the disease course."""
    known = {**FIXED, "burden": COURSES.get(course, "%")}
    section.allow(*known)
    return MappingProxyType(
        {name: _covariate(section, name, unit) for name, unit in known.items() if name in needed or name in section.table}
    )


def _covariate(section: Section, name: str, unit: str) -> Covariate:
    inner = section.section(name, ("distribution", *SPREAD))
    kind, spread = inner.choice("distribution", DISTRIBUTIONS), read_log_spread(inner, unit)
    return Covariate(kind, spread.median, spread.sd, spread.lower, spread.upper)


def read_log_spread(section: Section, unit: str) -> LogSpread:
    """Return a log-normal quantity within its range."""
    spread = read_spread(section, unit)
    return LogSpread(spread.median, section.number("sd", "1"), spread.lower, spread.upper)


def read_spread(section: Section, unit: str) -> DoseRange:
    """Return a median within its range."""
    lower, median, upper = (section.number(key, unit) for key in ("lower", "median", "upper"))
    if not lower.value < median.value < upper.value:
        raise section.fault("median", f"is {median.value:g} with range {lower.value:g} to {upper.value:g}", "lower < median < upper")
    return DoseRange(median, lower, upper)


def read_eligibility(section: Section, covariates: Mapping[str, Covariate]) -> Mapping[str, Fact | Criterion]:
    """Return statements and rules; a rule has `covariate` with `at_least`, `at_most` or both."""
    found: dict[str, Fact | Criterion] = {}
    for key in section.table:
        rule = section.table[key]
        if not (isinstance(rule, dict) and "covariate" in rule):
            found[key] = section.fact(key)
            continue
        inner = section.section(key, ("covariate", "at_least", "at_most", "unit", "source"))
        name = inner.choice("covariate", covariates)
        bounds = {bound: _bound(inner, bound, covariates[name].median.unit) for bound in ("at_least", "at_most")}
        if bounds["at_least"] is None and bounds["at_most"] is None:
            raise section.fault(key, "has no bound", "at_least, at_most or both")
        found[key] = Criterion(name, bounds["at_least"], bounds["at_most"], inner.text("source"))
        _check_criterion(section, key, found[key], covariates[name])
    return MappingProxyType(found)


def _bound(section: Section, key: str, unit: str) -> Quantity | None:
    if key not in section.table:
        return None
    entry = {"value": section.table[key], "unit": section.text("unit"), "source": section.text("source")}
    return Section(section.file, section.place, {key: entry}).number(key, unit)


def _check_criterion(section: Section, key: str, rule: Fact | Criterion, covariate: Covariate) -> None:
    assert isinstance(rule, Criterion)
    lower = rule.lower.value if rule.lower else 0.0
    upper = rule.upper.value if rule.upper else float("inf")
    if lower >= upper or lower > covariate.upper.value or upper < covariate.lower.value:
        place = f"{covariate.lower.value:g} to {covariate.upper.value:g} {covariate.median.unit}"
        raise section.fault(key, f"({rule.value}) rejects everybody", f"a rule that somebody with {rule.covariate} {place} can meet")


def read_dose(section: Section) -> DoseRule:
    """Return the dose rule: by weight below a threshold, or for all of them by weight (no `heavy`) or in total (no `light`)."""
    section.allow("threshold", "sd", "light", "heavy")
    there = [key for key in DOSES if key in section.table]
    if len(there) == len(DOSES):
        threshold = section.number("threshold", "kg")
    elif there and "threshold" not in section.table:
        threshold = Quantity(math.inf if there == ["light"] else 0.0, "kg", "one rule for all weights")
    else:
        raise section.fault("threshold", "does not fit", "light, heavy and a threshold, or only one of light and heavy and no threshold")
    rules = {key: read_spread(section.section(key, ("median", "lower", "upper")), DOSES[key]) for key in there}
    return DoseRule(threshold, rules.get("light", rules[there[-1]]), rules.get("heavy", rules[there[0]]), section.number("sd", "1"))


def read_samples(section: Section) -> Visits:
    """Return when the transgene is measured, and the assay limit."""
    section.allow("days", "limit")
    days, source = section.times("days", start="the infusion")
    limit = section.number("limit", "copies/ug")
    if limit.value <= 0:
        raise section.fault("limit", "is 0", "an assay limit above zero")
    return Visits(days, source, limit)
