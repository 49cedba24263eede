"""`autologue models`, `autologue check model`, and the root command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autologue import __version__, library

GOOD = Path(library.__file__).parent / "leon_triana_2021.py"


def test_the_library_is_listed(autologue) -> None:
    shown = autologue("models").stdout
    listed = json.loads(autologue("models", "--json").stdout)
    assert [each["name"] for each in listed] == library.names()
    for name in library.names():
        model = library.load(name)
        for word in (name, model.disease, model.product, *model.states, *model.answers, *model.silent_on):
            assert word in shown
    assert listed[0]["silent_on"] == list(library.load(listed[0]["name"]).silent_on)


@pytest.mark.parametrize("name", library.names())
def test_a_model_is_shown_in_full(autologue, name: str) -> None:
    model, done = library.load(name), autologue("models", name)
    assert done.exit_code == 0, done.output
    for word in (model.reference, *model.parameters, *model.outputs, *library.populations(name), "gates"):
        assert word in done.stdout
    shown = json.loads(autologue("models", name, "--json").stdout)
    assert {row["name"]: row["value"] for row in shown["parameters"]} == {n: p.value for n, p in model.parameters.items()}
    assert all(row["source"] for row in shown["parameters"])
    assert all(row["passed"] for row in shown["gates"])
    assert (model.regimen is not None) == ("given unless another regimen is" in done.stdout) == bool(shown["regimen"])


def test_variability_is_shown_with_its_scale(autologue) -> None:
    rows = {row["name"]: row["variability"] for row in json.loads(autologue("models", "stein_2019", "--json").stdout)["parameters"]}
    assert rows["t_max"] == "log-normal, sd 0.38 of the logarithm"
    assert rows["fold_expansion"] == "log-normal, sd 2.4 of the logarithm, from 1"
    assert rows["f_steroid"] == ""


def test_an_unknown_model_offers_the_nearest(refused: Callable[..., str]) -> None:
    assert "did you mean hanson_2016" in refused("models", "hansen_2016")


def test_a_good_model_file_passes(autologue) -> None:
    done = autologue("check", "model", GOOD)
    assert done.exit_code == 0, done.output
    assert "FAILED" not in done.stdout


def test_a_wrong_model_file_is_told_what_is_wrong(autologue, tmp_path: Path) -> None:
    source = GOOD.read_text()
    assert '"1/day"' in source
    (tmp_path / "wrong.py").write_text(source.replace('"1/day"', '"1/hour"').replace('name="leon_triana_2021"', 'name="wrong"'))
    done = autologue("check", "model", tmp_path / "wrong.py")
    assert done.exit_code == 1
    assert "FAILED" in done.stdout
    found = json.loads(autologue("check", "model", tmp_path / "wrong.py", "--json").stdout)
    assert {row["gate"] for row in found["findings"] if not row["passed"]} >= {"units"}


@pytest.mark.parametrize(("source", "said"), [("x = 1\n", "has no MODEL"), ("MODEL = (\n", "not Python"), ("1 / 0\n", "line 1")])
def test_a_file_without_a_model_is_one_sentence(refused: Callable[..., str], tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "file.py").write_text(source)
    assert said in refused("check", "model", tmp_path / "file.py")
    assert "no such file" in refused("check", "model", tmp_path / "other.py")


def test_version_and_help(autologue) -> None:
    assert autologue("--version").stdout == f"autologue {__version__}\n"
    for command in ([], ["simulate"], ["nca"], ["models"], ["check"], ["check", "model"]):
        done = autologue(*command, "--help")
        assert done.exit_code == 0
        assert f"autologue {' '.join(command)}".strip() in done.stdout
    assert autologue("nonsense").exit_code == 2


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "autologue", "models", "stien_2019"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("autologue: unknown model 'stien_2019'; did you mean stein_2019")
    assert done.stderr.count("\n") == 1
