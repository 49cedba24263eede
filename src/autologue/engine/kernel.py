"""Compiled kernels: generated once per model, kept on disk, loaded in a fraction of a second afterwards.

The key is a hash of the generated source, the versions of autologue, numba and python, and the processor. Sources are
written under a temporary name and moved into place, so two processes that compile at once do no harm; where the folder
cannot be written a temporary one serves this process. AUTOLOGUE_CACHE_DIR chooses the folder; AUTOLOGUE_SIMD=512 asks
for 512-bit registers (process-wide, before the first compilation).
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import pickle
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
from llvmlite import binding
from numpy.typing import NDArray

from autologue import __version__
from autologue.compiled import cache_home
from autologue.engine import scalar, vector
from autologue.engine.generate import generate
from autologue.engine.scalar import HAS_FLUSH, X86
from autologue.engine.system import System

__all__ = ["Kernel", "cache_folder", "compile_kernel", "load_module"]

log = logging.getLogger("autologue.engine")
_numba: Any = numba.core.config
_lock = threading.Lock()
_loaded: dict[str, ModuleType] = {}


@dataclass(frozen=True)
class Kernel:
    """The addresses of a compiled model's two functions, its layout and the module that holds them."""

    step: int
    aux: int
    layout: NDArray[np.int64]
    module: ModuleType


def _processor() -> str:
    if X86 and os.environ.get("AUTOLOGUE_SIMD") == "512" and "prefer-256-bit" not in str(_numba.CPU_FEATURES or ""):
        features = binding.get_host_cpu_features().flatten()
        _numba.CPU_NAME, _numba.CPU_FEATURES = binding.get_host_cpu_name(), features + ",-prefer-256-bit"
    return f"{binding.get_host_cpu_name()} {_numba.CPU_FEATURES or ''} flush={HAS_FLUSH}"


def cache_folder() -> tuple[Path, bool]:
    """Return the folder for generated kernels and whether it lasts (False: a temporary one, the usual cannot be written)."""
    folder = cache_home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder, True
    except OSError:
        return _temporary_folder(folder), False


_temporary: list[Path] = []


def _temporary_folder(wanted: Path) -> Path:
    if not _temporary:
        _temporary.append(Path(tempfile.mkdtemp(prefix="autologue-kernels-")))
        log.warning("the kernel cache %s cannot be written; kernels are compiled anew by each process", wanted)
    return _temporary[0]


def _write(path: Path, source: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w") as file:
        file.write(source)
    os.replace(name, path)


def _load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def compile_kernel(system: System, *, explicit: bool, group: bool = False) -> Kernel:
    """Return the kernel of a system for one method, compiled now, read from disk or already loaded."""
    source, layout = generate(system, explicit=explicit, group=group, portable=not HAS_FLUSH)
    module: Any = load_module(system.model.name, source, "kernel")
    # the driver is compiled once for both modes, so it reads from the layout whether to set the processor's
    numbers = np.array([*layout.numbers(), HAS_FLUSH], dtype=np.int64)
    return Kernel(module.step.address, module.aux.address, numbers, module)


def load_module(model: str, source: str, kind: str) -> ModuleType:
    """Return the compiled module of generated source: already loaded, read from disk, or compiled now (with a message)."""
    # numba does not see that an imported file changed, so the functions that kernels inline are part of the key
    inlined = "".join(Path(str(file.__file__)).read_text() for file in (scalar, vector))
    identity = "\n".join([source, inlined, __version__, numba.__version__, np.__version__, sys.version, _processor()])
    name = f"autologue_{kind}_{hashlib.sha256(identity.encode()).hexdigest()[:20]}"
    with _lock:
        if name not in _loaded:
            _loaded[name] = _build(model, source, name)
        return _loaded[name]


def _build(model: str, source: str, name: str) -> ModuleType:
    folder, lasting = cache_folder()
    path = folder / f"{name}.py"
    known = path.exists() and path.read_text(errors="replace") == source
    if not known:
        log.info("compiling %s; this takes a few seconds, once", model)
        _write(path, source)
    begin = time.perf_counter()
    try:
        module = _load(path, name)
    except (EOFError, pickle.UnpicklingError):
        log.warning("the compiled kernel of %s on disk is damaged; it is compiled again", model)
        for damaged in path.parent.rglob(f"{name}*.nb[ic]"):
            damaged.unlink(missing_ok=True)
        module, known = _load(path, name), False
    if not known:
        log.info("compiled %s in %.1f s%s", model, time.perf_counter() - begin, "" if lasting else " (not kept)")
    return module
