"""The small languages of `autologue forecast`: populations, horizons, statements."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autologue import units
from autologue.cli.language import read_number
from autologue.errors import InputError, unknown

if TYPE_CHECKING:
    from autologue.forecast import Statement

__all__ = ["find_population", "read_horizon", "read_statement"]

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_UNITS = {"d": "day", "w": "week", "m": "month", "mo": "month", "y": "year"}
_AS = (
    "'peak transgene > 1e5', 'transgene > 50 at 180', 'tumour < 1 by 365', 'b_cells < 1e8 from 28 until 180', "
    "'tumour > 5 again before 365', 'relapse before 365'"
)
_STATEMENT = re.compile(
    rf"(?P<peak>peak\s+)?(?P<output>\w+)\s*(?P<sign>[<>])\s*(?P<level>{_NUMBER})"
    rf"(?:\s+at\s+(?P<at>{_NUMBER})|\s+by\s+(?P<by>{_NUMBER})|\s+again\s+before\s+(?P<before>{_NUMBER})"
    rf"|\s+from\s+(?P<start>{_NUMBER})\s+until\s+(?P<until>{_NUMBER}))?"
)


def read_horizon(text: str, unit: str) -> float:
    """Return a horizon given as '365d', '12 month' or '365' in `unit`.

    >>> read_horizon("52w", "day"), read_horizon("365", "day")
    (364.0, 365.0)
    """
    match = re.fullmatch(rf"({_NUMBER})\s*([a-z]*)", text.strip())
    if match is None:
        raise InputError(f"--horizon '{text}' cannot be read; expected a number and a unit, like 365d or 12 month")
    given = match[2].removesuffix("s") if len(match[2]) > 1 else match[2]
    return units.convert(read_number(match[1], "--horizon"), _UNITS.get(given, given) or unit, unit, what="--horizon")


def read_statement(text: str) -> Statement:
    """Return a statement.

    >>> read_statement("transgene > 50 at 180")
    DetectableAt(output='transgene', limit=50.0, time=180.0)
    """
    from autologue.forecast import DetectableAt, FallsBelow, HappensBefore, PeakAbove, RisesAgain, StaysBelow

    happens = re.fullmatch(rf"(\w+)\s+before\s+({_NUMBER})", text.strip())
    if happens is not None:
        return HappensBefore(happens[1], float(happens[2]))
    match = _STATEMENT.fullmatch(text.strip())
    if match is not None:
        level = float(match["level"])
        end = {name: float(match[name]) for name in ("at", "by", "before", "start", "until") if match[name]}
        match (bool(match["peak"]), match["sign"], *end):
            case (True, ">"):
                return PeakAbove(match["output"], level)
            case (True, ">", "by"):
                return PeakAbove(match["output"], level, end["by"])
            case (False, ">", "at"):
                return DetectableAt(match["output"], level, end["at"])
            case (False, "<", "by"):
                return FallsBelow(match["output"], level, end["by"])
            case (False, ">", "before"):
                return RisesAgain(match["output"], level, end["before"])
            case (False, "<", "start", "until"):
                return StaysBelow(match["output"], level, end["start"], end["until"])
    raise InputError(f"--statement '{text}' cannot be read; expected one like {_AS}")


def find_population(text: str) -> Any:
    """Return the population that a text names: MODEL or MODEL:POPULATION of the library, a saved fit, or a Python file."""
    from autologue import library

    if text.endswith(".json"):
        from autologue.fit import load_fit

        return load_fit(Path(text)).population
    if text.endswith(".py"):
        from autologue.population import Parametric
        from autologue.qualify.usermodel import load_user_model

        return Parametric(model=load_user_model(text), name="as the file states it")
    model, _, name = text.partition(":")
    known = library.populations(model)
    if name and name not in known:
        raise InputError(f"--population {text}: model {model}: {unknown('population', name, known)}")
    return known[name] if name else next(iter(known.values()))
