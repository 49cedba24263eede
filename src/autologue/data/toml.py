"""Readings as TOML files, so that a table is read the same way again."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autologue.data.conventions import CONVENTIONS
from autologue.data.reading import Actual, Covariate, Kind, Measured, Nominal, Predose, Reading, Resets, Route, TimeToEvent
from autologue.errors import InputError, UnitError, unknown
from autologue.files import replacing

__all__ = ["load_reading", "save_reading"]

_TOP = ("time_unit", "infusion_day", "predose", "resets", "occasion_dose", "convention", "times", "columns", "outputs", "routes",
        "covariates", "known", "patients")  # fmt: skip


def save_reading(reading: Reading, path: str | Path) -> Path:
    """Write a reading as TOML, whole or not at all; return the path."""
    import tomlkit

    with replacing(path) as part:
        part.write_text(tomlkit.dumps(_plain(reading)), encoding="utf-8")
    return Path(path)


def _plain(reading: Reading) -> dict[str, Any]:
    times = reading.times
    found: dict[str, Any] = {
        **({"time_unit": reading.time_unit} if reading.time_unit else {}),
        "infusion_day": reading.infusion_day,
        "predose": reading.predose.value,
        "resets": reading.resets.value,
        **({"occasion_dose": reading.occasion_dose} if reading.occasion_dose else {}),
        "convention": reading.convention.name,
        **({"times": {"nominal": True, "window": times.window, "visits": list(times.visits)}} if isinstance(times, Nominal) else {}),
        "columns": dict(reading.columns),
        "outputs": {name: _output(output) for name, output in reading.outputs.items()},
        "routes": {name: _said(unit=route.unit, code=route.code) for name, route in reading.routes.items()},
    }
    if reading.covariates is not None:
        found["covariates"] = {
            name: {"kind": each.kind.value, **_said(column=each.column), **({"labels": dict(each.labels)} if each.labels else {})}
            for name, each in reading.covariates.items()
        }
    return {**found, "known": dict(reading.known), "patients": dict(reading.patients)}


def _said(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _output(output: Measured | TimeToEvent) -> dict[str, Any]:
    if isinstance(output, TimeToEvent):
        return {"event": True, "interval": output.interval, **_said(code=output.code)}
    limits = {name: value for name in ("limit", "detection") if (value := getattr(output, name)) is not None}
    return {**_said(unit=output.unit, matrix=output.matrix, code=output.code), **limits}


def load_reading(path: str | Path) -> Reading:
    """Read a reading from TOML; raises InputError with file and key for what it cannot mean."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem).splitlines()[0]
        raise InputError(f"{path.name}: cannot be read as a reading ({reason}); expected a TOML file") from None
    keys = _Keys(path.name, "", table)
    keys.allow(*_TOP)
    try:
        return Reading(
            columns=keys.texts("columns"), outputs=keys.each("outputs", _read_output), routes=keys.each("routes", _read_route),
            covariates=keys.each("covariates", _read_covariate) if "covariates" in table else None, known=keys.texts("known"),
            time_unit=keys.get("time_unit", str, None), infusion_day=keys.get("infusion_day", int, 0),
            times=_read_times(keys.inner("times")) if "times" in table else Actual(),
            predose=keys.choose("predose", {each.value: each for each in Predose}, Predose.KEEP),
            resets=keys.choose("resets", {each.value: each for each in Resets}, Resets.REFUSE),
            occasion_dose=keys.get("occasion_dose", str, ""),
            convention=keys.choose("convention", CONVENTIONS, CONVENTIONS["autologue"]), patients=keys.texts("patients"),
        )  # fmt: skip
    except (InputError, UnitError) as problem:
        text = str(problem)
        raise InputError(text if text.startswith(path.name) else f"{path.name}: {text}") from None


class _Keys:
    """A table of a TOML file that names itself in errors."""

    def __init__(self, file: str, place: str, table: Any) -> None:
        self.file, self.place, self.table = file, place, table
        if not isinstance(table, dict):
            raise self.fault("", "a table")

    def fault(self, key: str, expected: str) -> InputError:
        where = ".".join(part for part in (self.place, key) if part)
        return InputError(f"{self.file}, key {where}: expected {expected}")

    def allow(self, *names: str) -> None:
        for key in self.table:
            if key not in names:
                raise InputError(f"{self.file}, key {'.'.join(p for p in (self.place, key) if p)}: {unknown('key', key, names)}")

    def get(self, key: str, kind: type, default: Any) -> Any:
        value = self.table.get(key, default)
        number = kind is float and isinstance(value, int) and not isinstance(value, bool)
        if (value is not default and not (isinstance(value, kind) or number)) or (kind is int and isinstance(value, bool)):
            raise self.fault(key, {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}[kind])
        return float(value) if number else value

    def choose(self, key: str, choices: Mapping[str, Any], default: Any) -> Any:
        if key not in self.table:
            return default
        name = self.get(key, str, "")
        if name not in choices:
            raise InputError(f"{self.file}, key {key}: {unknown('choice', name, choices)}")
        return choices[name]

    def inner(self, key: str) -> _Keys:
        return _Keys(self.file, ".".join(part for part in (self.place, key) if part), self.table.get(key, {}))

    def texts(self, key: str) -> dict[str, str]:
        inside = self.inner(key)
        return {name: inside.get(name, str, None) for name in inside.table}

    def each(self, key: str, read: Callable[[_Keys], Any]) -> dict[str, Any]:
        inside = self.inner(key)
        return {name: read(inside.inner(name)) for name in inside.table}


def _read_output(keys: _Keys) -> Measured | TimeToEvent:
    if keys.get("event", bool, False):
        keys.allow("event", "interval", "code")
        return TimeToEvent(code=keys.get("code", str, ""), interval=keys.get("interval", bool, False))
    keys.allow("event", "unit", "matrix", "code", "limit", "detection")
    words = {name: keys.get(name, str, "") for name in ("unit", "matrix", "code")}
    return Measured(**words, limit=keys.get("limit", float, None), detection=keys.get("detection", float, None))


def _read_route(keys: _Keys) -> Route:
    keys.allow("unit", "code")
    return Route(unit=keys.get("unit", str, ""), code=keys.get("code", str, ""))


def _read_covariate(keys: _Keys) -> Covariate:
    keys.allow("kind", "column", "labels")
    kind = keys.choose("kind", {each.value: each for each in Kind}, Kind.CONTINUOUS)
    return Covariate(keys.get("column", str, ""), kind, keys.texts("labels"))


def _read_times(keys: _Keys) -> Actual | Nominal:
    keys.allow("nominal", "window", "visits")
    if not keys.get("nominal", bool, True):
        return Actual()
    visits = keys.get("visits", list, [])
    if not all(isinstance(visit, int | float) and not isinstance(visit, bool) for visit in visits):
        raise keys.fault("visits", "a list of numbers")
    return Nominal(window=keys.get("window", float, math.inf), visits=tuple(visits))
