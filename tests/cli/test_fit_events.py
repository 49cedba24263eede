"""`autologue fit` and `autologue forecast` with times to event in rows of their own, beside samples and alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autologue import Event, read_cohort
from autologue.data import Measured, guess_reading, lint
from autologue.qualify.usermodel import load_user_model

MODEL = """
from autologue import LogNormal, Model, Output, Parameter, Phase, State
from autologue.functions import exp
from autologue.terms import Exponential, Link, Logarithm, Poisson

MODEL = Model(
    name="falling", time="day", states=dict(x=State("copies/ug")),
    parameters=dict(
        a=Parameter(200.0, "copies/ug", "level at the start", LogNormal(sd=1.0)), k=Parameter(0.05, "1/day", "rate of fall"),
        rate=Parameter(0.01, "1/day", "hazard at 100 copies/ug"), beta=Parameter(-0.8, "1", "of the logarithm of the level"),
        mean=Parameter(2.0, "1", "mean count"),
    ),
    initial=lambda p: dict(x=p.a), phases=[Phase(lambda y, p: dict(x=-p.k * y.x))],
    outputs=dict(level=Output(lambda y: y.x, "copies/ug", LogNormal(sd=0.3))),
    closed_form=lambda t, p: dict(x=p.a * exp(-p.k * t)), reference="an example",
    outcomes=dict(
        relapse=Exponential(rate="rate", links=[Link("beta", of="level", scale=Logarithm(reference=100.0, floor=1e-6))]),
        lesions=Poisson(mean="mean"),
    ),
)
"""
ROWS = """ID,TIME,DVID,DV
1,0,relapse,0
1,7,level,150
1,14,level,90
1,14,lesions,3
1,40,relapse,1
2,0,relapse,0
2,7,level,420
2,14,lesions,1
2,90,relapse,0
3,0,relapse,0
3,7,level,60
3,25,relapse,1
4,10,relapse,0
4,14,level,260
4,60,relapse,1
5,0,relapse,0
5,7,level,33
5,12,relapse,1
6,0,relapse,0
6,7,level,800
6,14,level,520
6,100,relapse,0
"""
UNITS = ("--unit", "level=copies/ug", "--unit", "time=day")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    model, table = tmp_path / "falling.py", tmp_path / "study.csv"
    model.write_text(MODEL)
    table.write_text(ROWS)
    return model, table


def test_rows_of_events_and_counts_are_guessed_from_the_model(files: tuple[Path, Path]) -> None:
    model = load_user_model(files[0])
    reading = guess_reading(files[1], model=model)
    assert list(reading.outputs) == ["level", "relapse", "lesions"]
    told = replace(reading, outputs={**reading.outputs, "level": Measured("copies/ug", code="level")}, time_unit="day")
    cohort = read_cohort(files[1], model=model, reading=told)
    assert cohort["1"].events["relapse"] == Event(40.0, 40.0)
    assert cohort["4"].events["relapse"] == Event(60.0, 60.0, entry=10.0)
    assert cohort["6"].events["relapse"].latest == float("inf")
    assert cohort["1"].observations["lesions"].lower.tolist() == [3.0]
    wrong = replace(told, outputs={**told.outputs, "relapse": Measured("1", code="relapse")})
    sentences = [finding.sentence for finding in lint(files[1], model=model, reading=wrong)]
    assert any("'relapse' is declared as a Measured, and model falling has it as a time to event" in each for each in sentences)


def test_a_fit_with_its_report(autologue: Callable[..., object], files: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    what = ["--model", files[0], "--method", "laplace", "--free", "rate", "--free", "mean", "--simulations", 100, "--out", page]
    done = autologue("fit", files[1], *UNITS, *what)
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    assert "rate" in done.output  # type: ignore[attr-defined]
    text = page.read_text()
    assert "Kaplan-Meier curve of the observed times" in text
    assert "8 times to event, counts and categories" in text


def test_a_table_of_events_alone(autologue: Callable[..., object], files: tuple[Path, Path], tmp_path: Path) -> None:
    table, page = tmp_path / "events.csv", tmp_path / "b.html"
    table.write_text("\n".join(row for row in ROWS.splitlines() if "level" not in row and "lesions" not in row))
    what = ["--model", files[0], "--method", "laplace", "--free", "rate", "--fixed", "omega_a", "--fixed", "a"]
    done = autologue("fit", table, "--unit", "time=day", *what, "--simulations", 100, "--out", page)
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    assert "Residuals of Cox and Snell" in page.read_text()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1,0,relapse,0\n1,40,relapse,1\n1,50,relapse,1\n1,7,level,5\n", "0 while relapse of patient 1 is awaited"),
        ("1,0,relapse,0\n1,40,relapse,0\n1,7,level,5\n", "none of the 1 patients followed for 'relapse' had it"),
        ("1,0,relapse,0\n1,40,relapse,2\n1,7,level,5\n", "0 while relapse of patient 1 is awaited"),
    ],
)
def test_events_that_cannot_be(autologue: Callable[..., object], files: tuple[Path, Path], rows: str, words: str) -> None:
    files[1].write_text(f"ID,TIME,DVID,DV\n{rows}")
    done = autologue("fit", files[1], *UNITS, "--model", files[0], "--method", "laplace", "--free", "rate")
    assert done.exit_code == 2  # type: ignore[attr-defined]
    assert words in " ".join(done.output.split())  # type: ignore[attr-defined]


def test_a_method_that_linearises(autologue: Callable[..., object], files: tuple[Path, Path]) -> None:
    done = autologue("fit", files[1], *UNITS, "--model", files[0], "--method", "focei")
    assert done.exit_code == 2  # type: ignore[attr-defined]
    assert "use Laplace(), Quadrature() or SAEM()" in " ".join(done.output.split())  # type: ignore[attr-defined]


def test_a_forecast_says_when(autologue: Callable[..., object], files: tuple[Path, Path], tmp_path: Path) -> None:
    table, out, page = tmp_path / "one.csv", tmp_path / "one.json", tmp_path / "one.html"
    table.write_text("ID,TIME,DVID,DV\n9,0,relapse,0\n9,7,level,150\n9,30,relapse,0\n")
    what = ["--population", files[0], "--horizon", "180d", "--statement", "relapse before 40", "--draws", 200, "--json", out, "--out", page]
    done = autologue("forecast", table, *UNITS, *what)
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    record = json.loads(out.read_text())
    said = {each["text"]: each for each in record["statements"]}
    assert 0.0 < said["relapse before day 40"]["probability"] < said["relapse before day 180"]["probability"] <= 1.0
    assert record["now"] == 30.0
    assert "no relapse until day 30" in page.read_text()
