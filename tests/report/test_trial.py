"""The report of a trial and the command that writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autologue.cli import app
from autologue.report.trial import render_report, trial_report
from autologue.trial import conduct


def test_the_report_is_complete_in_itself() -> None:
    result = conduct("eliana", replicates=20, seed=3)
    page = render_report(trial_report(result))
    assert page.count("<figure>") == 10 + 9  # panels; flow, swimmer, waterfall, five endpoints, grades
    assert "http" not in page.replace("https://doi.org/", "")
    for words in (
        "What this cannot say",
        "no effect of the dose",
        "not available",
        "unverified, no verdict",
        "not comparable",
        "NCT02435849",
    ):
        assert words in page, words
    assert '"replicates": 20' in page


@pytest.mark.parametrize("name", ["zuma_1", "scholar_1", "examples/designs/zuma_7.toml"])
def test_a_trial_without_panels_has_the_course_alone(name: str, request: pytest.FixtureRequest) -> None:
    path = str(request.config.rootpath / name) if name.endswith(".toml") else name
    page = render_report(trial_report(conduct(path, replicates=6, seed=1)))
    for words in ("Flow of patients", "Statistical links", "assumed", "Not a medical device"):
        assert words in page, words
    assert ("surrogate: neither PET nor CT" in page) == (name != "scholar_1")
    assert "In short" not in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("karmma", ("The model of this course is provisional", "sCR", "VGPR", "psp4.12598", "were seen to progress")),
        ("zuma_5", ("follows the course of lymphoma, with links of its own", "from enrolment", "rspb.2021.0229")),
        ("juliet", ("CRS, Penn", "surrogate: neither PET nor CT", "SCHOLAR-1")),
    ],
)
def test_a_new_trial_says_what_it_rests_on(name: str, words: tuple[str, ...]) -> None:
    page = render_report(trial_report(conduct(name, replicates=6, seed=1)))
    for each in words:
        assert each in page, each


def test_the_command_follows_central_values_parts_and_a_life_table(tmp_path: Path) -> None:
    table = tmp_path / "life.csv"
    rows = [f"{age},{sex},{0.0001 * 1.09**age}" for sex in ("female", "male") for age in range(101)]
    table.write_text("\n".join(["age,sex,hazard", *rows]))
    page, parts = tmp_path / "a.html", tmp_path / "parts"
    words = ["trial", "zuma_1", "--replicates", "4", "--central", "--parts", str(parts), "--life-table", str(table), "--out", str(page)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "chance alone" in done.output
    assert len(list(parts.glob("*.parquet"))) == 2
    assert CliRunner().invoke(app, words).exit_code == 0
    table.write_text("age,hazard\n1,2\n")
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 2
    assert "column sex is missing" in refused.output


def test_the_command_writes_both_files_and_prints_a_table(tmp_path: Path) -> None:
    page, data = tmp_path / "a.html", tmp_path / "a.json"
    done = CliRunner().invoke(app, ["trial", "eliana", "--replicates", "4", "--seed", "2", "--out", str(page), "--json", str(data)])
    assert done.exit_code == 0, done.output
    assert "Cmax, geometric mean" in done.output
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(data.read_text(encoding="utf-8"))["replicates"] == 4


@pytest.mark.parametrize(
    "arguments",
    [["elian"], ["eliana", "--replicates", "0"], ["eliana", "--out", "no/such/folder/a.html"], ["missing.toml"]],
)
def test_bad_input_is_one_line_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["trial", *arguments])
    assert done.exit_code == 2
    assert done.output.strip().startswith("autologue: ")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_interrupted_run_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("autologue.report.page.render_report", interrupted)
    done = CliRunner().invoke(app, ["trial", "eliana", "--replicates", "2", "--out", str(tmp_path / "a.html")])
    assert done.exit_code == 130
    assert list(tmp_path.iterdir()) == []
