"""The inline functions of kernels against numpy, to units in the last place, and at special values."""

from __future__ import annotations

import math

import numpy as np
from engine_models import Floats
from numba import njit

from autologue.engine.scalar import vexp, vlog, vpow, vsqrt


@njit
def apply(which: int, x: Floats, a: Floats, out: Floats) -> None:
    for i in range(len(x)):
        if which == 0:
            out[i] = vexp(x[i])
        elif which == 1:
            out[i] = vlog(x[i])
        elif which == 2:
            out[i] = vpow(x[i], a[i])
        else:
            out[i] = vsqrt(x[i])


def of(which: str, x: Floats | list[float], a: Floats | float = 0.0) -> Floats:
    x = np.asarray(x, dtype=float)
    out = np.empty_like(x)
    apply(("exp", "log", "pow", "sqrt").index(which), x, np.broadcast_to(np.asarray(a, dtype=float), x.shape).copy(), out)
    return out


def ulps(found: Floats, wanted: Floats) -> float:
    return float(np.max(np.abs(found - wanted) / np.spacing(np.abs(wanted))))


RANDOM = np.random.default_rng(7)


def test_exp_is_within_4_ulp() -> None:
    x = np.concatenate([np.linspace(-707.9, 708.9, 400_001), RANDOM.normal(0, 1, 200_000), RANDOM.normal(0, 1e-9, 1000)])
    assert ulps(of("exp", x), np.exp(x)) <= 4


def test_log_is_within_4_ulp_or_1e_15() -> None:
    x = np.concatenate([np.exp(np.linspace(-707, 709, 400_001)), 1 + RANDOM.normal(0, 1e-3, 100_000), np.linspace(0.5, 3, 100_001)])
    found, wanted = of("log", x), np.log(x)
    fine = np.abs(found - wanted) <= np.maximum(4 * np.spacing(np.abs(wanted)), 1e-15 * np.abs(wanted))
    assert fine.all()
    assert of("log", [1.0])[0] == 0.0


def test_log_near_one_keeps_relative_accuracy() -> None:
    x = 1 + np.array([2.0**-k for k in range(2, 53)] + [-(2.0**-k) for k in range(2, 53)])
    np.testing.assert_allclose(of("log", x), np.log(x), rtol=1e-15)


def test_sqrt_is_exact() -> None:
    x = np.exp(RANDOM.uniform(-690, 690, 100_000))
    np.testing.assert_array_equal(of("sqrt", x), np.sqrt(x))


def test_pow_loses_no_more_than_the_exponent_of_its_result_costs() -> None:
    x, a = np.exp(RANDOM.uniform(-20, 20, 200_000)), RANDOM.uniform(-10, 10, 200_000)
    error = np.abs(of("pow", x, a) / x**a - 1)
    assert (error <= 5e-16 * (4 + np.abs(a * np.log(x)))).all()


def test_special_values() -> None:
    inf, nan = math.inf, math.nan
    np.testing.assert_array_equal(of("exp", [0.0, -inf, inf, nan, -709.0, 709.5, 1e308]), [1.0, 0.0, inf, nan, 0.0, inf, inf])
    np.testing.assert_array_equal(of("log", [0.0, -1.0, -inf, nan, inf]), [-inf, nan, nan, nan, inf])
    np.testing.assert_array_equal(of("pow", [0.0, -2.0, nan, inf], 1.5), [0.0, 0.0, nan, inf])
    np.testing.assert_array_equal(of("pow", [2.0, 1.0, 0.0], nan)[:2], [nan, nan])
    np.testing.assert_array_equal(of("sqrt", [0.0, -1.0, nan, inf]), [0.0, 0.0, nan, inf])
