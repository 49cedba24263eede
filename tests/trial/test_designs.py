"""Designs: two stages against enumeration by hand, bounds against simulation, the log-rank test against lifelines, files and command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lifelines.statistics import logrank_test
from scipy.stats import binom
from typer.testing import CliRunner

from autologue.cli import app
from autologue.errors import InputError
from autologue.outcomes.arrays.observe import EVENT
from autologue.trial import load_protocol
from autologue.trial.designs import (
    SurvivalDesign,
    TwoStage,
    crossing_probabilities,
    logrank_by_replicate,
    minimax_two_stage,
    obrien_fleming_spent,
    operate,
    optimal_two_stage,
    read_design,
    spending_bounds,
)
from autologue.trial.replicate import plan_course, replicate_course
from autologue.trial.statistics import endpoint_times

DESIGNS = Path(__file__).resolve().parents[2] / "examples" / "designs"


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_a_two_stage_design_passes_as_often_as_its_definition_says(rate: float) -> None:
    design = TwoStage(1, 12, 5, 35)
    by_hand = sum(
        binom.pmf(first, 12, rate) * binom.pmf(second, 23, rate)
        for first in range(2, 13) for second in range(24) if first + second > 5
    )  # fmt: skip
    assert design.passing(rate) == pytest.approx(by_hand, abs=1e-12)
    assert design.patients(rate) == pytest.approx(12 + 23 * (1 - binom.cdf(1, 12, rate)))


def test_optimal_expects_fewer_and_minimax_needs_fewer() -> None:
    asked = {"poor": 0.2, "good": 0.45, "alpha": 0.05, "beta": 0.2, "largest": 40}
    optimal, minimax = optimal_two_stage(**asked), minimax_two_stage(**asked)
    assert minimax.total <= optimal.total
    assert optimal.patients(0.2) <= minimax.patients(0.2)
    for found in (optimal, minimax):
        assert found.passing(0.2) <= 0.05
        assert found.passing(0.45) >= 0.8
    with pytest.raises(InputError, match="no two-stage design of up to 5 patients"):
        optimal_two_stage(poor=0.2, good=0.4, alpha=0.05, beta=0.1, largest=5)
    with pytest.raises(InputError, match="0 < poor < good < 1"):
        minimax_two_stage(poor=0.5, good=0.4, alpha=0.05, beta=0.1)


@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_crossing_is_as_often_as_in_simulated_walks(drift: float) -> None:
    looks = np.array([0.3, 0.7, 1.0])
    bounds = spending_bounds(looks.tolist(), obrien_fleming_spent(looks.tolist(), alpha=0.05))
    steps = np.diff(looks, prepend=0.0)
    walks = np.cumsum(np.random.default_rng(3).normal(drift * steps, np.sqrt(steps), (200_000, 3)), axis=1) / np.sqrt(looks)
    over = walks >= bounds
    simulated = [(over[:, k] & ~over[:, :k].any(axis=1)).mean() for k in range(3)]
    assert crossing_probabilities(looks, bounds, drift=drift) == pytest.approx(simulated, abs=0.005)
    assert crossing_probabilities(looks, bounds).sum() == pytest.approx(0.05, abs=1e-7)
    with pytest.raises(InputError, match="rising numbers"):
        spending_bounds([0.5, 0.5], np.array([0.01, 0.02]))


def test_the_log_rank_statistic_is_that_of_lifelines() -> None:
    random = np.random.default_rng(11)
    time, event, given = random.exponential(size=(3, 60)), random.random((3, 60)) < 0.7, random.random((3, 60)) < 0.5
    time[0, :5] = np.nan
    z, _ = logrank_by_replicate(time, event, given)
    for k in range(3):
        keep = np.isfinite(time[k])
        t, e, g = time[k][keep], event[k][keep], given[k][keep]
        assert z[k] ** 2 == pytest.approx(logrank_test(t[g], t[~g], e[g], e[~g]).test_statistic)


def test_a_trial_stops_at_its_events_and_waiting_chooses_who_is_infused() -> None:
    protocol = load_protocol(str(DESIGNS / "zuma_7.toml"))
    trial = replicate_course(plan_course(protocol, seed=1, uncertain=False), 6)
    design = SurvivalDesign("event_free_survival", "car", "standard", 200, (1.0,), 0.025)
    found = operate(trial, design, arms=list(protocol.arms))
    assert found.events == 200
    assert found.reached == 1.0
    assert 0 < found.lost < 0.3
    assert 0 < found.crossed < 1
    assert found.infused_ratio < found.hazard_ratio
    with pytest.raises(InputError, match="arm 'cars' is not in the protocol"):
        operate(trial, SurvivalDesign("event_free_survival", "cars", "standard", 200, (1.0,), 0.025), arms=list(protocol.arms))


@pytest.mark.parametrize("path", sorted(DESIGNS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_randomised_design_gives_its_endpoints_in_both_arms(path: Path) -> None:
    """The second-line and earlier-line designs of the reference, crossover switched on and off, each with the estimand of its trial."""
    protocol = load_protocol(str(path))
    trial = replicate_course(plan_course(protocol, seed=4, uncertain=True), 2)
    assert not trial.table.failed.any()
    shares = np.bincount(trial.table.arm) / len(trial.table)
    assert shares == pytest.approx([arm.share for arm in protocol.arms.values()], abs=0.08)
    assert np.isfinite(trial.table.crossover).any()
    for name in trial.estimands:
        found = endpoint_times(trial, name)
        for arm in range(2):
            own = trial.table.arm == arm
            assert found.known[own].all(), name
            assert 0.02 < (found.status[own] == EVENT).mean() < 1.0, name
    off = replace(protocol, arms={name: replace(arm, crossover=None) for name, arm in protocol.arms.items()})
    alone = replicate_course(plan_course(off, seed=4, uncertain=True), 2)
    assert not np.isfinite(alone.table.crossover).any()
    np.testing.assert_array_equal(alone.table.infusion, trial.table.infusion)


def test_arms_alike_succeed_as_often_as_the_error_allows() -> None:
    protocol = load_protocol(str(DESIGNS / "second_line" / "no_difference.toml"))
    trial = replicate_course(plan_course(protocol, seed=2, uncertain=False), 100)
    found = operate(trial, read_design(DESIGNS / "second_line" / "design.toml").design, arms=list(protocol.arms))
    assert found.success <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 100)
    assert found.hazard_ratio == pytest.approx(1.0, abs=0.05)
    assert found.error > 0
    assert np.isnan(found.infused_ratio)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("looks = [0.6, 1.0]", "looks = [0.6, 0.9]", "rising fractions of the events that end with 1"),
        ("events = 250", "events = true", "a whole number of events"),
        ("alpha = 0.025", "alpha = 0.7", "a one-sided error"),
        ("endpoint =", "endpoints =", "'endpoints'; did you mean endpoint"),
        ("slow.toml", "slowest.toml", "there is no protocol file slowest.toml"),
        ("[design]", "[designs]", "unknown key 'designs'; did you mean design"),
        ("alpha = 0.025", "alpha", "cannot be read as a design"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = (DESIGNS / "second_line" / "design.toml").read_text(encoding="utf-8")
    assert old in text
    for name in ("no_difference.toml", "slow.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "zuma_7.toml").write_text("", encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("../zuma_7", "zuma_7").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_design(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_prints_every_scenario() -> None:
    done = CliRunner().invoke(app, ["design", str(DESIGNS / "second_line" / "design.toml"), "--replicates", "4"])
    assert done.exit_code == 0, done.output
    for words in ("no difference", "slow", "One-sided error 0.025", "not a medical device"):
        assert words in " ".join(done.output.split())
