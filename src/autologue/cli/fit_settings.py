"""What a fit is told: settings from a TOML file and options, each checked before any data is read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autologue.cli.language import read_number
from autologue.errors import InputError, ModelError, unknown

if TYPE_CHECKING:
    from autologue.fit import Estimator
    from autologue.population import Parametric

__all__ = ["METHODS", "load_settings", "make_estimator", "read_bounds", "read_occasions", "read_starts"]

METHODS = ("saem", "focei", "foce", "fo", "laplace", "quadrature")
Bounds = dict[str, tuple[float, float]]
_SPREADS = ("sd", "variance", "cv")


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
    "occasions": (lambda value: isinstance(value, dict), "a table like cl = {sd = 0.2}"),
    "occasion_blocks": (lambda value: isinstance(value, list) and all(map(_names, value)), 'lists of names like [["cl", "v"]]'),
}
_INSIDE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "start": (_number, "a number"),
    "bounds": (lambda value: isinstance(value, list) and len(value) == 2 and all(map(_number, value)), "two numbers, lower and upper"),
    "settings": (_number, "a number"),
    "occasions": (
        lambda value: isinstance(value, dict) and len(value) == 1 and set(value) <= set(_SPREADS) and all(map(_number, value.values())),
        "{sd = 0.2}, {variance = 0.04} or {cv = 0.2}",
    ),
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
    from autologue.fit import FO, FOCE, FOCEI, SAEM, Laplace, Quadrature

    kinds: dict[str, Any] = dict(zip(METHODS, (SAEM, FOCEI, FOCE, FO, Laplace, Quadrature), strict=True))
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


def read_occasions(population: Parametric, settings: Mapping[str, Any], texts: list[str]) -> Parametric:
    """Return the population with what changes between occasions: by settings, and over these by options like cl.sd=0.2.

    The scale is that of the parameter's variability between patients. Blocks of `occasion_blocks` start without correlation.
    """
    from dataclasses import replace

    from autologue.population import Correlation
    from autologue.variability import LogNormal, Normal

    given: dict[str, dict[str, float]] = {name: dict(value) for name, value in settings.get("occasions", {}).items()}
    for text in texts:
        what, sign, value = (piece.strip() for piece in text.partition("="))
        name, dot, scale = what.partition(".")
        if not (sign and dot and scale in _SPREADS):
            raise InputError(f"--occasion '{text}' says no scale; expected name.sd=value, name.variance=value or name.cv=value")
        given[name] = {scale: read_number(value, f"--occasion {what}")}
    found = {}
    for name, spread in given.items():
        if name not in population.model.parameters:
            raise InputError(f"occasions of {population.model.name}: {unknown('parameter', name, population.model.parameters)}")
        own, typical = population.effect_scale(name), population.typical.get(name, population.model.parameters[name].value)
        kind: Any = type(own) if own is not None else LogNormal if typical > 0 else Normal
        if "cv" in spread and kind is not LogNormal:
            raise InputError(f"occasions: '{name}' has no log-normal variability, so that a cv has no meaning; say sd")
        try:
            found[name] = kind(**spread)
        except ModelError as problem:
            raise InputError(f"occasions: '{name}': {problem}") from None
    pairs = [(a, b) for block in settings.get("occasion_blocks", ()) for k, b in enumerate(block) for a in block[:k]]
    for name in {name for pair in pairs for name in pair} - set(found):
        raise InputError(f"occasion_blocks: '{name}' does not change between occasions; give it in occasions")
    if not found:
        return population
    return replace(population, occasions=found, occasion_correlations=tuple(Correlation(a, b, 0.0) for a, b in pairs))
