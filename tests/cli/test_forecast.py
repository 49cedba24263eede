"""`autologue forecast` and `autologue calibrate-check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from autologue.forecast.account import schema

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


def test_a_folder_gives_the_same_bits_for_any_number_of_processes(autologue, tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    folder.mkdir()
    for name in ("7", "8", "9"):
        table(folder / f"{name}.csv", ROWS.replace("7,", f"{name},", 1).replace("\n7,", f"\n{name},"))
    found = []
    for jobs in (1, 2, 3):
        out = tmp_path / f"{jobs}.json"
        done = autologue("forecast", folder, "--population", "stein_2019:sd", "--draws", 30, "--jobs", jobs, "--json", out)
        assert done.exit_code == 0, done.output
        found.append(out.read_text())
    assert found[1] == found[0]
    assert found[2] == found[0]
    assert [each["patient"] for each in json.loads(found[0])] == ["7", "8", "9"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_patient_who_cannot_be_forecast_is_named_and_the_others_are_kept(autologue, tmp_path: Path, jobs: int) -> None:
    folder, reports, out = tmp_path / "patients", tmp_path / "reports", tmp_path / "f.json"
    folder.mkdir()
    table(folder / "a.csv", "a,4,310\na,7,9400")
    table(folder / "b.csv", "b,4,310\nb,40,9400")
    table(folder / "c.csv", "c,4,310\nc,7,9400", unit="mg")
    asked = ("--population", "stein_2019:sd", "--draws", 20, "--horizon", "30d", "--jobs", jobs)
    done = autologue("forecast", folder, *asked, "--out", reports, "--json", out)
    assert done.exit_code == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("autologue: 2 of 3 could not be forecast, the others were: c.csv")
    assert "b.csv, patient b: the horizon is 30 day and the last observation at 40" in last
    assert [each["patient"] for each in json.loads(out.read_text())] == ["a"]
    assert [each.name for each in reports.iterdir()] == ["a.html"]


def test_where_nobody_can_be_forecast_nothing_is_written(refused, tmp_path: Path) -> None:
    cohort, out = table(tmp_path / "c.csv", "a,4,310\na,7,9400\nb,4,310"), tmp_path / "f.json"
    line = refused("forecast", cohort, "--population", "stein_2019:sd", "--draws", 20, "--horizon", "3d", "--json", out)
    assert line.startswith("autologue: none of 2 could be forecast: c.csv, patient a")
    assert not out.exists()


def test_the_history_keeps_each_forecast_as_it_was_made(autologue, refused, patient: Path, tmp_path: Path) -> None:
    kept, page = tmp_path / "kept.json", tmp_path / "page.html"
    asked = ("--population", "stein_2019:sd", "--draws", 40, "--horizon", "365d", "--history", kept)
    for until, more in ((10, ()), (10, ()), (28, ("--cuts", "7,10,14", "--out", page))):
        done = autologue("forecast", patient, *asked, "--until", until, *more)
        assert done.exit_code == 0, done.output
    entries = json.loads(kept.read_text())["entries"]
    assert [(each["now"], each["retraced"]) for each in entries] == [(7, True), (10, False), (14, True), (28, False)]
    assert "How the level of transgene at day 365 moved" in done.stdout
    assert "How the answer moved" in page.read_text()
    corrected, data = table(tmp_path / "corrected.csv", ROWS.replace("1250", "1350")), tmp_path / "f.json"
    done = autologue("forecast", corrected, *asked, "--json", data)
    record = json.loads(data.read_text())
    jsonschema.validate(record, dict(schema()))
    assert [each["now"] for each in record["history"]] == [7, 10, 14, 28]
    after = json.loads(kept.read_text())["entries"]
    assert after[:4] == entries
    assert len(after) == 5
    before = kept.read_bytes()
    stranger = table(tmp_path / "stranger.csv", ROWS.replace("7,", "8,", 1).replace("\n7,", "\n8,"))
    assert "of patient '7' and this forecast of '8'" in refused("forecast", stranger, *asked)
    assert "ask for the same --horizon" in refused("forecast", patient, *asked, "--horizon", "180d")
    assert kept.read_bytes() == before
    kept.write_text('{"entries": 3}')
    assert "kept.json is no history of forecasts" in refused("forecast", patient, *asked)


def test_histories_of_many_patients_are_a_folder(autologue, cohort: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    done = autologue("forecast", cohort, "--population", "stein_2019:sd", "--draws", 20, "--history", folder, "--cuts", "7")
    assert done.exit_code == 0, done.output
    assert sorted(each.name for each in folder.iterdir()) == ["7.json", "8.json"]


def test_the_recorded_calibration_of_this_kind_of_forecast_is_said(autologue, patient: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "page.html", tmp_path / "f.json"
    done = autologue("forecast", patient, "--population", "stein_2019:sd", "--draws", 20, "--out", page, "--json", data)
    said = json.loads(data.read_text())["calibration"]
    assert said["study"]["data_until"] == 28
    for part in ("until a cohort is scored", said["study"]["date"], f"{100 * said['study']['coverage']['90%']:.1f} % of them"):
        assert part in said["said"]
    assert said["said"] in done.stderr
    for part in ("until a cohort is scored", said["study"]["date"], "six independent log-normal random effects"):
        assert part in page.read_text()
    done = autologue("forecast", patient, "--population", "stein_2019:variance", "--draws", 20)
    assert "The population of this forecast is another one" in done.stderr


def two_infusions(path: Path) -> Path:
    path.write_text("ID,TIME,AMT,DV,EVID,UNIT\n7,0,1e6,.,1,copies/ug\n7,5,2e6,.,1,copies/ug\n7,9,.,310,0,copies/ug\n")
    return path


REFUSED = {
    "unit": (lambda p: table(p, ROWS, unit="mg"), (), "mg"),
    "before": (lambda p: table(p, "7,-3,100\n7,4,310"), (), "-3"),
    "two infusions": (two_infusions, (), "has infusions at 0 and 5, and model stein_2019 starts with one at 0"),
    "horizon": (lambda p: table(p, ROWS), ("--horizon", "10d"), "expected a horizon in the future"),
    "no horizon": (lambda p: table(p, ROWS), ("--horizon", "soon"), "cannot be read"),
    "statement": (lambda p: table(p, ROWS), ("--statement", "transgene is high"), "cannot be read; expected one like"),
    "output": (lambda p: table(p, ROWS), ("--statement", "peak tumour > 3"), "unknown output 'tumour'"),
    "report": (lambda p: table(p, ROWS), ("--out", "page.pdf"), "ends in .html"),
    "history": (lambda p: table(p, ROWS), ("--history", "kept.csv"), "ends in .json"),
    "cuts": (lambda p: table(p, ROWS), ("--cuts", "7;14"), "--cuts"),
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


NOT_SCORED = {
    "figure": (("--figure", "x.gif"), "--figure x.gif"),
    "table": (("--out", "x.txt"), "--out x.txt"),
    "late": (("--cuts", "900"), "with cuts 900 no patient"),
    "early": (("--cuts", "0.5"), "with cuts 0.5 no patient"),
    "no cut": (("--cuts", "soon"), "--cuts"),
}


@pytest.mark.parametrize("name", NOT_SCORED)
def test_what_cannot_be_scored_is_said_in_one_sentence(refused: Callable[..., str], cohort: Path, name: str) -> None:
    options, words = NOT_SCORED[name]
    assert words in refused("calibrate-check", cohort, "--population", "stein_2019:sd", "--draws", 50, *options)


def test_a_cohort_is_scored(autologue, cohort: Path, tmp_path: Path) -> None:
    figure = tmp_path / "calibration.svg"
    done = autologue(
        "calibrate-check", cohort, "--population", "stein_2019:sd", "--cuts", "7,14", "--draws", 50, "--figure", figure, "--json"
    )
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [(row["data until"], row["patients"], row["observations"]) for row in rows] == [(7, 2, 8), (14, 2, 4)]
    assert "Share observed below" in figure.read_text()
