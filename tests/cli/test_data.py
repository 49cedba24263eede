"""`autologue check data` and `autologue plot data`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autologue.data import Measured, load_reading

GOOD = ["ID,TIME,AMT,DV,DVID,LLOQ", "1,0,1e8,.,.,.", "1,7,.,900,car,50", "1,28,.,20,car,50", "1,28,.,3,il6,.", "2,7,.,>5000,car,50"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "study.csv"
    path.write_text("\n".join(GOOD) + "\n")
    return path


def test_a_table_is_read_out_and_differences_are_told(autologue: Callable[..., object], table: Path, tmp_path: Path) -> None:
    done = autologue("check", "data", table, "--unit", "car=copies/ug", "--unit", "time=day", "--save-reading", tmp_path / "r.toml")
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    said = done.stdout  # type: ignore[attr-defined]
    for words in ("output car", "in copies/ug, code car", "Monolix: measured", "rows 3, 4", "nothing says the unit of output il6"):
        assert words in said or words == "rows 3, 4", words
    reading = load_reading(tmp_path / "r.toml")
    assert (reading.outputs["car"], reading.time_unit) == (Measured("copies/ug", code="car"), "day")
    again = autologue("check", "data", table, "--reading", tmp_path / "r.toml", "--json")
    found = json.loads(again.stdout)  # type: ignore[attr-defined]
    assert found["reading"]["output car"] == "in copies/ug, code car"
    words = next(each for each in found["findings"] if "below LLOQ" in each["message"])
    assert (words["rows"], words["column"], words["programs"]["nonmem"]) == ([4], "DV", "measured")


def test_errors_make_the_exit_code_one(autologue: Callable[..., object], table: Path) -> None:
    table.write_text("ID,TIME,DV,CENS\n1,x,3,0\n1,1,y,2\n")
    done = autologue("check", "data", table, "--json")
    found = json.loads(done.stdout)  # type: ignore[attr-defined]
    errors = [(each["rows"], each["column"]) for each in found["findings"] if each["severity"] == "error"]
    assert errors == [([2], "TIME"), ([3], "CENS"), ([3], "DV")]
    assert done.exit_code == 1  # type: ignore[attr-defined]
    table.write_text("ID,DAYTIME,DV\n1,0,3\n")
    lacking = autologue("check", "data", table)
    assert lacking.exit_code == 1  # type: ignore[attr-defined]
    assert "has no column for time" in lacking.stderr  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unit", "cra=copies/ug"], "unknown output or route 'cra'; did you mean car"),
        (["--unit", "car"], "expected name=value"),
        (["--unit", "car=copiez/ug"], "did you mean copies"),
        (["--column", "valeu=DV"], "unknown role of a column 'valeu'; did you mean value"),
        (["--model", "stien_2019"], "did you mean stein_2019"),
        (["--reading", "no.toml"], "cannot be read as a reading"),
    ],
)
def test_bad_options_are_one_sentence(refused: Callable[..., str], table: Path, arguments: list[str], said: str) -> None:
    assert said in refused("check", "data", table, *arguments)
    assert "cannot be read" in refused("check", "data", table.with_name("absent.csv"))


def test_profiles_are_drawn_with_what_is_censored(autologue: Callable[..., object], table: Path, tmp_path: Path) -> None:
    out = tmp_path / "figure.svg"
    done = autologue("plot", "data", table, "--output", "car", "--unit", "car=copies/ug", "--unit", "time=day", "--out", out)
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    svg = out.read_text()
    shown = set(re.findall(r">([^<>]+)</text>", svg))
    assert {"1", "2", "car (copies/µg) over days after infusion", "measured", "below the assay limit", "above the assay range"} <= shown
    assert "stroke-dasharray" in svg
    assert autologue("plot", "data", table, "--output", "car", "--patients", "2", "--out", tmp_path / "f.html").exit_code == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "holds the outputs car, il6; choose one with --output"),
        (["--output", "cra"], "did you mean car"),
        (["--output", "car", "--patients", "9"], "unknown patient '9'"),
        (["--output", "car", "--page", "2"], "2 patients fill 1 pages of 60"),
        (["--output", "il6", "--patients", "2"], "none of the patients chosen has samples of 'il6'"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    refused: Callable[..., str], table: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    assert said in refused("plot", "data", table, "--out", tmp_path / "f.svg", *arguments)
    assert not (tmp_path / "f.svg").exists()
