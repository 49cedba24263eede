"""Sensitivity: SALib's estimators on Ishigami's function, factors against the sampler, models with known shares and elasticities."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from analysis_models import DECAY, DECAY_POPULATION, ISHIGAMI_FIRST, ISHIGAMI_TOTAL, ishigami
from scipy.stats import ks_2samp

from autologue.analysis import PAWN, At, Morris, Range, Sobol, TimeOf, around, evaluate_quantities, global_sensitivity, local_sensitivity
from autologue.analysis.factors import factors_of
from autologue.analysis.pawn import NO_EFFECT, distance
from autologue.analysis.quantity import quantity_name, quantity_unit
from autologue.engine.summary import Area, FirstBelow, Maximum
from autologue.errors import InputError, SolveError
from autologue.library import load, populations
from autologue.population import Categorical, CategoryEffect, Continuous, Correlation, Drawn, Parametric, PowerEffect
from autologue.variability import LogitNormal, LogNormal, Normal

NAMES = ("a", "b", "c")


def by_index(found: list, index: str) -> list[float]:
    return [each.estimate for each in found if each.index == index]


def test_sobol_finds_the_shares_of_ishigami() -> None:
    method = Sobol(4096, second_order=True)
    x = method.design(NAMES, seed=1)
    found = method.indices(NAMES, NAMES, x, ishigami(x), seed=2)
    assert by_index(found, "first order") == pytest.approx(ISHIGAMI_FIRST, abs=0.02)
    assert by_index(found, "total") == pytest.approx(ISHIGAMI_TOTAL, abs=0.02)
    pairs = {each.factor: each.estimate for each in found if each.index == "second order"}
    assert pairs["a and c"] == pytest.approx(ISHIGAMI_TOTAL[2], abs=0.03)
    assert pairs["a and b"] == pytest.approx(0.0, abs=0.03)
    first = [each for each in found if each.index == "first order"]
    for each, exact in zip(first, ISHIGAMI_FIRST, strict=True):
        assert each.lower - 0.02 < exact < each.upper + 0.02


def test_morris_finds_the_slopes_of_a_linear_function() -> None:
    method = Morris(20)
    x = method.design(NAMES, seed=1)
    assert x.min() == pytest.approx(method.tail)
    assert x.max() == pytest.approx(1 - method.tail)
    found = method.indices(NAMES, NAMES, x, x @ np.array([3.0, -1.0, 0.0]), seed=2)
    span = 1 - 2 * method.tail
    assert by_index(found, "mu*") == pytest.approx([3 * span, span, 0.0])
    assert by_index(found, "sigma") == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_pawn_ranks_ishigami_and_knows_what_nothing_scores() -> None:
    method = PAWN(4000)
    x = method.design(NAMES, seed=1)
    y = ishigami(x)
    found = {each.factor: each for each in method.indices(NAMES, NAMES, x, y, seed=2)}
    assert found["b"].estimate > found["a"].estimate > found["c"].estimate
    assert found[NO_EFFECT].estimate < 0.1
    assert found["b"].estimate == pytest.approx(distance(x[:, 1], y, method.slices), abs=1e-12)  # ours, for the intervals, is SALib's


def test_the_distance_of_a_slice_is_the_kolmogorov_smirnov_statistic() -> None:
    random = np.random.default_rng(3)
    x, y = random.random(300), np.round(random.normal(size=300), 1)  # with ties
    edges = np.quantile(x, np.arange(6) / 5)
    exact = [ks_2samp(y[(x >= a) & (x < b)], y).statistic for a, b in pairwise(edges)]
    assert distance(x, y, 5) == pytest.approx(np.median(exact), abs=1e-12)


def test_a_population_is_sampled_through_its_own_distribution() -> None:
    spread = dict(
        first=LogNormal(sd=0.8, lower=0.05, upper=0.4), second=LogitNormal(sd=0.5), start=Normal(sd=3.0, lower=4.0), idle=LogNormal(sd=0.3)
    )
    covariates = dict(age=Continuous(12.0, "year", LogNormal(sd=0.4, upper=25.0)), sex=Categorical(dict(f=0.3, m=0.7)))
    effects = [PowerEffect("idle", "age", 12.0, 0.5), CategoryEffect("first", "sex", "f", 0.4)]
    people = Parametric(model=DECAY, variability=spread, covariates=covariates, effects=effects)
    factors = factors_of(people)
    assert factors.names == ("start", "first", "second", "idle", "age", "sex")
    ours = factors.parameters(np.random.default_rng(1).random((20_000, 6)))
    theirs = people.sample(20_000, seed=4).parameters
    for k in range(4):
        assert ks_2samp(ours[:, k], theirs[:, k]).pvalue > 1e-3
    middle = factors.parameters(np.full((1, 6), 0.5))[0]
    assert middle[0] > 10.0  # the median of what lies above the truncation


def test_a_chosen_factor_moves_alone() -> None:
    moved = factors_of(DECAY_POPULATION, ["start"]).parameters(np.array([[0.5], [0.9]]))
    assert moved[0].tolist() == [10.0, 0.1, 0.3, 1.0]
    assert moved[1] / moved[0] == pytest.approx([np.exp(0.4 * 1.2815515655446004), 1.0, 1.0, 1.0])


def test_shares_of_a_log_linear_model_are_exact() -> None:
    """log amount(5) = log start - 5 * (first + second): the variance is 0.4^2 + (5 * 0.05)^2."""
    found = global_sensitivity(DECAY_POPULATION, [At("amount", 5.0)], Sobol(1024), logarithmic=True, seed=1)
    share = 0.16 / (0.16 + 0.0625)
    table = found.table.set_index(["factor", "index"])["estimate"]
    for index in ("first order", "total"):
        assert table["start", index] == pytest.approx(share, abs=0.02)
        assert table["second", index] == pytest.approx(1 - share, abs=0.02)
    assert found.ranking() == ["start", "second"]
    assert found.counts[["sets", "failed", "undefined", "used", "of"]].iloc[0].tolist() == [4096, 0, 0, 1024, 1024]


def test_the_same_seed_gives_the_same_indices() -> None:
    def table(seed: int, workers: int):
        return global_sensitivity(DECAY_POPULATION, [At("amount", 5.0)], Sobol(64), seed=seed, workers=workers).table

    assert table(3, 1).equals(table(3, 2))
    assert not table(3, 1).equals(table(4, 1))


def test_correlated_effects_move_as_one_factor_or_are_refused() -> None:
    tied = Parametric(
        model=DECAY, name="tied", variability=dict(start=LogNormal(sd=0.4), first=LogNormal(sd=0.3), second=Normal(sd=0.05)),
        correlations=[Correlation("start", "first", 0.6)],
    )  # fmt: skip
    found = global_sensitivity(tied, [At("amount", 5.0)], Sobol(64), logarithmic=True)
    assert set(found.table["factor"]) == {"start + first", "second"}
    assert "move as one factor" in found.notes[0]
    assert set(global_sensitivity(tied, [At("amount", 5.0)], Morris(10)).table["factor"]) == {"start + first", "second"}
    with pytest.raises(InputError, match="are correlated; use Sobol"):
        global_sensitivity(tied, [At("amount", 5.0)], PAWN(200))
    u = np.random.default_rng(1).random((20_000, 3))
    both = np.log(factors_of(tied).parameters(u)[:, :2])
    assert np.corrcoef(both.T)[0, 1] == pytest.approx(0.6, abs=0.02)
    cut = Parametric(
        model=DECAY, variability=dict(start=LogNormal(sd=0.4, upper=15.0), first=LogNormal(sd=0.3)), correlations=tied.correlations
    )
    with pytest.raises(InputError, match="truncated and correlated"):
        factors_of(cut)


def test_whole_sets_are_taken_by_pawn_as_they_are() -> None:
    random = np.random.default_rng(5)
    sets = Drawn(model=DECAY, name="sets", values=dict(start=np.exp(random.normal(2.0, 0.5, 500)), idle=np.ones(500)))
    found = global_sensitivity(sets, [At("amount", 1.0)], PAWN(500))
    assert found.ranking() == ["start"]
    assert "depend on each other" in found.notes[0]
    with pytest.raises(InputError, match="use PAWN"):
        global_sensitivity(sets, [At("amount", 1.0)], Sobol(64))


def test_what_is_not_reached_is_counted_and_left_out_with_its_base_point() -> None:
    """amount falls below 5 at log(start / 5) / 0.4 unless it starts there or the course ends first."""
    ranges = dict(start=Range(4.0, 300.0))
    found = global_sensitivity(DECAY, [FirstBelow("amount", 100.0)], Sobol(64), factors=ranges, horizon=2.0)
    count = found.counts.iloc[0]
    assert count["undefined"] > 0
    assert count["failed"] == 0
    assert 0 < count["used"] < count["of"] == 64
    assert "base points are left out" in found.notes[0]
    with pytest.raises(SolveError, match="undefined in"):
        global_sensitivity(DECAY, [FirstBelow("amount", 1.0)], Sobol(8), factors=dict(start=Range(900.0, 1000.0)), horizon=1.0)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (["idle"], r"'idle' does not vary in population 'known' of test_decay; give it a range"),
        (["strat"], r"unknown factor 'strat'; did you mean start"),
        (dict(strat=Range(0, 1)), r"unknown parameter 'strat'; did you mean start"),
        ({}, r"no ranges are given"),
    ],
)
def test_factors_that_cannot_be_varied_are_refused(factors, message: str) -> None:
    with pytest.raises(InputError, match=message):
        global_sensitivity(DECAY_POPULATION, [At("amount", 5.0)], Sobol(8), factors=factors)


def test_a_population_without_variability_and_a_constant_quantity_are_refused() -> None:
    with pytest.raises(InputError, match="nothing varies between patients"):
        global_sensitivity(DECAY, [At("amount", 5.0)], Sobol(8))
    with pytest.raises(InputError, match="in every set, so no factor matters"):
        global_sensitivity(DECAY, [At("amount", 5.0)], Sobol(8), factors=dict(idle=Range(0.5, 2.0)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sobol(1000), "powers of two"),
        (lambda: Sobol(4), "at least 8"),
        (lambda: Morris(levels=5), "even number"),
        (lambda: Morris(tail=0.5), "between 0 and 0.5"),
        (lambda: PAWN(slices=6), "cannot divide evenly"),
        (lambda: Sobol(confidence=95), "between 0 and 1"),
        (lambda: Range(1.0, 1.0), "is empty"),
        (lambda: Range(0.0, 1.0, logarithmic=True), "above zero"),
        (lambda: around(DECAY, 20.0), "between 0 and 1"),
        (lambda: around(DECAY, 0.2, names=["x"]), "unknown parameter"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_local_elasticities_are_exact() -> None:
    found = local_sensitivity(DECAY, [At("amount", 5.0), At("amount", 10.0), Area("amount", 0.0, 10.0), Maximum("amount")])
    table = found.table.set_index(["quantity", "parameter"])
    elasticity = table["elasticity"]
    assert elasticity["amount at 5 day"].to_dict() == pytest.approx(dict(start=1.0, first=-0.5, second=-1.5, idle=0.0), abs=1e-4)
    assert elasticity["amount at 10 day", "second"] == pytest.approx(-3.0, rel=1e-4)
    area = 10.0 * (1 - np.exp(-4.0)) / 0.4
    slope = 0.3 / 0.4 * (4 * np.exp(-4.0) / (1 - np.exp(-4.0)) - 1)
    name = "area under amount, 0 to 10 day"
    assert table["value"][name, "start"] == pytest.approx(area, rel=1e-6)
    assert elasticity[name, "second"] == pytest.approx(slope, rel=1e-5)
    assert elasticity["largest amount", "start"] == pytest.approx(1.0, rel=1e-6)
    assert found.ranking("amount at 5 day")[:2] == ["second", "start"]


def test_per_sd_is_the_share_of_a_standard_deviation() -> None:
    table = local_sensitivity(DECAY_POPULATION, [At("amount", 5.0)]).table.set_index("parameter")
    assert table["per_sd"]["start"] == pytest.approx(0.4, rel=1e-6)
    assert np.isnan(table["per_sd"]["second"])  # normal: no standard deviation of the logarithm


def test_local_elasticities_of_a_published_model_go_through_its_peak() -> None:
    found = local_sensitivity(
        load("stein_2019"), [TimeOf(Maximum("transgene")), Maximum("transgene")], parameters=["t_max", "c_max", "alpha"]
    )
    elasticity = found.table.set_index(["quantity", "parameter"])["elasticity"]
    assert elasticity["time of largest transgene"].to_dict() == pytest.approx(dict(t_max=1.0, c_max=0.0, alpha=0.0), abs=1e-6)
    assert elasticity["largest transgene"].to_dict() == pytest.approx(dict(t_max=0.0, c_max=1.0, alpha=0.0), abs=1e-6)


def test_local_refuses_what_it_cannot_ask() -> None:
    with pytest.raises(InputError, match="unknown parameter 'strat'"):
        local_sensitivity(DECAY, [At("amount", 5.0)], parameters=["strat"])
    with pytest.raises(InputError, match="unknown output 'y'"):
        local_sensitivity(DECAY, [At("y", 5.0)])


def test_quantities_are_evaluated_and_named() -> None:
    sets = np.array([[10.0, 0.1, 0.3, 1.0], [20.0, 0.1, 0.3, 1.0]])
    asked = [At("doubled", 5.0), FirstBelow("amount", 15.0), TimeOf(Maximum("amount"))]
    found = evaluate_quantities(DECAY, sets, asked, horizon=10.0)
    assert found.values[:, 0] == pytest.approx(2 * sets[:, 0] * np.exp(-2.0), rel=1e-5)
    assert found.values[1, 1] == pytest.approx(np.log(20 / 15) / 0.4, rel=1e-5)
    assert found.values[:, 2] == pytest.approx([0.0, 0.0])
    assert [quantity_name(DECAY, q) for q in asked] == ["doubled at 5 day", "first amount below 15", "time of largest amount"]
    assert [quantity_unit(DECAY, q) for q in asked] == ["1", "day", "day"]


def test_quantities_that_cannot_be_asked_are_refused() -> None:
    for asked, message in (
        ([], "nothing is asked"),
        ([At("x", 1.0)], "unknown output"),
        ([At("amount", np.inf)], "finite number"),
        ([Area("amount", 0.0, np.inf)], "needs a start and an end"),
    ):
        with pytest.raises(InputError, match=message):
            evaluate_quantities(DECAY, np.array([[10.0, 0.1, 0.3, 1.0]]), asked)


def test_the_published_ranking_of_a_library_model_has_the_peak_to_itself() -> None:
    found = global_sensitivity(populations("stein_2019")["sd"], [Maximum("transgene")], Sobol(64), logarithmic=True)
    table = found.table.set_index(["factor", "index"])["estimate"]
    assert table["c_max", "total"] == pytest.approx(1.0, abs=0.15)
    assert table.drop("c_max", level=0).abs().max() < 1e-6
