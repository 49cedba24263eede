"""Design files: a group-sequential survival design or a two-stage one, with scenarios, each of which is a protocol."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from autologue.errors import InputError
from autologue.files import read_toml
from autologue.protocol.section import Section, finite, whole
from autologue.trial.designs.sequential import SPENDINGS
from autologue.trial.designs.survival import Futility, SurvivalDesign
from autologue.trial.designs.two_stage import KINDS, TwoStageDesign
from autologue.trial.shelf import protocol_names
from autologue.trial.variables import SETS, VARIABLES

__all__ = ["DesignFile", "Scenario", "read_design"]

_SURVIVAL = ("endpoint", "experimental", "control", "events", "looks", "alpha", "spending", "futility")
_STAGES = ("endpoint", "among", "poor", "good", "alpha", "beta", "kind", "largest")
_MOST = 100_000  # events
_LARGEST = 200  # patients of a two-stage design at most
_SEARCHED = 100  # unless told
_WANTED = {
    "endpoint": "the name of an endpoint of the protocols",
    "experimental": "the name of an arm",
    "control": "the name of an arm",
    "events": "a whole number of events at the last look",
    "looks": "rising fractions of the events that end with 1",
    "alpha": "a one-sided error between 0 and 0.5",
    "beta": "an error of the second kind between 0 and 0.5",
    "poor": "a response rate between 0 and 1",
    "good": "a response rate between 0 and 1",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What may be true: a name, and the path of the protocol that says it or the name of one that ships."""

    name: str
    protocol: str


@dataclass(frozen=True, slots=True)
class DesignFile:
    """A design and the scenarios under which it is tried."""

    name: str
    design: SurvivalDesign | TwoStageDesign
    scenarios: tuple[Scenario, ...]


def read_design(path: str | Path) -> DesignFile:
    """Read a design file: [design] or [two_stage], and [[scenario]].

    Raises InputError, one sentence that names the file, the key and the remedy.
    """
    path = Path(path)
    table = Section(path.name, "", read_toml(path, kind="a design", expected="TOML with [design] or [two_stage], and [[scenario]]"))
    table.allow("design", "two_stage", "scenario")
    if ("design" in table.table) == ("two_stage" in table.table):
        found = "both" if "design" in table.table else "neither"
        raise InputError(f"{path.name} has {found} [design] and [two_stage]; expected one of them")
    design = _survival(table.section("design")) if "design" in table.table else _two_stage(table.section("two_stage"))
    return DesignFile(path.name, design, tuple(_scenario(each, path) for each in table.tables("scenario")))


def _survival(section: Section) -> SurvivalDesign:
    section.allow(*_SURVIVAL)
    texts = {key: _text(section, key) for key in ("endpoint", "experimental", "control")}
    events: Any = section.table.get("events")
    looks: Any = section.table.get("looks")
    if not whole(events) or events > _MOST:
        raise _fault(section, "events")
    numbers = isinstance(looks, list) and bool(looks) and all(finite(t) for t in looks)
    if not numbers or looks[-1] != 1 or looks[0] <= 0 or any(b <= a for a, b in pairwise(looks)):
        raise _fault(section, "looks")
    futility = _futility(section.section("futility")) if "futility" in section.table else None
    return SurvivalDesign(
        **texts, events=int(events), looks=tuple(map(float, looks)), alpha=_error(section, "alpha"), spending=_spending(section),
        futility=futility,
    )  # fmt: skip


def _futility(section: Section) -> Futility:
    section.allow("beta", "spending", "binding")
    return Futility(_error(section, "beta"), _spending(section), section.need("binding", bool, "true or false"))


def _two_stage(section: Section) -> TwoStageDesign:
    section.allow(*_STAGES)
    endpoint, among, kind = section.choice("endpoint", VARIABLES), section.choice("among", SETS), section.choice("kind", KINDS)
    rates = {key: _between(section, key, 1.0) for key in ("poor", "good")}
    errors = {key: _error(section, key) for key in ("alpha", "beta")}
    largest = section.table.get("largest", _SEARCHED)
    if not whole(largest) or largest > _LARGEST:
        raise section.fault("largest", f"is {largest!r}", f"a whole number of patients, at most {_LARGEST}")
    if rates["good"] <= rates["poor"]:
        raise section.fault("good", f"is {rates['good']:g}, not above poor ({rates['poor']:g})", "a rate that is worth finding")
    try:
        stages = KINDS[kind](**rates, **errors, largest=int(largest))
    except InputError as problem:
        raise InputError(f"{section.where('largest')}: {problem}") from None
    return TwoStageDesign(endpoint, among, **rates, **errors, stages=stages)


def _text(section: Section, key: str) -> str:
    found = section.table.get(key)
    if not isinstance(found, str) or not found.strip():
        raise _fault(section, key)
    return found


def _error(section: Section, key: str) -> float:
    return _between(section, key, 0.5)


def _between(section: Section, key: str, high: float) -> float:
    found: Any = section.table.get(key)
    if not finite(found) or not 0.0 < found < high:
        raise _fault(section, key)
    return float(found)


def _spending(section: Section) -> str | float:
    found: Any = section.table.get("spending", SPENDINGS[0])
    if finite(found) and abs(found) <= 40:
        return float(found)
    if found not in SPENDINGS:
        raise section.fault("spending", f"is {found!r}", f"{' or '.join(SPENDINGS)}, or a number: the parameter of Hwang, Shih and DeCani")
    return str(found)


def _fault(section: Section, key: str) -> InputError:
    return section.fault(key, f"is {section.table[key]!r}" if key in section.table else "is missing", _WANTED[key])


def _scenario(section: Section, path: Path) -> Scenario:
    section.allow("name", "protocol")
    name, protocol = (section.text(key) for key in ("name", "protocol"))
    if not protocol.endswith(".toml") and protocol in protocol_names():
        return Scenario(name, protocol)
    if not (path.parent / protocol).is_file():
        raise InputError(
            f"{path.name}, scenario '{name}': there is no protocol file {protocol} beside it; "
            f"expected a TOML file, or one that ships ({', '.join(protocol_names())})"
        )
    return Scenario(name, str(path.parent / protocol))
