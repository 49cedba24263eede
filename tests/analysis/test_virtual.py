"""Virtual populations: acceptance, weights against closed forms, the rule, and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from analysis_models import DECAY, DECAY_POPULATION

from autologue.analysis import At, Holds, Mean, Quantile, Range, Within, accept, read_population, write_population
from autologue.engine.summary import FirstBelow
from autologue.errors import InputError
from autologue.population import Drawn
from autologue.simulate import simulate

RANGES = dict(first=Range(0.01, 0.5), second=Range(0.01, 0.5))
SLOWER = Holds("first < second", lambda p: p.first < p.second)
HALF = FirstBelow("amount", 5.0)  # log(2) / (first + second)


def test_those_who_meet_all_conditions_are_kept() -> None:
    found = accept(DECAY, [SLOWER, Within(HALF, 1.0, 2.0)], ranges=RANGES, proposals=2000, seed=1)
    sets = found.population.values
    time = np.log(2) / (sets["first"] + sets["second"])
    assert (sets["first"] < sets["second"]).all()
    assert ((time > 1.0 - 1e-4) & (time < 2.0 + 1e-4)).all()
    assert found.accepted == found.population.size == len(time)
    assert found.conditions["left"].tolist() == [found.conditions["met"].iloc[0], found.accepted]
    assert found.population.weights is None
    assert set(sets) == {"first", "second"}


def test_the_share_that_is_accepted_is_that_of_the_area() -> None:
    found = accept(DECAY, [SLOWER], ranges=RANGES, proposals=4000)
    assert found.accepted / 4000 == pytest.approx(0.5, abs=0.03)


def test_weights_meet_the_mean_and_are_exponential_tilting() -> None:
    found = accept(DECAY, targets=[Mean(At("amount", 1.0), 8.0)], ranges=RANGES, proposals=500, seed=2)
    sets, weights = found.population.values, found.population.weights
    assert weights is not None
    amount = 10 * np.exp(-(sets["first"] + sets["second"]))
    assert weights @ amount == pytest.approx(8.0, rel=1e-6)
    assert found.targets["after"].iloc[0] == pytest.approx(8.0, rel=1e-6)
    assert found.targets["before"].iloc[0] == pytest.approx(amount.mean(), rel=1e-5)
    slope, middle = np.polyfit(amount, np.log(weights), 1)
    assert np.log(weights) == pytest.approx(middle + slope * amount, abs=1e-5)  # nearest to equal weights
    assert found.effective == pytest.approx(1 / (weights**2).sum())


def test_weights_meet_a_median_and_a_mean_together() -> None:
    found = accept(DECAY, [Within(HALF, 0.8, 5.0)], targets=[Quantile(HALF, 0.5, 1.5), Mean(HALF, 1.8)], ranges=RANGES, seed=3)
    sets, weights = found.population.values, found.population.weights
    time = np.log(2) / (sets["first"] + sets["second"])
    assert weights is not None
    assert weights @ (time <= 1.5) == pytest.approx(0.5, abs=2e-3)
    assert weights @ time == pytest.approx(1.8, rel=1e-4)


def test_the_rule_is_written_into_the_population() -> None:
    found = accept(DECAY, [SLOWER, Within(HALF, 1.0, 2.0)], targets=[Mean(HALF, 1.5)], ranges=RANGES, proposals=300, seed=9)
    for words in (
        "of 300 proposals",
        "first 0.01 to 0.5",
        "first < second",
        "between 1 and 2 day",
        "mean of first amount below 5",
        "seed 9",
    ):
        assert words in found.rule
    assert found.population.source == found.rule
    assert simulate(found.population, times=[0.0, 1.0], patients=5).solved.all()


def test_patients_of_a_population_are_proposed_and_the_same_for_any_number() -> None:
    few, many = (accept(DECAY_POPULATION, [Within(HALF, upper=2.0)], proposals=n, seed=4).population.values for n in (100, 400))
    assert many["start"][: len(few["start"])].tolist() == few["start"].tolist()


@pytest.mark.parametrize(
    ("conditions", "targets", "message"),
    [
        ([], [], "nothing is asked"),
        ([Within(HALF, 100.0, 200.0)], [], "'first amount below 5 between 100 and 200 day' accepts none of 200"),
        (
            [Holds("first < 0.1", lambda p: p.first < 0.1), Holds("first > 0.2", lambda p: p.first > 0.2)], [],
            "'first < 0.1' and 'first > 0.2' accept none of 200 proposals together",
        ),
        ([Holds("odd", lambda p: p.frist > 0)], [], "condition 'odd': unknown parameter 'frist'"),
        ([Holds("odd", lambda p: p.first)], [], "expected true or false"),
        ([], [Mean(HALF, 500.0)], "no weights reach it"),
        ([Within(HALF, 1.0, 2.0)], [Mean(HALF, 1.9), Quantile(HALF, 0.9, 1.1)], "no weights meet all targets together"),
        ([Within(At("x", 1.0), 1.0)], [], "unknown output 'x'"),
    ],
)  # fmt: skip
def test_rules_that_accept_nobody_or_mean_nothing_are_refused(conditions, targets, message: str) -> None:
    with pytest.raises(InputError, match=message):
        accept(DECAY, conditions, targets=targets, ranges=RANGES, proposals=200)


def test_a_mean_of_what_is_never_reached_is_refused() -> None:
    with pytest.raises(InputError, match="never reach it; add a condition"):
        accept(DECAY, targets=[Mean(HALF, 5.0)], ranges=RANGES, proposals=500, horizon=3.0)


@pytest.mark.parametrize(("lower", "upper", "probability"), [(1.0, 1.0, 0.5), (0.0, 1.0, 1.0)])
def test_bounds_and_probabilities_are_checked(lower: float, upper: float, probability: float) -> None:
    with pytest.raises(InputError, match=r"holds nowhere|share between 0 and 1"):
        (Within(HALF, lower, upper), Quantile(HALF, probability, 1.0))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_population_comes_back_from_its_file(tmp_path: Path, ending: str) -> None:
    drawn = Drawn(model=DECAY, values=dict(start=np.array([1.5, 2.25]), first=np.array([0.1, 0.2])), weights=np.array([1.0, 3.0]))
    back = read_population(write_population(drawn, tmp_path / f"sets.{ending}"), DECAY)
    assert back.table().tolist() == drawn.table().tolist()
    assert back.weights is not None
    assert back.weights.tolist() == [0.25, 0.75]
    assert back.name == "sets"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strat\n1\n", "unknown column 'strat'; did you mean start"),
        ("start\n", "holds no parameter sets"),
        ("weight\n1\n", "holds no parameter sets"),
        ("start,first\n1,2\n3,x\n", "row 3, column first: 'x' is not a usable number"),
        ("start,weight\n1,-1\n", "row 2, column weight: '-1'"),
        ("start\n1\ninf\n", "row 3, column start"),
    ],
)
def test_tables_that_cannot_be_used_name_row_and_column(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sets.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_population(path, DECAY)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the ending says no format"):
        read_population(tmp_path / "sets.txt", DECAY)
    (tmp_path / "sets.parquet").write_text("no table")
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_population(tmp_path / "sets.parquet", DECAY)
