"""Reading arms and endpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from autologue.errors import InputError, unknown
from autologue.protocol.arms import TREATMENTS, Arm, Comparator, Crossover, Curve
from autologue.protocol.endpoints import HANDLINGS, HAPPENINGS, SETS, ZEROS, Endpoint, NoResponse
from autologue.protocol.read_patients import SPREAD, read_log_spread
from autologue.protocol.section import Section, finite

__all__ = ["check_endpoints", "read_arms", "read_endpoints"]

RULES = ("no_response_by", "grace", "progression_from", "stable_from", "weight_from", "landmark")
TIMED = ("value", "source", "estimand", "time_zero", "analysis_set", "depth", "for_efficacy_only", *HAPPENINGS, *RULES)


def read_arms(section: Section) -> Mapping[str, Arm]:
    """Return the arms, whose shares add up to one."""
    found = {name: _arm(section.section(name), name) for name in section.table}
    total = sum(arm.share for arm in found.values())
    if abs(total - 1) > 1e-6:
        raise InputError(f"{section.file}: [{section.place.rstrip('.')}] has shares that add up to {total:g}; expected 1")
    return MappingProxyType(found)


def _arm(section: Section, name: str) -> Arm:
    section.allow("share", "treatment", "comparator", "crossover")
    treatment = section.choice("treatment", TREATMENTS)
    share = section.share("share")
    if (treatment == "comparator") != ("comparator" in section.table):
        raise section.fault("comparator", f"does not fit treatment '{treatment}'", "a table for treatment comparator, and only for that")
    comparator = _comparator(section.section("comparator")) if treatment == "comparator" else None
    crossover = None
    if "crossover" in section.table:
        inner = section.section("crossover", ("share", "after"))
        crossover = Crossover(inner.share("share"), inner.number("after", "day"))
    if crossover is not None and comparator is None:
        raise section.fault("crossover", "is given for an arm that has CAR T cells already", "crossover in a comparator arm only")
    return Arm(name, share.value, treatment, comparator, crossover, share.source)


def _comparator(section: Section) -> Comparator:
    section.allow("complete", "partial", "day", "curve", "transplant", "transplant_day", "durable", "progression")
    complete, partial = section.share("complete"), section.share("partial")
    if complete.value + partial.value > 1:
        raise section.fault("partial", f"is {partial.value:g} beside {complete.value:g} complete", "shares that add up to at most 1")
    curve = _curve(section) if "curve" in section.table else None
    if curve is None and "progression" not in section.table:
        raise section.fault("progression", "is missing", "a table, or a published curve of survival")
    optional = {key: section.share(key) if key in section.table else None for key in ("transplant", "durable")}
    return Comparator(
        complete, partial, section.number("day", "day"), curve, optional["transplant"], section.maybe("transplant_day", "day"),
        optional["durable"], read_log_spread(section.section("progression", SPREAD), "day") if "progression" in section.table else None,
    )  # fmt: skip


def _curve(section: Section) -> Curve:
    entry = section.entry("curve", ("months", "survival", "source"))
    months, survival = entry["months"], entry["survival"]
    for name, values in (("months", months), ("survival", survival)):
        if not isinstance(values, list) or not values or not all(finite(v) for v in values):
            raise section.fault("curve", f"has {name} {values!r}", "a list of numbers, at least one")
    rising = all(b > a for a, b in zip([0.0, *months], months, strict=False))
    falling = all(0 < b < a for a, b in zip([1.0, *survival], survival, strict=False))
    if len(months) != len(survival) or not rising or not falling:
        raise section.fault(
            "curve", "is no survival curve", "as many survivals as months, months rising from above 0, survival falling from below 1"
        )
    return Curve(tuple(map(float, months)), tuple(map(float, survival)), entry["source"])


def read_endpoints(section: Section) -> Mapping[str, Endpoint]:
    """Return the endpoints: statements, shipped estimands, or definitions of their own."""
    return MappingProxyType({key: _endpoint(section, key) for key in section.table})


def _endpoint(section: Section, key: str) -> Endpoint:
    shape = '{ value = "...", source = "..." }, with estimand, or with time_zero and analysis_set, where it is a time to an event'
    if not isinstance(section.table[key], dict):
        raise section.fault(key, f"is {section.table[key]!r}", shape)
    inner = section.section(key)
    inner.allow(*TIMED)
    fact = Section(section.file, section.place, {key: {k: v for k, v in inner.table.items() if k in ("value", "source")}}).fact(key)
    rules = [name for name in inner.table if name not in ("value", "source", "estimand")]
    if "estimand" in inner.table and rules:
        raise section.fault(key, f"has an estimand and {rules[0]}", "the name of an estimand that ships, or a definition, not both")
    if rules and "time_zero" not in inner.table:
        raise section.fault(key, "has no time zero", f"time_zero, one of {', '.join(ZEROS)}")
    if not rules:
        return Endpoint(value=fact.value, source=fact.source, estimand=inner.text("estimand", ""))
    return _defined(inner, fact.value, fact.source)


def _defined(section: Section, value: str, source: str) -> Endpoint:
    days = {name: _days(section, name) for name in RULES}
    depth = section.table.get("depth", ["complete", "partial"])
    if not isinstance(depth, list) or not depth or not set(depth) <= {"complete", "partial"}:
        raise section.fault("depth", f"is {depth!r}", 'a list of "complete" and "partial"')
    late = days["no_response_by"]
    return Endpoint(
        value=value, source=source, time_zero=section.choice("time_zero", ZEROS), analysis_set=section.choice("analysis_set", SETS),
        handling=MappingProxyType({name: section.choice(name, HANDLINGS) for name in HAPPENINGS if name in section.table}),
        depth=tuple(depth), no_response=None if late is None else NoResponse(late, days["grace"] or 0.0),
        progression_from=days["progression_from"] or 0.0, stable_from=days["stable_from"], weight_from=days["weight_from"] or 0.0,
        landmark=days["landmark"], for_efficacy_only=bool(section.table.get("for_efficacy_only", False)),
    )  # fmt: skip


def _days(section: Section, key: str) -> float | None:
    found = section.table.get(key)
    if found is not None and not (finite(found) and found >= 0):
        raise section.fault(key, f"is {found!r}", "a number of days after time zero, zero or more")
    return None if found is None else float(found)


def check_endpoints(endpoints: Mapping[str, Endpoint], *, arms: Mapping[str, Arm], sets: tuple[str, ...], file: str) -> None:
    """Refuse an endpoint or analysis set that needs a date which patients of this trial do not have."""
    there = {"enrolment"}
    treatments = {arm.treatment for arm in arms.values()} or {"car_t"}
    there |= {"infusion"} if "car_t" in treatments or any(arm.crossover for arm in arms.values()) else set()
    there |= {"randomisation"} if len(arms) > 1 else set()
    there |= {"salvage_start"} if "comparator" in treatments else set()
    there |= {"responders", "response"}
    needs: list[tuple[str, Any]] = [
        (f"endpoints.{name}.{key}", getattr(e, key)) for name, e in endpoints.items() for key in ("time_zero", "analysis_set")
    ]
    needs += [("analysis.sets", name) for name in sets]
    for place, name in needs:
        if name and name not in there:
            known = sorted(there - {"response"})
            raise InputError(f"{file}: {place} is '{name}', which no patient of this trial has; {unknown('date or set', name, known)}")
    for name, endpoint in endpoints.items():
        if endpoint.time_zero == "response" and endpoint.analysis_set != "responders":
            raise InputError(
                f"{file}: endpoints.{name} starts at response in the set '{endpoint.analysis_set}'; expected the set responders"
            )
        if endpoint.landmark is not None and not math.isfinite(endpoint.landmark):
            raise InputError(f"{file}: endpoints.{name}.landmark is not a day")
