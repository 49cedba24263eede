"""`autologue fit`: small and quick here; whether the estimates are right is tested with the estimators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue import seeds
from autologue.cli.reading import find_model
from autologue.engine.closed import closed_form
from autologue.fit import load_fit
from autologue.library import populations

VISITS = np.array([3.0, 7.0, 14.0, 28.0, 90.0, 180.0])
LIMIT = 100.0
QUICK = """
model = "stein_2019:variance"
seed = 3
fixed = ["omega_beta"]
[bounds]
alpha = [0.01, 1.0]
[settings]
exploration = 8
smoothing = 8
samples = 20
draws = 200
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten patients of Stein 2019, censored below 100 copies/ug."""
    people = populations("stein_2019")["variance"].sample(10, seed=1)
    eps = seeds.normals(1, seeds.Purpose.RESIDUAL, people.ids, len(VISITS))
    values = closed_form(people.model, people.parameters, times=VISITS)[:, :, 0] * np.exp(0.5 * eps)
    table = pd.DataFrame({"ID": np.repeat(np.arange(1, 11), len(VISITS)), "TIME": np.tile(VISITS, 10), "DV": values.ravel().round(2)})
    path = tmp_path_factory.mktemp("fit") / "study.csv"
    table.assign(CENS=(table["DV"] < LIMIT).astype(int), DV=table["DV"].clip(lower=LIMIT), LLOQ=LIMIT).to_csv(path, index=False)
    return path


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    path = tmp_path / "fit.toml"
    path.write_text(QUICK)
    return path


UNITS = ("--unit", "transgene=copies/ug", "--unit", "time=day")


def test_it_shows_estimates_and_writes_what_was_asked(autologue: Callable[..., object], study: Path, quick: Path, tmp_path: Path) -> None:
    page, saved, table = tmp_path / "a.html", tmp_path / "a.json", tmp_path / "a.csv"
    what = ["--settings", quick, "--start", "t_max=10", "--simulations", 100, "--out", page, "--save", saved, "--table", table]
    done = autologue("fit", study, *UNITS, *what)
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    said = done.output  # type: ignore[attr-defined]
    for words in ("in copies/ug", "10 patients, SAEM", "omega_alpha", "AIC", "not a medical device", f"Written: {page}"):
        assert words in " ".join(said.split()), words
    fit = load_fit(saved)
    assert (fit.seed, fit.fixed, dict(fit.bounds)) == (3, ("omega_beta",), {"alpha": (0.01, 1.0)})
    assert fit.start.typical["t_max"] == 10.0
    pd.testing.assert_frame_equal(pd.read_csv(table, index_col="name"), fit.table, check_names=False, check_dtype=False)
    html = page.read_text(encoding="utf-8")
    for words in ("8 iterations of at most 8", "Individual fits, every patient", "Shrinkage", "open triangles: censored", "SAEM",
                  "Correlations of random effects", "Standard errors on the scale of estimation", "middle 90 % of"):
        assert words in html, words
    assert "http" not in html.replace("https://doi.org/", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "stien_2019"], "did you mean stein_2019"),
        (["--model", "stein_2019:varience"], "did you mean variance"),
        (["--method", "seam"], "unknown method 'seam'; did you mean saem"),
        (["--start", "t_max"], "--start 't_max' names no value"),
        (["--start", "t_max=soon"], "--start t_max"),
        (["--bound", "alpha=1"], "expected name=lower,upper"),
        (["--out", "x.pdf"], "--out x.pdf: expected a name that ends in .html"),
        (["--save", "no/such/folder/x.json"], "does not exist"),
        (["--table", "x.txt"], "expected a name that ends in .csv or .parquet"),
    ],
)
def test_bad_options_are_one_sentence(refused: Callable[..., str], study: Path, quick: Path, arguments: list[str], said: str) -> None:
    assert said in refused("fit", study, *UNITS, "--settings", quick, *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--start", "tmax=3"], "did you mean t_max"),
        (["--start", "alpha=4"], "'alpha' starts at 4, outside its bounds 0.01 to 1"),
        (["--bound", "alhpa=0.1,1"], "did you mean alpha"),
        (["--fixed", "omega_t"], "or omega_t_max"),
        (["--unit", "transgene=cells/uL"], "cells/uL"),
    ],
)
def test_what_cannot_be_fitted_leaves_no_file(
    autologue: Callable[..., object], study: Path, quick: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    files = ["--out", tmp_path / "a.html", "--save", tmp_path / "a.json", "--table", tmp_path / "a.csv"]
    done = autologue("fit", study, *UNITS, "--settings", quick, *files, *arguments)
    assert done.exit_code == 2, done.output  # type: ignore[attr-defined]
    *_, line = done.stderr.splitlines()  # type: ignore[attr-defined]
    assert line.startswith("autologue: ")
    assert said in line
    assert [path.name for path in tmp_path.iterdir()] == ["fit.toml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modle = 'stein_2019'", "did you mean model"),
        ("model = ", "cannot be read as TOML"),
        ("model = 3", "model"),
        ("seed = 'x'", "seed"),
        ("free = 'alpha'", "free"),
        ("[start]\nt_max = 'x'", "start.t_max"),
        ("[bounds]\nalpha = 1", "bounds.alpha"),
        ("[settings]\nchians = 3", "unknown setting of saem 'chians'; did you mean chains"),
        ("[settings]\nchains = 'three'", "chains"),
        ("[settings]\nexploration = 0", "whole number of at least 1"),
        ("[settings]\nchains = 3.5", "chains=3.5): expected a whole number"),
        ("[occasions]\nt_max = 0.2", "occasions.t_max"),
        ("[occasions]\nalpha = {cv = -1.0}", "alpha"),
        ("[occasions]\nalhpa = {sd = 0.2}", "did you mean alpha"),
        ("occasion_blocks = [['alpha', 'beta']]", "occasions"),
        ("method = 'focei'\n[settings]\nstarts = 0", "at least 1"),
    ],
)
def test_bad_settings_are_one_sentence(refused: Callable[..., str], study: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert said in refused("fit", study, *UNITS, "--model", "stein_2019", "--settings", path)
    assert "cannot be read as TOML" in refused("fit", study, "--settings", tmp_path / "absent.toml")


def test_without_a_model_it_says_what_to_do(refused: Callable[..., str], study: Path) -> None:
    assert "expected --model NAME" in refused("fit", study)


ORAL = '''
from autologue.functions import exp
from autologue.model import Dosing, Model, Output, Parameter, Phase, State
from autologue.variability import LogNormal, Proportional

MODEL = Model(
    name="crossing",
    time="hour",
    states=dict(amount=State("mg", "drug", absolute=1e-9)),
    parameters=dict(
        k=Parameter(0.2, "1/hour", "rate", LogNormal(sd=0.3), "assumed"), v=Parameter(5.0, "L", "volume", LogNormal(sd=0.2), "assumed")
    ),
    initial=lambda: dict(amount=0.0),
    phases=[Phase(lambda y, p: dict(amount=-p.k * y.amount))],
    outputs=dict(concentration=Output(lambda y, p: y.amount / p.v, "mg/L", Proportional(cv=0.15))),
    dosing=dict(vein=Dosing("amount", "mg")),
    reference="a test",
)
'''


@pytest.fixture
def crossover(tmp_path: Path) -> tuple[Path, Path]:
    """Twelve patients, two doses in two occasions, and the file of their model."""
    model = tmp_path / "crossing.py"
    model.write_text(ORAL)
    rows = []
    random = np.random.default_rng(6)
    for k in range(1, 13):
        rate, left = 0.2 * np.exp(0.3 * random.standard_normal()), 0.0
        volume = 5.0 * np.exp(0.2 * random.standard_normal())
        for occasion in (1, 2):
            own, begin = rate * np.exp(0.25 * random.standard_normal()), 24.0 * (occasion - 1)
            rows.append((k, begin, ".", 100, 1, occasion))
            left += 100.0
            for hours in (1.0, 4.0, 8.0, 12.0):
                y = left * np.exp(-own * hours) / volume * (1 + 0.15 * random.standard_normal())
                rows.append((k, begin + hours, f"{y:.4f}", ".", 0, occasion))
            left *= np.exp(-own * 24.0)
    path = tmp_path / "crossover.csv"
    pd.DataFrame(rows, columns=["ID", "TIME", "DV", "AMT", "EVID", "OCC"]).to_csv(path, index=False)
    return path, model


def test_occasions_and_several_starts(autologue: Callable[..., object], crossover: tuple[Path, Path], tmp_path: Path) -> None:
    data, model = crossover
    saved, page = tmp_path / "fit.json", tmp_path / "fit.html"
    units = ("--unit", "concentration=mg/L", "--unit", "vein=mg", "--unit", "time=hour")
    what = ("--method", "focei", "--occasion", "k.cv=0.2", "--starts", 2, "--simulations", 100, "--save", saved, "--out", page)
    done = autologue("fit", data, "--model", model, *units, *what)
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    assert "gamma_k" in done.output  # type: ignore[attr-defined]
    assert "Distinct optima of 2 starts" in done.output  # type: ignore[attr-defined]
    found = load_fit(saved, model=find_model(str(model)))
    assert [len(p.occasions) for p in found.cohort] == [1] * 12
    assert 0.1 < found.table.estimate["gamma_k"] < 0.5
    assert "gamma_k" in page.read_text()
    assert "k_occasion_2" in page.read_text()
    settings = tmp_path / "fit.toml"
    settings.write_text("[occasions]\nk = {sd = 0.2}\nv = {sd = 0.2}\n[settings]\nprobes = 0\n")
    again = autologue("fit", data, "--model", model, *units, "--method", "focei", "--settings", settings)
    assert "gamma_v" in again.output  # type: ignore[attr-defined]
