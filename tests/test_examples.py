"""The examples of the README and the tutorial run as they are printed."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autologue.engine.solve import Solver
from autologue.qualify.gates import check_model
from autologue.qualify.usermodel import load_user_model
from autologue.simulate import simulate

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"


def run(name: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(EXAMPLES), str(ROOT / "src")])}
    done = subprocess.run([sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ten_lines_draw_a_figure(tmp_path: Path) -> None:
    assert "solved" in run("ten_lines.py", tmp_path)
    assert (tmp_path / "expansion.svg").read_text().startswith("<svg")
    statements = ast.parse((EXAMPLES / "ten_lines.py").read_text()).body
    assert len(statements) - 1 <= 10, "the README promises ten lines"


def test_the_model_of_the_tutorial_is_short_passes_its_gates_and_ends_where_the_paper_says(tmp_path: Path) -> None:
    lines = [line for line in (EXAMPLES / "my_model.py").read_text().splitlines() if line.strip()]
    assert len(lines) < 50
    model = load_user_model(EXAMPLES / "my_model.py")
    assert [f for f in check_model(model) if not f.passed] == []
    late = simulate(model, times=[2000.0], patients=1, solver=Solver(rtol=1e-9)).data
    np.testing.assert_allclose([late["burden"].item(), late["car_t"].item()], [0.14 / 1.6, 1 - 0.14 / 1.6], rtol=1e-6)
    assert "burden" in run("run_my_model.py", tmp_path)


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first_model.md"])
def test_the_printed_code_is_the_code_that_runs(page: str) -> None:
    text = (ROOT / page).read_text()
    if page == "README.md":
        body = (EXAMPLES / "ten_lines.py").read_text().split('"""\n\n', 1)[1].strip()
        assert body in text, "copy examples/ten_lines.py into the README"
    else:
        assert "examples/my_model.py" in text
        assert "examples/run_my_model.py" in text
