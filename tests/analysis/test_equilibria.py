"""Equilibria, sweeps and thresholds against models whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from analysis_models import ALLEE, FOLD, LOTKA, timed

from autologue import library
from autologue.analysis import At, DoseOf, Outcome, ParameterOf, Range, find_equilibria, find_threshold, sweep_equilibria
from autologue.engine.summary import FirstAbove, LastAbove
from autologue.errors import InputError, ModelError
from autologue.model import BirthDeath
from autologue.population import Parametric
from autologue.regimen import Bolus, Level, Regimen
from autologue.variability import LogNormal

GROWS = Outcome(At("x", 200.0), 50.0, above=True)
DOSE = DoseOf(Regimen(Bolus(0.0, 1.0, "1", "dose")))


def test_logistic_prey_and_predator_have_three_equilibria_with_known_eigenvalues() -> None:
    found = find_equilibria(LOTKA).found
    assert [(round(e.states["prey"], 6), round(e.states["predator"], 6)) for e in found] == [(0.0, 0.0), (50.0, 0.0), (20.0, 6.0)]
    assert [e.kind for e in found] == ["saddle", "saddle", "stable (spiral)"]
    assert sorted(found[0].eigenvalues.real) == pytest.approx([-0.4, 1.0])
    assert sorted(found[1].eigenvalues.real) == pytest.approx([-1.0, 0.6])  # gain * capacity - death
    trace, determinant = -1.0 * 20 / 50, 0.1 * 20 * 0.02 * 6
    assert found[2].eigenvalues[0] == pytest.approx(complex(trace / 2, np.sqrt(determinant - trace**2 / 4)), rel=1e-6)
    assert found[2].stable
    assert found[2].slowest == pytest.approx(trace / 2)


def test_bistable_growth_has_a_stable_zero_an_unstable_point_and_a_stable_capacity() -> None:
    found = find_equilibria(ALLEE)
    assert found.table()["x"].tolist() == pytest.approx([0.0, 3.0, 100.0])
    assert found.table()["kind"].tolist() == ["stable", "unstable", "stable"]
    assert found.table()["slowest"].tolist() == pytest.approx([-0.5, 0.5 * (1 - 3 / 100), -0.5 * (100 / 3 - 1)])
    moved = find_equilibria(ALLEE, settings=dict(allee=7.0))
    assert moved.table()["x"].tolist() == pytest.approx([0.0, 7.0, 100.0])
    assert moved.parameters["allee"] == 7.0


def test_the_same_equilibria_come_from_any_seed() -> None:
    for seed in range(5):
        assert find_equilibria(LOTKA, seed=seed).table()["prey"].to_numpy() == pytest.approx([0.0, 50.0, 20.0])


def test_states_that_may_be_negative_are_searched_on_both_sides() -> None:
    assert find_equilibria(FOLD, settings=dict(push=9.0)).table()["x"].tolist() == pytest.approx([-1.0, 5.0])


def test_a_sweep_finds_the_fold_and_the_exchange_of_stability() -> None:
    fold = sweep_equilibria(FOLD, "push", Range(-1.0, 1.0), points=20)
    (change,) = fold.changes.itertuples()
    assert change.lower <= 0.0 <= change.upper + 1e-9
    assert change.upper - change.lower < 1e-3
    assert change.change.startswith("appears:")
    right = fold.table[fold.table["value"] > 0.05]
    upper = right[right["stable"]]
    assert upper["x"].to_numpy() == pytest.approx(2 + np.sqrt(upper["value"]), rel=1e-6)
    lower = right[~right["stable"]]
    assert lower["x"].to_numpy() == pytest.approx(2 - np.sqrt(lower["value"]), rel=1e-6)
    exchange = sweep_equilibria(LOTKA, "capacity", Range(5.0, 80.0, logarithmic=True), points=20)
    (change,) = exchange.changes.itertuples()
    assert change.lower <= 20.0 <= change.upper  # where the predator can live: death / gain


def test_models_without_equilibria_are_told_why_not() -> None:
    with pytest.raises(ModelError, match="stein_2019 has 2 phases, so its rates change with time"):
        find_equilibria(library.load("stein_2019"))
    with pytest.raises(ModelError, match="names the time, so it has no equilibria"):
        find_equilibria(timed())
    with pytest.raises(InputError, match="unknown parameter 'alee'"):
        find_equilibria(ALLEE, settings=dict(alee=1.0))
    with pytest.raises(InputError, match="unknown input 'drug'"):
        find_equilibria(ALLEE, inputs=dict(drug=1.0))
    with pytest.raises(InputError, match="unknown parameter"):
        sweep_equilibria(ALLEE, "alee", Range(1, 2))
    with pytest.raises(InputError, match="at least 3"):
        sweep_equilibria(ALLEE, "allee", Range(1, 2), points=2)


def test_what_is_left_out_is_said() -> None:
    tail = BirthDeath("x", birth=lambda p: p.rate, death=lambda p: p.rate, below=0.1)
    chance = replace(ALLEE, name="test_allee_tail", birth_death=tail, dosing={})
    found = find_equilibria(chance)
    assert "chance death" in found.notes[0]
    assert found.table()["x"].tolist() == pytest.approx([0.0, 3.0, 100.0])


def test_a_line_of_equilibria_is_said_to_be_one() -> None:
    found = find_equilibria(library.load("hanson_2016"))
    assert any("form a line or a surface" in note for note in found.notes)


def test_an_input_shifts_the_equilibrium() -> None:
    base, drug = (find_equilibria(library.load("hanson_2016"), inputs=dict(drug=d)).table()["inflammation"].iloc[0] for d in (0.0, 30.0))
    assert base == pytest.approx(200.0 / 1.5)
    assert drug == pytest.approx(170.0 / 1.5)


def test_the_threshold_of_a_bistable_model_is_its_unstable_point() -> None:
    found = find_threshold(ALLEE, GROWS, ParameterOf("start"), lower=0.1, upper=50.0, tolerance=1e-6)
    assert found.rising
    assert found.bracket[0] <= 3.0 <= found.bracket[1]
    assert found.bracket[1] / found.bracket[0] - 1 < 1.1e-6
    linear = find_threshold(ALLEE, GROWS, ParameterOf("start"), lower=0.0, upper=50.0, logarithmic=False)
    assert linear.bracket[0] <= 3.0 <= linear.bracket[1]
    dose = find_threshold(ALLEE, GROWS, DOSE, lower=0.01, upper=50.0)
    assert dose.bracket[0] <= 2.5 <= dose.bracket[1]  # 0.5 are there
    assert (dose.varied, dose.unit) == ("dose into dose", "1")


def test_each_patient_has_a_threshold_of_his_own() -> None:
    people = Parametric(model=ALLEE, variability=dict(allee=LogNormal(sd=0.5)))
    found = find_threshold(people, GROWS, ParameterOf("start"), lower=1.0, upper=5.0, patients=40, seed=2)
    own = people.sample(40, seed=2)["allee"]
    table = found.table
    turned = table["verdict"] == "turns"
    assert 0 < turned.sum() < 40
    assert (table.loc[turned, "lower"] <= own[turned]).all()
    assert (own[turned] <= table.loc[turned, "upper"]).all()
    assert (own[table["verdict"] == "met over the whole range"] < 1.0).all()
    assert (own[table["verdict"] == "never met"] > 5.0).all()


def test_the_falling_side_is_found_too() -> None:
    dies = Outcome(At("x", 200.0), 1.0)
    found = find_threshold(ALLEE, dies, ParameterOf("start"), lower=0.1, upper=50.0)
    assert found.rising is False
    assert found.bracket[0] <= 3.0 <= found.bracket[1]


def test_a_time_that_is_never_reached_is_later_than_any() -> None:
    reached = Outcome(FirstAbove("x", 50.0), 10.0)
    found = find_threshold(ALLEE, reached, ParameterOf("start"), lower=0.1, upper=40.0)
    assert 3.0 < found.bracket[0] < 4.0
    never = Outcome(LastAbove("x", 2.0), 1.0)
    assert not never.met(np.array([150.0]))[0]
    assert never.met(np.array([np.nan]))[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(lower=4.0, upper=50.0), "is met at both ends of start 4 to 50 1, nor does it turn"),
        (dict(lower=0.1, upper=1.0), "is not met at both ends of start 0.1 to 1 1, nor does it turn"),
        (dict(lower=5.0, upper=1.0), "is empty"),
        (dict(lower=0.0, upper=1.0), "has no logarithm"),
        (dict(lower=0.1, upper=5.0, tolerance=0.0), "out of range"),
    ],
)
def test_ranges_without_a_threshold_are_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_threshold(ALLEE, GROWS, ParameterOf("start"), **options)


def test_an_outcome_that_turns_twice_is_told() -> None:
    """The growth rate rate * (2 - rate) is large only in the middle of its range."""
    phase = replace(ALLEE.phases[0], rhs=lambda y, p: dict(x=p.rate * (2 - p.rate) * y.x))
    twice = replace(ALLEE, name="test_allee_twice", phases=[phase])
    reached = Outcome(At("x", 5.0), 3.0, above=True)
    with pytest.raises(InputError, match="turns 2 times over rate"):
        find_threshold(twice, reached, ParameterOf("rate"), lower=0.1, upper=1.95, logarithmic=False)


def test_what_is_searched_must_be_there() -> None:
    with pytest.raises(InputError, match="unknown parameter 'strat'"):
        find_threshold(ALLEE, GROWS, ParameterOf("strat"), lower=1.0, upper=2.0)
    with pytest.raises(InputError, match="has no dose into other to vary"):
        find_threshold(ALLEE, GROWS, DoseOf(Regimen(Bolus(0.0, 1.0, "1", "dose")), "other"), lower=1.0, upper=2.0)
    with pytest.raises(InputError, match="has no dose to vary"):
        find_threshold(ALLEE, GROWS, DoseOf(Regimen(Level(0.0, "u", 1.0))), lower=1.0, upper=2.0)
