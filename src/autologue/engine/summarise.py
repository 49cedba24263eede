"""Summaries of a patient's outputs, brought up to date with every step of its lane.

Five values over a step, or over the part of it that lies in a summary's window, say nearly all: their quartic is the output
itself where the output is linear in the states. Only an extremum or a crossing that counts is refined on the output.
"""

from __future__ import annotations

import math

from autologue.compiled import compiled_inline as inlined
from autologue.compiled import compiled_part as compiled
from autologue.engine.codes import AREA, FIRST_ABOVE, FIRST_BELOW, LAST_ABOVE, MAXIMUM, MINIMUM, NODES
from autologue.engine.codes import WIDTH as W
from autologue.engine.deferred import deferred
from autologue.engine.lanes import output_at, state_at
from autologue.engine.scalar import call_aux


@inlined
def value_at(aux, S, L, lane, o, i, theta, B):
    """Return output o at fraction theta of the last step; where it is state i itself (not -1), without evaluating the outputs."""
    return state_at(S, L, lane, i, theta) if i >= 0 else output_at(aux, S, L, lane, theta, o, B)


@inlined
def slope(v0, v1, v2, v3, v4, x):
    """Return the derivative at x of the quartic through (0, v0), (1/4, v1), .. (1, v4)."""
    d1, d2 = v1 - v0, v2 - 2.0 * v1 + v0
    d3, d4 = v3 - 3.0 * v2 + 3.0 * v1 - v0, v4 - 4.0 * v3 + 6.0 * v2 - 4.0 * v1 + v0
    u = 4.0 * x
    third = (3.0 * u * u - 6.0 * u + 2.0) / 6.0
    return 4.0 * (d1 + d2 * (u - 0.5) + d3 * third + d4 * (((4.0 * u - 18.0) * u + 22.0) * u - 6.0) / 24.0)


@inlined
def quartic(v0, v1, v2, v3, v4, x):
    """Return the quartic itself at x."""
    d1, d2 = v1 - v0, v2 - 2.0 * v1 + v0
    d3, d4 = v3 - 3.0 * v2 + 3.0 * v1 - v0, v4 - 4.0 * v3 + 6.0 * v2 - 4.0 * v1 + v0
    u = 4.0 * x
    return v0 + u * (d1 + (u - 1.0) / 2.0 * (d2 + (u - 2.0) / 3.0 * (d3 + (u - 3.0) / 4.0 * d4)))


@compiled
def turn(aux, S, L, lane, sign, o, i, low, high, v0, v1, v2, v3, v4, x, y, B):
    """Return (part, value) of the largest sign * output o in the window, which lies between the parts x and y of it."""
    for _ in range(40):
        m = 0.5 * (x + y)
        if slope(v0, v1, v2, v3, v4, m) > 0.0:
            x = m
        else:
            y = m
    top, wide = 0.5 * (x + y), 0.01
    # where the output is not linear in the states, what its slope differs from the quartic's moves the place
    left, right = max(top - wide, 0.0), min(top + wide, 1.0)
    off = sign * value_at(aux, S, L, lane, o, i, low + right * (high - low), B) - quartic(v0, v1, v2, v3, v4, right)
    off -= sign * value_at(aux, S, L, lane, o, i, low + left * (high - low), B) - quartic(v0, v1, v2, v3, v4, left)
    bend = (slope(v0, v1, v2, v3, v4, right) - slope(v0, v1, v2, v3, v4, left)) / (right - left)
    if bend < 0.0:
        top = min(max(top - off / (right - left) / bend, left), right)
    return top, sign * value_at(aux, S, L, lane, o, i, low + top * (high - low), B)


@inlined
def extreme(aux, S, L, lane, sign, o, i, low, high, v0, v1, v2, v3, v4, sums, patient, s, B):
    """Update a maximum (sign +1) or minimum (-1) of output o over the part [low, high] of the last step."""
    v0, v1, v2, v3, v4 = sign * v0, sign * v1, sign * v2, sign * v3, sign * v4
    best = max(max(max(v0, v1), max(v2, v3)), v4)
    known = sums[patient, s, 0]
    place = 0 if v0 == best else (1 if v1 == best else (2 if v2 == best else (3 if v3 == best else 4)))
    where = 0.25 * place
    x, y = max(0.25 * (place - 1), 0.0), min(0.25 * (place + 1), 1.0)
    if slope(v0, v1, v2, v3, v4, x) > 0.0 and slope(v0, v1, v2, v3, v4, y) < 0.0:
        top, value = turn(aux, S, L, lane, sign, o, i, low, high, v0, v1, v2, v3, v4, x, y, B)
        if value > best:
            best, where = value, top
    if math.isnan(known) or best > sign * known:
        sums[patient, s, 0] = sign * best
        sums[patient, s, 1] = S[L[18] + lane] + (low + where * (high - low)) * S[L[19] + lane]


@compiled
def crossing(aux, S, L, lane, o, i, limit, x, y, u, v, B):
    """Return the fraction between x and y at which output o passes the limit; u and v are its distances there (Illinois)."""
    for _ in range(60):
        m = x - u * (y - x) / (v - u)
        w = value_at(aux, S, L, lane, o, i, m, B) - limit
        if w == 0.0 or abs(y - x) <= 4e-16:
            return m
        if (w < 0.0) == (v < 0.0):
            u *= 0.5
        else:
            x, u = y, v
        if abs(m - y) <= 1e-15:
            return m
        y, v = m, w
    return y


@compiled
def cross(aux, S, L, lane, kind, o, i, low, high, v0, v1, v2, v3, v4, limit, sums, patient, s, B):
    """Update the last time at or above a limit, or the first time above or below it, over the part [low, high] of the last step."""
    side = -1.0 if kind == FIRST_BELOW else 1.0
    u0, u1, u2, u3, u4 = side * (v0 - limit), side * (v1 - limit), side * (v2 - limit), side * (v3 - limit), side * (v4 - limit)
    last = kind == LAST_ABOVE
    if last:
        place = 4 if u4 >= 0.0 else (3 if u3 >= 0.0 else (2 if u2 >= 0.0 else (1 if u1 >= 0.0 else (0 if u0 >= 0.0 else -1))))
    else:
        place = 0 if u0 >= 0.0 else (1 if u1 >= 0.0 else (2 if u2 >= 0.0 else (3 if u3 >= 0.0 else (4 if u4 >= 0.0 else -1))))
    if place < 0:
        return
    theta = low + 0.25 * place * (high - low)
    other = place + 1 if last else place - 1
    if 0 <= other <= 4:
        here = u0 if place == 0 else (u1 if place == 1 else (u2 if place == 2 else (u3 if place == 3 else u4)))
        there = u0 if other == 0 else (u1 if other == 1 else (u2 if other == 2 else (u3 if other == 3 else u4)))
        if here > 0.0:
            away = low + 0.25 * other * (high - low)
            theta = crossing(aux, S, L, lane, o, i, limit, theta, away, side * here, side * there, B)
    sums[patient, s, 0] = S[L[18] + lane] + theta * S[L[19] + lane]


@compiled
def part(aux, S, L, lane, o, i, low, high, B):
    """Write five values of output o, evenly over the part [low, high] of the last step, where those of all outputs are written."""
    outputs = L[3]
    for q in range(5):
        value = value_at(aux, S, L, lane, o, i, low + 0.25 * q * (high - low), B)
        B[L[0] + 1 + (1 + q) * outputs + o] = value


@deferred()
def summarise(aux, S, L, lane, kinds, limits, sums, patient, B):
    """Update the summaries of one patient with the last step; only what is rarely needed is a call."""
    outputs = L[3]
    base = L[0] + 1 + outputs
    t0, h = S[L[18] + lane], S[L[19] + lane]
    ready = False
    for s in range(kinds.shape[0]):
        kind, o, i, a, b = kinds[s, 0], kinds[s, 1], kinds[s, 2], limits[s, 0], limits[s, 1]
        known = sums[patient, s, 0]
        # a step that ends where the window begins has none of it: at a dose the value just after counts
        if t0 + h <= a or t0 > b or (kind >= FIRST_ABOVE and not math.isnan(known)):
            continue
        low, high = 0.0, 1.0
        if t0 < a or t0 + h > b:
            low, high = max(0.0, (a - t0) / h), min(1.0, (b - t0) / h)
            part(aux, S, L, lane, o, i, low, high, B)
            ready = False
        elif i < 0 and not ready:
            call_aux(aux, NODES, S, lane, B)
            ready = True
        if i >= 0 and high - low == 1.0:
            at, wide = L[12] + i * W + lane, L[0] * W
            c1, c2, c3, c4 = S[at], S[at + wide], S[at + 2 * wide], S[at + 3 * wide]
            v0 = S[L[11] + i * W + lane]
            v1 = v0 + 0.25 * (c1 + 0.25 * (c2 + 0.25 * (c3 + 0.25 * c4)))
            v2 = v0 + 0.5 * (c1 + 0.5 * (c2 + 0.5 * (c3 + 0.5 * c4)))
            v3 = v0 + 0.75 * (c1 + 0.75 * (c2 + 0.75 * (c3 + 0.75 * c4)))
            v4 = v0 + (c1 + (c2 + (c3 + c4)))
        else:
            v0, v1, v2 = B[base + o], B[base + outputs + o], B[base + 2 * outputs + o]
            v3, v4 = B[base + 3 * outputs + o], B[base + 4 * outputs + o]
        if kind == AREA:
            total = (7.0 * (v0 + v4) + 32.0 * (v1 + v3) + 12.0 * v2) / 90.0 * h * (high - low)
            sums[patient, s, 0] = (0.0 if math.isnan(known) else known) + total
            continue
        most, least = max(max(max(v0, v1), max(v2, v3)), v4), min(min(min(v0, v1), min(v2, v3)), v4)
        if kind in (MAXIMUM, MINIMUM):
            sign = 1.0 if kind == MAXIMUM else -1.0
            best = most if kind == MAXIMUM else -least
            if not best + 0.5 * (most - least) <= sign * known:
                extreme(aux, S, L, lane, sign, o, i, low, high, v0, v1, v2, v3, v4, sums, patient, s, B)
        elif kind == LAST_ABOVE and v4 >= limits[s, 2]:
            sums[patient, s, 0] = t0 + high * h
        elif (least <= limits[s, 2]) if kind == FIRST_BELOW else (most >= limits[s, 2]):
            cross(aux, S, L, lane, kind, o, i, low, high, v0, v1, v2, v3, v4, limits[s, 2], sums, patient, s, B)


call_summarise = summarise.call
