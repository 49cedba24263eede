"""The self-test: reference cases run again on the user's machine, what a regulated user files as installation qualification."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy
from llvmlite import binding

from autologue import __version__
from autologue.engine.kernel import cache_folder
from autologue.engine.scalar import HAS_FLUSH
from autologue.engine.solve import threads
from autologue.qualify.cases import SETTINGS, Setting, run_setting
from autologue.qualify.checks import CHECKS
from autologue.qualify.claims import Claim

__all__ = ["COUNT", "Verdict", "as_record", "environment", "run_selftest"]

Progress = Callable[[int], None]
FLAGS = ("sse4.2", "avx", "avx2", "fma", "avx512f", "neon", "sve")
VARIABLES = ("AUTOLOGUE_CACHE_DIR", "AUTOLOGUE_PORTABLE", "AUTOLOGUE_SIMD", "AUTOLOGUE_THREADS")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row: what it is about, the claim, where it comes from, what was expected and found, the tolerance, whether it holds.

    A statement is expected to be True or False. `ours` is NaN where the check could not be carried out, and `source` then says why.
    """

    about: str
    claim: str
    source: str
    expected: float | bool
    ours: float | bool
    tolerance: float
    passed: bool


def environment() -> dict[str, Any]:
    """Return date, versions, system, processor and its flags, threads, settings and the state of the kernel cache."""
    folder, lasting = cache_folder()
    known = binding.get_host_cpu_features()
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "autologue": __version__, "python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__,
        "numba": numba.__version__, "llvmlite": llvmlite.__version__, "system": platform.platform(), "machine": platform.machine(),
        "processor": binding.get_host_cpu_name(), "processor_flags": " ".join(flag for flag in FLAGS if known.get(flag)),
        "flush_to_zero": HAS_FLUSH, "threads": threads(),
        "settings": " ".join(f"{name}={os.environ[name]}" for name in VARIABLES if name in os.environ) or "none",
        "kernel_cache": str(folder), "kernel_cache_kept": lasting, "kernels_in_cache": len(list(folder.glob("autologue_*.py"))),
    }  # fmt: skip


def run_selftest(progress: Progress | None = None) -> list[Verdict]:
    """Run every check and return the verdicts; `progress` is called with the number of checks done since the last call, COUNT in all.

    Published numbers that are known to be missed, because a paper contradicts itself, are left to `validation/`. A check that
    raises an error becomes a row that fails.
    """
    return list(_all(progress or (lambda done: None)))


def _all(progress: Progress) -> Iterator[Verdict]:
    for setting in _unspoilt(SETTINGS):
        yield from _verdicts(setting.model, lambda setting=setting: run_setting(setting))  # type: ignore[misc]
        progress(1)
    for about, check in CHECKS.items():
        yield from _verdicts(about, check)
        progress(1)


def _unspoilt(settings: Sequence[Setting]) -> list[Setting]:
    return [replace(s, cases=[case for case in s.cases if not case.note]) for s in settings]


def _verdicts(about: str, check: Callable[[], list[Claim]]) -> Iterator[Verdict]:
    try:
        rows = check()
    except Exception as problem:
        why = f"{type(problem).__name__}: {problem}"
        yield Verdict(about, "the check can be carried out", why, True, np.nan, 0.0, False)
        return
    for row in rows:
        yield Verdict(about, row["claim"], row["source"], row["published"], row["ours"], row["tolerance"], row["passed"])


COUNT = len(SETTINGS) + len(CHECKS)


def as_record(verdicts: Sequence[Verdict]) -> Mapping[str, Any]:
    """Return the self-test as values that JSON can hold, with the environment it ran in."""
    failed = sum(not v.passed for v in verdicts)
    return {"environment": environment(), "passed": not failed, "failed": failed, "checks": [asdict(v) for v in verdicts]}
