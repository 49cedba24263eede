"""`autologue survival`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_lung
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time

from autologue.survival import CURE, PARAMETRIC, SPLINES, Weibull, fit_survival, read_adtte, time_to_event

MONTH = 30.4375  # days


@pytest.fixture(scope="module")
def lung() -> pd.DataFrame:
    """228 patients with lung cancer, in months, by sex."""
    table = load_lung()
    sex = np.where(table["sex"] == 1, "men", "women")
    return pd.DataFrame({"time": table["time"] / MONTH, "status": table["status"], "arm": sex, "age": table["age"]})


@pytest.fixture
def file(lung: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "lung.csv"
    lung.to_csv(path, index=False)
    return path


def analysed(autologue: Callable, tmp_path: Path, *arguments: object) -> dict:
    out = tmp_path / "found.json"
    done = autologue("survival", *arguments, "--json", out)
    assert done.exit_code == 0, done.output
    return json.loads(out.read_text())


def test_what_is_observed_agrees_with_lifelines(autologue, file: Path, lung: pd.DataFrame, tmp_path: Path) -> None:
    found = analysed(autologue, tmp_path, file, "--families", "none", "--milestones", "6,12", "--covariate", "age")
    men, women = (lung[lung["arm"] == arm] for arm in ("men", "women"))
    test = logrank_test(men["time"], women["time"], men["status"], women["status"])
    assert found["log_rank"]["chi_square"] == pytest.approx(test.test_statistic)
    for name, own in (("men", men), ("women", women)):
        peer = KaplanMeierFitter().fit(own["time"], own["status"])
        arm = found["arms"][name]
        assert arm["median"]["estimate"] == pytest.approx(peer.median_survival_time_)
        assert [row["estimate"] for row in arm["milestones"]] == pytest.approx(peer.predict([6, 12]).tolist())
        assert [row["at_risk"] for row in arm["numbers_at_risk"]] == [(own["time"] >= row["time"]).sum() for row in arm["numbers_at_risk"]]
        peer_mean = restricted_mean_survival_time(peer, t=found["restricted_mean_to"])
        assert arm["restricted_mean"]["estimate"] == pytest.approx(peer_mean)
    assert set(found["cox"]["terms"]) == {"arm women", "age"}


def test_every_family_is_side_by_side(autologue, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    event, end = np.where(rng.random(150) < 0.4, np.inf, 6 * rng.weibull(1.3, 150)), rng.uniform(24, 48, 150)
    frame = pd.DataFrame({"time": np.minimum(event, end), "status": (event <= end).astype(int)})
    frame.to_csv(tmp_path / "cured.csv", index=False)
    found = analysed(autologue, tmp_path, tmp_path / "cured.csv", "--milestones", "12,24", "--horizon", "60")
    fits = found["arms"]["all"]["fits"]
    assert {row["key"] for row in fits} == {*PARAMETRIC, *SPLINES, *CURE}
    settled = [row["aic"] for row in fits if row["converged"]]
    assert settled == sorted(settled)
    assert [row["converged"] for row in fits] == sorted((row["converged"] for row in fits), reverse=True)
    weibull = next(row for row in fits if row["key"] == "weibull")
    fit = fit_survival(time_to_event(frame), Weibull())
    assert (weibull["aic"], weibull["bic"]) == pytest.approx((fit.aic, fit.bic))
    assert weibull["survival_24"] == pytest.approx(float(fit.survival(np.array([24.0]))[0]))
    assert weibull["mean"] == pytest.approx(fit.restricted_mean(60), rel=1e-3)
    assert weibull["survival_24_lower"] < weibull["survival_24"] < weibull["survival_24_upper"]
    assert next(row for row in fits if row["key"] == "mixture-weibull")["natural"]["cure_fraction"] == pytest.approx(0.4, abs=0.1)


def test_bootstrap_gives_other_intervals_and_the_seed_repeats_them(autologue, file: Path, tmp_path: Path) -> None:
    rules = ["--families", "weibull", "--milestones", "12", "--bootstrap", "50"]
    first, again, other = (analysed(autologue, tmp_path, file, *rules, "--seed", seed)["arms"]["men"]["fits"][0] for seed in (1, 1, 2))
    assert first == again
    assert first["survival_12"] == other["survival_12"]
    assert first["survival_12_lower"] != other["survival_12_lower"]


def test_adtte_is_written_and_known_again(autologue, file: Path, lung: pd.DataFrame, tmp_path: Path) -> None:
    adtte = tmp_path / "adtte.parquet"
    written = analysed(autologue, tmp_path, file, "--families", "none", "--adtte", "OS", "--write-adtte", adtte)
    table = pd.read_parquet(adtte)
    assert (table["CNSR"] == 1 - lung["status"]).all()
    assert len(read_adtte(table, parameter="OS")) == len(lung)
    read = analysed(autologue, tmp_path, adtte, "--families", "none")
    assert read["arms"]["men"]["kaplan_meier"] == written["arms"]["men"]["kaplan_meier"]
    days = analysed(autologue, tmp_path, adtte, "--families", "none", "--unit", "day")
    assert days["arms"]["men"]["median"]["estimate"] == pytest.approx(written["arms"]["men"]["median"]["estimate"] * MONTH)


def test_the_reference_arm_turns_the_comparison_round(autologue, file: Path, tmp_path: Path) -> None:
    men, women = (analysed(autologue, tmp_path, file, "--families", "none", "--reference", arm) for arm in ("men", "women"))
    assert men["cox"]["terms"]["arm women"]["estimate"] == pytest.approx(-women["cox"]["terms"]["arm men"]["estimate"])
    one, other = men["restricted_mean_difference"]["women"], women["restricted_mean_difference"]["men"]
    assert one["estimate"] == pytest.approx(-other["estimate"])
    assert one["lower"] == pytest.approx(-other["upper"])


def test_the_figure_holds_medians_numbers_at_risk_and_the_ratio(autologue, file: Path, tmp_path: Path) -> None:
    figure = tmp_path / "km.svg"
    assert autologue("survival", file, "--families", "none", "--figure", figure).exit_code == 0
    text = figure.read_text(encoding="utf-8")
    for said in (
        "At risk",
        "men: 112 events in 138, median 8.87 (95 % CI 6.90–10.05) months",
        "hazard ratio 0.59 (95 % CI",
        "Log-rank p = 0.0013",
    ):
        assert said in text


def test_the_report_is_complete_in_itself(autologue, file: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = autologue("survival", file, "--families", "parametric,mixture-weibull", "--milestones", "12,24", "--out", page)
    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    assert text.count("<figure>") == 3  # Kaplan-Meier, and the fits of each arm
    assert "At risk" in text
    assert "http" not in text.replace("https://doi.org/", "")
    assert "Log-rank test: chi-square" in text
    assert "mixture cure, Weibull" in text


def test_statuses_in_words(autologue, lung: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    words = lung.assign(state=lung["status"].map({0: "alive ", 1: "dead"})).rename(columns={"time": "months"})
    words.drop(columns=["status", "arm"]).to_csv(path, index=False)
    rules = ["--time", "months", "--status", "state", "--codes", "alive=censored,dead=death", "--families", "none"]
    assert analysed(autologue, tmp_path, path, *rules)["events"] == int(lung["status"].sum())


def test_a_cure_model_without_a_plateau_warns_in_words(autologue, tmp_path: Path) -> None:
    times = np.random.default_rng(1).exponential(10, 80)
    pd.DataFrame({"time": np.minimum(times, 8), "status": (times < 8).astype(int)}).to_csv(tmp_path / "short.csv", index=False)
    done = autologue("survival", tmp_path / "short.csv", "--families", "mixture-weibull")
    assert done.exit_code == 0
    assert "no plateau" in done.stderr


def test_an_arm_without_events_is_told_and_the_others_are_fitted(autologue, tmp_path: Path) -> None:
    frame = pd.DataFrame({"time": [1.0, 2, 3, 4, 5, 6], "status": [1, 1, 1, 0, 0, 0], "arm": list("aaabbb")})
    frame.to_csv(tmp_path / "few.csv", index=False)
    found = analysed(autologue, tmp_path, tmp_path / "few.csv", "--families", "exponential", "--out", tmp_path / "few.html")
    assert found["arms"]["b"]["fits"] == []
    assert any("no event" in note for note in found["notes"])
    assert found["arms"]["a"]["fits"][0]["natural"]["rate"] == pytest.approx(3 / 6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--families", "weibul"], "did you mean weibull"),
        (["--milestones", "12,x"], "like 12,24"),
        (["--milestones", "12", "--horizon", "6"], "outside 0 to the horizon"),
        (["--horizon", "-1"], "above zero"),
        (["--time", "months"], "unknown column 'months'"),
        (["--arm", "sex"], "unknown column 'sex'"),
        (["--reference", "man"], "unknown arm 'man'; did you mean men"),
        (["--figure", "km.gif"], "expected .svg, .pdf or .png"),
        (["--codes", "0=censored"], "names no event"),
        (["--codes", "dead"], "expected status=cause"),
        (["--codes", "0=censored,2=death"], "not a declared status"),
        (["--unit", "copies"], "the unit of time is 'copies'"),
        (["--out", "page.pdf"], "ends in .html"),
        (["--out", "no/such/folder/page.html"], "does not exist"),
        (["--write-adtte", "a.xpt"], "expected .csv or .parquet"),
        (["--write-adtte", "a.csv", "--adtte", "OVERALLSURVIVAL"], "eight"),
    ],
)
def test_bad_options_are_one_sentence(refused: Callable[..., str], file: Path, arguments: list[str], said: str) -> None:
    assert said in refused("survival", file, *arguments)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("time,status\n-1,1\n", "row 1, column 'time'"),
        ("time,status\n1,2\n", "status"),
        ("time,status\n1,1\nx,1\n", "row 2, column 'time'"),
        ("time,status\n", "no rows"),
        ("", "empty"),
        ("time;status\n1;1\n", "separated by semicolons"),
        ("time,status\n0,0\n0,0\n", "nobody is followed beyond time zero"),
        ("USUBJID,PARAMCD,AVAL,CNSR\n1,OS,3,0\n1,PFS,2,0\n", "say which one"),
    ],
)
def test_bad_files_are_one_sentence(refused: Callable[..., str], tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bad.csv").write_text(content)
    line = refused("survival", tmp_path / "bad.csv")
    assert said in line
    assert "bad.csv" in line
    assert "cannot be read" in refused("survival", tmp_path / "absent.csv")
