"""`autologue grade`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from autologue.outcomes import SCALES, grade_table, read_findings, summarise_table

CSV = """patient,day,temperature_c,hypotension,pressors,vasopressin,oxygen,oxygen_flow,tocilizumab,antipyretic,steroid
A,0,36.9,no,0,no,none,,no,no,no
A,1,39.2,no,0,no,none,,no,no,no
A,2,38.4,yes,0,no,nasal cannula,4,yes,no,no
A,3,37.0,yes,1,yes,Face-Mask,,no,no,no
B,1,38.5,no,0,no,none,,no,no,no
B,2,36.5,no,0,no,none,,no,no,no
"""
CRS = ["--scale", "crs_astct_2019"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "findings.csv"
    path.write_text(CSV)
    return path


def test_json_holds_every_day_and_every_patient_with_reasons(autologue, file: Path) -> None:
    said = json.loads(autologue("grade", file, "--json").stdout)
    assert set(said["scales"]) == set(SCALES)
    days = [(row["patient"], row["day"], row["crs_astct_2019_grade"]) for row in said["days"]]
    assert days == [("A", 0, 0), ("A", 1, 1), ("A", 2, 2), ("A", 3, 3), ("B", 1, 1), ("B", 2, 0)]  # read off the published table
    assert "one vasopressor" in said["days"][3]["crs_astct_2019_reason"]
    assert said["days"][0]["icans_astct_2019_grade"] is None
    assert "ice_score" in said["days"][0]["icans_astct_2019_reason"]
    only = json.loads(autologue("grade", file, "--json", "--summary", *CRS).stdout)
    assert "days" not in only
    assert [(row["worst"], row["onset"], row["duration"]) for row in only["patients"]] == [(3, 1, 3), (1, 1, 1)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_are_written_as_days_or_as_a_summary(autologue, file: Path, tmp_path: Path, ending: str) -> None:
    read = pd.read_csv if ending == "csv" else pd.read_parquet
    for options, expected in (([], grade_table), (["--summary"], summarise_table)):
        out = tmp_path / f"rows.{ending}"
        assert autologue("grade", file, *CRS, *options, "--out", out).exit_code == 0
        pd.testing.assert_frame_equal(read(out), expected(read_findings(file), scales=["crs_astct_2019"]), check_dtype=False)
        assert json.loads((tmp_path / f"rows.{ending}.manifest.json").read_text())["data"] == "findings.csv"


def test_the_terminal_shows_worst_grade_onset_and_duration(autologue, file: Path) -> None:
    done = autologue("grade", file, *CRS)
    row = next(line for line in done.stdout.splitlines() if line.startswith("│ A  "))
    assert [cell.strip() for cell in row.split("│")[1:7]] == ["A", "ASTCT 2019 CRS", "3", "3", "1", "≥ 3"]
    unknown = autologue("grade", file)
    (icans,) = [line for line in unknown.stdout.splitlines() if line.startswith("│ ASTCT 2019 ICANS")]
    assert [cell.strip() for cell in icans.split("│")[2:-1]] == ["0", "0", "0", "0", "0", "0", "2", "0"]
    assert "could not be graded" in unknown.stderr


def test_the_report_is_complete_in_itself(autologue, file: Path, tmp_path: Path) -> None:
    page = tmp_path / "grades.html"
    assert autologue("grade", file, "--report", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "http" not in text.replace("https://doi.org/", "")
    assert text.count("<figure>") == 2
    assert text.count("No day could be graded") == 2  # Lee needs organ grades and ICANS neurology, which nobody recorded
    assert "one vasopressor, with or without vasopressin" in text
    for scale in SCALES.values():
        assert scale.reference.removeprefix("doi:") in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scale", "crs"], "unknown scale 'crs'"),
        (["--scale", "icans_astct_2019"], "row 1, column"),
        (["--out", "x.xlsx"], "expected .csv or .parquet"),
        (["--out", "no/such/folder/x.csv"], "does not exist"),
        (["--report", "x.pdf"], "ends in .html"),
    ],
)
def test_bad_options_are_one_sentence(refused: Callable[..., str], file: Path, arguments: list[str], said: str) -> None:
    assert said in refused("grade", file, *arguments)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("patient,day,temperature_c\nA,1,hot\n", "row 1, column temperature_c"),
        ("patient,day,temperature_c\nA,1,98.6\n", "25 to 45"),
        ("patient,day\nA,-1\n", "day"),
        ("patient,day\nA,1\nA,1\n", "comes twice"),
        ("patient,temperature_c\nA,38\n", "'day' is missing"),
        ("patient,day\n", "at least one"),
        ("", "empty"),
        ("patient;day\nA;1\n", "separated by semicolons"),
    ],
)
def test_bad_files_are_one_sentence(refused: Callable[..., str], tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bad.csv").write_text(content)
    line = refused("grade", tmp_path / "bad.csv")
    assert said in line
    assert "bad.csv" in line
    assert "cannot be read" in refused("grade", tmp_path / "absent.csv")


def test_the_columns_can_be_asked_for(autologue) -> None:
    done = autologue("grade", "--columns")
    assert done.exit_code == 0
    shown = " ".join(done.output.split())
    for said in ("oxygen", "one of none, nasal_cannula, blow_by", "temperature_c", "number from 25 to 45, degrees Celsius"):
        assert said in shown


def test_no_pressor_may_be_written_as_the_dose_none(autologue, tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("patient,day,temperature_c,hypotension,pressors,vasopressin,pressor_dose,oxygen\nA,1,38.5,no,0,no,none,none\n")
    done = autologue("grade", path, "--scale", "crs_astct_2019", "--json")
    assert json.loads(done.stdout)["patients"][0]["worst"] == 1
