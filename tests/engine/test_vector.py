"""Vector code against the scalar functions and numpy: each lane for itself, special values included."""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest
from engine_models import Floats
from numba import cfunc, njit, types

from autologue.engine.codes import WIDTH
from autologue.engine.scalar import vexp, vhill, vlog, vpow, vsqrt
from autologue.engine.vector import vectorised

RANDOM = np.random.default_rng(11)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e-300, -1e-300, 1e300, math.inf, -math.inf, math.nan, 708.5, -708.5, 709.5, 2.0, 0.5, 1e12]


def run(lines: str, *columns: Floats) -> Floats:
    """Run lines on slots a, b, c of eight numbers at a time and return what they call `out`."""
    names = "abc"[: len(columns)]
    source = "".join(f"{name}=S[{k * WIDTH}+l]\n" for k, name in enumerate(names)) + lines + f"S[{3 * WIDTH}+l]=out\n"
    body = vectorised(source)

    @cfunc(types.void(types.CPointer(types.float64)), nopython=True)
    def call(pointer):  # type: ignore[no-untyped-def]
        body(pointer)

    found, memory = [], np.zeros(4 * WIDTH)
    for start in range(0, len(columns[0]), WIDTH):
        for k, column in enumerate(columns):
            memory[k * WIDTH : (k + 1) * WIDTH] = column[start : start + WIDTH]
        call.ctypes(memory.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
        found.append(memory[3 * WIDTH :].copy())
    return np.concatenate(found)


@njit
def _scalar(which: int, x: Floats, a: Floats, b: Floats) -> Floats:
    out = np.empty_like(x)
    for i in range(len(x)):
        if which == 0:
            out[i] = vexp(x[i])
        elif which == 1:
            out[i] = vlog(x[i])
        elif which == 2:
            out[i] = vsqrt(x[i])
        elif which == 3:
            out[i] = vpow(x[i], a[i])
        else:
            out[i] = vhill(x[i], a[i], b[i])
    return out


@pytest.mark.parametrize(("which", "text"), list(enumerate(["vexp(a)", "vlog(a)", "vsqrt(a)", "vpow(a,b)", "vhill(a,b,c)"])))
def test_functions_are_those_of_scalar_code(which: int, text: str) -> None:
    x = np.concatenate([np.array(SPECIAL), RANDOM.normal(0, 100, 400), np.exp(RANDOM.normal(0, 100, 400))])
    a, b = np.resize([0.7, 1e12, 3.0, -1.0, math.nan, 0.0], len(x)), np.resize([2.0, 0.5, 1.3], len(x))
    with np.errstate(all="ignore"):
        wanted = _scalar(which, x, a, b)
    np.testing.assert_allclose(run(f"out={text}\n", x, a, b), wanted, rtol=1e-12 if which > 2 else 4e-16)


def test_exp_and_log_are_good_to_the_last_places() -> None:
    x = RANDOM.uniform(-700, 700, 8000)
    np.testing.assert_allclose(run("out=vexp(a)\n", x), np.exp(x), rtol=5e-16)
    y = np.exp(x)
    np.testing.assert_allclose(run("out=vlog(a)\n", y), np.log(y), rtol=1e-15)


@pytest.mark.parametrize("power", [-0.1, -0.07, 0.04])
def test_the_rough_power_for_step_control_is_good_to_ten_per_cent(power: float) -> None:
    x = np.exp(np.linspace(np.log(1e-12), np.log(1e10), 8000))
    assert np.abs(run(f"out=bitpow(a,{power})\n", x) / x**power - 1).max() < 0.1


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("out=a if a<b else b\n", lambda a, b: np.where(a < b, a, b)),
        ("out=(a if (a<b)|(a!=a) else b)\n", np.minimum),
        ("out=(a if (a>b)|(a!=a) else b)\n", np.maximum),
        ("out=max(0.15,min(6.0,a))\n", lambda a, b: np.clip(a, 0.15, 6.0)),
        ("w=a<=b\nout=w==0.0\n", lambda a, b: ~(a <= b)),
        ("w=(a>=0.0)&(b!=1.0)\nout=w\n", lambda a, b: (a >= 0) & (b != 1)),
        ("out=abs(-a)+2.0*b-1.0\n", lambda a, b: np.abs(a) + 2 * b - 1),
        ("out=(a/2.0)**2+1.0/4.0\n", lambda a, b: (a / 2) ** 2 + 0.25),
        ("S[0+l]=b\nout=S[0+l]\n", lambda a, b: b),
        ("out=S[1]+0.0*S[8+l]\n", lambda a, b: np.repeat(a.reshape(-1, WIDTH)[:, 1], WIDTH) + 0 * b),
    ],
)  # fmt: skip
def test_operators_are_those_of_numpy(lines: str, wanted) -> None:  # type: ignore[no-untyped-def]
    a, b = np.array(SPECIAL), np.array(SPECIAL[5:] + SPECIAL[:5])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(run(lines, a, b), wanted(a, b).astype(float))


def test_lanes_do_not_touch_each_other() -> None:
    x = RANDOM.normal(0, 3, 64)
    whole = run("out=vexp(a)*vlog(a*a+1.0)\n", x)
    for shift in range(1, WIDTH):
        np.testing.assert_array_equal(run("out=vexp(a)*vlog(a*a+1.0)\n", np.roll(x, shift)), np.roll(whole, shift))
