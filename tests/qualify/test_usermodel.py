"""A user's own file: one sentence for whatever is wrong with it, with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from autologue.errors import InputError, ModelError
from autologue.qualify.gates import check_model
from autologue.qualify.usermodel import load_user_model

SOUND = """
from autologue.model import Model, Output, Parameter, Phase, State

MODEL = Model(
    name="mine",
    time="day",
    states=dict(x=State("cells")),
    parameters=dict(k=Parameter(0.1, "1/day", "loss", None, "Table 1"), x_0=Parameter(1e6, "cells", "start", None, "Table 1")),
    initial=lambda p: dict(x=p.x_0),
    phases=[Phase(lambda y, p: dict(x=-p.k * y.x))],
    outputs=dict(x=Output(lambda y: y.x, "cells")),
    reference="unpublished",
)
"""


def test_a_sound_file_is_loaded_and_passes(tmp_path: Path) -> None:
    path = tmp_path / "my_model.py"
    path.write_text(SOUND)
    assert all(finding.passed for finding in check_model(load_user_model(path)))
    assert [each.name for each in tmp_path.iterdir()] == ["my_model.py"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("MODEL = (\n", "my_model.py, line 1: not Python"),
        ("x = 1\n\ny = 1 / 0\n", "my_model.py, line 3: ZeroDivisionError"),
        ("import sys\nsys.exit(0)\n", "my_model.py, line 2: SystemExit"),
        ("x = 1\n", "my_model.py has no MODEL; expected MODEL = Model"),
        ("MODEL = 3\n", "my_model.py has a MODEL of type int"),
        (SOUND.replace('"1/day"', '"1/dya"'), "my_model.py, line 8: .*unknown unit 'dya'"),
        (SOUND.replace("None, ", "0.3, ", 1), r"my_model.py, line 8: .*write LogNormal\(sd=0.3\) or LogNormal\(variance=0.3\)"),
    ],
)
def test_a_broken_file_is_one_sentence_with_its_line(tmp_path: Path, source: str, words: str) -> None:
    path = tmp_path / "my_model.py"
    path.write_text(source)
    with pytest.raises(ModelError, match=words):
        load_user_model(path)


def test_files_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_user_model(tmp_path / "absent.py")
    (tmp_path / "table.csv").write_text("a,b\n")
    with pytest.raises(InputError, match=r"not a Python file; expected one that ends in \.py"):
        load_user_model(tmp_path / "table.csv")
