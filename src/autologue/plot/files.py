"""Files that are either whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex

from autologue.errors import InputError

__all__ = ["write_whole"]


def write_whole(path: str | Path, content: bytes) -> Path:
    """Write a file under a temporary name beside it, then rename it, so that no reader meets half a file; return its path.

    Raises InputError where it cannot be written; nothing is left behind then, and an older file of that name stays as it was.
    """
    target = Path(path)
    part = target.with_name(f".{target.name}.{token_hex(4)}.part")
    try:
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot write {target}: {reason}; name a file in a folder that exists and that you may write to.") from error
    return target
