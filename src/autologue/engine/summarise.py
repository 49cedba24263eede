"""Summaries of a patient's outputs, brought up to date with every step of its lane."""

from __future__ import annotations

import math

import numpy as np

from autologue.compiled import compiled_fast as compiled
from autologue.engine.codes import AREA, FAR, FIRST_BELOW, LAST_ABOVE, MAXIMUM, MINIMUM, OUTPUTS
from autologue.engine.lanes import dense, output_at
from autologue.engine.scalar import call_aux


@compiled
def golden(aux, S, L, lane, sign, o, x, y, B):
    """Return the fraction in [x, y] of the last step where sign * output o is largest (golden section)."""
    ratio = 0.6180339887498949
    p, q = y - ratio * (y - x), x + ratio * (y - x)
    vp, vq = sign * output_at(aux, S, L, lane, p, o, B), sign * output_at(aux, S, L, lane, q, o, B)
    for _ in range(30):
        if vp >= vq:
            y, q, vq = q, p, vp
            p = y - ratio * (y - x)
            vp = sign * output_at(aux, S, L, lane, p, o, B)
        else:
            x, p, vp = p, q, vq
            q = x + ratio * (y - x)
            vq = sign * output_at(aux, S, L, lane, q, o, B)
    return 0.5 * (x + y)


@compiled
def extreme(aux, S, L, lane, sign, o, a, b, values, sums, patient, s, B):
    """Update a maximum (sign +1) or minimum (-1) of output o in the window [a, b], refined by golden section."""
    t0, h = S[L[18] + lane], S[L[19] + lane]
    low, high = max(0.0, (a - t0) / h), min(1.0, (b - t0) / h)
    best, where = -FAR, low
    for q in range(7):
        theta = 0.25 * q if q < 5 else (low if q == 5 else high)
        if theta < low or theta > high:
            continue
        v = sign * (values[q, o] if q < 5 else output_at(aux, S, L, lane, theta, o, B))
        if v > best:
            best, where = v, theta
    known = sums[patient, s, 0]
    if math.isnan(known) or best + 0.05 * abs(best) > sign * known:
        inside = where > low and where < high
        if where == high and high > low:
            inside = sign * output_at(aux, S, L, lane, high - 1e-3 * (high - low), o, B) > best
        elif where == low and high > low:
            inside = sign * output_at(aux, S, L, lane, low + 1e-3 * (high - low), o, B) > best
        if inside:
            theta = golden(aux, S, L, lane, sign, o, max(low, where - 0.25), min(high, where + 0.25), B)
            v = sign * output_at(aux, S, L, lane, theta, o, B)
            if v > best:
                best, where = v, theta
    if math.isnan(sums[patient, s, 0]) or best > sign * sums[patient, s, 0]:
        sums[patient, s, 0] = sign * best
        sums[patient, s, 1] = t0 + where * h


@compiled
def cross(aux, S, L, lane, kind, o, a, b, limit, values, sums, patient, s, B):
    """Update the last time at or above a limit, or the first time above or below it, in the window [a, b]."""
    t0, h = S[L[18] + lane], S[L[19] + lane]
    if kind != LAST_ABOVE and not math.isnan(sums[patient, s, 0]):
        return
    side = -1.0 if kind == FIRST_BELOW else 1.0
    low, high = max(0.0, (a - t0) / h), min(1.0, (b - t0) / h)
    whole = low == 0.0 and high == 1.0
    u = 0.0
    for q in range(5):
        theta = low + 0.25 * q * (high - low)
        v = side * ((values[q, o] if whole else output_at(aux, S, L, lane, theta, o, B)) - limit)
        if q > 0 and (u < 0.0) != (v < 0.0):
            x, y = theta - 0.25 * (high - low), theta
            for _ in range(50):
                m = 0.5 * (x + y)
                if (side * (output_at(aux, S, L, lane, m, o, B) - limit) < 0.0) == (u < 0.0):
                    x = m
                else:
                    y = m
            if kind == LAST_ABOVE or v >= 0.0:
                sums[patient, s, 0] = t0 + 0.5 * (x + y) * h
                if kind != LAST_ABOVE:
                    return
        if v >= 0.0:
            sums[patient, s, 0] = t0 + theta * h
            if kind != LAST_ABOVE:
                return
        u = v


@compiled
def summarise(aux, S, L, lane, kinds, limits, sums, patient, B):
    """Update the summaries of one patient with the last step."""
    n, outputs = L[0], L[3]
    t0, h = S[L[18] + lane], S[L[19] + lane]
    values = np.empty((5, outputs))
    for q in range(5):
        dense(S, L, lane, 0.25 * q, B)
        call_aux(aux, OUTPUTS, S.ctypes.data, lane, B.ctypes.data)
        for o in range(outputs):
            values[q, o] = B[n + 1 + o]
    for s in range(kinds.shape[0]):
        kind, o = kinds[s, 0], kinds[s, 1]
        a, b, limit = limits[s, 0], limits[s, 1], limits[s, 2]
        # a step that ends where the window begins has none of it: at a dose the value just after counts
        if t0 + h <= a or t0 > b:
            continue
        if kind == AREA:
            low, high = max(0.0, (a - t0) / h), min(1.0, (b - t0) / h)
            total = 0.0
            for q in range(5):
                v = values[q, o]
                if low > 0.0 or high < 1.0:
                    dense(S, L, lane, low + 0.25 * q * (high - low), B)
                    call_aux(aux, OUTPUTS, S.ctypes.data, lane, B.ctypes.data)
                    v = B[n + 1 + o]
                total += (7.0 if q in (0, 4) else (12.0 if q == 2 else 32.0)) * v
            sums[patient, s, 0] = (0.0 if math.isnan(sums[patient, s, 0]) else sums[patient, s, 0]) + total / 90.0 * h * (high - low)
        elif kind in (MAXIMUM, MINIMUM):
            extreme(aux, S, L, lane, 1.0 if kind == MAXIMUM else -1.0, o, a, b, values, sums, patient, s, B)
        else:
            cross(aux, S, L, lane, kind, o, a, b, limit, values, sums, patient, s, B)
