"""Options that say how a table is read, shared by the commands that take data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.data import Reading
    from autologue.model import Model

__all__ = ["Columns", "ModelName", "ReadingFile", "Units", "asked_reading", "find_model"]

_DATA = "Reading the file"
ReadingFile = Annotated[Path | None, typer.Option("--reading", help="TOML file that says how the table is read.", rich_help_panel=_DATA)]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="Column of a role, like value=COPIES; repeatable.", rich_help_panel=_DATA)
]
Units = Annotated[
    list[str] | None,
    typer.Option("--unit", help="Unit of an output or route, or of the times, like transgene=copies/ug or time=day; repeatable.",
                 rich_help_panel=_DATA),
]  # fmt: skip
ModelName = Annotated[
    str | None, typer.Option("--model", help="Model that the data are for: a library name or a Python file.", rich_help_panel=_DATA)
]


def find_model(name: str | None) -> Model | None:
    """Return a library model by name, or the model of a file that ends in .py."""
    if name is None:
        return None
    if name.endswith(".py"):
        from autologue.qualify.usermodel import load_user_model

        return load_user_model(name)
    from autologue import library

    return library.load(name)


def asked_reading(data: Path, reading: Path | None, columns: list[str] | None, units: list[str] | None, model: Model | None) -> Reading:
    """Return the whole reading of a table: as the file and the options say, the rest guessed."""
    from autologue.data import Reading, guess_reading, load_reading

    asked = load_reading(reading) if reading is not None else Reading()
    asked = replace(asked, columns={**asked.columns, **_pairs(columns or [], "--column", "value=COPIES")})
    given = _pairs(units or [], "--unit", "transgene=copies/ug")
    if "time" in given:
        asked = replace(asked, time_unit=given.pop("time"))
    whole = guess_reading(data, model=model, reading=asked)
    return _with_units(whole, given) if given else whole


def _pairs(texts: list[str], option: str, example: str) -> dict[str, str]:
    found = {}
    for text in texts:
        name, sign, value = (piece.strip() for piece in text.partition("="))
        if not (sign and name and value):
            raise InputError(f"{option} '{text}' says nothing; expected name=value, like {example}")
        found[name] = value
    return found


def _with_units(reading: Reading, given: dict[str, str]) -> Reading:
    from autologue.data import Measured

    outputs, routes = dict(reading.outputs), dict(reading.routes)
    for name, unit in given.items():
        output = outputs.get(name)
        if isinstance(output, Measured):
            outputs[name] = replace(output, unit=unit)
        elif name in routes:
            routes[name] = replace(routes[name], unit=unit)
        else:
            raise InputError(f"--unit: {unknown('output or route', name, [*outputs, *routes, 'time'])}")
    return replace(reading, outputs=outputs, routes=routes)
