"""`autologue uncertainty` and `autologue screen`, on a fit of lines whose model is a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autologue.fit import FOCEI, fit, load_fit
from autologue.patient import Cohort, Observations, Patient
from autologue.qualify.usermodel import load_user_model

MODEL = '''
"""A level for each patient."""
from autologue import *
MODEL = Model(
    name="level", time="day", states=dict(y=State("1")),
    parameters=dict(mu=Parameter(5.0, "1", "the level", Normal(sd=1.0), "made up")),
    initial=lambda p: dict(y=p.mu), phases=[Phase(lambda y, p: dict(y=0.0 * y.y))],
    outputs=dict(y=Output(lambda y: y.y, "1", Constant(sd=0.5))), closed_form=lambda t, p: dict(y=p.mu + 0.0 * t), reference="made up",
)
'''


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A fit of thirty patients whose level depends on x, and the file of its model."""
    folder = tmp_path_factory.mktemp("fitted")
    (folder / "level.py").write_text(MODEL)
    rng, times = np.random.default_rng(2), np.arange(4.0)
    x, off = rng.normal(0, 1, 30), rng.normal(0, 0.5, 30)
    people = [
        Patient(
            id=str(k), covariates=dict(x=float(x[k]), w=float(rng.uniform(50, 90))),
            observations={"y": Observations(times, 5 + x[k] + off[k] + rng.normal(0, 0.5, 4), unit="1")},
        )
        for k in range(30)
    ]  # fmt: skip
    fit(Cohort(tuple(people), "levels"), load_user_model(str(folder / "level.py")), method=FOCEI(probes=0)).save(folder / "fit.json")
    return folder / "fit.json", folder / "level.py"


def test_a_bootstrap_is_the_same_for_any_processes_and_goes_on(autologue: Callable[..., object], saved, tmp_path: Path) -> None:
    page, model = saved
    same = ["uncertainty", page, "--model", model, "--replicates", 6, "--json"]
    one = autologue(*same, "--workers", 1, "--keep", tmp_path / "boot.jsonl")
    assert one.exit_code == 0, one.output
    two = autologue(*same, "--workers", 2, "--table", tmp_path / "t.csv")
    assert json.loads(one.stdout) == json.loads(two.stdout)
    again = autologue(*same, "--workers", 1, "--keep", tmp_path / "boot.jsonl")
    assert again.stdout == one.stdout
    table = pd.read_csv(tmp_path / "t.csv", index_col="name")
    assert table.loc["mu", "lower"] < table.loc["mu", "estimate"] < table.loc["mu", "upper"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--method", "profile", "--estimate", "mu"], "by the likelihood of FOCEI"),
        (["--method", "sir", "--draws", 100], "of 100 draws count"),
        (["--method", "parametric", "--replicates", 3], "parametric, 95 % intervals"),
    ],
)
def test_the_other_methods(autologue: Callable[..., object], saved, options, said) -> None:
    done = autologue("uncertainty", saved[0], "--model", saved[1], "--workers", 1, *options)
    assert done.exit_code == 0, done.output
    assert said in " ".join(done.output.split())


def test_a_search_finds_the_covariate_and_saves_the_model(autologue: Callable[..., object], saved, tmp_path: Path) -> None:
    done = autologue(
        "screen", saved[0], "--model", saved[1], "--covariate", "mu=x,w", "--workers", 1, "--save", tmp_path / "final.json",
        "--keep", tmp_path / "s.jsonl",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "The search ends with x on mu" in " ".join(done.output.split())
    final = load_fit(tmp_path / "final.json", model=load_user_model(str(saved[1])))
    assert [e.covariate for e in final.start.effects] == ["x"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["uncertainty", "--method", "bootstrp"], "did you mean bootstrap"),
        (["uncertainty", "--table", "t.txt"], "expected a name that ends in .csv"),
        (["screen", "--covariate", "mu"], "--covariate 'mu' names no covariate"),
        (["screen", "--criterion", "aic"], "unknown criterion 'aic'"),
        (["screen", "--covariate", "mu=y"], "unknown covariate of the cohort 'y'"),
        (["screen"], "no covariate is to be tried"),
    ],
)
def test_mistakes(autologue: Callable[..., object], saved, arguments, said) -> None:
    done = autologue(arguments[0], saved[0], "--model", saved[1], *arguments[1:])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
