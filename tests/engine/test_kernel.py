"""The kernels on disk: written by several processes at once, read back, damaged, not writable; portable and 512-bit modes."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_models import ERADICATION, typical

from autologue.compiled import _stamp, cache_home
from autologue.engine.scalar import HAS_FLUSH
from autologue.engine.solve import Solver, solve

PROGRAM = """
import json, logging, sys
logging.basicConfig(level=logging.INFO)
sys.path.insert(0, {folder!r})
import numpy as np
from engine_models import ERADICATION, wide
from autologue.engine.solve import Solver, solve
found = solve(ERADICATION, wide(ERADICATION, 20), times=np.array([1.0, 28.0, 365.0]), solver=Solver(explicit=True))
print(json.dumps(found.values.ravel().tolist()))
tiny = solve(ERADICATION, {tiny}, times=np.array([20.0]), outputs=["e"], solver=Solver(explicit=True))
print(json.dumps(tiny.values.ravel().tolist()))
"""
# cells that decay from 1e-140, 1e-160 and 1e-307 while others grow, which keeps the steps short
TINY = "np.array([[0, 1, 0.5, 0, 0, 0.5, 1e30, 0, 0, 0, e, 0, 1] for e in (1e-140, 1e-160, 1e-307)])"


class Said:
    """What a process printed (the values, then those of cells close to nothing) and logged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        out, self.log = process.communicate(timeout=300)
        assert process.returncode == 0, self.log
        self.text = out
        self.values, self.tiny = (np.array(eval(line)) for line in out.splitlines())


def start(folder: Path, **more: str) -> subprocess.Popen[str]:
    """Start a process that solves with its kernels in `folder`."""
    program = PROGRAM.format(folder=str(Path(__file__).parent), tiny=TINY)
    environment = {**os.environ, "AUTOLOGUE_CACHE_DIR": str(folder), **more}
    return subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lend_driver(folder: Path) -> Path:
    """Copy the compiled driver, which is the same for all models, from the usual cache; return its folder."""
    solve(ERADICATION, typical(ERADICATION), times=np.array([1.0]), solver=Solver(explicit=True))
    for known in cache_home().glob("engine_*"):
        shutil.copytree(known, folder / known.name)
    return folder / f"engine_{_stamp()}"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """A cache folder that two processes filled at once, and what they said."""
    folder = tmp_path_factory.mktemp("kernels")
    lend_driver(folder)
    first, second = (Said(process) for process in [start(folder), start(folder)])
    assert first.text == second.text
    assert "compiling test_eradication" in first.log + second.log
    assert not list(folder.rglob("*.part"))
    return folder, first


def test_two_processes_may_compile_at_once_and_a_third_reads(filled: tuple[Path, Said]) -> None:
    folder, first = filled
    third = Said(start(folder))
    assert third.text == first.text
    assert "compil" not in third.log


def test_damaged_files_are_made_anew(filled: tuple[Path, Said]) -> None:
    folder, first = filled
    for file in folder.rglob("autologue_kernel_*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    again = Said(start(folder))
    assert again.text == first.text
    assert "compil" in again.log
    assert "compil" not in Said(start(folder)).log


def test_a_folder_that_cannot_be_written_is_said_and_replaced(filled: tuple[Path, Said], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = Said(start(tmp_path / "file" / "below", NUMBA_CACHE_DIR=str(lend_driver(tmp_path))))
    assert "cannot be written" in found.log
    assert found.text == filled[1].text


def test_portable_arithmetic_agrees_and_puts_tiny_cells_to_zero(filled: tuple[Path, Said]) -> None:
    """The driver on disk was compiled in the usual mode; the portable one must not inherit its flags, and conversely."""
    folder, usual = filled
    portable = Said(start(folder, AUTOLOGUE_PORTABLE="1"))
    np.testing.assert_allclose(portable.values, usual.values, rtol=1e-6)
    decay = np.exp(-0.5 * 20.0)
    np.testing.assert_allclose(portable.tiny, [1e-140 * decay, 0.0, 0.0], rtol=1e-4)
    np.testing.assert_allclose(usual.tiny[:2], [1e-140 * decay, 1e-160 * decay if HAS_FLUSH else 0.0], rtol=1e-4)
    # without the processor's flag it would be 5e-312; with it, changes below the smallest normal number are lost
    assert usual.tiny[2] == 0.0 or usual.tiny[2] >= sys.float_info.min
    assert Said(start(folder)).text == usual.text


def test_512_bit_registers_give_the_same_numbers(filled: tuple[Path, Said]) -> None:
    folder, usual = filled
    wide = Said(start(folder, AUTOLOGUE_SIMD="512"))
    np.testing.assert_allclose(wide.values, usual.values, rtol=1e-9)


def test_the_log_names_the_model_and_the_time(caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setenv("AUTOLOGUE_CACHE_DIR", str(tmp_path))
    caplog.set_level(logging.INFO, "autologue.engine")
    solve(replace(ERADICATION, name="test_named"), typical(ERADICATION), times=np.array([1.0]), solver=Solver(explicit=True))
    assert [record.message.split(";")[0].split(" in ")[0] for record in caplog.records] == ["compiling test_named", "compiled test_named"]
    assert caplog.records[1].message.endswith(" s")
