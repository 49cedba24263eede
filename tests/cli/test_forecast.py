"""`autologue forecast` and `autologue calibrate-check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

ROWS = "7,1,<50\n7,4,310\n7,7,9400\n7,10,41000\n7,14,15200\n7,21,3300\n7,28,1250\n"


def table(path: Path, rows: str, *, unit: str = "copies/ug") -> Path:
    lines = [f"{row},50,{unit}" for row in rows.split()]
    path.write_text("\n".join(["ID,TIME,DV,LLOQ,UNIT", *lines]) + "\n")
    return path


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    return table(tmp_path / "patient.csv", ROWS)


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    return table(tmp_path / "cohort.csv", ROWS + ROWS.replace("7,", "8,", 1).replace("\n7,", "\n8,"))


def test_one_patient_gets_a_table_a_report_and_json(autologue, patient: Path, tmp_path: Path) -> None:
    out, data = tmp_path / "report.html", tmp_path / "forecast.json"
    asked = ("--population", "stein_2019:sd", "--horizon", "12 month", "--statement", "peak transgene > 5e4", "--draws", 200)
    done = autologue("forecast", patient, *asked, "--out", out, "--json", data)
    assert done.exit_code == 0, done.output
    assert "peak of transgene above 50000" in done.stdout
    record = json.loads(data.read_text())
    assert [each["statement"] for each in record["statements"]] == ["DetectableAt"] * 3 + ["PeakAbove"]
    assert record["horizon"] == pytest.approx(365.25)
    page = out.read_text()
    for words in ("not for treatment decisions", "Does the patient belong here?", "calibrate-check", "Provenance", "<svg"):
        assert words in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_patient_is_the_same_alone_and_in_company(autologue, patient: Path, cohort: Path, tmp_path: Path) -> None:
    found = []
    for file, name in ((patient, "one.json"), (cohort, "two.json")):
        out = tmp_path / name
        done = autologue("forecast", file, "--population", "stein_2019:sd", "--draws", 50, "--until", 14, "--json", out)
        assert done.exit_code == 0, done.output
        found.append(json.loads(out.read_text()))
    assert found[1][0] == found[0]
    assert found[0]["now"] == 14
    assert [each["patient"] for each in found[1]] == ["7", "8"]


REFUSED = {
    "unit": (lambda p: table(p, ROWS, unit="mg"), (), "mg"),
    "before": (lambda p: table(p, "7,-3,100\n7,4,310"), (), "-3"),
    "horizon": (lambda p: table(p, ROWS), ("--horizon", "10d"), "expected a horizon in the future"),
    "no horizon": (lambda p: table(p, ROWS), ("--horizon", "soon"), "cannot be read"),
    "statement": (lambda p: table(p, ROWS), ("--statement", "transgene is high"), "cannot be read; expected one like"),
    "output": (lambda p: table(p, ROWS), ("--statement", "peak tumour > 3"), "unknown output 'tumour'"),
    "report": (lambda p: table(p, ROWS), ("--out", "page.pdf"), "ends in .html"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_sentence(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    write, options, words = REFUSED[name]
    line = refused("forecast", write(tmp_path / "p.csv"), "--population", "stein_2019", "--draws", 20, *options)
    assert words in line


def test_an_unknown_population_and_an_empty_folder_are_refused(refused: Callable[..., str], patient: Path, tmp_path: Path) -> None:
    assert "unknown population 'cv'" in refused("forecast", patient, "--population", "stein_2019:cv")
    (tmp_path / "empty").mkdir()
    assert "holds no .csv or .parquet" in refused("forecast", tmp_path / "empty", "--population", "stein_2019")


def test_a_cohort_is_scored(autologue, cohort: Path, tmp_path: Path) -> None:
    figure = tmp_path / "calibration.svg"
    done = autologue(
        "calibrate-check", cohort, "--population", "stein_2019:sd", "--cuts", "7,14", "--draws", 50, "--figure", figure, "--json"
    )
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [(row["data until"], row["patients"], row["observations"]) for row in rows] == [(7, 2, 8), (14, 2, 4)]
    assert "Share observed below" in figure.read_text()
