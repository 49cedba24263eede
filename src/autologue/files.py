"""Files: TOML read or refused in one sentence, and files that are whole or absent, written under a temporary name and moved into place."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autologue.errors import InputError

__all__ = ["check_writable", "read_toml", "replacing"]


def read_toml(path: Path, *, kind: str, expected: str) -> dict[str, Any]:
    """Return the tables of a TOML file; raises InputError that says as what it was read (`kind`) and what was `expected`.

    >>> read_toml(Path("none.toml"), kind="a protocol", expected="a TOML file")
    Traceback (most recent call last):
    autologue.errors.InputError: none.toml: cannot be read as a protocol (No such file or directory); expected a TOML file
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path.name}: cannot be read as {kind} ({reason}); expected {expected}") from None


def check_writable(path: str | Path) -> Path:
    """Return `path` where a file can be written there; raises InputError where its folder does not exist or cannot be written.

    >>> check_writable("no/such/folder/a.csv")
    Traceback (most recent call last):
    autologue.errors.InputError: cannot write no/such/folder/a.csv: the folder no/such/folder does not exist; make it first, or ...
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: the folder {path.parent} does not exist; make it first, or give another path")
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; give the name of a file in it")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return path
    except OSError as problem:
        raise _refused(path, problem) from None


def _refused(path: Path, problem: OSError) -> InputError:
    return InputError(f"cannot write {path}: {problem.strerror or problem}; choose a folder that you may write to")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path to write to; when the block ends well it becomes `path`, else it is removed and `path` stays as it was.

    The temporary file lies in the same folder and keeps the ending of the name. Raises InputError where the folder does not
    exist or cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "note.txt") as part:
    ...         _ = part.write_text("whole")
    ...     sorted(each.name for each in Path(folder).iterdir())
    ['note.txt']
    """
    path = check_writable(path)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    except OSError as problem:
        raise _refused(path, problem) from None
    finally:
        part.unlink(missing_ok=True)
