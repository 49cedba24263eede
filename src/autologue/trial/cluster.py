"""Blocks of a trial on the workers of a Dask scheduler: the same blocks, in the same order, as in one process.

Blocks carry their own random numbers, so it does not matter which worker makes one, nor how often: what a lost worker had begun is made
again by another.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from autologue import __version__
from autologue.errors import InputError

__all__ = ["on_cluster"]

Piece = TypeVar("Piece")
Made = TypeVar("Made")
TIMEOUT = 20.0  # seconds in which a scheduler answers
AHEAD = 4  # blocks a thread is given before the first of them is wanted


def on_cluster(work: Callable[[Piece], Made], pieces: Sequence[Piece], scheduler: str) -> Iterator[Made]:
    """Yield the work on each piece, in order, from the workers of the scheduler at this address (`tcp://host:8786`).

    Few pieces are given out ahead of the one that is wanted, so that results do not pile up. Raises InputError where Dask is not
    installed, nobody answers at the address, no worker is there, or workers run another version of autologue.
    """
    client = _client(scheduler)
    try:
        given: deque[Any] = deque()
        rest = iter(pieces)
        while True:
            threads = sum(client.nthreads().values()) or 1
            while len(given) < AHEAD * threads and (piece := next(rest, None)) is not None:
                given.append(client.submit(work, piece, pure=False, retries=2))
            if not given:
                return
            made: Made = given.popleft().result()
            yield made
    finally:
        client.close()


def _client(scheduler: str) -> Any:
    """Return a client of the scheduler, with at least one worker of this version there."""
    try:
        dask: Any = importlib.import_module("distributed")
    except ImportError:
        raise InputError("a scheduler needs Dask, which is not installed; install it with: pip install 'autologue[cluster]'") from None
    try:
        client = dask.Client(scheduler, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as problem:
        reason = str(problem).splitlines()[0]
        raise InputError(f"no scheduler answers at '{scheduler}' ({reason}); start one with: dask scheduler") from None
    try:
        client.wait_for_workers(1, timeout=TIMEOUT)
        others = {version for version in client.run(_version).values() if version != __version__}
    except TimeoutError:
        client.close()
        raise InputError(f"the scheduler at '{scheduler}' has no worker; start some with: dask worker {scheduler}") from None
    if others:
        client.close()
        raise InputError(f"workers at '{scheduler}' run autologue {', '.join(sorted(others))}; expected {__version__}, as here")
    return client


def _version() -> str:
    """Return the version of autologue on a worker, or why there is none."""
    try:
        from autologue import __version__ as found
    except ImportError:
        return "not at all"
    return found
