"""One decorator for every compiled function: no GIL, IEEE arithmetic, and an on-disk cache where one can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

__all__ = ["compiled"]

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile `function` with numba, cached on disk if any cache folder is writable, uncached otherwise.

    numba refuses to decorate when it finds no folder to write to (a read-only install without a home, say): the program then
    runs as before and compiles anew in each process. Fast-math stays off, so the same input gives the same bits. Typed as the
    function itself, which keeps strict type checks on compiled code.
    """
    try:
        return cast("F", numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:  # "cannot cache function ...: no locator available"
        return cast("F", numba.njit(nogil=True, error_model="numpy")(function))
