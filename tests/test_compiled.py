"""The compiling decorator works with and without a folder for the cache."""

import subprocess
import sys

import pytest
from numba.core.caching import CacheImpl

from autologue.compiled import compiled


def test_without_any_cache_folder_the_function_still_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])

    @compiled
    def triple(x: float) -> float:
        return 3.0 * x

    assert triple(2.0) == 6.0
    assert triple.signatures  # type: ignore[attr-defined]  # compiled by numba, not interpreted


def test_the_random_numbers_import_without_any_cache_folder() -> None:
    program = (
        "from numba.core.caching import CacheImpl\nCacheImpl._locator_classes = []\n"
        "from autologue.seeds import Purpose, uniforms\nprint(uniforms(5, Purpose.TRIAL, [9], 3).tolist())"
    )
    uncached = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    cached = subprocess.run([sys.executable, "-c", "\n".join(program.split("\n")[2:])], capture_output=True, text=True, check=True).stdout
    assert uncached == cached


def test_division_by_zero_follows_ieee(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])

    @compiled
    def divide(x: float, y: float) -> float:
        return x / y

    assert divide(1.0, 0.0) == float("inf")
