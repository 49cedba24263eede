"""Progression and death before infusion: exact rules on known growth, what estimands see of it, and the cost of a longer wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autologue.errors import InputError
from autologue.outcomes import ESTIMANDS
from autologue.outcomes.arrays import observe_records
from autologue.protocol import Protocol, Quantity, read_protocol
from autologue.trial import load_protocol
from autologue.trial.block import simulate_block
from autologue.trial.events import after_failure
from autologue.trial.flow import MONTH, Flow, reach_infusion
from autologue.trial.growth import waiting_burden
from autologue.trial.replicate import Plan, plan_course
from autologue.trial.shelf import find_protocol
from autologue.trial.table import Courses
from autologue.trial.values import Values
from autologue.trial.waiting import with_progression

SEED = 3


def waited(protocol: Protocol, median: float) -> Protocol:
    """The protocol with another time of manufacturing, in the same proportions."""
    made = protocol.manufacturing
    assert made is not None

    def scaled(one: Quantity) -> Quantity:
        return replace(one, value=one.value * median / made.time.median.value)

    time = replace(made.time, median=scaled(made.time.median), lower=scaled(made.time.lower), upper=scaled(made.time.upper))
    return replace(protocol, manufacturing=replace(made, time=time))


def prepared(protocol: Protocol, count: int, **changes: float) -> tuple[Plan, Values, Flow, Flow]:
    """Plan, values by patient, and the flow before and after disease is assessed while waiting."""
    plan = plan_course(protocol, seed=SEED, uncertain=False)
    values = plan.values(0, count)
    values = Values({**values.numbers, **{key: np.full(count, value) for key, value in changes.items()}}, values.draws)
    before = reach_infusion(protocol, values, seed=SEED, first=0, size=111)
    v = values.spread(before.replicate)
    return plan, v, before, with_progression(protocol, before, v, seed=SEED)


def test_progression_is_seen_at_the_first_assessment_with_half_as_much_again() -> None:
    protocol = waited(load_protocol("zuma_1"), 80.0)
    _, _, before, after = prepared(protocol, 20, waiting_growth=0.15, waiting_growth_spread=1e-12, withdrawn_at_progression=1e-12)
    day = np.log10(1.5) / 0.15 * MONTH  # 35.7 days
    assert protocol.waiting is not None
    waiting = np.where(before.infused, before.infusion - 5.0, before.left)
    for k in range(len(before)):
        planned = [d for d in (*protocol.waiting.assessed, waiting[k] if before.infused[k] else np.inf) if d <= waiting[k] and d >= day]
        assert after.progressed[k] == (planned[0] if planned else pytest.approx(np.nan, nan_ok=True)), k
    assert 0.5 < np.isfinite(after.progressed).mean() < 1.0
    slow = prepared(protocol, 5, waiting_growth=-0.1, waiting_growth_spread=1e-12)[3]
    assert not np.isfinite(slow.progressed).any()


def test_who_progresses_is_withdrawn_or_dies_or_is_infused() -> None:
    protocol = waited(load_protocol("zuma_1"), 60.0)
    _, v, before, after = prepared(protocol, 60, withdrawn_at_progression=0.3)
    seen = np.isfinite(after.progressed) & before.infused
    died = seen & after.lost_dead & ~before.lost_dead
    withdrawn = seen & ~after.infused & ~died
    assert withdrawn.sum() / seen.sum() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / seen.sum()))
    np.testing.assert_array_equal(after.lost[withdrawn], after.progressed[withdrawn])
    death = after_failure(after.progressed, v, ids=after.ids, seed=SEED).disease_death
    np.testing.assert_array_equal(after.lost[died], death[died])
    assert (after.lost[died] < before.infusion[died]).all()
    stayed = seen & after.infused
    assert (death[stayed] >= after.infusion[stayed]).all()
    assert died.sum() > 10
    np.testing.assert_array_equal(after.infusion[~seen], before.infusion[~seen])
    assert not after.lymphodepleted[~after.infused].any()


def test_bridging_holds_and_then_the_burden_grows_on() -> None:
    protocol = load_protocol(str(Path(__file__).resolve().parents[2] / "examples" / "designs" / "belinda.toml"))
    plan = plan_course(protocol, seed=SEED, uncertain=False)
    n = 4000
    values = plan.values(0, 1).spread(np.zeros(n, np.int64))
    flat = Values({**values.numbers, "waiting_growth": np.full(n, 0.2), "waiting_growth_spread": np.full(n, 1e-12)}, values.draws)
    days = np.broadcast_to([0.0, 14.0, 28.0, 28.0 + MONTH], (n, 4))
    assert protocol.bridging is not None
    found = waiting_burden(protocol, np.full(n, 50.0), flat, bridged=np.ones(n, bool), days=days, ids=np.arange(n), seed=SEED)
    change = np.log10(found / 50.0)
    np.testing.assert_allclose(change[:, 1], change[:, 2] / 2, atol=1e-9)
    np.testing.assert_allclose(change[:, 3] - change[:, 2], 0.2, atol=1e-9)
    assert change[:, 2].mean() == pytest.approx(-protocol.bridging.fall.value, abs=4 * protocol.bridging.spread.value / np.sqrt(n))


@pytest.fixture(scope="module")
def slow() -> Courses:
    protocol = waited(load_protocol(str(Path(__file__).resolve().parents[2] / "examples" / "designs" / "zuma_7.toml")), 60.0)
    plan = plan_course(protocol, seed=SEED, uncertain=False)
    return simulate_block(plan.setting, plan.values(0, 4), first=0, size=plan.size)


def test_from_randomisation_it_is_an_event_and_from_infusion_it_is_none(slow: Courses) -> None:
    records = slow.records(1e5)
    early = slow.progressed_waiting < np.minimum(records.last_contact, slow.new_therapy)
    both = early & slow.infused
    assert both.sum() > 50
    from_start = observe_records(records, ESTIMANDS["zuma_7_efs"])
    np.testing.assert_array_equal(from_start.time[early], slow.progressed_waiting[early])
    assert (from_start.status[early] == 1).all()
    without = replace(records, day=records.day[:, 1:], category=records.category[:, 1:])
    for name in ("pfs_infused", "dor", "os_randomised"):
        one, other = observe_records(records, ESTIMANDS[name]), observe_records(without, ESTIMANDS[name])
        np.testing.assert_array_equal(one.time, other.time)
        np.testing.assert_array_equal(one.status, other.status)
    late = observe_records(records, ESTIMANDS["belinda_efs"])  # progression before week 12 is no event there
    kept = early & (late.status == 1) & (slow.progressed_waiting < ESTIMANDS["belinda_efs"].progression_from)
    assert kept.sum() > 50
    assert (late.time[kept] > slow.progressed_waiting[kept]).all()
    control = slow.arm == 1
    assert not np.isfinite(slow.progressed_waiting[control]).any()


def test_the_clock_of_the_disease_runs_on_unless_the_cells_help(slow: Courses) -> None:
    responded = slow.kinds.category(slow.label)[:, 1:] >= 3
    early = slow.infused & np.isfinite(slow.progressed_waiting)
    helped, unhelped = early & responded.any(axis=1), early & ~responded.any(axis=1)
    np.testing.assert_array_equal(slow.failure[unhelped], slow.progressed_waiting[unhelped])
    assert (slow.failure[helped] > slow.infusion[helped]).all()
    assert (slow.new_therapy[early] > slow.infusion[early]).all()


@pytest.mark.parametrize("name", ["zuma_1", "eliana"])
def test_a_longer_wait_is_worse_for_all_who_enrol(name: str) -> None:
    """By intention to treat: fewer are infused and in remission, fewer live at each time, and fewer are free of failure at a year."""
    protocol, waits = load_protocol(name), (20.0, 40.0, 70.0, 120.0)
    rows = []
    for wait in waits:
        plan = plan_course(waited(protocol, wait), seed=SEED, uncertain=False)
        table = simulate_block(plan.setting, plan.values(0, 12), first=0, size=plan.size)
        free = np.minimum.reduce([table.progression, table.progressed_waiting, table.death, table.failure])
        alive = [(table.death > 365.0 * years).mean() for years in (0.5, 1.0, 2.0, 5.0)]
        rows.append([table.infused.mean(), (table.best_label >= 3).mean(), *alive, (free > 365.0).mean()])
    assert (np.diff(np.array(rows), axis=0) < 0).all(), rows


def test_assessments_out_of_order_are_refused(tmp_path: Path) -> None:
    text = find_protocol("zuma_1").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("[30, 60, 90, 120, 150]", "[60, 30]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"mine.toml: waiting.assessed goes from 60 to 30; expected visits in rising order"):
        read_protocol(path)
