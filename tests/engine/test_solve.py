"""Solutions against scipy, eradication, statuses, and the same bits for any chunk, thread, order and lane."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_models import ERADICATION, EVERYTHING, EXTINCT, FORCED, PK, ROBERTSON, STEIN, TAIL, Floats, build, typical, wide
from scipy.integrate import solve_ivp

from autologue.engine.closed import closed_form
from autologue.engine.codes import BAD_START
from autologue.engine.reference import solve_reference
from autologue.engine.sensitivity import sensitivities
from autologue.engine.solve import EXPLICIT, REASONS, STIFF, Solver, solve
from autologue.errors import InputError
from autologue.functions import hill, log, maximum, minimum
from autologue.model import Input, Model, Output, Phase, State
from autologue.regimen import Bolus, Level, Regimen

TIGHT, TIGHT_STIFF = Solver(explicit=True, rtol=1e-11), Solver(rtol=1e-11)


def check(model: Model, p: Floats, times: Floats, solver: Solver, tolerance: float) -> None:
    found = solve(model, p, times=times, outputs=[f"state:{n}" for n in model.states], solver=solver)
    assert (found.status == 0).all()
    floor = np.array([s.absolute or 0.0 for s in model.states.values()])
    for k, row in enumerate(p):
        wanted = solve_reference(model, dict(zip(model.parameters, row, strict=True)), times, rtol=1e-12, method="Radau")
        for i, name in enumerate(model.states):
            np.testing.assert_allclose(found.values[k, :, i], wanted[name], rtol=tolerance, atol=max(tolerance * 1e3 * floor[i], 1e-300))


@pytest.mark.parametrize(("solver", "tolerance"), [(TIGHT, 1e-9), (TIGHT_STIFF, 1e-9), (STIFF, 2e-4), (EXPLICIT, 2e-4)])
def test_a_non_autonomous_model_of_every_operation(solver: Solver, tolerance: float) -> None:
    check(EVERYTHING, wide(EVERYTHING, 3), np.linspace(0, 20, 9), solver, tolerance)


@pytest.mark.parametrize(("mu", "solver"), [(0.5, TIGHT), (0.5, TIGHT_STIFF), (30.0, TIGHT_STIFF)])
def test_forced_van_der_pol(mu: float, solver: Solver) -> None:
    p, times = typical(FORCED, mu=mu), np.linspace(0, 25, 26)
    found = solve(FORCED, p, times=times, solver=solver)
    want = solve_ivp(
        lambda t, y: [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0] + 0.8 * t * np.exp(-1.1 * t / 8)], (0, 25), [2.0, 0.0],
        method="Radau", rtol=1e-11, atol=1e-12, t_eval=times)  # fmt: skip
    np.testing.assert_allclose(found.values[0], want.y.T, rtol=1e-6, atol=1e-6)


def test_robertson_to_a_late_time_conserves_mass() -> None:
    times = np.concatenate([[0.0], 10.0 ** np.arange(-4, 7)])
    found = solve(ROBERTSON, typical(ROBERTSON), times=times, solver=Solver(rtol=1e-9))
    want = solve_reference(ROBERTSON, {}, times, rtol=1e-12, method="Radau")
    for i, name in enumerate(ROBERTSON.states):
        np.testing.assert_allclose(found.values[0, :, i], want[name], rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(found.values[0].sum(axis=1), 1.0, rtol=1e-8)
    assert found.steps[0] < 1000


def test_phases_doses_and_inputs_at_one_time_come_in_the_order_of_the_reference() -> None:
    model = build(
        "test_order",
        dict(x=State("1")),
        dict(k=0.3, end=4.0),
        lambda p, u: dict(x=u.start),
        [
            Phase(lambda y, p: dict(x=-p.k * y.x), until=lambda p: p.end, reset=lambda y: dict(x=0.5 * y.x)),
            Phase(lambda y, p: dict(x=p.k * y.x)),
        ],
        inputs=dict(start=Input(1.0, "1")),
        dosing=dict(x=PK.dosing["vein"].__class__("x", "1")),
    )
    regimen = Regimen(Level(0.0, "start", 3.0), Bolus(4.0, 10.0, "1", "x"), Bolus(0.0, 2.0, "1", "x"))
    times = np.array([0.0, 3.9, 4.0, 6.0])
    found = solve(model, typical(model), times=times, regimens=[regimen], solver=TIGHT)
    want = solve_reference(model, {}, times, regimen=regimen)
    np.testing.assert_allclose(found.values[0, :, 0], want["x"], rtol=1e-8)
    assert found.values[0, 0, 0] == 5.0


# --- eradication ---------------------------------------------------------------------------------------------------------

E_TIMES = np.concatenate([np.arange(0, 29, 1.0), [35, 42, 56, 70, 90, 120, 150, 180, 240, 300, 365]])


def eradication(count: int, *, hard: bool) -> Floats:
    """Parameters of problem E of the project's reference: without source and reactivation, cells pass through 1e-40."""
    r = np.random.default_rng(20240601)

    def draw(median: float, sd: float) -> Floats:
        return median * np.exp(r.normal(0, sd, count))

    medians = dict(
        rho=(0.9, 0.3), kb=(50, 0.4), de=(0.15, 0.3), phi=(0.02, 0.5), mu=(0.005, 0.3), g=(0.02, 0.3), bmax=(1000, 0.2), kk=(0.01, 0.5)
    )
    columns = {name: draw(*given) for name, given in medians.items()}
    columns |= {"s": (not hard) * draw(0.01, 0.5), "a": (not hard) * draw(0.05, 0.3)}
    columns |= {"e0": draw(1, 0.5), "m0": draw(0.1, 0.5), "b0": draw(100, 0.7)}
    return np.column_stack([columns[name] for name in ERADICATION.parameters])


def wrong(found: Floats, wanted: Floats) -> int:
    """Patients with a value off by more than 1 % where the true one exceeds 1e-4, not finite, or below -1e-3."""
    off = (wanted > 1e-4) & ~(np.abs(found - wanted) <= 0.01 * wanted)
    return int((off | ~np.isfinite(found) | (found < -1e-3)).any(axis=(1, 2)).sum())


@pytest.fixture(scope="module")
def hard() -> tuple[Floats, Floats]:
    """2,000 patients and their courses by the explicit pair at 1e-12, of which some are held against log states in scipy."""
    p = eradication(2000, hard=True)
    found = solve(ERADICATION, p, times=E_TIMES, solver=Solver(explicit=True, rtol=1e-12))
    assert (found.status == 0).all()
    deepest = np.argsort(found.values[:, :, 2].min(axis=1))[[0, 1, 2, 500, 1000, 1999]]
    for k in deepest:
        rho, kb, de, phi, mu, g, bmax, kk = p[k, :8]

        def slope(t: float, w: Floats, q: tuple[float, ...] = (rho, kb, de, phi, mu, g, bmax, kk)) -> list[float]:
            rho, kb, de, phi, mu, g, bmax, kk = q
            e, m, b = np.exp(w)
            return [rho * b / (kb + b) - de - phi, phi * e / m - mu, g * (1 - b / bmax) - kk * e]

        logs = solve_ivp(slope, (0, 365), np.log(p[k, 10:]), method="LSODA", rtol=1e-11, atol=1e-11, t_eval=E_TIMES)
        np.testing.assert_allclose(np.log(found.values[k]), logs.y.T, atol=1e-6)
    return p, found.values


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
def test_no_patient_is_wrong_where_tumours_are_eradicated(hard: tuple[Floats, Floats], solver: Solver) -> None:
    p, wanted = hard
    assert wanted.min() < 1e-20, "the problem would not be hard"
    found = solve(ERADICATION, p, times=E_TIMES, solver=solver)
    assert (found.status == 0).all()
    assert wrong(found.values, wanted) == 0
    assert found.values.min() >= 0.0


@pytest.mark.parametrize(("solver", "limit"), [(STIFF, 2e-5), (EXPLICIT, 1e-5)])
def test_accuracy_where_a_source_keeps_all_states_up(solver: Solver, limit: float) -> None:
    p = eradication(2000, hard=False)
    wanted = solve(ERADICATION, p, times=E_TIMES, solver=Solver(explicit=True, rtol=1e-12)).values
    found = solve(ERADICATION, p, times=E_TIMES, solver=solver)
    assert (found.status == 0).all()
    error = (np.abs(found.values - wanted) / (wanted + 1e-2)).max(axis=(1, 2))
    assert np.quantile(error, 0.999) < limit


# --- always an answer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
@pytest.mark.parametrize("model", [ERADICATION, EVERYTHING, STEIN, PK], ids=lambda m: m.name)
def test_a_parameter_that_is_not_a_number_is_a_status_for_that_patient_alone(model: Model, solver: Solver) -> None:
    n = len(model.parameters)
    p = np.repeat(typical(model), 2 * n + 1, axis=0)
    for k in range(n):
        p[2 * k + 1, k], p[2 * k + 2, k] = np.nan, np.inf
    found = solve(model, p, times=np.linspace(0, 20, 5), solver=solver)
    assert (found.status[1::2] == BAD_START).all()
    assert np.isnan(found.values[1::2]).all()
    assert (found.failed_at[1::2] == 0.0).all()
    alone = solve(model, typical(model), times=np.linspace(0, 20, 5), solver=solver)
    np.testing.assert_array_equal(found.values[0], alone.values[0])
    solved = found.status == 0
    assert not np.isnan(found.values[solved]).any()
    assert set(found.status) <= set(range(len(REASONS)))


BLOWN = build("test_blown", dict(x=State("1")), dict(k=1.0), lambda p: dict(x=1.0), lambda y, p: dict(x=p.k * y.x**2))


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
def test_a_blow_up_ends_with_a_reason_and_its_time(solver: Solver) -> None:
    found = solve(BLOWN, np.array([[1.0], [0.25], [0.01]]), times=np.array([0.5, 2.0, 6.0]), solver=solver)
    assert found.status[0] > 0
    assert found.status[1] > 0
    assert found.status[2] == 0
    np.testing.assert_allclose(found.failed_at[:2], [1.0, 4.0], rtol=1e-3)
    np.testing.assert_allclose(
        found.values[:, :, 0], [[2.0, np.nan, np.nan], [1 / 0.875, 2.0, np.nan], [1 / 0.995, 1 / 0.98, 1 / 0.94]], rtol=1e-5
    )


def test_the_cap_on_steps_is_a_reason() -> None:
    found = solve(ROBERTSON, typical(ROBERTSON), times=np.array([1e-6, 1e6]), solver=Solver(max_steps=20))
    assert REASONS[found.status[0]] == "the cap on steps was reached"
    assert found.steps[0] == 20
    assert np.isfinite(found.values[0, 0]).all()
    assert np.isnan(found.values[0, 1]).all()


def test_a_start_that_is_not_finite_or_a_rate_that_is_not_is_a_reason() -> None:
    infinite = solve(ERADICATION, typical(ERADICATION, e0=np.inf), times=np.array([1.0]))
    assert "initial state" in REASONS[infinite.status[0]]
    rate = solve(ERADICATION, typical(ERADICATION, rho=np.inf), times=np.array([1.0]))
    assert REASONS[rate.status[0]] == "the rate of change is not a finite number"


DRAINED = build(
    "test_drained", dict(x=State("1", absolute=1e-9), z=State("1")), dict(x0=1.0), lambda p: dict(x=p.x0, z=1.0),
    lambda y: dict(x=-0.5, z=-0.1 * y.z),
)  # fmt: skip


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
@pytest.mark.parametrize(("x0", "when"), [(1.0, 2.0), (-1.0, 0.0)])
def test_a_state_below_zero_is_a_reason_of_its_own(solver: Solver, x0: float, when: float) -> None:
    found = solve(DRAINED, typical(DRAINED, x0=x0), times=np.array([1.0, 3.0]), solver=solver)
    assert REASONS[found.status[0]] == "a state falls below zero and does not say that it may (signed=True)"
    assert found.failed_at[0] == pytest.approx(when, abs=1e-6)
    slopes = sensitivities(DRAINED, typical(DRAINED, x0=x0), wrt=["x0"], times=np.array([1.0, 3.0]), solver=solver)
    assert slopes.status[0] == found.status[0]


KINKED = build(
    "test_kinked", dict(x=State("1")), dict(a=1.0, b=1.0), lambda p: dict(x=1.0), lambda y, p: dict(x=-0.1 * y.x),
    outputs={
        name: Output(function, "1")
        for name, function in dict(
            left_low=lambda y, p: minimum(log(p.a) * y.x, p.b), right_low=lambda y, p: minimum(p.b, log(p.a) * y.x),
            left_high=lambda y, p: maximum(log(p.a) * y.x, p.b), right_high=lambda y, p: maximum(p.b, log(p.a) * y.x),
            base=lambda y, p: hill(log(p.a) * y.x, p.b, 2.0), half=lambda y, p: hill(p.b, log(p.a) * y.x, 2.0),
        ).items()
    },
)  # fmt: skip


def test_a_kink_does_not_swallow_what_is_not_a_number() -> None:
    found = solve(KINKED, typical(KINKED, a=np.array([-1.0, 2.0])), times=np.array([0.0, 1.0]))
    assert np.isnan(found.values[0]).all()
    x, lead = np.exp(-0.1 * np.array([0.0, 1.0])), np.log(2.0)
    np.testing.assert_allclose(found.values[1, :, 0], np.minimum(lead * x, 1.0), rtol=1e-6)
    np.testing.assert_allclose(found.values[1, :, 3], np.maximum(lead * x, 1.0), rtol=1e-6)
    np.testing.assert_array_equal(found.values[1, :, [0, 2]], found.values[1, :, [1, 3]])


@pytest.mark.parametrize("explicit", [False, True])
def test_absolute_tolerances_are_tightened_when_asked(explicit: bool) -> None:
    # a depot that declares 1e-3 and ends far below it
    model = build("test_depot", dict(x=State("1", absolute=1e-3)), dict(k=1.0), lambda p: dict(x=1.0), lambda y, p: dict(x=-p.k * y.x))
    times, want = np.array([9.0]), np.exp(-9.0)
    off = [
        abs(solve(model, typical(model), times=times, solver=Solver(explicit=explicit, rtol=1e-9, **more)).values[0, 0, 0] / want - 1)
        for more in ({}, dict(absolute=1e-6))
    ]
    assert off[0] > 1e-4
    assert off[1] < 2e-6


@pytest.mark.parametrize(
    "wrong", [dict(rtol=1.0), dict(absolute=0.0), dict(absolute=float("nan")), dict(max_steps=0), dict(max_steps=1.5)], ids=str
)
def test_settings_without_meaning_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="expected"):
        Solver(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        dict(parameters=[["a", "b", "c", "d", "e", "f"]]), dict(parameters=np.ones(6)), dict(parameters=np.ones((0, 6))),
        dict(times=[1.0, 2.0]), dict(times=np.array([2.0, 1.0])), dict(times=np.array([np.nan])), dict(times=np.array([-1.0])),
        dict(start=np.nan), dict(visits=[np.inf]), dict(workers=0), dict(chunk=0), dict(outputs=["transgen"]), dict(horizon=np.inf),
    ],
    ids=str,
)  # fmt: skip
def test_a_call_without_meaning_is_refused_in_a_sentence(wrong: dict[str, Any]) -> None:
    given = dict(parameters=typical(STEIN), times=np.array([1.0])) | wrong
    with pytest.raises(InputError, match=r"expected|must be|give|did you mean|sort them"):
        solve(STEIN, given.pop("parameters"), **given)
    if set(wrong) <= {"parameters", "times", "outputs"}:
        given = dict(parameters=typical(STEIN), times=np.array([1.0])) | wrong
        with pytest.raises(InputError):
            closed_form(STEIN, given.pop("parameters"), **given)


def test_a_horizon_at_the_start_and_no_times_are_fine() -> None:
    found = solve(STEIN, typical(STEIN), times=np.array([0.0, 0.0]))
    np.testing.assert_array_equal(found.values[0, :, 0], [20.0, 20.0])
    assert solve(STEIN, typical(STEIN), times=np.array([]), horizon=10.0).values.shape == (1, 0, 1)
    assert solve(STEIN, typical(STEIN), times=np.array([1.0]), outputs=[]).values.shape == (1, 1, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(times=np.array([1.0, 0.5])), "out of order at position 2"),
        (dict(times=np.array([np.nan])), "finite"),
        (dict(times=np.array([-1.0])), "from the start"),
        (dict(times=[np.array([1.0])] * 3), "3 arrays of times for 2 patients"),
        (dict(times=np.array([1.0]), regimens=[None] * 3), "3 regimens for 2 patients"),
        (dict(times=np.array([1.0]), outputs=["transgen"]), "did you mean transgene"),
        (dict(times=np.array([1.0]), horizon=np.nan), "horizon"),
    ],
)
def test_mistakes_are_one_sentence(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        solve(STEIN, np.repeat(typical(STEIN), 2, axis=0), **change)  # type: ignore[arg-type]


def test_parameters_and_chance_of_a_wrong_shape_are_refused() -> None:
    for shape in ((0, 6), (2, 5), (6,)):
        with pytest.raises(InputError, match="expected"):
            solve(STEIN, np.ones(shape), times=np.array([1.0]))
    with pytest.raises(InputError, match="chance"):
        solve(TAIL, typical(TAIL), times=np.array([1.0]), chance=np.array([0.5, 0.5]))


def test_a_solver_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="tolerance"):
        Solver(rtol=1e-20)


def test_progress_counts_every_patient() -> None:
    for workers in (1, 2):
        seen: list[int] = []
        solve(STEIN, np.repeat(typical(STEIN), 100, axis=0), times=np.array([1.0]), chunk=30, workers=workers, progress=seen.append)
        assert sum(seen) == 100


# --- the same bits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", [STIFF, EXPLICIT])
def test_the_same_bits_for_any_chunk_thread_order_and_lane(solver: Solver) -> None:
    p, order = eradication(600, hard=True), np.random.default_rng(0).permutation(600)
    p[17, 0] = np.nan
    p[300] *= 1e3
    whole = solve(ERADICATION, p, times=E_TIMES, solver=solver, workers=1, chunk=600)
    for chunk in (1, 37, 256):
        for workers in (1, 2):
            if chunk == 1 and workers == 1:
                continue
            found = solve(ERADICATION, p, times=E_TIMES, solver=solver, workers=workers, chunk=chunk)
            np.testing.assert_array_equal(found.values, whole.values)
            np.testing.assert_array_equal(found.steps, whole.steps)
            np.testing.assert_array_equal(found.status, whole.status)
    shuffled = solve(ERADICATION, p[order], times=E_TIMES, solver=solver)
    np.testing.assert_array_equal(shuffled.values, whole.values[order])
    for shift in range(8):
        found = solve(ERADICATION, p[shift : shift + 30], times=E_TIMES, solver=solver)
        np.testing.assert_array_equal(found.values, whole.values[shift : shift + 30])


def test_events_keep_the_same_bits_too() -> None:
    p = typical(EXTINCT, d=np.geomspace(0.05, 5, 300), n0=np.geomspace(1e6, 2, 300))
    regimens = [Regimen(Bolus(float(k % 7), 100.0, "1", "cells"), Level(float(k % 5), "killing", 0.3, until=9.0)) for k in range(300)]
    times = np.linspace(0, 30, 16)
    whole = solve(EXTINCT, p, times=times, regimens=regimens, chunk=300)
    for chunk, workers in ((1, 2), (37, 2), (37, 1)):
        found = solve(EXTINCT, p, times=times, regimens=regimens, chunk=chunk, workers=workers)
        np.testing.assert_array_equal(found.values, whole.values)
        np.testing.assert_array_equal(found.marks, whole.marks)
