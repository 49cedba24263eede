"""Futility and two stages in a design: against rectangles of the normal distribution, exhaustive search, and whole trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal, norm
from typer.testing import CliRunner

from autologue.cli import app
from autologue.errors import InputError
from autologue.trial import load_protocol
from autologue.trial.designs import (
    Futility,
    SurvivalDesign,
    TwoStageDesign,
    bounds_with_futility,
    conditional_power,
    minimax_two_stage,
    operate,
    operate_two_stage,
    optimal_two_stage,
    predictive_power,
    read_design,
    spending_bounds,
    spent_error,
    stopping_probabilities,
)
from autologue.trial.replicate import plan_course, replicate_course

DESIGNS = Path(__file__).resolve().parents[2] / "examples" / "designs"
LOOKS = [0.3, 0.6, 1.0]


def rectangle(low: np.ndarray, high: np.ndarray, looks: list[float], drift: float) -> float:
    """The probability that the statistics of looks lie between bounds, by another integration (Genz)."""
    t = np.array(looks)
    cov = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    low, high = np.clip(low, -12, 12), np.clip(high, -12, 12)
    return float(
        multivariate_normal.cdf(high, mean=drift * np.sqrt(t), cov=cov, lower_limit=low, abseps=1e-7, releps=1e-7, maxpts=2_000_000)
    )


@pytest.mark.parametrize("binding", [True, False])
@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock", -2.0, 0.0])
def test_both_errors_are_spent_as_asked(binding: bool, spending: str | float) -> None:
    alpha, beta = spent_error(LOOKS, 0.025), spent_error(LOOKS, 0.15, spending=spending)
    found = bounds_with_futility(LOOKS, alpha, beta, binding=binding)
    assert found.lower[-1] == pytest.approx(found.upper[-1], abs=1e-8)
    assert (found.lower[:-1] < found.upper[:-1]).all()
    obeyed = found.lower if binding else np.full(3, -np.inf)
    for k in range(3):
        inside_low, inside_high = found.lower[:k], found.upper[:k]
        up = rectangle(np.append(obeyed[:k], found.upper[k]), np.append(inside_high, 12.0), LOOKS[: k + 1], 0.0)
        down = rectangle(np.append(inside_low, -12.0), np.append(inside_high, found.lower[k]), LOOKS[: k + 1], found.drift)
        assert up == pytest.approx(alpha[k] - (alpha[k - 1] if k else 0.0), abs=3e-6)
        assert down == pytest.approx(beta[k] - (beta[k - 1] if k else 0.0), abs=3e-6)


def test_bounds_that_bind_ask_less_and_must_be_obeyed() -> None:
    alpha, beta = spent_error(LOOKS, 0.025), spent_error(LOOKS, 0.1, spending=-2.0)
    bind, free = (bounds_with_futility(LOOKS, alpha, beta, binding=b) for b in (True, False))
    np.testing.assert_allclose(free.upper, spending_bounds(LOOKS, alpha), atol=1e-7)
    assert (bind.upper[1:] < free.upper[1:]).all()
    assert bind.drift < free.drift
    never = np.full(3, -np.inf)
    assert stopping_probabilities(LOOKS, free.upper, never)[0].sum() == pytest.approx(0.025, abs=1e-8)
    assert stopping_probabilities(LOOKS, free.upper, free.lower)[0].sum() < 0.0249
    assert stopping_probabilities(LOOKS, bind.upper, bind.lower)[0].sum() == pytest.approx(0.025, abs=1e-8)
    assert stopping_probabilities(LOOKS, bind.upper, never)[0].sum() > 0.0251
    for found in (bind, free):
        up, down = stopping_probabilities(LOOKS, found.upper, found.lower, drift=found.drift)
        assert (up.sum(), down.sum()) == (pytest.approx(0.9, abs=1e-8), pytest.approx(0.1, abs=1e-8))


def test_one_look_is_the_textbook() -> None:
    found = bounds_with_futility([1.0], np.array([0.025]), np.array([0.2]), binding=True)
    assert found.drift == pytest.approx(norm.ppf(0.975) + norm.ppf(0.8), abs=1e-8)
    design = SurvivalDesign("e", "a", "b", 380, (1.0,), 0.025, futility=Futility(0.2))
    assert design.hazard_ratio(design.bounds().drift) == pytest.approx(np.exp(-2 * found.drift / np.sqrt(380)))


def test_spending_is_that_of_its_formula() -> None:
    assert spent_error([0.5, 1.0], 0.1, spending=0.0).tolist() == [0.05, 0.1]
    np.testing.assert_allclose(spent_error([0.5], 0.1, spending=-4.0), 0.1 * (1 - np.exp(2.0)) / (1 - np.exp(4.0)))
    np.testing.assert_allclose(spent_error([0.5], 0.1, spending=1e-9), [0.05], rtol=1e-6)
    with pytest.raises(InputError, match="unknown spending 'pocok'; did you mean pocock"):
        spent_error([1.0], 0.1, spending="pocok")


def test_conditional_and_predictive_power_are_what_simulation_gives() -> None:
    rng = np.random.default_rng(4)
    n, t, z, bound = 400_000, 0.6, 1.1, 2.0
    score = z * np.sqrt(t) + rng.normal(3.0 * (1 - t), np.sqrt(1 - t), n)
    assert conditional_power(z, t, bound=bound, drift=3.0) == pytest.approx((score > bound).mean(), abs=0.003)
    drift = rng.normal(z / np.sqrt(t), 1 / np.sqrt(t), n)  # posterior of the drift under a flat prior
    score = z * np.sqrt(t) + rng.normal(drift * (1 - t), np.sqrt(1 - t))
    assert predictive_power(z, t, bound=bound) == pytest.approx((score > bound).mean(), abs=0.003)


def test_trials_without_an_effect_stop_for_futility_as_often_as_integration_says() -> None:
    plan = read_design(DESIGNS / "second_line" / "futility.toml")
    assert isinstance(plan.design, SurvivalDesign)
    protocol = load_protocol(str(DESIGNS / "second_line" / "no_difference.toml"))
    trial = replicate_course(plan_course(protocol, seed=5, uncertain=False), 300)
    found = operate(trial, plan.design, arms=list(protocol.arms))
    bounds = plan.design.bounds()
    up, down = stopping_probabilities(plan.design.looks, bounds.upper, bounds.lower)
    assert found.reached == 1.0
    for k in range(2):
        assert found.futile[k] == pytest.approx(down[k], abs=4 * np.sqrt(down[k] * (1 - down[k]) / 300))
    assert found.success <= up.sum() + 4 * np.sqrt(up.sum() / 300)
    assert found.ignoring >= found.success
    expected = plan.design.events * (np.array(plan.design.looks) * (up + down)).sum()
    assert found.events == pytest.approx(expected, abs=4 * 60 / np.sqrt(300))
    without = operate(trial, replace(plan.design, futility=None), arms=list(protocol.arms))
    assert without.futile.sum() == 0
    assert without.success == pytest.approx(found.ignoring)
    assert without.events > found.events


def exhaustive(poor: float, good: float, alpha: float, beta: float, largest: int, *, minimax: bool) -> tuple[int, int, int, int]:
    """Every design up to a size, from the binomial distribution of another library, without any short cut."""
    kept = []
    for total in range(2, largest + 1):
        for first in range(1, total):
            seen = np.arange(first + 1)
            for stop in range(first):
                goes = seen > stop
                for reject in range(stop, total):
                    size, power = (
                        float((binom.pmf(seen, first, p) * binom.sf(reject - seen, total - first, p))[goes].sum()) for p in (poor, good)
                    )
                    if size <= alpha and power >= 1 - beta:
                        expected = first + (1 - binom.cdf(stop, first, poor)) * (total - first)
                        kept.append(((total, expected) if minimax else (expected,), (stop, first, reject, total)))
    return min(kept)[1]


@pytest.mark.parametrize("errors", [(0.1, 0.5, 0.05, 0.1), (0.3, 0.7, 0.1, 0.1)])
def test_no_design_is_better_than_those_found(errors: tuple[float, float, float, float]) -> None:
    asked = dict(zip(("poor", "good", "alpha", "beta"), errors, strict=True))
    for make, minimax in ((optimal_two_stage, False), (minimax_two_stage, True)):
        found = make(**asked, largest=16)
        assert (found.stop, found.first, found.reject, found.total) == exhaustive(*errors, 16, minimax=minimax)


def test_whole_trials_pass_two_stages_as_often_as_the_binomial_says() -> None:
    protocol = load_protocol("juliet")
    stages = optimal_two_stage(poor=0.25, good=0.45, alpha=0.1, beta=0.1)
    design = TwoStageDesign("complete", "enrolment", 0.25, 0.45, 0.1, 0.1, stages)
    trial = replicate_course(plan_course(protocol, seed=6, uncertain=False, size=stages.total + 5), 600)
    found = operate_two_stage(trial, design)
    exact = stages.passing(found.rate)
    assert found.success == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 600) + 0.02)
    assert found.early == pytest.approx(stages.early(found.rate), abs=4 * 0.5 / np.sqrt(600))
    assert found.patients == pytest.approx(stages.patients(found.rate), abs=4 * 0.5 / np.sqrt(600) * (stages.total - stages.first))
    with pytest.raises(InputError, match=r"a replicate has \d+ patients in the set 'responders', fewer than"):
        operate_two_stage(trial, replace(design, among="responders"))
    with pytest.raises(InputError, match="variable 'cmax' is not yes or no in every patient"):
        operate_two_stage(trial, replace(design, endpoint="cmax"))


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("second_line/futility.toml", "beta = 0.1", "beta = 0.6", "design.futility.beta is 0.6; expected an error of the second kind"),
        ("second_line/futility.toml", "binding = false", "", "design.futility.binding is missing; expected true or false"),
        ("second_line/futility.toml", "spending = -2.0", 'spending = "pocok"', "expected obrien_fleming or pocock, or a number"),
        ("second_line/futility.toml", "[design.futility]", "[design.futile]", "unknown key in [design] 'futile'; did you mean futility"),
        ("two_stage/design.toml", 'kind = "optimal"', 'kind = "optimum"', "unknown kind 'optimum'; did you mean optimal"),
        ("two_stage/design.toml", 'endpoint = "complete"', 'endpoint = "complet"', "unknown endpoint 'complet'; did you mean complete"),
        ("two_stage/design.toml", 'among = "enrolment"', 'among = "enrolled"', "unknown among 'enrolled'"),
        ("two_stage/design.toml", "poor = 0.2\n", "", "two_stage.poor is missing; expected a response rate"),
        ("two_stage/design.toml", "good = 0.4", "good = 0.1", "two_stage.good is 0.1, not above poor (0.2)"),
        ("two_stage/design.toml", "poor = 0.2", "poor = 2", "two_stage.poor is 2; expected a response rate between 0 and 1"),
        (
            "two_stage/design.toml",
            "largest = 60",
            "largest = 8",
            "two_stage.largest: no two-stage design of up to 8 patients",
        ),
        ("two_stage/design.toml", "largest = 60", "largest = 1000", "a whole number of patients, at most 200"),
        ("two_stage/design.toml", "[two_stage]", "[design]\n[two_stage]", "has both [design] and [two_stage]; expected one of them"),
        ("two_stage/design.toml", '"zuma_1"', '"zuma_one"', "there is no protocol file zuma_one beside it; expected a TOML file, or one"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path: Path, name: str, old: str, new: str, sentence: str) -> None:
    text = (DESIGNS / name).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_design(path)
    assert sentence in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("second_line/futility.toml", ("futile", "bounds do not bind", "power is 0.9 at a hazard ratio of", "events expected")),
        ("second_line/overall_survival.toml", ("no crossover", "all bridged", "slow", "One-sided error 0.025")),
        ("two_stage/design.toml", ("salvage as in SCHOLAR-1", "Stop after 13 patients with at most 3 responses", "patients expected 20.6")),
    ],
)
def test_the_command_prints_every_kind_of_design(name: str, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["design", str(DESIGNS / name), "--replicates", "4"], env={"COLUMNS": "240"})
    assert done.exit_code == 0, done.output
    for each in words:
        assert each in " ".join(done.output.split()), each
    assert ("futil" in done.output.replace("success / futility", "")) == (name == "second_line/futility.toml")


def test_crossover_hides_survival() -> None:
    plan = read_design(DESIGNS / "second_line" / "overall_survival.toml")
    assert isinstance(plan.design, SurvivalDesign)
    ratios = {}
    for scenario in plan.scenarios[:2]:
        protocol = load_protocol(scenario.protocol)
        trial = replicate_course(plan_course(protocol, seed=8, uncertain=False), 40)
        found = operate(trial, plan.design, arms=list(protocol.arms))
        ratios[scenario.name] = found.hazard_ratio
        assert (found.crossed > 0) == (scenario.name == "as assumed")
    assert ratios["no crossover"] < ratios["as assumed"] - 0.1
