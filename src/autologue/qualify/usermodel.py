"""A model from a user's own file."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path

from autologue.errors import AutologueError, InputError, ModelError
from autologue.model import Model

__all__ = ["load_user_model"]


def load_user_model(path: str | Path) -> Model:
    """Return `MODEL` of a Python file, which is run to get it.

    Raises InputError where the file cannot be read, and ModelError, with the line, where it does not run or has no MODEL.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a Python file with a MODEL")
    spec = importlib.util.spec_from_file_location(f"autologue_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: not a Python file; expected one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except SyntaxError as problem:
        raise ModelError(f"{path.name}, line {problem.lineno}: not Python: {problem.msg}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        said = str(problem) if isinstance(problem, AutologueError) else f"{type(problem).__name__}: {problem}"
        raise ModelError(f"{path.name}, line {_line(problem, path)}: {said}") from None
    finally:
        sys.dont_write_bytecode = writes
    model = getattr(module, "MODEL", None)
    if not isinstance(model, Model):
        found = "has no MODEL" if model is None else f"has a MODEL of type {type(model).__name__}"
        raise ModelError(f"{path.name} {found}; expected MODEL = Model(name=..., ...)")
    return model


def _line(problem: BaseException, path: Path) -> int:
    """Return the last line of the user's own file in a traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if Path(frame.filename) == path]
    return lines[-1] if lines and lines[-1] is not None else 1
