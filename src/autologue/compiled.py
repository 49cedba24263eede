"""One decorator for every compiled function: no GIL and an on-disk cache where one can be written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import platformdirs

__all__ = ["cache_home", "compiled", "compiled_fast", "compiled_inline", "compiled_part"]

F = TypeVar("F", bound=Callable[..., object])

# never `nnan` or `ninf`: a NaN must be seen
FASTMATH = {"contract", "nsz", "arcp", "reassoc"}
_numba: Any = numba.core.config
_BARE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def cache_home() -> Path:
    """Return the folder for all that is compiled: AUTOLOGUE_CACHE_DIR, or the user's cache folder."""
    chosen = os.environ.get("AUTOLOGUE_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("autologue")) / "kernels"


@cache
def _stamp() -> str:
    """Return a hash of the sources that hold compiled functions.

    numba renews a cached function when its own file changes, but not when a file that it imports does; so each state of
    the sources has its own folder.
    """
    here = Path(__file__).parent
    sources = [file.read_bytes() for room in ("", "engine/", "nca/", "outcomes/arrays/") for file in sorted(here.glob(f"{room}*.py"))]
    others = [file.read_bytes() for room in ("likelihood/", "fit/") for file in sorted(here.glob(f"{room}*.py"))]
    sources += [source for source in others if b"@compiled" in source]  # there compiled code and its constants stand together
    return hashlib.sha256(b"".join(sources)).hexdigest()[:12]


def compiled(function: F) -> F:
    """Compile `function` with numba and IEEE arithmetic: the same input gives the same bits on any processor.

    It is cached on disk if any cache folder is writable. numba refuses to decorate when it finds none (a read-only install
    without a home, say): the program then compiles anew in each process. Typed as the function itself, which keeps strict
    type checks on compiled code.
    """
    return _compile(function, fastmath=False)


def compiled_fast(function: F) -> F:
    """Compile `function` as `compiled` does, with contraction and reassociation allowed (NaN and infinity still count)."""
    return _compile(function, fastmath=FASTMATH)


def compiled_part(function: F) -> F:
    """Compile `function` as `compiled_fast` does, for compiled callers only: from Python it cannot be called.

    What numba writes so that Python can call a function costs as much to compile as a short function.
    """
    return _compile(function, fastmath=FASTMATH, **_BARE)


def compiled_inline(function: F) -> F:
    """Compile `function` as `compiled_fast` does, into each of its callers: passing many arrays costs more than small work."""
    return cast("F", numba.njit(nogil=True, error_model="numpy", fastmath=FASTMATH, forceinline=True, **_BARE)(function))


def _compile(function: F, *, fastmath: bool | set[str], **more: Any) -> F:
    before = _numba.CACHE_DIR
    if not before:
        _numba.CACHE_DIR = str(cache_home() / f"engine_{_stamp()}")
    try:
        return cast("F", numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=fastmath, **more)(function))
    except RuntimeError:  # "cannot cache function ...: no locator available"
        return cast("F", numba.njit(nogil=True, error_model="numpy", fastmath=fastmath, **more)(function))
    finally:
        _numba.CACHE_DIR = before
