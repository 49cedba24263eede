"""`autologue nca`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue.nca import NCA, Below, BelowLimit, Tail, Trapezoid, Window, estimate_exposure, read_concentrations

TIMES = [0, 3, 7, 14, 28, 56, 84]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four patients in two arms; values of the first fall by half every 7 days from 800 at day 7."""
    rows = []
    for patient, peak in enumerate([800.0, 400.0, 1600.0, 200.0], start=1):
        for time in TIMES:
            value = peak * 2.0 ** (-(time - 7) / 7) if time >= 7 else peak * time / 7
            seen, half = (value, value / 2) if value > 10 else ("<10", "<10")
            rows.append((patient, time, seen, "high" if patient in (1, 3) else "low", half))
    path = tmp_path / "data.csv"
    pd.DataFrame(rows, columns=["ID", "TIME", "DV", "TREATED", "HALVES"]).to_csv(path, index=False)
    return path


def test_it_gives_what_the_python_function_gives(autologue, data: Path) -> None:
    done = autologue("nca", data, "--value-unit", "copies/ug", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    expected = estimate_exposure(read_concentrations(data), value_unit="copies/ug")
    found = pd.DataFrame(said["patients"])
    for name in ("cmax", "tmax", "auc_0_28", "auc_0_84", "half_life"):
        np.testing.assert_allclose(found[name].astype(float), expected.table[name])
    assert said["units"]["auc_0_28"] == "copies/ug*day"
    summary = {row["quantity"]: row for row in said["summary"]}
    assert summary["cmax"]["geometric_mean"] == pytest.approx((800 * 400 * 1600 * 200) ** 0.25)
    assert found["half_life"].astype(float).dropna().tolist() == pytest.approx([7.0])  # one has three values after its peak


def test_options_are_the_rules_of_python(autologue, data: Path, tmp_path: Path) -> None:
    rules = ["--window", "0-14", "--window", "7-56", "--tail", "extrapolated", "--trapezoid", "linear", "--points", "4"]
    out = tmp_path / "rows.parquet"
    done = autologue("nca", data, *rules, "--blq", "first=half,middle=zero,last=half", "--out", out)
    assert done.exit_code == 0, done.output
    method = NCA(
        windows=(Window(0, 14, tail=Tail.EXTRAPOLATED), Window(7, 56, tail=Tail.EXTRAPOLATED)),
        trapezoid=Trapezoid.LINEAR,
        below=BelowLimit(first=Below.HALF, middle=Below.ZERO, last=Below.HALF),
        terminal=NCA().terminal.__class__(points=4),  # type: ignore[union-attr]
    )
    expected = estimate_exposure(read_concentrations(data), method, value_unit="value").table
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected)
    assert json.loads((tmp_path / "rows.parquet.manifest.json").read_text())["data"] == "data.csv"
    one = json.loads(autologue("nca", data, "--blq", "half", "--json").stdout)["patients"]
    everywhere = NCA(below=BelowLimit(Below.HALF, Below.HALF, Below.HALF))
    np.testing.assert_allclose(
        [row["auc_0_84"] for row in one], estimate_exposure(read_concentrations(data), everywhere, value_unit="value").table["auc_0_84"]
    )


def test_a_column_makes_the_groups(autologue, data: Path) -> None:
    said = json.loads(autologue("nca", data, "--group", "TREATED", "--json").stdout)["summary"]
    means = {(row["group"], row["quantity"]): row["geometric_mean"] for row in said}
    assert means["high", "cmax"] == pytest.approx((800 * 1600) ** 0.5)
    assert means["low", "cmax"] == pytest.approx((400 * 200) ** 0.5)
    shown = autologue("nca", data, "--group", "TREATED").stdout
    assert "high" in shown
    assert "geometric mean" in shown
    halves = json.loads(autologue("nca", data, "--column", "value=HALVES", "--json").stdout)["patients"]
    assert halves[0]["cmax"] == pytest.approx(400.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--window", "28"], "like 0-28"),
        (["--window", "28-0"], "0 <= start < end"),
        (["--tail", "none"], "unknown tail 'none'"),
        (["--blq", "thirds"], "rule of --blq"),
        (["--blq", "start=zero"], "place of --blq"),
        (["--trapezoid", "cubic"], "unknown trapezoid"),
        (["--points", "2"], "at least 3 points"),
        (["--column", "value"], "expected role=COLUMN"),
        (["--column", "value=DX"], "did you mean"),
        (["--group", "TREATMENT"], "did you mean TREATED"),
        (["--time-unit", "fortnight"], "fortnight"),
        (["--analyte", "CAR"], "no column for analyte"),
        (["--out", "x.xlsx"], "expected .csv or .parquet"),
        (["--out", "no/such/folder/x.csv"], "does not exist"),
    ],
)
def test_bad_options_are_one_sentence(refused: Callable[..., str], data: Path, arguments: list[str], said: str) -> None:
    assert said in refused("nca", data, *arguments)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("ID,TIME,DV\n1,0,-5\n", "row 2, column DV"),
        ("ID,TIME,DV\n1,x,5\n", "row 2, column TIME"),
        ("ID,TIME,DV\n", "no samples"),
        ("", "empty"),
    ],
)
def test_bad_files_are_one_sentence(refused: Callable[..., str], tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bad.csv").write_text(content)
    assert said in refused("nca", tmp_path / "bad.csv")
    assert "cannot be read" in refused("nca", tmp_path / "absent.csv")
