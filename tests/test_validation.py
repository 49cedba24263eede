"""A validation script whose verdict fails must fail the test run, and one that agrees must pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).resolve().parents[1] / "validation" / "conftest.py"


def run_scripts(folder: Path, **scripts: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    for name, source in scripts.items():
        (folder / f"{name}.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_a_failed_verdict_fails_the_run(tmp_path: Path) -> None:
    done = run_scripts(tmp_path, agrees="print('same')", differs="import sys\nprint('claim 2, ours 3')\nsys.exit(1)")
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "differs.py --quick exited with 1" in done.stdout
    assert "claim 2, ours 3" in done.stdout


def test_scripts_run_as_main_and_are_told_to_be_quick(tmp_path: Path) -> None:
    done = run_scripts(tmp_path, asks="import sys\nassert __name__ == '__main__'\nassert sys.argv[1:] == ['--quick']", _helper="1 / 0")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
