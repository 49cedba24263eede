"""`autologue simulate`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue import library
from autologue.cli import console
from autologue.engine.summary import Area, Maximum
from autologue.results import Simulation
from autologue.simulate import simulate

OWN = """
from autologue.model import Model, Output, Parameter, Phase, State
MODEL = Model(
    name="own", time="hour", states=dict(drug=State("mg", "drug", absolute=1e-9)),
    parameters=dict(rate=Parameter({value}, "1/hour", "loss", None, "assumed"), start=Parameter(8.0, "mg", "start", None, "assumed")),
    initial=lambda p: dict(drug=p.start), phases=[Phase(lambda y, p: dict(drug=-p.rate * y.drug))],
    outputs=dict(amount=Output(lambda y: y.drug, "mg")), reference="a test", horizon=24.0)
"""


def test_it_prints_what_the_python_function_gives(autologue) -> None:
    done = autologue("simulate", "stein_2019", "--patients", 30, "--times", "0,7,28", "--seed", 3, "--summary", "cmax,auc0-28", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    population = library.populations("stein_2019")["sd"]
    summaries = [Maximum("transgene"), Area("transgene", 0, 28)]
    found = simulate(population, times=[0, 7, 28], patients=30, seed=3, summaries=summaries)
    assert said["status"] == {"solved": 30}
    assert said["quantiles"] == found.quantiles().to_dict("records")
    assert said["attributes"]["model_hash"] == found.data.attrs["model_hash"]
    medians = {row["summary"]: row["q50"] for row in said["summaries"]}
    assert medians["transgene_max"] == pytest.approx(float(found.data["transgene_max"].median()))
    assert set(medians) == {"transgene_max", "transgene_max_time", "transgene_auc_0_28"}


def test_it_prints_a_short_table(autologue) -> None:
    done = autologue("simulate", "leon_triana_2021", "--patients", 5)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("leukaemic") == 8
    assert "median" in done.stdout
    assert "5 patients: 5 solved" in done.stderr
    assert "Method: " in done.stderr


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".nc"])
def test_files_hold_the_simulation_and_say_how_it_was_made(autologue, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"found{ending}"
    done = autologue("simulate", "stein_2019", "--population", "variance", "--patients", 4, "--horizon", 28, "--every", 7, "--out", out)
    assert done.exit_code == 0, done.output
    expected = simulate(library.populations("stein_2019")["variance"], times=[0, 7, 14, 21, 28], horizon=28, patients=4).to_frame()
    read = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".nc": lambda path: Simulation.load(path).to_frame()}[ending](out)
    pd.testing.assert_frame_equal(read, expected)
    manifest = json.loads((tmp_path / f"found{ending}.manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert manifest["attributes"]["seed"] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"found{ending}", f"found{ending}.manifest.json"]


def test_the_same_run_writes_the_same_file(autologue, tmp_path: Path) -> None:
    for name in ("a.nc", "b.nc", "a.parquet", "b.parquet"):
        assert autologue("simulate", "stein_2019", "--patients", 4, "--times", "0,7", "--seed", 5, "--out", tmp_path / name).exit_code == 0
    for ending in ("nc", "parquet"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_what_does_not_fit_in_memory_is_streamed(autologue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    module = importlib.import_module("autologue.simulate")
    limits = iter([10.0, 1e9])
    refuse = module.Plan.refuse_above
    monkeypatch.setattr(module.Plan, "refuse_above", lambda plan, limit, patients, draws: refuse(plan, next(limits), patients, draws))
    out = tmp_path / "big.parquet"
    done = autologue("simulate", "stein_2019", "--patients", 6, "--times", "0,7", "--out", out)
    assert done.exit_code == 0, done.output
    assert len(pd.read_parquet(out)) == 12
    assert "6 patients: 6 solved" in done.stderr


def test_doses_settings_and_units(autologue) -> None:
    done = autologue("simulate", "hanson_2016", "--unit", "day", "--times", "0,10", "--set", "leukaemia_0=100", "--patients", 1, "--json")
    moved = json.loads(done.stdout)
    start = next(row["q50"] for row in moved["quantiles"] if row["output"] == "burden")
    assert start == pytest.approx(100.0)
    assert moved["attributes"]["time_unit"] == "day"
    dose = "1e3 cells/uL into helper at 1 over 0.5 every 2 times 2"
    done = autologue("simulate", "hanson_2016", "--unit", "day", "--times", "0,10", "--dose", dose, "--patients", 1, "--json")
    given = json.loads(done.stdout)["attributes"]["regimen"]
    assert "Infusion(time=1.0, amount=1000.0, duration=0.5" in given
    assert "every=2.0, additional=1" in given
    assert "time='day'" in given


def test_a_model_of_ones_own(autologue, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN.format(value="0.1"))
    done = autologue("simulate", tmp_path / "own.py", "--times", "0,10", "--patients", 1, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["quantiles"][1]["q50"] == pytest.approx(8 * np.exp(-1), rel=1e-5)


def test_the_terminal_says_that_a_kernel_is_compiled(autologue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOLOGUE_CACHE_DIR", str(tmp_path / "kernels"))
    (tmp_path / "own.py").write_text(OWN.format(value="0.1").replace("-p.rate * y.drug", "-0.12345 * p.rate * y.drug"))
    done = autologue("simulate", tmp_path / "own.py", "--times", "0,10", "--patients", 1)
    assert "compiling own" in done.stderr
    assert "compiled own in" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stien_2019"], "did you mean stein_2019"),
        (["stein_2019", "--population", "variances"], "did you mean variance"),
        (["stein_2019", "--set", "t_mx=3"], "did you mean t_max"),
        (["stein_2019", "--set", "t_max"], "expected name=value"),
        (["stein_2019", "--set", "t_max=nan"], "not a number"),
        (["stein_2019", "--patients", "0"], "0 patients"),
        (["stein_2019", "--patients", "-3"], "-3 patients"),
        (["stein_2019", "--times", "0,28,7"], "out of order"),
        (["stein_2019", "--times=-1,0"], "from the start"),
        (["stein_2019", "--times", "0,x"], "'x' is not a number"),
        (["stein_2019", "--times", "0,nan"], "not a number"),
        (["stein_2019", "--times", "none"], "add --summary"),
        (["stein_2019", "--times", "0,1", "--every", "1"], "exclude each other"),
        (["stein_2019", "--horizon", "nan"], "horizon"),
        (["stein_2019", "--every", "0"], "--every"),
        (["stein_2019", "--unit", "days"], "days"),
        (["stein_2019", "--unit", "mg"], "cannot be converted"),
        (["stein_2019", "--summary", "cmx"], "expected some of cmax"),
        (["stein_2019", "--summary", "transgen:cmax"], "did you mean transgene"),
        (["stein_2019", "--dose", "1e8 cells at 0"], "takes no doses"),
        (["kirouac_2023", "--dose", "lots"], "write it like '1e8 cells at 0'"),
        (["kirouac_2023", "--dose", "1e8 copies/ug at 0"], "cannot be converted"),
        (["kirouac_2023", "--dose", "-5 cells at 0"], "amount -5"),
        (["kirouac_2023", "--dose", "1e8 cells into vein at 0"], "vein"),
        (["hanson_2016", "--dose", "1 cells/uL at 0"], "add 'into cytotoxic'"),
        (["stein_2019", "--draws", "5"], "no uncertainty"),
        (["hanson_2016", "--residual"], "no residual error"),
        (["stein_2019", "--seed", "-1"], "seed"),
        (["stein_2019", "--out", "no/such/folder/x.csv"], "does not exist"),
        (["stein_2019", "--out", "x.xlsx"], "expected .parquet, .csv or .nc"),
        (["no_such_file.py"], "no such file"),
    ],
)
def test_bad_input_is_one_sentence(refused: Callable[..., str], arguments: list[str], said: str) -> None:
    assert said in refused("simulate", *arguments)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (('Parameter({value}, "1/hour", "loss", None', 'Parameter(0.1, "1/hour", "loss", 0.3'), "LogNormal(sd=0.3)"),
        (("Parameter({value}", "Parameter(float('nan')"), "finite number"),
        (('"1/hour"', '"1/hours"'), "hours"),
    ],
)
def test_a_bad_model_file_is_one_sentence(refused: Callable[..., str], tmp_path: Path, changed: tuple[str, str], said: str) -> None:
    (tmp_path / "own.py").write_text(OWN.replace(*changed).replace("{value}", "0.1"))
    assert said in refused("simulate", tmp_path / "own.py")


def test_an_output_that_cannot_be_written_is_refused_before_the_work(refused: Callable[..., str], tmp_path: Path) -> None:
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # root writes anywhere: a file in place of the folder is refused for everybody
        (tmp_path / "folder").write_text("")
        assert "does not exist" in refused("simulate", "stein_2019", "--out", tmp_path / "folder" / "x.csv")
    else:
        tmp_path.chmod(0o500)
        assert "cannot write" in refused("simulate", "stein_2019", "--out", tmp_path / "x.csv")


def test_an_interrupted_run_leaves_nothing(autologue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Simulation, "table", interrupt)
    done = autologue("simulate", "stein_2019", "--patients", 3, "--times", "0,1", "--out", tmp_path / "x.csv")
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == "autologue: interrupted; nothing was left half-written"
    assert list(tmp_path.iterdir()) == []


def test_the_unexpected_is_one_line_or_with_debug_a_traceback(autologue, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a\nfault")

    monkeypatch.setattr(console, "progress", fail)
    done = autologue("simulate", "stein_2019")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "autologue: unexpected RuntimeError: a fault; run 'autologue --debug ...' to see where, and please report it"
    ]
    assert isinstance(autologue("--debug", "simulate", "stein_2019").exception, RuntimeError)
