"""Every script of this folder is one test: its quick mode must exit with 0.

A validation file reproduces one published claim. Run by hand (`python validation/stein_2019.py`) it does the whole
study; with `--quick`, a few minutes' worth. It prints claim, ours, tolerance and verdict, and exits with 1 where a
verdict fails. All scripts run in one process here, so that a compiled model is compiled once.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


class ValidationFile(pytest.File):
    """One script."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the script's only test."""
        yield ValidationItem.from_parent(self, name="quick")


class ValidationItem(pytest.Item):
    """The quick mode of one script."""

    def runtest(self) -> None:
        """Run the script as `python FILE --quick` would."""
        arguments, sys.argv = sys.argv, [str(self.path), "--quick"]
        try:
            runpy.run_path(str(self.path), run_name="__main__")
        except SystemExit as stop:
            if stop.code:
                pytest.fail(f"{self.path.name} --quick exited with {stop.code}; its table is below", pytrace=False)
        finally:
            sys.argv = arguments

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test stands, for pytest's listing."""
        return self.path, 0, self.path.stem


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ValidationFile | None:
    """Take every script of this folder; names that begin with an underscore are shared helpers."""
    if file_path.suffix != ".py" or file_path.stem == "conftest" or file_path.stem.startswith("_"):
        return None
    return ValidationFile.from_parent(parent, path=file_path)
