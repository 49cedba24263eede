"""Reading a protocol file: every key known, every number with unit and source, every refusal one sentence."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from autologue.errors import InputError
from autologue.files import read_toml
from autologue.protocol.entries import Assumptions, Quantity
from autologue.protocol.plan import COURSES, Protocol
from autologue.protocol.read_arms import check_endpoints, read_arms, read_endpoints
from autologue.protocol.read_conduct import read_conduct
from autologue.protocol.read_patients import read_covariates, read_dose, read_eligibility, read_samples, read_sizes
from autologue.protocol.section import Section

__all__ = ["read_protocol"]

TABLES = ("trial", "patients", "eligibility", "covariates", "correlation", "dose", "visits", "endpoints", "assumptions", "screening",
          "manufacturing", "waiting", "bridging", "lymphodepletion", "response", "toxicity", "analysis", "arms")  # fmt: skip
CAR_T_NEEDS = ("dose", "manufacturing", "waiting", "lymphodepletion", "response", "analysis")
NONE = Quantity(0.0, "1", "no correlation of age and weight is stated")
_ASSUMED_UNITS = {
    "leukaemia_at_median_burden": "cells",
    "inflammation_at_median_burden": "cells/uL",
    "share_engrafted": "1",
    "spread_leukaemia": "1",
    "spread_inflammation": "1",
    "aplasia_below": "1",
    "onset_above": "1",
}


def read_protocol(path: str | Path, *, shelf: Path | None = None) -> Protocol:
    """Read and check a protocol; raises InputError, one sentence that names the file, the key and the remedy.

    At the top of the file `published` names the figures that the panels are compared with, `course` the disease course that patients
    follow and `control` a protocol that serves as historical control; a file has panels (`published` and [assumptions]), a course, or both.
    `like` names a protocol that this one follows in all that it does not say itself: a file beside it, or the name of one in the folder
    `shelf`; a table that is `false` is left out.
    """
    path = Path(path)
    table = _table(path, shelf, ())
    whole = Section(path.name, "", table)
    whole.allow("published", "course", "control", *TABLES)
    course = whole.choice("course", COURSES, "")
    parts = _parts(whole, course)
    arms = read_arms(whole.section("arms")) if "arms" in table else MappingProxyType({})
    _check_course(whole, course, parts, car_t=not arms or any(arm.treatment == "car_t" for arm in arms.values()))
    sets = parts["analysis"].sets if "analysis" in parts else ()
    check_endpoints(parts["endpoints"], arms=arms, sets=sets, file=path.name)
    published = whole.text("published", None if parts.get("panels") else "")
    return Protocol(published=published, course=course, control=whole.text("control", ""), arms=arms, file=path.name, **parts)


def _table(path: Path, shelf: Path | None, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Return the tables of a file, laid over those of the protocol that it is like."""
    own = read_toml(path, kind="a protocol", expected="a TOML file")
    if "like" not in own:
        return own
    name = Section(path.name, "", own).text("like")
    places = [path.parent / name] + ([shelf / f"{name}.toml"] if shelf else [])
    other = next((place for place in places if place.is_file()), None)
    if other is None or other.resolve() in (path.resolve(), *seen):
        raise InputError(f"{path.name}: like is '{name}'; expected another protocol, a file beside this one or the name of one that ships")
    return _laid_over(_table(other, shelf, (*seen, path.resolve())), {key: value for key, value in own.items() if key != "like"})


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return tables with those of `above` in place of the same below; an entry, which has a source, is replaced whole."""
    found = {**below, **above}
    for key, value in above.items():
        tables = isinstance(value, dict) and isinstance(below.get(key), dict)
        if tables and "source" not in value and "source" not in below[key]:
            found[key] = _laid_over(below[key], value)
    return {key: value for key, value in found.items() if value is not False}


def _parts(whole: Section, course: str) -> dict[str, Any]:
    table = whole.table
    identity = whole.section("trial", ("name", "registration", "product", "disease"))
    patients = whole.section("patients", ("enrolled", "infused", "female"))
    sizes = read_sizes(patients)
    panels = "assumptions" in table or not course
    joint = panels or "correlation" in table
    needed = ("age", "weight", "burden") if panels else ("age",)
    covariates = read_covariates(whole.section("covariates"), course, needed)
    parts: dict[str, Any] = {
        **{key: identity.fact(key) for key in ("name", "registration", "product", "disease")},
        "enrolled": int(sizes["enrolled"].value),
        "infused": int(sizes.get("infused", sizes["enrolled"]).value),
        "sizes": MappingProxyType(sizes),
        "female": patients.share("female") if "female" in patients.table else None,
        "eligibility": read_eligibility(whole.section("eligibility"), covariates),
        "covariates": covariates,
        "correlation_age_weight": whole.section("correlation", ("age_weight",)).number("age_weight", "1", below=1.0) if joint else NONE,
        "dosing": read_dose(whole.section("dose")) if panels or "dose" in table else None,
        "samples": read_samples(whole.section("visits")) if panels or "visits" in table else None,
        "endpoints": read_endpoints(whole.section("endpoints")),
    }
    if panels:
        assumed = whole.section("assumptions", tuple(_ASSUMED_UNITS))
        parts["panels"] = Assumptions(**{key: assumed.number(key, unit) for key, unit in _ASSUMED_UNITS.items()})
    return {**parts, **read_conduct(whole)}


def _check_course(whole: Section, course: str, parts: dict[str, Any], *, car_t: bool) -> None:
    """Refuse a course without the parts that its patients need."""
    if not course:
        return
    needed = CAR_T_NEEDS if car_t else ("analysis",)
    for name in needed:
        if name not in whole.table:
            raise InputError(f"{whole.file}: [{name}] is missing; expected it, because the course '{course}' needs it")
    if car_t and course == "none":
        known = ", ".join(name for name in COURSES if name != "none")
        raise InputError(f"{whole.file}: course is 'none' for patients who receive CAR T cells; expected one of {known}")
    for name in ("weight", "burden") if car_t else ():
        if name not in parts["covariates"]:
            raise InputError(f"{whole.file}: covariates.{name} is missing; expected a table, because the course '{course}' needs it")
