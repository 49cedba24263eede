"""One step of the generated code against numpy: Jacobian, unrolled LU, dense output, each lane for itself."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
from engine_models import ERADICATION, EVERYTHING, FORCED, ROBERTSON, STEIN, SWITCH, Floats, typical, wide

from autologue.engine import tableaus as tab
from autologue.engine.evaluate import evaluate
from autologue.engine.generate import GUARD_SPEEDS, RHS, SETUP, WIDTH, generate
from autologue.engine.solve import prepare
from autologue.engine.system import System, lower
from autologue.model import Model

POINTS = np.random.default_rng(3)


def slopes(system: System, p: Floats, y: Floats, t: float, phase: int = 0) -> Floats:
    values = {f"y{i}": v for i, v in enumerate(y)} | {f"p{i}": v for i, v in enumerate(p)} | {"t": t, "ph": float(phase)}
    values |= {f"u{i}": u.value for i, u in enumerate(system.model.inputs.values())} | {f"r{i}": 0.0 for i in range(len(y))}
    return np.array([float(v) for v in evaluate(system.graph, system.rhs, values)])


def jacobian(system: System, p: Floats, y: Floats, t: float) -> Floats:
    values = {f"y{i}": v for i, v in enumerate(y)} | {f"p{i}": v for i, v in enumerate(p)} | {"t": t, "ph": 0.0}
    one = system.graph.constant(1.0)
    columns = [system.graph.derivative(system.rhs, {f"y{j}": one}) for j in range(len(y))]
    return np.array([[float(v) for v in evaluate(system.graph, column, values)] for column in columns]).T


@pytest.mark.parametrize("model", [EVERYTHING, ERADICATION, ROBERTSON, FORCED, STEIN], ids=lambda m: m.name)
def test_jacobian_agrees_with_differences(model: Model) -> None:
    system = lower(model)
    for p in wide(model, 5):
        y, t = np.exp(POINTS.normal(0, 0.5, len(system.states))), float(POINTS.uniform(0, 3))
        exact = jacobian(system, p, y, t)
        for j in range(len(y)):
            e = np.zeros(len(y))
            e[j] = 1e-6 * y[j]
            numeric = (slopes(system, p, y + e, t) - slopes(system, p, y - e, t)) / (2 * e[j])
            scale = np.abs(exact).max(axis=1) + np.abs(slopes(system, p, y, t))
            np.testing.assert_allclose(exact[:, j], numeric, atol=2e-8 * float(scale.max()), rtol=1e-6)


class Lanes:
    """A kernel and its array of state, called as the driver does."""

    def __init__(self, model: Model, p: Floats, *, explicit: bool) -> None:
        ready = prepare(model)
        self.kernel = ready.kernel(explicit=explicit)
        self.at = generate(ready.system, explicit=explicit, group=False, portable=False)[1].offsets()
        self.n = len(ready.system.states)
        self.S, self.B = np.ones(self.at["end"]), np.zeros(64)
        self.block("p", len(p[0]))[:] = p.T
        for name in ("t", "ph", "u", "r"):
            self.block(name, self.n if name == "r" else 1)[:] = 0.0
        for lane in range(WIDTH):
            self.aux(SETUP, lane)

    def block(self, name: str, count: int) -> Floats:
        return self.S[self.at[name] : self.at[name] + count * WIDTH].reshape(count, WIDTH)

    def aux(self, code: int, lane: int) -> Floats:
        kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
        kind(self.kernel.aux)(code, self.S.ctypes.data, lane, self.B.ctypes.data)
        return self.B

    def step(self) -> None:
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.kernel.step)(self.S.ctypes.data)


def _numpy_step(system: System, p: Floats, y: Floats, t: float, h: float) -> tuple[Floats, Callable[[float], Floats]]:
    matrix = np.eye(len(y)) / (tab.RODAS_GAMMA * h) - jacobian(system, p, y, t)
    partial = system.graph.derivative(system.rhs, {"t": system.graph.constant(1.0)})
    values = {f"y{i}": v for i, v in enumerate(y)} | {f"p{i}": v for i, v in enumerate(p)} | {"t": t, "ph": 0.0}
    moving = np.array([float(v) for v in evaluate(system.graph, partial, values)])
    k: list[Floats] = []
    z = y
    for q in range(8):
        z = y + sum((a * k[j] for j, a in enumerate(tab.RODAS_A[q])), np.zeros(len(y)))
        right = slopes(system, p, z, t + tab.RODAS_TIME[q] * h) + h * tab.RODAS_SLOPE[q] * moving
        k.append(np.linalg.solve(matrix, right + sum((c / h * k[j] for j, c in enumerate(tab.RODAS_C[q])), np.zeros(len(y)))))
    g = [sum((w * k[j] for j, w in enumerate(row)), np.zeros(len(y))) for row in tab.RODAS_DENSE]
    new = z + k[7]
    return new, lambda s: (1 - s) * y + s * new + s * (1 - s) * (g[0] + s * (g[1] + s * g[2]))


@pytest.mark.parametrize(
    ("model", "largest"), [(EVERYTHING, 0.3), (ERADICATION, 0.3), (ROBERTSON, 1e-3)], ids=lambda m: getattr(m, "name", "")
)
def test_a_stiff_step_is_that_of_numpy_in_every_lane(model: Model, largest: float) -> None:
    p = wide(model, WIDTH)
    lanes, system = Lanes(model, p, explicit=False), prepare(model).system
    lanes.S[lanes.at["rtol"]] = 1.0  # accept
    lanes.S[lanes.at["atol"] : lanes.at["atol"] + lanes.n] = 1.0
    times, sizes = np.linspace(0.0, 2.0, WIDTH), np.geomspace(0.003 * largest, largest, WIDTH)
    lanes.block("t", 1)[0], lanes.block("h", 1)[0], lanes.block("stop", 1)[0] = times, sizes, 1e3
    start = lanes.block("y", lanes.n).copy()
    lanes.step()
    for lane in range(WIDTH):
        new, dense = _numpy_step(system, p[lane], start[:, lane], times[lane], sizes[lane])
        np.testing.assert_allclose(lanes.block("y", lanes.n)[:, lane], new, rtol=1e-11, atol=1e-14)
        c = lanes.block("co", 4 * lanes.n)[:, lane].reshape(4, lanes.n)
        for s in (0.2, 0.9):
            found = start[:, lane] + s * (c[0] + s * (c[1] + s * (c[2] + s * c[3])))
            np.testing.assert_allclose(found, dense(s), rtol=1e-10, atol=1e-13)
        assert lanes.block("t", 1)[0, lane] == pytest.approx(times[lane] + sizes[lane], rel=1e-15)


def test_the_kernels_rates_are_those_of_the_model_on_floats() -> None:
    p = wide(EVERYTHING, WIDTH)
    lanes, system = Lanes(EVERYTHING, p, explicit=False), prepare(EVERYTHING).system
    lanes.block("t", 1)[0] = np.linspace(0, 3, WIDTH)
    for lane in range(WIDTH):
        y = lanes.block("y", 3)[:, lane]
        wanted = slopes(system, p[lane], y, float(lanes.block("t", 1)[0, lane]))
        np.testing.assert_allclose(lanes.aux(RHS, lane)[:3], wanted, rtol=1e-13)


def test_the_speed_of_a_guard_is_its_derivative_along_the_course() -> None:
    lanes = Lanes(SWITCH, np.repeat(typical(SWITCH), WIDTH, axis=0), explicit=True)
    lanes.B[0], lanes.B[1] = 7.0, 0.0
    assert lanes.aux(GUARD_SPEEDS, 0)[2] == pytest.approx(0.7 * 7.0)


def test_a_step_over_the_tolerance_or_below_zero_is_refused() -> None:
    p = np.repeat(typical(ERADICATION), WIDTH, axis=0)
    lanes = Lanes(ERADICATION, p, explicit=False)
    lanes.S[lanes.at["rtol"]] = 1e-12
    lanes.S[lanes.at["atol"] : lanes.at["atol"] + 3] = 1e-100
    lanes.block("h", 1)[0], lanes.block("stop", 1)[0] = 5.0, 1e3
    before = lanes.block("y", 3).copy()
    lanes.step()
    np.testing.assert_array_equal(lanes.block("y", 3), before)
    assert (lanes.block("t", 1) == 0.0).all()
    assert (lanes.block("h", 1) < 5.0 * 0.9001).all()


def test_names_with_quotes_and_newlines_do_no_harm() -> None:
    from dataclasses import replace

    odd = replace(SWITCH, name='a "quoted"\n""" name\\')
    source, _ = generate(lower(odd), explicit=True, group=False, portable=True)
    compile(source, "kernel", "exec")
