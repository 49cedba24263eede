"""Coefficients: consistency, and the orders of both methods measured with plain steppers built from the same tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from engine_models import Floats

from autologue.engine import tableaus as tab

Step = Callable[[float, Floats, float], tuple[Floats, Floats, Callable[[float], Floats]]]
MU = 1.3


def slope(t: float, y: Floats) -> Floats:
    """A small non-linear problem that names the time in both equations."""
    return np.array([y[1] * np.cos(t) - 0.3 * y[0] ** 2, -MU * y[0] + np.sin(2 * t) * y[1] - 0.1 * y[0] * y[1]])


def jacobian(t: float, y: Floats) -> Floats:
    return np.array([[-0.6 * y[0], np.cos(t)], [-MU - 0.1 * y[1], np.sin(2 * t) - 0.1 * y[0]]])


def partial_time(t: float, y: Floats) -> Floats:
    return np.array([-y[1] * np.sin(t), 2 * np.cos(2 * t) * y[1]])


def rodas(t: float, y: Floats, h: float) -> tuple[Floats, Floats, Callable[[float], Floats]]:
    """One step of Rodas5P with a dense solve: the new state, the embedded one, and the dense output."""
    matrix = np.eye(len(y)) / (tab.RODAS_GAMMA * h) - jacobian(t, y)
    k: list[Floats] = []
    z = y
    for q in range(8):
        z = y + sum((a * k[j] for j, a in enumerate(tab.RODAS_A[q])), np.zeros(len(y)))
        right = slope(t + tab.RODAS_TIME[q] * h, z) + sum((c / h * k[j] for j, c in enumerate(tab.RODAS_C[q])), np.zeros(len(y)))
        k.append(np.linalg.solve(matrix, right + h * tab.RODAS_SLOPE[q] * partial_time(t, y)))
    new = z + k[7]
    g = [sum((w * k[j] for j, w in enumerate(row)), np.zeros(len(y))) for row in tab.RODAS_DENSE]

    def dense(s: float) -> Floats:
        return (1 - s) * y + s * new + s * (1 - s) * (g[0] + s * (g[1] + s * g[2]))

    return new, z, dense


def tsit(t: float, y: Floats, h: float) -> tuple[Floats, Floats, Callable[[float], Floats]]:
    """One step of Tsit5, likewise."""
    k = [slope(t, y)]
    z = y
    for q in range(1, 7):
        z = y + h * sum((a * k[j] for j, a in enumerate(tab.TSIT_A[q])), np.zeros(len(y)))
        k.append(slope(t + tab.TSIT_TIME[q] * h, z))
    error = h * sum((w * k[j] for j, w in enumerate(tab.TSIT_ERROR)), np.zeros(len(y)))

    def dense(s: float) -> Floats:
        weights = [sum(c * s ** (r + 1) for r, c in enumerate(row)) for row in tab.TSIT_DENSE]
        return y + h * sum((w * k[j] for j, w in enumerate(weights)), np.zeros(len(y)))

    return z, z - error, dense


def _errors(step: Step, steps: int) -> tuple[float, float, float]:
    """Errors after a time of 2 of the method, of its embedded method and of its dense output inside steps."""
    h, errors = 2.0 / steps, [0.0, 0.0, 0.0]
    y = low = np.array([1.0, 0.4])
    for i in range(steps):
        _, low, _ = step(i * h, low, h)
        y, _, dense = step(i * h, y, h)
        if i in (steps // 2, steps - 1):
            for s in (0.31, 0.73):
                errors[2] = max(errors[2], float(np.abs(dense(s) - truth((i + s) * h)).max()))
    return float(np.abs(y - truth(2.0)).max()), float(np.abs(low - truth(2.0)).max()), errors[2]


_solved: dict[str, Callable[[float], Floats]] = {}


def truth(t: float) -> Floats:
    """The solution to 1e-13, from scipy."""
    from scipy.integrate import solve_ivp

    if "curve" not in _solved:
        found = solve_ivp(slope, (0, 2), [1.0, 0.4], method="DOP853", rtol=1e-13, atol=1e-15, dense_output=True, max_step=0.02)
        _solved["curve"] = found.sol
    return _solved["curve"](t)


@pytest.mark.parametrize(("step", "orders"), [(rodas, (5, 4, 4)), (tsit, (5, 4, 4))])
def test_orders_of_convergence(step: Step, orders: tuple[int, int, int]) -> None:
    coarse, fine = _errors(step, 40), _errors(step, 80)
    for what, order, a, b in zip(("method", "embedded", "dense"), orders, coarse, fine, strict=True):
        measured = np.log2(a / b)
        # dense output of order 4 has local error h^5 and rides on a solution of order 5
        low = order - 0.35 if what != "dense" else 4 - 0.35
        assert low < measured < order + 1.6, (what, measured)


def test_stage_times_are_row_sums() -> None:
    for row, c in zip(tab.TSIT_A, tab.TSIT_TIME, strict=True):
        assert sum(row) == pytest.approx(c, abs=1e-14)
    assert tab.RODAS_TIME[0] == 0.0
    assert tab.RODAS_SLOPE[0] == pytest.approx(tab.RODAS_GAMMA)
    assert tab.RODAS_TIME[5:] == pytest.approx([1.0, 1.0, 1.0], abs=1e-12)
    assert tab.RODAS_SLOPE[5:] == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_weights_of_the_explicit_pair() -> None:
    assert sum(tab.TSIT_ERROR) == pytest.approx(0.0, abs=1e-14)
    dense = np.array(tab.TSIT_DENSE)
    np.testing.assert_allclose(dense.sum(axis=1), [*tab.TSIT_A[6], 0.0], atol=1e-12)
    np.testing.assert_allclose(dense.sum(axis=0), [1.0, 0.0, 0.0, 0.0], atol=1e-12)


def test_the_stiff_method_is_stiffly_accurate_and_damps() -> None:
    """A pure decay with h * rate = 1e8: what is left is nothing, for the new state and the embedded one."""
    k: list[float] = []
    z, rate = 1.0, 1e8
    for q in range(8):
        z = 1.0 + sum(a * k[j] for j, a in enumerate(tab.RODAS_A[q]))
        k.append((-rate * z + sum(c * k[j] for j, c in enumerate(tab.RODAS_C[q]))) / (1 / tab.RODAS_GAMMA + rate))
    assert abs(z + k[7]) < 1e-6
    assert abs(z) < 1e-6
