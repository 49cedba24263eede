"""The commands that ask a model: what they print and write, and one sentence where they cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest


def test_sobol_ranks_and_writes_a_report(autologue, tmp_path: Path) -> None:
    page = tmp_path / "ranking.html"
    done = autologue(
        "sensitivity",
        "kimmel_2021",
        "--around",
        "0.2",
        "--parameters",
        "k_car,kill,rho_car",
        "--quantity",
        "tumour_volume:nadir",
        "--log",
        "--samples",
        "64",
        "--out",
        page,
    )
    assert done.exit_code == 0, done.output
    assert "log10 of smallest tumour_volume (Sobol)" in done.stdout
    assert done.stdout.index("k_car") < done.stdout.index("kill") < done.stdout.index("rho_car")
    assert "320 sets, 0 failed" in done.stderr
    text = page.read_text()
    assert "Research and simulation" in text
    assert "<svg" in text
    assert json.loads((tmp_path / "ranking.html.manifest.json").read_text())["method"] == "Sobol"


def test_each_method_answers_in_json(autologue) -> None:
    for method, samples, index in (("morris", "10", "mu*"), ("pawn", "200", "median distance"), ("sobol", "32", "total")):
        done = autologue("sensitivity", "stein_2019", "--method", method, "--samples", samples, "--quantity", "transgene:cmax", "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert index in {row["index"] for row in found["table"]}
        assert found["counts"][0]["failed"] == 0
    done = autologue("sensitivity", "stein_2019", "--method", "local", "--times", "7,28", "--json")
    assert {row["time"] for row in json.loads(done.stdout)["table"]} == {7.0, 28.0}


def test_local_sensitivities_are_printed_and_drawn(autologue, tmp_path: Path) -> None:
    done = autologue("sensitivity", "stein_2019", "--method", "local", "--times", "0,3,7,14,28", "--out", tmp_path / "l.svg")
    assert done.exit_code == 0, done.output
    assert "transgene at 28 day" in done.stdout
    assert "<svg" in (tmp_path / "l.svg").read_text()


def test_identify_names_the_pair_and_profiles(autologue, tmp_path: Path) -> None:
    out = tmp_path / "study.html"
    done = autologue(
        "identify",
        "kimmel_2021",
        "--observe",
        "tumour_volume at 28,90,180 log-sd 0.2",
        "--parameters",
        "kill,k_kill,r_tumour",
        "--profile",
        "kill",
        "--out",
        out,
    )
    assert done.exit_code == 0, done.output
    assert "Pairs that are hard to tell apart" in done.stdout
    assert "bounded on both sides" in done.stdout
    assert "kill, k_kill" in done.stdout
    assert out.exists()
    found = json.loads(autologue("identify", "stein_2019", "--observe", "transgene at 3,7,14,28", "--json").stdout)
    assert found["rank"] == 4
    assert any("f_steroid" in text for text in found["invisible"])


def test_equilibria_are_listed_and_swept(autologue, tmp_path: Path) -> None:
    done = autologue("equilibria", "kimmel_2021", "--json")
    assert [row["kind"] for row in json.loads(done.stdout)["equilibria"]] == ["saddle", "saddle"]
    swept = autologue(
        "equilibria", "kimmel_2021", "--sweep", "k_car=100..800", "--points", "11", "--state", "car", "--out", tmp_path / "b.svg"
    )
    assert swept.exit_code == 0, swept.output
    assert "along k_car" in swept.stdout
    assert "<svg" in (tmp_path / "b.svg").read_text()
    report = autologue("equilibria", "kimmel_2021", "--sweep", "k_car=100..800", "--points", "5", "--out", tmp_path / "b.html")
    assert report.exit_code == 0, report.output


def test_threshold_of_a_parameter_a_dose_and_many_patients(autologue, tmp_path: Path) -> None:
    common = ("--outcome", "tumour_volume:nadir < 1e-7")
    done = autologue("threshold", "kimmel_2021", "--vary", "normal_0", "--range", "0.1..100", *common)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("smallest tumour_volume at most 1e-07 mL: below normal_0 of 5.1")
    dose = autologue(
        "threshold",
        "kimmel_2021",
        "--dose",
        "? cells/uL at 14",
        "--range",
        "1e-3..1e3",
        "--outcome",
        "tumour_volume:nadir < 1e-9",
        "--json",
    )
    assert json.loads(dose.stdout)["met above"] is True
    out = tmp_path / "each.csv"
    many = autologue(
        "threshold",
        "stein_2019",
        "--vary",
        "c_max",
        "--range",
        "1..1e9",
        "--outcome",
        "transgene:at28 > 100",
        "--patients",
        "20",
        "--out",
        out,
    )
    assert many.exit_code == 0, many.output
    assert len(pd.read_csv(out)) == 20


def test_a_virtual_population_can_be_simulated(autologue, tmp_path: Path) -> None:
    out = tmp_path / "virtual.parquet"
    done = autologue(
        "virtual",
        "kimmel_2021",
        "--around",
        "0.3",
        "--proposals",
        "300",
        "--require",
        "kill > 2 * r_tumour",
        "--require",
        "tumour_volume:nadir < 1",
        "--target",
        "median car_t:tmax = 8",
        "--out",
        out,
    )
    assert done.exit_code == 0, done.output
    assert "Rule: " in done.stderr
    assert "kill > 2 * r_tumour" in json.loads((tmp_path / "virtual.parquet.manifest.json").read_text())["rule"]
    simulated = autologue("simulate", "kimmel_2021", "--population", out, "--patients", "20", "--times", "0,28")
    assert simulated.exit_code == 0, simulated.output
    assert "20 solved" in simulated.stderr
    report = autologue(
        "virtual", "kimmel_2021", "--around", "0.3", "--proposals", "100", "--require", "kill > 1", "--out", tmp_path / "v.html"
    )
    assert report.exit_code == 0, report.output


def test_models_are_compared(autologue, tmp_path: Path) -> None:
    done = autologue(
        "compare", "kirouac_2023", "leon_triana_2021", "--dose", "1e8 cells at 0", "--burden", "1e10 cells", "--out", tmp_path / "c.html"
    )
    assert done.exit_code == 0, done.output
    assert "1e+08 cells as dose" in done.stdout
    assert "What each cannot answer" in done.stdout
    assert autologue("compare", "kirouac_2023", "leon_triana_2021", "--out", tmp_path / "c.svg").exit_code == 0


def test_a_diagram_is_drawn(autologue, tmp_path: Path) -> None:
    done = autologue("models", "kimmel_2021", "--diagram", tmp_path / "k.svg")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "k.svg").read_text().startswith("<svg ")


SENSITIVITY = ("sensitivity", "stein_2019")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*SENSITIVITY,), "nothing is asked of model stein_2019; add --quantity"),
        ((*SENSITIVITY, "--quantity", "transgene:cmaks"), "--quantity 'transgene:cmaks' is unknown; expected some of at28"),
        ((*SENSITIVITY, "--quantity", "transgen:cmax"), "unknown output 'transgen'; did you mean transgene"),
        ((*SENSITIVITY, "--quantity", "cmax", "--parameters", "f_steroid"), "'f_steroid' does not vary in population 'sd'"),
        ((*SENSITIVITY, "--quantity", "cmax", "--method", "sobl"), "unknown method 'sobl'; did you mean sobol"),
        ((*SENSITIVITY, "--quantity", "cmax", "--samples", "100"), "powers of two"),
        ((*SENSITIVITY, "--quantity", "cmax", "--range", "t_max=1"), "--range 't_max=1' cannot be read"),
        ((*SENSITIVITY, "--quantity", "cmax", "--times", "1,2"), "--times goes with --method local"),
        ((*SENSITIVITY, "--quantity", "cmax", "--method", "local", "--log"), "--log means nothing to --method local"),
        ((*SENSITIVITY, "--quantity", "cmax", "--out", "x.txt"), "the ending says no format"),
        ((*SENSITIVITY, "--quantity", "cmax", "--method", "morris", "--second-order"), "--second-order goes with --method sobol"),
        (("sensitivity", "kimmel_2021", "--quantity", "car_t:cmax"), "nothing varies between patients"),
        (("identify", "stein_2019"), "the study measures nothing; add --observe"),
        (("identify", "stein_2019", "--observe", "transgene 7,14"), "cannot be read; write it like"),
        (("identify", "stein_2019", "--observe", "trans at 7"), "unknown output 'trans'"),
        (("identify", "stein_2019", "--observe", "transgene at 7", "--out", "x.svg"), "the figure shows profiles; add --profile"),
        (("equilibria", "stein_2019"), "has 2 phases, so its rates change with time"),
        (("equilibria", "kimmel_2021", "--out", "x.svg"), "add --sweep"),
        (("equilibria", "kimmel_2021", "--state", "cra"), "unknown state 'cra'"),
        (("equilibria", "kimmel_2021", "--input", "drug"), "sets nothing; expected name=value"),
        (("threshold", "kimmel_2021", "--vary", "kill", "--range", "1..2"), "the threshold needs --outcome"),
        (("threshold", "kimmel_2021", "--vary", "kill", "--outcome", "car_t:cmax > 1"), "the threshold needs --range"),
        (("threshold", "kimmel_2021", "--outcome", "car_t:cmax > 1", "--range", "1..2"), "say what is searched"),
        (
            ("threshold", "kimmel_2021", "--vary", "kill", "--outcome", "car_t:cmax>1", "--range", "1..2"),
            "--outcome 'car_t:cmax>1' cannot be read",
        ),
        (("threshold", "kimmel_2021", "--vary", "kill", "--outcome", "cmax > 1", "--range", "1..2"), "names no output"),
        (
            ("threshold", "kimmel_2021", "--vary", "normal_0", "--outcome", "tumour_volume:nadir < 1e-7", "--range", "50..90"),
            "brackets the threshold",
        ),
        (("virtual", "kimmel_2021", "--around", "0.1"), "nothing is asked of the virtual patients"),
        (
            ("virtual", "kimmel_2021", "--around", "0.1", "--proposals", "50", "--require", "kill > 9"),
            "'kill > 9' accepts none of 50 proposals",
        ),
        (("virtual", "kimmel_2021", "--around", "0.1", "--require", "kil > 9"), "unknown parameter 'kil'; did you mean kill"),
        (("virtual", "kimmel_2021", "--around", "0.1", "--require", "kill"), "compares nothing"),
        (("virtual", "kimmel_2021", "--around", "0.1", "--require", "abs(kill) > 1"), "may hold parameters, numbers"),
        (("virtual", "kimmel_2021", "--around", "0.1", "--require", "kill ** 2 > 1"), "may hold parameters, numbers"),
        (("virtual", "kimmel_2021", "--around", "0.1", "--target", "mode car_t:cmax = 1"), "--target 'mode car_t:cmax = 1' cannot be read"),
        (("compare", "kimmel_2021"), "a comparison needs two models or more"),
        (("compare", "kimmel_2021", "stein_2019", "--burden", "lots"), "--burden 'lots' cannot be read"),
        (("compare", "kimmel_2021", "stein_2019", "--dose", "1e8"), "--dose '1e8' cannot be read"),
        (("models", "--diagram", "x.svg"), "--diagram draws one model; name it"),
        (("models", "kimmel_2021", "--diagram", "x.gif"), "unknown diagram format 'gif'"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(refused, tmp_path: Path, monkeypatch, arguments: tuple[str, ...], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in refused(*arguments)
    assert list(tmp_path.iterdir()) == []
