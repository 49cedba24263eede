"""What the machine can do, measured: so that figures and targets from another machine can be read."""

from __future__ import annotations

import ctypes
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import binding
from numba import cfunc, types

from autologue.engine.codes import WIDTH
from autologue.engine.vector import vectorised

ROUNDS, SUMS = 100_000, 6


def processor() -> str:
    """Return the processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def multiply_adds() -> float:
    """Return the multiply-adds per second of one core in double precision, in independent sums as wide as the kernels'."""
    lines = "".join(f"x{i}=S[{i * WIDTH}+l]\n" for i in range(SUMS)) + f"a=S[{SUMS * WIDTH}+l]\n"
    lines += "".join(f"x{i}=x{i}*a+a\n" for _ in range(16) for i in range(SUMS))
    lines += "".join(f"S[{i * WIDTH}+l]=x{i}\n" for i in range(SUMS))
    body: Any = vectorised(lines)

    @cfunc(types.void(types.CPointer(types.float64)), nopython=True)  # type: ignore[untyped-decorator]
    def work(pointer):  # type: ignore[no-untyped-def]
        for _ in range(ROUNDS // 16):
            body(pointer)

    memory = np.full((SUMS + 1) * WIDTH, 0.5)
    pointer = memory.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
    seconds = []
    for _ in range(20):
        begin = time.process_time()
        work.ctypes(pointer)
        seconds.append(time.process_time() - begin)
    return (ROUNDS // 16) * 16 * SUMS * WIDTH / min(seconds)


def hardware() -> dict[str, Any]:
    """Return the processor, the instructions it has for vectors and what one core was measured to do."""
    features = binding.get_host_cpu_features()
    widest = next((name for name in ("avx512f", "avx2", "neon", "sse2") if features.get(name)), "unknown")
    return {
        "processor": processor(),
        "architecture": binding.get_host_cpu_name(),
        "widest_vectors": widest,
        "multiply_adds_per_ns": multiply_adds() / 1e9,
        "python": platform.python_version(),
        "system": platform.system(),
    }
