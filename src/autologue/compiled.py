"""One decorator for every compiled function: no GIL and an on-disk cache where one can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

__all__ = ["compiled", "compiled_fast", "compiled_inline"]

F = TypeVar("F", bound=Callable[..., object])

# never `nnan` or `ninf`: a NaN must be seen
FASTMATH = {"contract", "nsz", "arcp", "reassoc"}


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


def compiled_inline(function: F) -> F:
    """Compile `function` as `compiled_fast` does, into each of its callers: passing many arrays costs more than small work."""
    return cast("F", numba.njit(nogil=True, error_model="numpy", fastmath=FASTMATH, forceinline=True)(function))


def _compile(function: F, *, fastmath: bool | set[str]) -> F:
    try:
        return cast("F", numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=fastmath)(function))
    except RuntimeError:  # "cannot cache function ...: no locator available"
        return cast("F", numba.njit(nogil=True, error_model="numpy", fastmath=fastmath)(function))
