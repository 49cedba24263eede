"""The self-test runs, holds, is written whole, and fails loudly when a number is wrong."""

import dataclasses
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autologue.cli.app import app
from autologue.qualify import cases, selftest


def test_every_check_holds_and_the_record_says_where_it_ran() -> None:
    done: list[int] = []
    record = selftest.as_record(selftest.run_selftest(done.append))
    assert record["passed"], [c for c in record["checks"] if not c["passed"]]
    assert sum(done) == selftest.COUNT
    assert {"autologue", "python", "numpy", "numba", "scipy", "processor", "kernel_cache"} <= set(record["environment"])
    json.dumps(record)


def test_a_wrong_number_fails_with_exit_code_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wrong = dataclasses.replace(cases.LIBRARY_CASES[0], expected=0.9)
    monkeypatch.setattr(selftest, "LIBRARY_CASES", (wrong,))
    monkeypatch.setattr(selftest, "_PARTS", (selftest._random_numbers,))
    found = CliRunner().invoke(app, ["selftest", "--out", str(tmp_path / "table.csv")])
    assert found.exit_code == 1
    assert "FAILED" in found.stdout
    assert "False" in (tmp_path / "table.csv").read_text()


def test_a_file_of_another_kind_is_refused_before_the_work(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["selftest", "--out", str(tmp_path / "table.docx")])
    assert found.exit_code == 2
    assert "expected a name that ends in .json or .csv" in found.stderr
    assert not list(tmp_path.iterdir())
