"""Design files: a group-sequential survival design with its scenarios, each of which is a protocol file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from autologue.errors import InputError, unknown
from autologue.files import read_toml
from autologue.trial.designs.survival import SurvivalDesign

__all__ = ["DesignFile", "Scenario", "read_design"]

_KEYS: dict[str, type | tuple[type, ...]] = {
    "endpoint": str, "experimental": str, "control": str, "events": int, "looks": list, "alpha": (int, float)
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scenario:
    """What may be true: a name and the path of the protocol that says it."""

    name: str
    protocol: Path


@dataclass(frozen=True, slots=True)
class DesignFile:
    """A design and the scenarios under which it is tried."""

    name: str
    design: SurvivalDesign
    scenarios: tuple[Scenario, ...]


def read_design(path: str | Path) -> DesignFile:
    """Read a design file: [design] and [[scenario]]; raises InputError, one sentence that names the file, the key and the remedy."""
    path = Path(path)
    table = read_toml(path, kind="a design", expected="TOML with [design] and [[scenario]]")
    _allow(table, ("design", "scenario"), path.name)
    given = table.get("design")
    if not isinstance(given, dict):
        raise InputError(f"{path.name} has no [design]; expected {', '.join(_KEYS)}")
    listed = table.get("scenario")
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        raise InputError(f"{path.name} has no [[scenario]]; expected at least one, with name and protocol")
    return DesignFile(path.name, _design(given, f"{path.name}, [design]"), tuple(_scenario(each, path) for each in listed))


def _design(given: dict[str, Any], where: str) -> SurvivalDesign:
    _allow(given, _KEYS, where)
    for key, kind in _KEYS.items():
        if not isinstance(given.get(key), kind) or isinstance(given[key], bool):
            raise InputError(f"{where}: {key} is {given.get(key)!r}; expected {_WANTED[key]}")
    looks = given["looks"]
    numbers = bool(looks) and all(isinstance(t, (int, float)) and not isinstance(t, bool) for t in looks)
    if not numbers or looks[-1] != 1 or looks[0] <= 0 or any(b <= a for a, b in pairwise(looks)):
        raise InputError(f"{where}: looks is {looks!r}; expected {_WANTED['looks']}")
    if not 0.0 < given["alpha"] < 0.5 or not 1 <= given["events"] <= 100_000:
        said = f"alpha {given['alpha']!r}, events {given['events']!r}"
        raise InputError(f"{where}: {said}; expected {_WANTED['alpha']}, and {_WANTED['events']}")
    return SurvivalDesign(
        given["endpoint"], given["experimental"], given["control"], given["events"], tuple(map(float, looks)), float(given["alpha"])
    )


_WANTED = {
    "endpoint": "the name of an endpoint of the protocols", "experimental": "the name of an arm", "control": "the name of an arm",
    "events": "a whole number of events at the last look", "looks": "rising fractions of the events that end with 1",
    "alpha": "a one-sided error between 0 and 0.5",
}  # fmt: skip


def _scenario(given: dict[str, Any], path: Path) -> Scenario:
    _allow(given, ("name", "protocol"), f"{path.name}, [[scenario]]")
    for key in ("name", "protocol"):
        if not isinstance(given.get(key), str) or not given[key].strip():
            raise InputError(f"{path.name}, [[scenario]]: {key} is {given.get(key)!r}; expected a text")
    protocol = path.parent / given["protocol"]
    if not protocol.is_file():
        raise InputError(f"{path.name}, scenario '{given['name']}': there is no protocol file {given['protocol']} beside it")
    return Scenario(given["name"], protocol)


def _allow(table: dict[str, Any], known: Any, where: str) -> None:
    for key in table:
        if key not in known:
            raise InputError(f"{where}: {unknown('key', key, list(known))}")
