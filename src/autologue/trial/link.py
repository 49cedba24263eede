"""Statistical links: numbers that no published model gives, each with its uncertainty and its source, read from `links/*.toml`."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autologue import seeds, units
from autologue.errors import InputError, UnitError, unknown
from autologue.files import read_toml

__all__ = ["KINDS", "SCALES", "Link", "central_values", "draw_values", "read_links", "shipped_links"]

Floats = NDArray[np.float64]
SCALES = ("log", "logit", "normal")
KINDS = ("variability", "link", "product")
_KEYS = ("value", "unit", "scale", "sd", "kind", "source", "calibrate")


@dataclass(frozen=True, slots=True)
class Link:
    """A number with its unit, the scale and standard deviation of its uncertainty, kind, source, and whether calibration moves it.

    >>> share = Link("rescued", 0.25, "1", "logit", 0.5, "link", "assumed", False)
    >>> share.at(np.array([0.0])), bool(share.at(np.array([1.0]))[0] < 0.36)
    (array([0.25]), True)
    """

    name: str
    value: float
    unit: str
    scale: str
    sd: float
    kind: str
    source: str
    calibrate: bool

    def at(self, z: Floats) -> Floats:
        """Return the value that lies `z` standard deviations (any shape) from the centre."""
        if self.scale == "log":
            return np.asarray(self.value * np.exp(self.sd * z))
        if self.scale == "logit":
            return np.asarray(1.0 / (1.0 + (1.0 / self.value - 1.0) * np.exp(-self.sd * z)))
        return np.asarray(self.value + self.sd * z)


def shipped_links(*names: str) -> Mapping[str, Link]:
    """Return the links of the files that ship under these names, in one mapping.

    >>> shipped_links("leukaemia")["founders"].kind
    'link'
    """
    folder = Path(str(files("autologue.trial") / "links"))
    found: dict[str, Link] = {}
    for name in names:
        found |= read_links(folder / f"{name}.toml")
    return MappingProxyType(found)


def read_links(path: str | Path) -> dict[str, Link]:
    """Read a file of links; raises InputError, one sentence that names the file, the key and the remedy."""
    path = Path(path)
    table = read_toml(path, kind="links", expected="a TOML file with one table a link")
    return {name: _link(name, entry, f"{path.name}: {name}") for name, entry in table.items()}


def _link(name: str, entry: Any, where: str) -> Link:
    if not isinstance(entry, dict):
        raise InputError(f"{where} is {entry!r}; expected a table with {', '.join(_KEYS[:-1])}")
    for key in entry:
        if key not in _KEYS:
            raise InputError(f"{where}: {unknown('key', key, _KEYS)}")
    for key in _KEYS[:-1]:
        if key not in entry:
            raise InputError(f"{where} has no {key}; expected {', '.join(_KEYS[:-1])}")
    for key in ("value", "sd"):
        if isinstance(entry[key], bool) or not isinstance(entry[key], (int, float)) or not math.isfinite(entry[key]):
            raise InputError(f"{where}.{key} is {entry[key]!r}; expected a finite number")
    for key in ("unit", "scale", "kind", "source"):
        if not (isinstance(entry[key], str) and entry[key].strip()):
            raise InputError(f"{where}.{key} is {entry[key]!r}; expected a text")
    for key, known in (("scale", SCALES), ("kind", KINDS)):
        if entry[key] not in known:
            raise InputError(f"{where}: {unknown(key, entry[key], known)}")
    if not isinstance(entry.get("calibrate", False), bool):
        raise InputError(f"{where}.calibrate is {entry['calibrate']!r}; expected true or false")
    link = Link(name, float(entry["value"]), entry["unit"], entry["scale"], float(entry["sd"]), entry["kind"], entry["source"],
                entry.get("calibrate", False))  # fmt: skip
    _check(link, where)
    return link


def _check(link: Link, where: str) -> None:
    low, high = {"log": (0.0, math.inf), "logit": (0.0, 1.0), "normal": (-math.inf, math.inf)}[link.scale]
    if not low < link.value < high:
        raise InputError(f"{where}.value is {link.value:g}; expected a number above {low:g} and below {high:g} on scale {link.scale}")
    if link.sd < 0 or (link.calibrate and link.sd == 0):
        raise InputError(f"{where}.sd is {link.sd:g}; expected zero or more, and above zero where calibrate is true")
    try:
        units.parse(link.unit)
    except UnitError as problem:
        raise InputError(f"{where}.unit: {problem}") from None


def central_values(links: Mapping[str, Link], count: int) -> dict[str, Floats]:
    """Return the central value of each link, `count` times."""
    return {name: np.full(count, link.value) for name, link in links.items()}


def draw_values(links: Mapping[str, Link], draws: Sequence[int] | NDArray[np.int64], *, seed: int) -> dict[str, Floats]:
    """Return values of each link for the draws with these numbers (draws,); a link's draws do not depend on which others there are.

    >>> one, all_of_them = draw_values(shipped_links("leukaemia"), [3], seed=1), draw_values(shipped_links("leukaemia"), range(5), seed=1)
    >>> bool(one["growth"][0] == all_of_them["growth"][3])
    True
    """
    numbers = np.asarray(list(draws), dtype=np.int64)
    found = {}
    for name, link in links.items():
        own = seeds.child_seed(seed, seeds.Purpose.UNCERTAINTY, zlib.crc32(name.encode()))
        found[name] = link.at(seeds.normals(own, seeds.Purpose.UNCERTAINTY, numbers, 1)[:, 0])
    return found
