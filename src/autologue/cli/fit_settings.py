"""What a fit is told: settings from a TOML file and options, each checked before any data is read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autologue.cli.language import read_number
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.fit import Estimator

__all__ = ["METHODS", "load_settings", "make_estimator", "read_bounds", "read_starts"]

METHODS = ("saem", "focei", "foce", "fo", "laplace", "quadrature", "nuts")
Bounds = dict[str, tuple[float, float]]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


_SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (lambda value: isinstance(value, str), "a name"),
    "method": (lambda value: isinstance(value, str), "a name"),
    "seed": (lambda value: _number(value) and isinstance(value, int) and value >= 0, "a whole number of at least 0"),
    "free": (_names, "a list of names"),
    "fixed": (_names, "a list of names"),
    "start": (lambda value: isinstance(value, dict), "a table of numbers"),
    "bounds": (lambda value: isinstance(value, dict), "a table of pairs of numbers"),
    "settings": (lambda value: isinstance(value, dict), "a table of the settings of the method"),
}
_INSIDE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "start": (_number, "a number"),
    "bounds": (lambda value: isinstance(value, list) and len(value) == 2 and all(map(_number, value)), "two numbers, lower and upper"),
    "settings": (_number, "a number"),
}


def load_settings(path: Path | None) -> dict[str, Any]:
    """Return the settings of a TOML file, nothing without one; raises InputError for what is no setting."""
    if path is None:
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InputError(f"--settings {path.name}: cannot be read as TOML ({problem})") from None
    for name, value in found.items():
        if name not in _SHAPES:
            raise InputError(f"--settings {path.name}: {unknown('setting', name, _SHAPES)}")
        table = value.items() if isinstance(value, dict) and name in _INSIDE else ()
        inside = [(f"{name}.{key}", each, _INSIDE[name]) for key, each in table]
        for what, each, (fits, expected) in [(name, value, _SHAPES[name]), *inside]:
            if not fits(each):
                raise InputError(f"--settings {path.name}: {what} is {each!r}; expected {expected}")
    return found


def make_estimator(name: str, settings: Mapping[str, Any]) -> Estimator:
    """Return the estimator of a name, with its settings; raises InputError for another name or setting."""
    from autologue.fit import FO, FOCE, FOCEI, NUTS, SAEM, Laplace, Quadrature

    kinds: dict[str, Any] = dict(zip(METHODS, (SAEM, FOCEI, FOCE, FO, Laplace, Quadrature, NUTS), strict=True))
    kind = kinds.get(name.lower())
    if kind is None:
        raise InputError(f"--method: {unknown('method', name, kinds)}")
    known = [each.name for each in fields(kind) if each.type in ("int", "float", "int | None")]
    for each in settings:
        if each not in known:
            raise InputError(f"--settings: {unknown(f'setting of {name}', each, known)}")
    estimator: Estimator = kind(**settings)
    return estimator


def read_starts(given: Mapping[str, float], texts: list[str]) -> dict[str, float]:
    """Return starting values: those given, and over them those of options like t_max=12."""
    found = {name: float(value) for name, value in given.items()}
    for text in texts:
        name, sign, value = (piece.strip() for piece in text.partition("="))
        if not (sign and name):
            raise InputError(f"--start '{text}' names no value; expected name=value, like t_max=12")
        found[name] = read_number(value, f"--start {name}")
    return found


def read_bounds(given: Mapping[str, list[float]], texts: list[str]) -> Bounds:
    """Return bounds: those given, and over them those of options like alpha=0.01,1."""
    found = {name: (float(low), float(high)) for name, (low, high) in given.items()}
    for text in texts:
        name, sign, ends = (piece.strip() for piece in text.partition("="))
        low, comma, high = ends.partition(",")
        if not (sign and name and comma):
            raise InputError(f"--bound '{text}' is no range; expected name=lower,upper, like alpha=0.01,1")
        found[name] = (read_number(low, f"--bound {name}"), read_number(high, f"--bound {name}"))
    return found
