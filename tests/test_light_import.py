"""`import autologue` and `autologue --help` load none of the heavy libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

HEAVY = {"numpy", "numba", "scipy", "xarray", "pandas"}
ACTIONS = {"import autologue": "import autologue"}
if find_spec("autologue.cli") is not None:
    ACTIONS["autologue --help"] = """
sys.argv = ["autologue", "--help"]
from autologue.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
REPORT = "\nprint()\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def loaded_by(source: str) -> set[str]:
    """The top-level names in sys.modules of a fresh interpreter that ran `source`."""
    done = subprocess.run([sys.executable, "-c", f"import json, sys\n{source}{REPORT}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("action", ACTIONS)
def test_action_loads_nothing_heavy(action: str) -> None:
    loaded = loaded_by(ACTIONS[action])
    assert "autologue" in loaded
    assert loaded.isdisjoint(HEAVY), f"{action} loads {sorted(loaded & HEAVY)}; import them inside the function that needs them"


def test_a_heavy_import_is_seen() -> None:
    assert "numpy" in loaded_by("import numpy")
