"""Runs of the simulator: point after point in threads, kept in a folder so that the same run can be resumed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autologue.engine.solve import threads
from autologue.errors import InputError
from autologue.files import replacing
from autologue.parallel import in_threads

__all__ = ["Simulator", "simulate_points"]

Floats = NDArray[np.float64]
Progress = Callable[[int], None]
CHUNK = 10  # points that are kept together


class Simulator(Protocol):
    """Says what each summary would be: one vector of parameters in, replicates of all summaries out."""

    def __call__(self, z: Floats, *, first: int, count: int) -> Floats:
        """Return summaries (count, summaries) of replicates `first` to `first + count - 1` at z (parameters,).

        `z` are standard normal under the prior. Replicate k has the same random numbers at every z. NaN where a replicate has no
        such summary.
        """
        ...


def simulate_points(
    simulator: Simulator, z: Floats, firsts: Sequence[int], count: int, *, parts: Path | None, fingerprint: str, progress: Progress | None
) -> Floats:
    """Return summaries (points, count, summaries) of every point; `firsts` has the number of the first replicate of each.

    The first chunk runs alone, because kernels are compiled and loaded then.
    """
    chunks = [slice(start, start + CHUNK) for start in range(0, len(z), CHUNK)]

    def work(chunk: slice) -> Floats:
        some, numbers = z[chunk], list(firsts[chunk])
        place = None if parts is None else parts / f"{_key(fingerprint, some, numbers, count)}.npy"
        if place is not None and place.is_file():
            return _kept(place)
        made = np.stack([simulator(point, first=first, count=count) for point, first in zip(some, numbers, strict=True)])
        if place is not None:
            with replacing(place) as part:
                np.save(part, made)
        return made

    done = []
    for made in in_threads(work, chunks, workers=threads()):
        done.append(made)
        if progress:
            progress(len(made))
    return np.concatenate(done)


def _key(fingerprint: str, z: Floats, firsts: Sequence[int], count: int) -> str:
    seen = hashlib.sha256(f"{fingerprint} {firsts} {count}".encode())
    seen.update(np.ascontiguousarray(z).tobytes())
    return seen.hexdigest()[:24]


def _kept(place: Path) -> Floats:
    try:
        return np.asarray(np.load(place, allow_pickle=False), dtype=float)
    except (OSError, ValueError, EOFError) as problem:
        raise InputError(f"{place}: cannot be read as a part of a calibration ({problem}); remove it") from None
