"""Events to tolerance: doses, inputs, phase ends, rules, extinction, and several of them at one time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_models import EXTINCT, PK, RULED, STEIN, SWITCH, Floats, build, stein, typical

from autologue.engine.reference import solve_reference
from autologue.engine.solve import EXPLICIT, STIFF, Solution, Solver, solve
from autologue.errors import InputError, ModelError
from autologue.model import Crossing, Input, Model, Output, Phase, Rule, State
from autologue.regimen import Bolus, Infusion, Level, Regimen

TIGHT = Solver(explicit=True, rtol=1e-10)
KA, K, SHARE, LAG = 1.3, 0.21, 0.7, 0.4


def central(t: Floats, amount: float, k: float = K) -> Floats:
    """Amount in the central compartment after a bolus into it at time 0."""
    return np.where(t >= 0, amount * np.exp(-k * np.maximum(t, 0)), 0.0)


def absorbed(t: Floats, amount: float) -> Floats:
    """Amount in the central compartment after an oral dose at time 0 that arrives at once."""
    s = np.maximum(t, 0)
    return amount * KA / (KA - K) * (np.exp(-K * s) - np.exp(-KA * s))


def infused(t: Floats, amount: float, duration: float) -> Floats:
    """Amount in the central compartment during and after an infusion from time 0."""
    s = np.maximum(t, 0)
    return amount / duration / K * (1 - np.exp(-K * np.minimum(s, duration))) * np.exp(-K * np.maximum(s - duration, 0))


TIMES = np.linspace(0, 30, 61)


def pk(regimen: Regimen | None, times: Floats = TIMES, solver: Solver = TIGHT) -> Floats:
    found = solve(PK, typical(PK), times=times, regimens=[regimen], outputs=["central"], solver=solver)
    assert found.status[0] == 0
    return found.values[0, :, 0]


@pytest.mark.parametrize("solver", [TIGHT, Solver(rtol=1e-10)])
def test_repeated_oral_doses_with_lag_and_bioavailability(solver: Solver) -> None:
    want = sum(absorbed(TIMES - LAG - start, SHARE * 10.0) for start in (1.0, 6.0, 11.0, 16.0))
    np.testing.assert_allclose(
        pk(Regimen(Bolus(1.0, 10.0, "1", "oral", every=5.0, additional=3)), solver=solver), want, rtol=2e-8, atol=2e-8
    )


def test_boluses_and_infusions_that_overlap() -> None:
    regimen = Regimen(
        Infusion(2.0, 12.0, 4.0, "1", "vein"),
        Infusion(3.0, 7.0, 9.0, "1", "vein"),
        Bolus(2.0, 5.0, "1", "vein"),
        Bolus(0.0, 3.0, "1", "vein"),
    )
    want = infused(TIMES - 2, 12.0, 4.0) + infused(TIMES - 3, 7.0, 9.0) + central(TIMES - 2, 5.0) + central(TIMES, 3.0)
    np.testing.assert_allclose(pk(regimen), want, rtol=2e-8, atol=2e-8)


def test_an_infusion_into_the_depot_lags_and_is_reduced_as_a_whole() -> None:
    found = solve(PK, typical(PK, ka=0.0), times=np.array([1.4, 2.4, 3.4, 9.0]), regimens=[Regimen(Infusion(1.0, 8.0, 2.0, "1", "oral"))],
                  outputs=["depot"], solver=TIGHT)  # fmt: skip
    np.testing.assert_allclose(found.values[0, :, 0], np.array([0.0, 4.0, 8.0, 8.0]) * SHARE, rtol=1e-9, atol=1e-12)


def test_overlapping_infusions_leave_no_rate_behind() -> None:
    given = [Infusion(start, amount, 1.0, "1", "cells") for start, amount in ((0.0, 1000.1), (0.5, 2000.2), (0.7, 3000.3))]
    found = solve(EXTINCT, typical(EXTINCT, n0=2.0), times=np.array([0.6, 40.0]), regimens=[Regimen(*given)], outputs=["cells"])
    assert found.values[0, 0, 0] > 100.0
    assert found.values[0, 1, 0] == 0.0


def test_a_regimen_in_hours() -> None:
    np.testing.assert_allclose(pk(Regimen(Bolus(48.0, 5.0, "1", "vein"), time="hour")), central(TIMES - 2.0, 5.0), rtol=1e-8, atol=1e-8)


def test_an_input_goes_on_and_off() -> None:
    regimen = Regimen(Bolus(0.0, 100.0, "1", "vein"), Level(5.0, "induction", 3.0, until=8.0), Level(20.0, "induction", 0.0))
    exposure = TIMES + 2 * np.clip(TIMES - 5, 0, 3) - np.maximum(TIMES - 20, 0)
    np.testing.assert_allclose(pk(regimen), 100 * np.exp(-K * exposure), rtol=1e-8)


def test_of_levels_that_overlap_the_one_that_began_later_counts() -> None:
    levels = (Level(0.0, "induction", 2.0, until=4.0), Level(2.0, "induction", 3.0, until=8.0), Level(8.0, "induction", 0.5, until=9.0))
    for regimen in (Regimen(Bolus(0.0, 100.0, "1", "vein"), *levels), Regimen(*levels[::-1], Bolus(0.0, 100.0, "1", "vein"))):
        want = solve_reference(PK, {}, TIMES, regimen=regimen)["central"]
        assert want[10] == pytest.approx(100 * np.exp(-K * (2 * 2 + 3 * 3)), rel=1e-8)
        np.testing.assert_allclose(pk(regimen), want, rtol=1e-7, atol=1e-9)


TWINS = build(
    "test_twins",
    dict(x=State("1", extinct_below=2.0)),
    dict(k=0.5),
    lambda p: dict(x=8.0),
    [Phase(lambda y, p: dict(x=-p.k * y.x), until=Crossing(lambda y: y.x - 2.0, "falling")), Phase(lambda y, p: dict(x=-p.k * y.x))],
    inputs=dict(a=Input(0.0, "1"), b=Input(0.0, "1")),
    rules=[
        Rule("a", Crossing(lambda y: y.x - 2.0, "falling"), dict(a=1.0)),
        Rule("b", Crossing(lambda y: 2.0 * y.x - 4.0, "falling"), dict(b=1.0)),
    ],
    outputs=dict(x=Output(lambda y: y.x, "1"), a=Output(lambda u: u.a, "1"), b=Output(lambda u: u.b, "1")),
)


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT, TIGHT])
def test_events_of_four_kinds_at_one_time_all_happen(solver: Solver) -> None:
    found = solve(TWINS, typical(TWINS), times=np.array([2.5, 4.0]), solver=solver)
    np.testing.assert_array_equal(found.values[0, :, 1:], [[0.0, 0.0], [1.0, 1.0]])
    assert found.values[0, 1, 0] == 0.0
    when = dict(zip(found.events, found.marks[0], strict=True))
    for name in ("end of phase 1", "extinction of x", "rule a", "rule b"):
        assert when[name] == pytest.approx(2 * np.log(4.0), rel=1e-5)


def test_a_course_may_start_before_zero() -> None:
    found = solve(
        PK, typical(PK), times=np.array([-3.0, 0.0, 2.0]), start=-5.0, regimens=[Regimen(Bolus(-4.0, 10.0, "1", "vein"))],
        outputs=["central"], solver=TIGHT,
    )  # fmt: skip
    np.testing.assert_allclose(found.values[0, :, 0], central(np.array([1.0, 4.0, 6.0]), 10.0), rtol=1e-8)


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
def test_values_at_an_event_are_those_just_after_it(solver: Solver) -> None:
    regimen = Regimen(
        Bolus(0.0, 4.0, "1", "vein"), Bolus(2.0, 5.0, "1", "vein"), Bolus(2.0, 7.0, "1", "vein"), Bolus(30.0, 1.0, "1", "vein")
    )
    times = np.array([0.0, 0.0, np.nextafter(2.0, 0.0), 2.0, 2.0, 30.0])
    want = [
        4.0,
        4.0,
        *(np.array([4.0, 16.0 * np.exp(0), 16.0]) * np.exp([-2 * K, 0, 0]) + [0, 4 * np.exp(-2 * K) - 4, 4 * np.exp(-2 * K) - 4]),
    ]
    want += [(4 * np.exp(-2 * K) + 12) * np.exp(-28 * K) + 1]
    np.testing.assert_allclose(pk(regimen, times, solver), want, rtol=3e-5)


def test_each_patient_has_its_own_times_and_regimen() -> None:
    regimens = [Regimen(Bolus(float(k), 10.0, "1", "vein")) for k in range(20)]
    times = [np.linspace(0, 5 + k, 3 + k) for k in range(20)]
    found = solve(PK, typical(PK, k=np.full(20, K)), times=times, regimens=regimens, outputs=["central"], solver=TIGHT)
    want = np.concatenate([central(t - k, 10.0) for k, t in enumerate(times)])
    np.testing.assert_allclose(found.values[:, 0], want, rtol=1e-8, atol=1e-12)


def test_a_dose_before_the_start_is_refused() -> None:
    with pytest.raises(InputError, match="before the start"):
        pk(Regimen(Bolus(-1.0, 10.0, "1", "vein")))


@pytest.mark.parametrize("solver", [Solver(rtol=1e-9), TIGHT])
def test_a_phase_ends_at_a_parameter(solver: Solver) -> None:
    t_max = np.array([9.3, 2.1, 40.0, 7.0, 1e-3, 0.0, 50.0, 28.0, 14.0])
    times = np.array([0.0, 1.0, 7.0, 14.0, 20.0, 28.0, 45.0])
    p = typical(STEIN, t_max=t_max)
    p[5, 1] = 1.0  # no expansion at all where t_max is zero
    found = solve(STEIN, p, times=times, solver=solver)
    want = np.array([stein(row, times) for row in np.where(np.arange(6) == 2, np.maximum(p, 1e-9), p)])
    np.testing.assert_allclose(found.values[:, :, 0], want, rtol=5e-7)
    np.testing.assert_allclose(found.marks[:, 0], np.where(t_max > 45, np.nan, t_max), rtol=1e-15)


def _switch(p: Floats) -> tuple[float, float]:
    g, d, top = p[:3]
    first = np.log(top / 2.0) / g
    return first, first + np.log(0.1 * top) / d


@pytest.mark.parametrize(("solver", "tolerance"), [(Solver(rtol=1e-10), 1e-8), (TIGHT, 1e-8), (STIFF, 2e-4), (EXPLICIT, 2e-4)])
def test_phases_end_by_state_rising_and_falling(solver: Solver, tolerance: float) -> None:
    p = typical(SWITCH, g=np.linspace(0.3, 1.7, 11), top=np.linspace(20, 90, 11))
    times = np.linspace(0, 15, 31)
    found = solve(SWITCH, p, times=times, solver=solver)
    for k, row in enumerate(p):
        first, second = _switch(row)
        np.testing.assert_allclose(found.marks[k, :2], [first, second], rtol=tolerance)
        g, d, top = row[:3]
        want = np.where(times < first, 2 * np.exp(g * times), 0.1 * top * np.exp(-d * (times - first)))
        want = np.where(times >= second, np.exp(g * (times - second)), want)
        np.testing.assert_allclose(found.values[k, :, 0], want, rtol=20 * tolerance)


def test_a_crossing_before_its_time_does_not_count() -> None:
    first, second = _switch(typical(SWITCH)[0])
    late = solve(SWITCH, typical(SWITCH, after=second + 0.1), times=np.array([12.0]), solver=TIGHT)
    assert late.values[0, 0, 0] == pytest.approx(5 * np.exp(-0.9 * (12 - first)), rel=1e-7)
    soon = solve(SWITCH, typical(SWITCH, after=second - 0.01), times=np.array([12.0]), solver=TIGHT)
    assert soon.values[0, 0, 0] == pytest.approx(np.exp(0.7 * (12 - second)), rel=1e-7)


def test_extinction_comes_when_one_cell_is_left() -> None:
    d, n0 = np.array([0.1, 0.8, 3.0, 10.0]), np.array([1e2, 1e4, 1e12, 1e3])
    found = solve(EXTINCT, typical(EXTINCT, d=d, n0=n0), times=np.array([0.0, 30.0, 60.0]), solver=TIGHT)
    when = found.marks[:, list(found.events).index("extinction of cells")]
    np.testing.assert_allclose(when, np.log(n0) / d, rtol=1e-9)
    assert (found.values[:, 2, 0] == 0.0).all()


def test_a_state_that_starts_below_one_cell_is_extinct_at_once() -> None:
    found = solve(EXTINCT, typical(EXTINCT, n0=0.5), times=np.array([0.0, 5.0]))
    assert (found.values[0, :, 0] == 0.0).all()
    assert found.marks[0, list(found.events).index("extinction of cells")] == 0.0


def test_a_new_dose_revives_the_extinct_and_a_lone_remainder_dies() -> None:
    regimen = Regimen(Level(0.0, "killing", 0.0), Bolus(3.0, 50.0, "1", "cells"), Bolus(9.0, 0.4, "1", "cells"))
    found = solve(EXTINCT, typical(EXTINCT, n0=0.5), times=np.array([2.0, 3.0, 8.0, 9.0]), regimens=[regimen], solver=TIGHT)
    np.testing.assert_allclose(found.values[0, :, 0], [0.0, 50.0, 50.0, 50.4], rtol=1e-12)


def _ruled(regimen: Regimen | None = None, visits: tuple[float, ...] = (), solver: Solver = TIGHT) -> Solution:
    return solve(RULED, typical(RULED), times=np.linspace(0, 16, 161), regimens=[regimen], visits=visits, solver=solver)


def test_a_rule_acts_after_its_delay_for_its_duration_and_again() -> None:
    found = _ruled()
    on, times = found.values[0, :, 1], np.linspace(0, 16, 161)
    first = np.log(4.0) / 0.5
    low = 2 * np.exp(-0.25)
    second = first + 3.5 + np.log((low + 3.0) / 2.0) / 0.5
    off = ((times >= first + 0.5) & (times < first + 3.5)) | ((times >= second + 0.5) & (times < second + 3.5))
    np.testing.assert_array_equal(on, np.where(off, 0.0, 1.0))
    assert found.marks[0, list(found.events).index("rule low")] == pytest.approx(first, rel=1e-9)
    third = second + 3.5 + np.log((low + 3.0) / 2.0) / 0.5
    assert third < 16, "the rule would fire a third time within the horizon, were it allowed to"


def test_a_rule_at_visits_waits_for_a_visit() -> None:
    found = _ruled(visits=(1.0, 2.0, 3.0, 3.6))
    times = np.linspace(0, 16, 161)
    # x falls below 1.9 at 2.876 days, the next visit is at 3.0
    np.testing.assert_array_equal(found.values[0, :, 2], np.where(times >= 3.0, 1.0, 0.0))
    assert found.marks[0, list(found.events).index("rule visit")] == 3.0


def test_a_rule_at_visits_does_nothing_without_visits() -> None:
    found = _ruled()
    assert not found.values[0, :, 2].any()
    assert np.isnan(found.marks[0, list(found.events).index("rule visit")])


def test_a_dose_that_jumps_over_a_threshold_triggers_its_rule() -> None:
    found = _ruled(Regimen(Bolus(4.0, 20.0, "1", "drug")))
    np.testing.assert_array_equal(found.values[0, :, 3], np.where(np.linspace(0, 16, 161) >= 4.0, 1.0, 0.0))


def _arch(sign: float) -> Model:
    """x rises (or falls) to its turn at t = 5 and comes back: x = 20 + sign (5 t - t^2 / 2), which both methods step over in one piece."""
    level = 20.0 + sign * 12.495
    return build(
        f"test_arch_{int(sign)}", dict(x=State("1", signed=True)), dict(a=1.0), lambda p: dict(x=20.0),
        [
            Phase(lambda t, p: dict(x=sign * p.a * (5.0 - t)), until=Crossing(lambda y: y.x - level, "rising")),
            Phase(lambda p: dict(x=0.0 * p.a)),
        ],
    )  # fmt: skip


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
@pytest.mark.parametrize(("sign", "when"), [(1.0, 4.9), (-1.0, 5.1)])
def test_a_threshold_that_is_passed_twice_within_half_a_step_is_seen(solver: Solver, sign: float, when: float) -> None:
    model = _arch(sign)
    found = solve(model, typical(model), times=np.array([0.0, 20.0]), solver=solver)
    assert found.marks[0, 0] == pytest.approx(when, rel=1e-6)
    assert found.values[0, 1, 0] == pytest.approx(20.0 + sign * 12.495, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(lasting=0.0), "lasting=0.0 must be a time above zero"),
        (dict(lasting=float("nan")), "lasting=nan"),
        (dict(delay=-1.0), "delay=-1.0 must be a finite time of at least zero"),
        (dict(delay=float("nan")), "delay=nan"),
        (dict(delay=float("inf")), "delay=inf"),
        (dict(times=0), "times=0 must be a whole number"),
        (dict(at="visit"), "expected 'threshold' or 'visits'"),
        (dict(change={}), "changes no input"),
        (dict(change=dict(on=float("nan"))), "sets 'on' to nan"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Rule(**{"name": "low", "when": Crossing(lambda y: y.x, "falling"), "change": dict(on=0.0), **change})
