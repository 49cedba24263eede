"""From predictions to log-densities of patients with their gradient and curvature, for every lane in one compiled pass.

A row is known to lie in [lower, upper] (equal: measured), given that it is above `above`. With prediction f, its location l(f) (f, or
log f for a log-normal error) and standard deviation s(f), and z(x) = (l(x) - l(f)) / s, its term is

    measured   -z(y)^2 / 2 - log s - log(2 pi) / 2 (- log y for a log-normal error)
    censored   log(Phi(z(upper)) - Phi(z(lower)))
    given      the term - log(1 - Phi(z(above))).

Derivatives are by f. The curvature of a measured row is the expected one given f, l'^2/s^2 + 2 (s'/s)^2 (first-order conditional
estimation with interaction); of a censored row, and of a condition, it is minus the second derivative by l, at the observed interval.
"""

from __future__ import annotations

import math

import numpy as np

from autologue.compiled import compiled_fast, compiled_inline

__all__ = ["COMBINED1", "COMBINED2", "CONSTANT", "LOGNORMAL", "POWER", "PROPORTIONAL", "assemble"]

CONSTANT, PROPORTIONAL, COMBINED1, COMBINED2, POWER, LOGNORMAL = range(6)
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
SMALL = 1e-300


@compiled_inline
def deviation(kind, a, b, c, f):
    """Return s, ds/df and d2s/df2."""
    size, sign = abs(f), (1.0 if f >= 0 else -1.0)
    if kind == CONSTANT or kind == LOGNORMAL:
        return a, 0.0, 0.0
    if kind == PROPORTIONAL:
        return b * size, b * sign, 0.0
    if kind == COMBINED1:
        return a + b * size, b * sign, 0.0
    if kind == COMBINED2:
        s = math.sqrt(a * a + b * b * f * f)
        return s, b * b * f / s, b * b * a * a / (s * s * s)
    s = b * size**c
    return s, c * s / f if f != 0.0 else 0.0, c * (c - 1.0) * s / (f * f) if f != 0.0 else 0.0


@compiled_inline
def log_phi(z):
    """Return the logarithm of the standard normal distribution function."""
    if z > 0.0:
        return math.log1p(-0.5 * math.erfc(z * math.sqrt(0.5)))
    if z > -30.0:
        return math.log(0.5 * math.erfc(-z * math.sqrt(0.5)))
    r = 1.0 / (z * z)
    return -0.5 * z * z - math.log(-z) - HALF_LOG_2PI + math.log1p(-r * (1.0 - r * (3.0 - r * (15.0 - 105.0 * r))))


@compiled_inline
def log_between(low, high):
    """Return log(Phi(high) - Phi(low)) for low < high, each possibly infinite."""
    if low == -math.inf:
        return log_phi(high)
    if low > 0.0:
        low, high = -high, -low
    if low == -math.inf:
        return log_phi(high)
    top, bottom = log_phi(high), log_phi(low)
    return top + math.log(-math.expm1(bottom - top)) if bottom < top else -math.inf


@compiled_inline
def bound(x, z, s, s1, s2, total):
    """Return phi(z) / P and the first and second derivative of z by l (s moving along), for P with logarithm `total`."""
    if math.isinf(x):
        return 0.0, 0.0, 0.0
    first = -1.0 / s - z * s1 / s
    second = 2.0 * s1 / (s * s) + z * (2.0 * s1 * s1 / (s * s) - s2 / s)
    return math.exp(-0.5 * z * z - HALF_LOG_2PI - total), first, second


@compiled_inline
def interval(x0, x1, z0, z1, s, s1, s2):
    """Return log(Phi(z1) - Phi(z0)) and its first and second derivative by the location."""
    total = log_between(z0, z1)
    w0, a0, b0 = bound(x0, z0, s, s1, s2, total)
    w1, a1, b1 = bound(x1, z1, s, s1, s2, total)
    slope = w1 * a1 - w0 * a0
    bend = (w1 * (b1 - z1 * a1 * a1) if w1 > 0.0 else 0.0) - (w0 * (b0 - z0 * a0 * a0) if w0 > 0.0 else 0.0)
    return total, slope, bend - slope * slope


@compiled_inline
def row(kind, a, b, c, f, held, lower, upper, above):
    """Return the term of one row, its derivative by f and its curvature; `held`: the deviation, where it does not follow f."""
    s, s1, s2 = deviation(kind, a, b, c, f) if math.isnan(held) else (held, 0.0, 0.0)
    log = kind == LOGNORMAL
    jacobian = 0.0
    if not s > 0.0 or (log and not f > 0.0):
        return -math.inf, 0.0, 0.0
    middle = math.log(f) if log else f
    if log:  # a value below zero is as impossible as zero
        jacobian = math.log(max(upper, SMALL)) if lower == upper else 0.0
        lower = math.log(lower) if lower > 0.0 else -math.inf
        upper = math.log(upper) if upper > 0.0 else -math.inf
        above = math.log(above) if above > 0.0 else -math.inf
    if lower == upper:
        z = (lower - middle) / s
        term = -0.5 * z * z - math.log(s) - HALF_LOG_2PI - jacobian
        slope = z / s + (z * z - 1.0) * s1 / s
        bend = -1.0 / (s * s) - 2.0 * s1 * s1 / (s * s)
    else:
        term, slope, bend = interval(lower, upper, (lower - middle) / s, (upper - middle) / s, s, s1, s2)
    if above > -math.inf:
        given, tilt, turn = interval(above, math.inf, (above - middle) / s, math.inf, s, s1, s2)
        term, slope, bend = term - given, slope - tilt, bend - turn
    if log:
        slope, bend = slope / f, bend / (f * f)
    return term, slope, -bend


@compiled_fast
def assemble(owner, first, last, output, place, lower, upper, above, kinds, sigma, held, start, f, g, value, slope, curve):
    """Fill value (lanes,), slope (lanes, k) and curve (lanes, k, k) of the lanes' data.

    owner (lanes,): the patient of each, whose rows are `first` to `last - 1` of `output`, `place` (of the row's time among the
    patient's times), `lower`, `upper` and `above`. kinds (outputs,) and sigma (lanes, outputs, 3): each output's error and its
    numbers. f (outputs, times) and g (k, outputs, times): the times of each lane begin at `start`. held (rows of all lanes,):
    deviations that do not follow f, or NaN.
    """
    k = slope.shape[1]
    slope[:], curve[:] = 0.0, 0.0
    at = 0
    for lane in range(len(owner)):
        total = 0.0
        for j in range(first[owner[lane]], last[owner[lane]]):
            o, t = output[j], start[lane] + place[j]
            a, b, c = sigma[lane, o, 0], sigma[lane, o, 1], sigma[lane, o, 2]
            term, by_f, bend = row(kinds[o], a, b, c, f[o, t], held[at], lower[j], upper[j], above[j])
            total += term
            for x in range(k):
                slope[lane, x] += by_f * g[x, o, t]
                for y in range(x + 1):
                    curve[lane, x, y] += bend * g[x, o, t] * g[y, o, t]
            at += 1
        value[lane] = total
        for x in range(k):
            for y in range(x):
                curve[lane, y, x] = curve[lane, x, y]
