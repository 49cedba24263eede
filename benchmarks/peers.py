"""The peers that the engine benchmark runs beside us: scipy, numbalsoda and diffrax, on the same right-hand sides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from problems import A_TIMES, A_VALUES, E_TIMES, E_VALUES, rates_a, rhs_a, rhs_e
from scipy.integrate import solve_ivp

from autologue.model import Names

Floats = NDArray[np.float64]
A_STATES, E_STATES = ("E", "M", "T", "B", "C"), ("E", "M", "B")
A_ABSOLUTE = np.array([1e-4, 1e-4, 1e-4, 1e-4, 1e-8])


def starts_a(p: Floats) -> Floats:
    """Return the initial states of problem A (patients, 5)."""
    at = list(A_VALUES).index
    zero = np.zeros(len(p))
    return np.column_stack([p[:, at("dose")], zero, p[:, at("burden")], p[:, at("B0")], zero])


def scipy_lsoda(p: Floats, y0: Floats) -> Floats:
    """Solve problem A with scipy's LSODA and a Python right-hand side."""

    def rates(t: float, y: Floats, names: Names) -> list[float]:
        del t
        return list(rhs_a(Names("state", dict(zip(A_STATES, y, strict=True))), names).values())

    out = np.empty((len(p), len(A_TIMES), 5))
    for i in range(len(p)):
        names = Names("parameter", dict(zip(A_VALUES, p[i], strict=True)))
        found = solve_ivp(rates, (0, A_TIMES[-1]), y0[i], "LSODA", A_TIMES, rtol=1e-6, atol=A_ABSOLUTE, args=(names,))
        out[i, : found.y.shape[1]] = found.y.T
    return out


def numbalsoda_a() -> Callable[[Floats, Floats], Floats]:
    """Return a function that solves problem A with numbalsoda's LSODA, compiled."""
    from numba import carray, cfunc, njit
    from numbalsoda import lsoda, lsoda_sig

    @cfunc(lsoda_sig)  # type: ignore[untyped-decorator]
    def rates(t, y_, dy, p_):  # type: ignore[no-untyped-def]
        y, p = carray(y_, (5,)), carray(p_, (17,))
        a = y[2] + y[3]
        f = a / (p[1] + a)
        recall = p[5] * y[1] * f
        dy[0] = p[0] * y[0] * f - p[2] * y[0] - p[3] * y[0] + recall
        dy[1] = p[3] * y[0] - p[4] * y[1] - recall
        dy[2] = p[6] * y[2] * np.log(p[7] / (y[2] + 1.0)) * (y[2] / (y[2] + 100.0)) - p[8] * y[0] * y[2] / (p[9] + y[2])
        dy[3] = p[10] * (p[11] - y[3]) - p[12] * y[0] * y[3] / (p[9] + y[3])
        dy[4] = p[13] * y[0] * f - p[14] * y[4]

    address = rates.address
    times = np.concatenate([[0.0], A_TIMES])

    @njit  # type: ignore[untyped-decorator]
    def run(p: Floats, y0: Floats) -> Floats:
        out = np.empty((p.shape[0], times.shape[0], 5))
        for i in range(p.shape[0]):
            found, _ = lsoda(address, y0[i], times, p[i], 1e-6, 1e-8)
            out[i] = found
        return out[:, 1:]

    return run


def numbalsoda_e() -> Callable[[Floats], Floats]:
    """Return a function that solves problem E with numbalsoda's LSODA at rtol 1e-6, atol 1e-8."""
    from numba import carray, cfunc, njit
    from numbalsoda import lsoda, lsoda_sig

    @cfunc(lsoda_sig)  # type: ignore[untyped-decorator]
    def rates(t, y_, dy, p_):  # type: ignore[no-untyped-def]
        y, p = carray(y_, (3,)), carray(p_, (13,))
        x = y[2] / (p[1] + y[2])
        dy[0] = (p[0] * x - p[2] - p[3]) * y[0] + p[9] * x * y[1]
        dy[1] = p[3] * y[0] - p[4] * y[1] - p[9] * x * y[1]
        dy[2] = p[8] + p[5] * y[2] * (1.0 - y[2] / p[6]) - p[7] * y[0] * y[2]

    address = rates.address

    @njit  # type: ignore[untyped-decorator]
    def run(p: Floats) -> Floats:
        out = np.empty((p.shape[0], E_TIMES.shape[0], 3))
        for i in range(p.shape[0]):
            found, _ = lsoda(address, p[i, 10:13].copy(), E_TIMES, p[i], 1e-6, 1e-8)
            out[i] = found
        return out

    return run


def diffrax_a() -> Callable[[Floats, Floats], Floats]:
    """Return a function that solves 256 patients of problem A with diffrax Kvaerno5 under vmap."""
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", val=True)

    def rates(t, y, p):  # type: ignore[no-untyped-def]
        del t
        states, names = dict(zip(A_STATES, y, strict=True)), dict(zip(A_VALUES, p, strict=True))
        found = rates_a(Names("state", states), Names("parameter", names), jnp.log)
        return jnp.stack(list(found.values()))

    def one(p, y0):  # type: ignore[no-untyped-def]
        return diffrax.diffeqsolve(
            diffrax.ODETerm(rates), diffrax.Kvaerno5(), 0.0, float(A_TIMES[-1]), 1e-3, y0, p,
            saveat=diffrax.SaveAt(ts=jnp.asarray(A_TIMES)), max_steps=20_000, throw=False,
            stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=jnp.asarray(A_ABSOLUTE)),
        ).ys  # fmt: skip

    many = jax.jit(jax.vmap(one))
    return lambda p, y0: np.asarray(many(jnp.asarray(p), jnp.asarray(y0)).block_until_ready())


def log_state_reference_e(p: Floats) -> Floats:
    """Solve problem E2 (no source) on logarithms with scipy's Radau at tight tolerance: the independent truth."""
    at = list(E_VALUES).index

    def rates(t: float, z: Floats, q: Floats) -> list[float]:
        del t
        e, m, b = np.exp(z)
        x = b / (q[at("KB")] + b)
        return [
            q[at("rho")] * x - q[at("dE")] - q[at("phi")],
            q[at("phi")] * e / m - q[at("mu")],
            q[at("g")] * (1.0 - b / q[at("Bmax")]) - q[at("kk")] * e,
        ]

    out = np.empty((len(p), len(E_TIMES), 3))
    for i, q in enumerate(p):
        found = solve_ivp(rates, (0, E_TIMES[-1]), np.log(q[10:13]), "LSODA", E_TIMES, rtol=1e-9, atol=1e-9, args=(q,))
        out[i] = np.exp(found.y.T)
    return out


__all__ = ["diffrax_a", "log_state_reference_e", "numbalsoda_a", "numbalsoda_e", "rhs_e", "scipy_lsoda", "starts_a"]
