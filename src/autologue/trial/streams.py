"""Which random numbers belong to what in a trial: each use has a seed of its own, so that uses share no number."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from autologue import seeds

__all__ = ["Stream", "normals", "stream_seed", "uniforms"]

Floats = NDArray[np.float64]


class Stream(IntEnum):
    """What a random number of a patient is for; the numbers are part of saved results, so they never change (0 to 15: panels)."""

    SCREENING = 16
    ARM = 17
    MANUFACTURING = 18
    WAITING = 19
    BRIDGING = 20
    LYMPHODEPLETION = 21
    COURSE = 22
    EXTINCTION = 23
    ESCAPE = 24
    MEASURING = 25
    VISITS = 26
    RECOVERY = 27
    FAILURE = 28
    TRANSPLANT = 29
    DEATH = 30
    FOLLOW_UP = 31
    INFLAMMATION = 32
    SUSCEPTIBILITY = 33
    PHYSIOLOGY = 34
    NEURO = 35
    CARE = 36
    COMPARATOR = 37
    CROSSOVER = 38
    SEX = 39
    QUALITY = 40
    WAITING_GROWTH = 41


def stream_seed(seed: int, stream: Stream) -> int:
    """Return the seed of one use."""
    return seeds.child_seed(seed, seeds.Purpose.TRIAL, int(stream))


def uniforms(seed: int, stream: Stream, ids: Sequence[int] | NDArray[np.int64], count: int = 1, *, attempt: int = 0) -> Floats:
    """Return uniform numbers (patients, count) of one use."""
    return seeds.uniforms(stream_seed(seed, stream), seeds.Purpose.TRIAL, ids, count, attempt=attempt)


def normals(seed: int, stream: Stream, ids: Sequence[int] | NDArray[np.int64], count: int = 1, *, attempt: int = 0) -> Floats:
    """Return standard normal numbers (patients, count) of one use."""
    return seeds.normals(stream_seed(seed, stream), seeds.Purpose.TRIAL, ids, count, attempt=attempt)
