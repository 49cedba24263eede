"""Flow, disease courses, escape and events, each held against a closed form, the engine, or a rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from autologue.engine.solve import Solver, solve
from autologue.errors import InputError
from autologue.library import load
from autologue.outcomes.arrays.labels import COMPLETE, PROGRESSION
from autologue.protocol import Protocol
from autologue.survival import read_life_table
from autologue.trial.block import Setting, simulate_block
from autologue.trial.comparator import curve_times
from autologue.trial.courses import LeukaemiaCourse, LymphomaCourse, course_named
from autologue.trial.courses.escape import antigen_negative, founders
from autologue.trial.events import CAUSES, earliest
from autologue.trial.flow import MONTH, Flow, reach_infusion
from autologue.trial.mortality import YEAR, background_death
from autologue.trial.replicate import Plan, plan_course
from autologue.trial.responses import assess
from autologue.trial.shelf import load_protocol
from autologue.trial.values import Values


def central(name: str, count: int = 1, **changes: Any) -> tuple[Plan, Values]:
    """The plan of a protocol, and central values with some replaced."""
    plan = plan_course(load_protocol(name), seed=3, uncertain=False)
    values = plan.values(0, count)
    return plan, Values({**values.numbers, **{key: np.full(count, float(value)) for key, value in changes.items()}}, values.draws)


def flow_of(plan: Plan, values: Values, size: int) -> Flow:
    return reach_infusion(plan.setting.protocol, values, seed=3, first=0, size=size)


def test_the_way_to_infusion_loses_whom_the_protocol_says() -> None:
    plan, values = central("eliana", 200)
    flow = flow_of(plan, values, 97)
    protocol = plan.setting.protocol
    assert protocol.manufacturing is not None
    assert protocol.waiting is not None
    assert (~flow.manufactured).mean() == pytest.approx(0.0825, abs=0.008)
    mean = np.nanmean(np.where(flow.infused, flow.infusion, np.nan))
    expected = 1 - np.exp(-protocol.waiting.loss.value * mean / MONTH)
    assert np.isfinite(flow.lost).mean() == pytest.approx(expected, rel=0.1)
    assert np.median(flow.infusion[flow.infused]) == pytest.approx(43, abs=0.7)
    assert flow.screened.sum() / len(flow) == pytest.approx(113 / 97, abs=0.02)
    assert (flow.lost_dead.sum() / np.isfinite(flow.lost).sum()) == pytest.approx(0.7, abs=0.03)
    assert not (flow.infused & (np.isfinite(flow.lost) | ~flow.manufactured)).any()


def test_a_second_attempt_saves_and_takes_its_time() -> None:
    plan, values = central("eliana", 50, **{"manufacturing.failing": 0.4})
    protocol = plan.setting.protocol
    assert protocol.manufacturing is not None
    twice = replace(protocol.manufacturing, attempts=replace(protocol.manufacturing.attempts, value=2.0))
    once = flow_of(plan, values, 97)
    flow = reach_infusion(replace(protocol, manufacturing=twice), values, seed=3, first=0, size=97)
    assert (~once.manufactured).mean() == pytest.approx(0.4, abs=0.03)
    assert (~flow.manufactured).mean() == pytest.approx(0.16, abs=0.02)
    again = flow.infused & (flow.attempts == 2)
    assert np.median(flow.infusion[again]) > 1.6 * np.median(flow.infusion[flow.infused & (flow.attempts == 1)])


def test_bridging_lowers_and_waiting_raises_the_burden_and_nobody_has_more_than_a_full_marrow() -> None:
    plan, values = central("eliana", 40, waiting_growth=0.3, waiting_growth_spread=1e-9)
    flow = flow_of(plan, values, 97)
    change = np.log10(flow.baseline / flow.burden)
    held = flow.infused & flow.bridged & (flow.infusion > 28)
    grown = 0.3 * (flow.infusion - 28) / MONTH
    small = held & (flow.burden < 0.05 * 10.0 ** -np.nan_to_num(grown) * 3)  # far from a full marrow whatever the fall
    assert np.mean((change - grown)[small]) == pytest.approx(-0.2, abs=4 * 0.4 / np.sqrt(small.sum()))
    assert np.nanmax(flow.baseline) <= 0.99
    plain = flow.infused & ~flow.bridged & (flow.baseline < 0.98)
    np.testing.assert_allclose(change[plain], 0.3 * flow.infusion[plain] / MONTH, rtol=1e-7)
    plan, values = central("zuma_1", 60, waiting_growth_spread=0.2)
    flow = flow_of(plan, values, 111)
    rate = np.log10(flow.baseline / flow.burden)[flow.infused] / (flow.infusion[flow.infused] / MONTH)
    assert (rate.mean(), rate.std()) == (pytest.approx(0.1, abs=0.01), pytest.approx(0.2, rel=0.03))


def test_eligibility_counts_whom_it_turns_away() -> None:
    plan, values = central("zuma_1", 30)
    protocol = plan.setting.protocol
    rule = protocol.eligibility["burden"]
    strict = replace(rule, lower=replace(rule.lower, value=94.86))  # type: ignore[arg-type, union-attr, type-var]
    flow = reach_infusion(replace(protocol, eligibility={"burden": strict}), values, seed=3, first=0, size=111)
    assert flow.burden.min() >= 94.86
    assert flow.screened.sum() / len(flow) == pytest.approx(2.0, abs=0.1)
    nobody = replace(rule, lower=replace(rule.lower, value=2999.9))  # type: ignore[arg-type, union-attr, type-var]
    with pytest.raises(InputError, match=r"zuma_1.toml: eligibility.burden \(burden at least 2999.9 mL\) rejects everybody screened"):
        reach_infusion(replace(protocol, eligibility={"burden": nobody}), values, seed=3, first=0, size=20)


def test_founders_are_poisson_and_clones_grow_as_yule_says() -> None:
    n = 60_000
    values = Values({"founders": np.full(n, 1.7), "founders_spread": np.zeros(n)}, np.full(n, -1))
    ids = np.arange(n)
    number = founders(np.full(n, 1e10), values, relative=np.ones(n), ids=ids, seed=2)
    counts = np.bincount(number.astype(int), minlength=12)[:12]
    expected = n * stats.poisson(1.7).pmf(np.arange(12))
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected.max())
    days = np.array([0.0, 10.0, 60.0])
    clone = antigen_negative(np.full(n, 1e10), np.full(n, 0.1), values, relative=np.ones(n), days=days, ids=ids, seed=2)
    np.testing.assert_allclose(clone.mean(axis=0), 1.7 * np.exp(0.1 * days), rtol=0.02)
    ones = clone[number == 1, 2] / np.exp(6.0)
    assert stats.kstest(ones, stats.expon.cdf).pvalue > 1e-3
    assert (clone[number == 0] == 0).all()


def test_clones_never_outnumber_the_disease() -> None:
    values = Values({"founders": np.full(500, 1e6), "founders_spread": np.full(500, 8.0)}, np.full(500, -1))
    number = founders(np.full(500, 1e9), values, relative=np.ones(500), ids=np.arange(500), seed=4)
    assert number.max() <= 1e9


@pytest.mark.parametrize(
    ("name", "library", "output"), [("eliana", "leon_triana_2021_source", "leukaemic"), ("zuma_1", "kimmel_2021", "tumour_volume")]
)
def test_above_the_tail_a_course_is_the_library_model(name: str, library: str, output: str) -> None:
    plan, values = central(name)
    course = plan.setting.course
    assert course is not None
    flow = flow_of(plan, values, 60)
    days = np.array([7.0, 14.0, 28.0, 60.0])
    found = course.follow(flow, values.spread(flow.replicate), seed=3, days=days)
    assert not found.failed.any()
    chosen = flow.infused
    people = course.treated(_people(plan, values, flow.rows(chosen)), flow.rows(chosen), values.spread(flow.replicate[chosen]), seed=3)
    exact = solve(load(library), people.parameters, times=days, outputs=[output], solver=Solver(rtol=1e-9))
    expected = course.from_model(exact.values[:, :, 0], values.spread(flow.replicate[chosen]), count=np.ones(chosen.sum()))
    got = found.positive[chosen]
    many = (expected > expected[0, 0] * 1e-6) & (expected < 0.15 * (1 if name == "eliana" else 1e5))
    np.testing.assert_allclose(got[many], expected[many], rtol=0.02)


def _people(plan: Plan, values: Values, flow: Flow) -> Any:
    from autologue.trial.courses.course import _sampled

    assert plan.setting.course is not None
    return _sampled(plan.setting.course, flow, values.spread(flow.replicate), 3)


def test_the_last_cells_die_by_chance_as_the_engine_says() -> None:
    plan, values = central("zuma_1", 20, founders=1e-12)
    course = plan.setting.course
    assert course is not None
    flow = flow_of(plan, values, 111)
    found = course.follow(flow, values.spread(flow.replicate), seed=3, days=np.array([1000.0]))
    chosen = flow.infused
    people = course.treated(_people(plan, values, flow.rows(chosen)), flow.rows(chosen), values.spread(flow.replicate[chosen]), seed=3)
    exact = solve(
        course.model,
        people.parameters,
        times=np.arange(0.0, 1000.0, 20.0),
        outputs=["tumour_extinction_probability"],
        solver=Solver(rtol=1e-6),
    )
    probability = exact.values[:, :, 0].max(axis=1)
    share = np.isfinite(found.extinct[chosen]).mean()
    assert 0.2 < share < 0.8
    assert share == pytest.approx(probability.mean(), abs=4 * np.sqrt((probability * (1 - probability)).sum()) / len(probability) + 0.01)
    assert (found.positive[chosen & np.isfinite(found.extinct)] == 0).all()


def test_b_cells_come_back_and_short_lived_products_fail() -> None:
    plan, values = central("eliana", 8)
    course = LeukaemiaCourse()
    flow = flow_of(plan, values, 97)
    v = values.spread(flow.replicate)
    days = np.array([28.0, 90.0, 365.0])
    found = course.follow(flow, v, seed=3, days=days)
    low = found.normal[flow.infused] < 0.1
    assert low[:, 0].mean() > 0.4 > low[:, 2].mean()
    failing = Values({**v.numbers, "short_lived": np.ones(len(flow))}, v.draws)
    worse = course.follow(flow, failing, seed=3, days=days)
    assert (worse.total[flow.infused, 1] < 0.05).mean() < 0.3 < (found.total[flow.infused, 1] < 0.05).mean()


def test_without_lymphodepletion_there_is_less_expansion() -> None:
    for name, course in (("eliana", LeukaemiaCourse()), ("zuma_1", LymphomaCourse())):
        plan, values = central(name)
        flow = flow_of(plan, values, 60)
        without = replace(flow, lymphodepleted=np.zeros(len(flow), bool))
        v = values.spread(flow.replicate)
        peaks = [course.follow(f, v, seed=3, days=np.array([28.0])).peak()[0] for f in (flow, without)]
        assert np.nanmedian(peaks[1]) < 0.8 * np.nanmedian(peaks[0])


def test_what_may_not_score_response_is_refused() -> None:
    with pytest.raises(InputError, match="'kirouac_2023' cannot score response: it was fitted to chronic lymphocytic leukaemia"):
        course_named("kirouac_2023")
    with pytest.raises(InputError, match="unknown disease course 'lymfoma'; did you mean lymphoma"):
        course_named("lymfoma")


def test_a_patient_in_remission_at_infusion_is_not_credited_to_the_cells() -> None:
    plan, values = central("eliana", 4)
    protocol, course = plan.setting.protocol, plan.setting.course
    assert course is not None
    assert protocol.response is not None
    flow = flow_of(plan, values, 97)
    clear = replace(flow, baseline=np.where(np.arange(len(flow)) % 2 == 0, 1e-3, flow.baseline))
    v = values.spread(flow.replicate)
    burdens = course.follow(clear, v, seed=3, days=np.array(protocol.response.days))
    assessed = assess(protocol.response, clear, burdens, v, seed=3)
    day, label = assessed.best(protocol.response, clear.infusion, np.full(len(flow), np.inf))
    even = flow.infused & (np.arange(len(flow)) % 2 == 0)
    assert np.isnan(day[even]).all()
    assert (label[even] == 0).all()
    assert np.isfinite(day[flow.infused & ~even]).mean() > 0.5


def test_other_causes_follow_gompertz_and_a_life_table() -> None:
    n = 40_000
    _, values = central("scholar_1", 1)
    v = values.spread(np.zeros(n, np.int64))
    age, female = np.full(n, 60.0), np.zeros(n, bool)
    level, slope = v["background_level"][0], v["background_slope"][0]
    days = background_death(v, age=age, female=female, ids=np.arange(n), seed=1)
    for years in (5.0, 20.0):
        exact = np.exp(-level * np.exp(slope * 60) * np.expm1(slope * years) / slope)
        assert (days > years * YEAR).mean() == pytest.approx(exact, abs=0.01)
    ages = np.arange(0, 101)
    frame = pd.DataFrame(
        {
            "age": np.tile(ages, 2),
            "sex": np.repeat(["female", "male"], 101),
            "hazard": np.concatenate([0.001 * np.exp(0.05 * ages), 0.002 * np.exp(0.05 * ages)]),
        }
    )
    table = read_life_table(frame, source="made up")
    read = background_death(v, age=age, female=female, ids=np.arange(n), seed=1, table=table)
    expected = table.expected_survival([60.0], ["male"], np.array([10.0]))[0]
    assert (read > 10 * YEAR).mean() == pytest.approx(expected, abs=0.01)


def test_the_earliest_cause_counts() -> None:
    day, cause = earliest(disease=np.array([5.0, np.inf, np.nan]), toxicity=np.array([7.0, 3.0, np.inf]))
    assert day.tolist() == [5.0, 3.0, np.inf]
    assert [CAUSES[c] for c in cause] == ["disease", "toxicity", ""]


def test_a_published_curve_comes_back() -> None:
    u = (np.arange(20_000) + 0.5) / 20_000
    months = curve_times((6.3, 12.0, 24.0), (0.5, 0.28, 0.20), u)
    for at, survival in ((6.3, 0.5), (12.0, 0.28), (24.0, 0.20)):
        assert (months > at).mean() == pytest.approx(survival, abs=1e-3)


def test_transplant_that_protects_ends_relapse() -> None:
    plan, values = central(
        "eliana", 6, transplant_in_remission=0.999, transplant_protects=0.999, transplant_mortality=0.001, transplant_time=20
    )
    table = simulate_block(plan.setting, values, first=0, size=97)
    done = table.infused & np.isfinite(table.transplant)
    assert done.sum() > 100
    late = (table.day >= table.transplant[:, None]) & (table.label > 0)
    categories = table.kinds.category(table.label)
    assert (categories[done][late[done]] == COMPLETE).all()
    assert (categories[~done] == PROGRESSION).any()


@pytest.fixture(scope="module")
def randomised(request: pytest.FixtureRequest) -> Protocol:
    folder = request.config.rootpath / "examples" / "designs"
    return load_protocol(str(folder / "zuma_7.toml"))


def test_arms_are_split_and_crossover_can_be_switched(randomised: Protocol) -> None:
    plan = plan_course(randomised, seed=5, uncertain=False, size=360)
    table = simulate_block(plan.setting, plan.values(0, 3), first=0, size=360)
    control = table.arm == list(randomised.arms).index("standard")
    assert control.mean() == pytest.approx(0.5, abs=0.05)
    assert not table.infused[control].any()
    assert table.infused[~control].mean() > 0.8
    crossed = np.isfinite(table.crossover)
    assert crossed[control].mean() > 0.25
    assert not crossed[~control].any()
    assert (table.crossover[crossed] >= table.failure[crossed]).all()
    off = {name: replace(arm, crossover=None) for name, arm in randomised.arms.items()}
    alone = simulate_block(Setting(replace(randomised, arms=off), plan.setting.course, 5), plan.values(0, 3), first=0, size=360)
    assert not np.isfinite(alone.crossover).any()
    np.testing.assert_array_equal(alone.death[~control], table.death[~control])
    early = ~np.isfinite(table.crossover)
    np.testing.assert_array_equal(alone.death[early], table.death[early])
    year = 365.0
    assert (table.death[crossed] > year).mean() > (alone.death[crossed] > year).mean()
