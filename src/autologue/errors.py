"""What can go wrong, as one tree; each message is one sentence: what, where, what was expected, the remedy.

AutologueError
├── ModelError      a model file breaks a rule of the language or a gate
│   └── UnitError   a unit is unknown, or dimensions do not fit
├── InputError      a value, table or file given by the user cannot be used
└── SolveError      no patient could be solved, or the user asked to stop at the first failure
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["AutologueError", "InputError", "ModelError", "SolveError", "UnitError", "nearest", "unknown"]


class AutologueError(Exception):
    """Any error that autologue raises on purpose; the command line prints it as one line and exits with 2."""


class ModelError(AutologueError):
    """A model breaks a rule of the language or fails a gate."""


class UnitError(ModelError):
    """A unit is unknown, or dimensions do not fit."""


class InputError(AutologueError):
    """A value, table or file given by the user cannot be used."""


class SolveError(AutologueError):
    """No patient could be solved."""


def nearest(name: str, choices: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` of `choices` that look like `name`, best first.

    >>> nearest("stien_2019", ["stein_2019", "owens_bozic_2021"])
    ['stein_2019']
    """
    return get_close_matches(name, list(choices), n=count, cutoff=0.5)


FEW = 12  # names that a message can hold beside the near ones


def unknown(kind: str, name: str, choices: Iterable[str]) -> str:
    """Return the sentence for an unknown name, with the nearest known names offered; all of them where none is near or they are few.

    >>> unknown("model", "stien", ["stein_2019"])
    "unknown model 'stien'; did you mean stein_2019? Known: stein_2019"
    """
    known = sorted(choices)
    near = nearest(name, known)
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    if near and len(known) > FEW:
        return f"unknown {kind} '{name}'{hint}"
    return f"unknown {kind} '{name}'{hint} Known: {', '.join(known) or 'none'}"
