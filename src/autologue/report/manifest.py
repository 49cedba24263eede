"""What is needed to run again: versions, seed, command, and the fingerprints of what went in."""

from __future__ import annotations

import hashlib
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from autologue import __version__
from autologue.errors import InputError

__all__ = ["manifest", "sha256"]

LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "pandas", "xarray", "pyarrow", "lifelines", "altair", "vl-convert-python")


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; raise InputError if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot read the input {path}: {reason}; name a file that exists.") from error


def manifest(
    *,
    seed: int | None,
    inputs: Iterable[str | Path] = (),
    models: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    command: str | None = None,
) -> dict[str, Any]:
    """Return what a run needs to be repeated, as values that JSON can hold.

    `inputs` are files, kept as name and SHA-256; `models` maps a model's name to its hash; `settings` are whatever else the run was
    told (replicates, tolerances). `command` is the command line of this process if it is not given, with the program by its name
    and without its folder. Raises InputError for an input that cannot be read.

    >>> made = manifest(seed=7, models={"stein_2019": "ab12"}, command="autologue trial eliana --seed 7")
    >>> made["seed"], made["models"], made["command"]
    (7, {'stein_2019': 'ab12'}, 'autologue trial eliana --seed 7')
    """
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    return {
        "autologue": __version__,
        "command": shlex.join(words) if command is None else command,
        "seed": seed,
        "settings": dict(settings or {}),
        "inputs": {str(path): sha256(path) for path in inputs},
        "models": dict(models or {}),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": {name: found for name in LIBRARIES if (found := _installed(name))},
    }


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
