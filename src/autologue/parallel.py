"""Long work in independent pieces: in one process or several, kept in a file as it goes, so that it can be interrupted and go on.

What a piece gives depends on the piece alone, never on who computed it, when, or after what.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from autologue.errors import InputError

__all__ = ["Progress", "computed", "in_threads", "processors"]

Piece = TypeVar("Piece")
Made = TypeVar("Made")

Progress = Callable[[int], None]
"""Called with the number of pieces that have ended since the last call."""


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def in_threads(work: Callable[[Piece], Made], pieces: Sequence[Piece], *, workers: int) -> Iterator[Made]:
    """Yield the work on each piece, in order; the first runs alone, because kernels are compiled and loaded then."""
    if pieces:
        yield work(pieces[0])
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(work, pieces[1:])
    finally:
        pool.shutdown(cancel_futures=True)


def computed(
    work: Callable[[Any], Any],
    pieces: Sequence[Any],
    *,
    workers: int = 1,
    file: str | Path | None = None,
    what: str = "",
    mark: str = "",
    progress: Progress | None = None,
) -> list[Any]:
    """Return what `work` gives for each piece, in the order of the pieces; both as JSON can hold them.

    - workers: processes; a model that was written in a session goes along to them.
    - file: results are kept there (JSON lines) as they come, and those that it holds are not computed again. It belongs to one `what`
      and `mark`, which stands for all that the results depend on.

    Raises InputError for a file of something else, or no workers.
    """
    if workers < 1:
        raise InputError(f"{workers} workers: expected at least one")
    place = None if file is None else Path(file)
    done = {} if place is None else _resumed(place, what, mark)
    missing = [piece for piece in dict.fromkeys(pieces) if piece not in done]
    if progress and len(missing) < len(pieces):
        progress(len(pieces) - len(missing))
    for piece, result in _ended(work, missing, min(workers, max(len(missing), 1))):
        done[piece] = result
        if place is not None:
            with place.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"piece": piece, "result": result}) + "\n")
        if progress:
            progress(1)
    return [done[piece] for piece in pieces]


def _ended(work: Callable[[Any], Any], pieces: Sequence[Any], workers: int) -> Iterator[tuple[Any, Any]]:
    if workers == 1:
        yield from ((piece, work(piece)) for piece in pieces)
        return
    import cloudpickle
    from joblib import Parallel, delayed, parallel_config

    packed = cloudpickle.dumps(work)
    with parallel_config(backend="loky", inner_max_num_threads=1):
        yield from Parallel(n_jobs=workers, return_as="generator_unordered")(delayed(_one)(packed, piece) for piece in pieces)


@lru_cache(maxsize=1)
def _unpacked(packed: bytes) -> Callable[[Any], Any]:
    """Return the work, unpacked once in a process: its model is then traced once."""
    import cloudpickle

    found: Callable[[Any], Any] = cloudpickle.loads(packed)
    return found


def _one(packed: bytes, piece: Any) -> tuple[Any, Any]:
    os.environ["AUTOLOGUE_THREADS"] = "1"
    return piece, _unpacked(packed)(piece)


def _resumed(file: Path, what: str, mark: str) -> dict[Any, Any]:
    """Return the results that a file holds, which is begun where there is none; a last line that was cut short is dropped."""
    if not file.exists():
        file.write_text(json.dumps({what: mark}) + "\n", encoding="utf-8")
        return {}
    try:
        whole = [line for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
        head, *lines = (json.loads(line) for line in whole)
        found = {line["piece"]: line["result"] for line in lines}
        fits = head[what] == mark
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise InputError(f"{file} holds no {what} of this fit with these settings and seed; name another file")
    file.write_text("".join(whole), encoding="utf-8")
    return found
