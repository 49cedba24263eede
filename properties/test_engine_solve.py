"""Solving: linear models against the matrix exponential, any regimen against superposition, any cut to the same bits, always a status."""

from __future__ import annotations

from typing import Any

import numpy as np
from engine_models import ERADICATION, EVERYTHING, PK, SWITCH, Floats, build, typical
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from autologue.engine.codes import BAD_START
from autologue.engine.solve import EXPLICIT, REASONS, STIFF, Solver, solve
from autologue.model import Model, State
from autologue.regimen import Bolus, Infusion, Regimen

N = 3
SOLVERS = st.sampled_from([STIFF, EXPLICIT])


def _linear(t: Any, y: Any, p: Any) -> dict[str, Any]:
    return {f"x{i}": sum(getattr(p, f"a{i}{j}") * getattr(y, f"x{j}") for j in range(N)) for i in range(N)}


LINEAR = build(
    "test_linear",
    {f"x{i}": State("1", absolute=1e-9, signed=True) for i in range(N)},
    {f"a{i}{j}": 0.0 for i in range(N) for j in range(N)},
    lambda p: {"x0": 1.0, "x1": -0.5, "x2": 2.0},
    _linear,
)


@settings(deadline=None, max_examples=40)
@given(entries=st.lists(st.floats(-3.0, 1.0), min_size=N * N, max_size=N * N), stiffness=st.floats(0.0, 4.0), solver=SOLVERS)
def test_linear_systems_follow_the_matrix_exponential(entries: list[float], stiffness: float, solver: Solver) -> None:
    matrix = np.array(entries).reshape(N, N)
    matrix[N - 1, N - 1] = -(10.0**stiffness)
    times = np.array([0.3, 1.0, 3.0])
    found = solve(LINEAR, matrix.reshape(1, -1), times=times, solver=Solver(explicit=solver.explicit, rtol=1e-8))
    assert found.status[0] == 0
    for k, t in enumerate(times):
        wanted = expm(matrix * t) @ [1.0, -0.5, 2.0]
        np.testing.assert_allclose(found.values[0, k], wanted, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(wanted).max())))


TIMES, AMOUNTS, ROUTES = st.floats(0, 20), st.floats(0, 50), st.sampled_from(["oral", "vein"])
EVENTS = st.lists(
    st.one_of(
        st.builds(lambda t, a, r: Bolus(t, a, "1", r), TIMES, AMOUNTS, ROUTES),
        st.builds(lambda t, a, d, r: Infusion(t, a, d, "1", r), TIMES, AMOUNTS, st.floats(0.01, 9), ROUTES),
        st.builds(lambda t, a, e, n: Bolus(t, a, "1", "oral", every=e, additional=n), TIMES, AMOUNTS, st.floats(0.1, 5), st.integers(0, 4)),
    ),
    max_size=6,
)


def _course(regimen: Regimen, solver: Solver) -> Floats:
    found = solve(PK, typical(PK), times=np.linspace(0, 40, 21), regimens=[regimen], solver=solver)
    assert found.status[0] == 0
    return found.values[0]


@settings(deadline=None, max_examples=60)
@given(events=EVENTS, solver=SOLVERS)
def test_doses_of_a_linear_model_add_up(events: list[Bolus | Infusion], solver: Solver) -> None:
    solver = Solver(explicit=solver.explicit, rtol=1e-8)
    together = _course(Regimen(*events), solver)
    apart = sum((_course(Regimen(event), solver) for event in events), np.zeros_like(together))
    np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-6)
    given_in_all = sum(e.amount * (1 + e.additional) for e in events)
    assert (together.sum(axis=1) <= given_in_all * (1 + 1e-6) + 1e-9).all()


def _fuzzed(model: Model, powers: list[float]) -> Floats:
    return typical(model) * 10.0 ** np.array(powers).reshape(-1, len(model.parameters))


@settings(deadline=None, max_examples=30)
@given(data=st.data(), model=st.sampled_from([ERADICATION, EVERYTHING, SWITCH]), solver=SOLVERS)
def test_any_parameters_give_a_status_and_the_same_bits_in_any_company(data: st.DataObject, model: Model, solver: Solver) -> None:
    size = 9 * len(model.parameters)
    p = _fuzzed(model, data.draw(st.lists(st.floats(-3.0, 3.0), min_size=size, max_size=size)))
    odd = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2), st.sampled_from([np.nan, np.inf, 0.0])), max_size=2)
    for row, column, value in data.draw(odd):
        p[row, column] = value
    short = Solver(explicit=solver.explicit, max_steps=2000)
    times = np.linspace(0.0, 50.0, 6)
    found = solve(model, p, times=times, solver=short, workers=1)
    assert set(found.status) <= set(range(len(REASONS)))
    assert np.isfinite(found.values[found.status == 0]).all()
    assert np.isfinite(found.failed_at[found.status != 0]).all()
    assert np.isnan(found.values[found.status != 0][:, -1]).all()
    assert (found.status[np.isnan(p).any(axis=1)] == BAD_START).all()
    order = data.draw(st.permutations(range(9)))
    again = solve(model, p[list(order)], times=times, solver=short, workers=1, chunk=data.draw(st.integers(1, 9)))
    np.testing.assert_array_equal(again.values, found.values[list(order)])
    np.testing.assert_array_equal(again.status, found.status[list(order)])
    np.testing.assert_array_equal(again.steps, found.steps[list(order)])
