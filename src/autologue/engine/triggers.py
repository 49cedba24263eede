"""State triggers: guards are watched over every step, located on its dense output, and do what they say.

Only models with state triggers need these functions: the drivers call them through their address (see `deferred`).
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from autologue.compiled import compiled_part as compiled
from autologue.engine.codes import END_PHASE, EXTINCTION, GUARDS, RULE, TAIL_EXTINCT, TAIL_LEAVE, TAIL_START
from autologue.engine.codes import WIDTH as W
from autologue.engine.deferred import deferred
from autologue.engine.lanes import dense, here
from autologue.engine.scalar import call_aux

__all__ = ["act", "call_rearm", "call_settle", "call_trigger", "call_watch", "rearm", "settle", "trigger", "watch"]


@compiled
def guard_at(aux, S, L, lane, k, theta, B):
    """Return guard k at fraction theta of the last step."""
    dense(S, L, lane, theta, B)
    call_aux(aux, GUARDS, S, lane, B)
    return B[L[0] + 1 + k]


@compiled
def beyond(aux, S, L, lane, k, sign, low, high, B):
    """Return a fraction of the last step between low and high where sign * guard k is above zero, -1 if there is none."""
    ratio = 0.6180339887498949
    p, q = high - ratio * (high - low), low + ratio * (high - low)
    vp, vq = sign * guard_at(aux, S, L, lane, k, p, B), sign * guard_at(aux, S, L, lane, k, q, B)
    for _ in range(24):
        if vp > 0.0 or vq > 0.0:
            return p if vp > 0.0 else q
        if vp >= vq:
            high, q, vq = q, p, vp
            p = high - ratio * (high - low)
            vp = sign * guard_at(aux, S, L, lane, k, p, B)
        else:
            low, p, vp = p, q, vq
            q = low + ratio * (high - low)
            vq = sign * guard_at(aux, S, L, lane, k, q, B)
    return -1.0


@compiled
def hidden(aux, S, L, lane, k, d, start, middle, end, B):
    """Return the ends of a part of the last step in which guard k passes zero, though it has one sign at start, middle and end.

    (-1, -1) if there is none. The parabola through the three says whether the guard may come near zero between them; only then is
    the dense output searched.
    """
    sign = -1.0 if start > 0.0 and middle > 0.0 and end > 0.0 else (1.0 if start < 0.0 and middle < 0.0 and end < 0.0 else 0.0)
    curve, slope = 2.0 * (start - 2.0 * middle + end), 4.0 * middle - 3.0 * start - end
    if not sign * curve < 0.0:
        return -1.0, -1.0
    top = -0.5 * slope / curve
    inside = min(max(top, 0.0), 1.0)
    if top < -0.1 or top > 1.1 or sign * (start + inside * (slope + inside * curve)) + 0.25 * abs(curve) < 0.0:
        return -1.0, -1.0
    theta = beyond(aux, S, L, lane, k, sign * d, max(0.0, inside - 0.35), min(1.0, inside + 0.35), B)
    if theta < 0.0:
        return -1.0, -1.0
    return (0.0, theta) if sign > 0.0 else (theta, 1.0)


@compiled
def locate(aux, S, L, lane, k, direction, low, high, B):
    """Return the fraction of the last step at which guard k passes zero, between low (before) and high (after)."""
    for _ in range(60):
        middle = 0.5 * (low + high)
        if guard_at(aux, S, L, lane, k, middle, B) * direction >= 0.0:
            high = middle
        else:
            low = middle
        if (high - low) * S[L[19] + lane] <= 1e-13 * max(abs(S[L[18] + lane]), 1e-3):
            break
    return high


@deferred(types.Tuple([types.int64, types.float64]))
def watch(aux, S, L, lane, guards, after, before, B):
    """Return (guard, fraction) of the first guard that fires in the last step, (-1, 2.0) if none; update `before`."""
    n, count = L[0], L[4]
    fired, best = -1, 2.0
    phase = S[L[20] + lane]
    middle = np.empty(count)
    dense(S, L, lane, 0.5, B)
    call_aux(aux, GUARDS, S, lane, B)
    for k in range(count):
        middle[k] = B[n + 1 + k]
    dense(S, L, lane, 1.0, B)
    call_aux(aux, GUARDS, S, lane, B)
    end = B[n + 1 : n + 1 + count].copy()
    for k in range(count):
        if guards[k, 1] >= 0 and guards[k, 1] != phase:
            continue
        d = guards[k, 0]
        low, high = -1.0, -1.0
        if before[lane, k] * d < 0.0 and middle[k] * d >= 0.0:
            low, high = 0.0, 0.5
        elif middle[k] * d < 0.0 and end[k] * d >= 0.0:
            low, high = 0.5, 1.0
        else:
            low, high = hidden(aux, S, L, lane, k, d, before[lane, k] * d, middle[k] * d, end[k] * d, B)
        if low >= 0.0 and S[L[14] + lane] >= after[lane, k]:
            theta = locate(aux, S, L, lane, k, d, low, high, B)
            if S[L[18] + lane] + theta * S[L[19] + lane] >= after[lane, k] and theta < best:
                fired, best = k, theta
    if fired < 0:
        for k in range(count):
            before[lane, k] = end[k]
    return fired, best


@deferred(types.int64)
def rearm(aux, S, L, lane, guards, after, before, phase, B):
    """Return a guard that has passed zero in a jump of the state or together with another (-1: none), then prepare the next step.

    `before` has the values of the guards before the event: NaN where there is none yet, zero for those that have fired, which
    must first go back before they fire again. `phase` is the lane's phase before the event.
    """
    here(S, L, lane, B)
    call_aux(aux, GUARDS, S, lane, B)
    for k in range(L[4]):
        now = B[L[0] + 1 + k]
        here_too = guards[k, 1] < 0 or (guards[k, 1] == phase and guards[k, 1] == S[L[20] + lane])
        passed = before[lane, k] * guards[k, 0] < 0.0 and now * guards[k, 0] >= 0.0
        if passed and here_too and guards[k, 2] in (END_PHASE, RULE) and S[L[14] + lane] >= after[lane, k]:
            return k
    for k in range(L[4]):
        if before[lane, k] != 0.0:
            before[lane, k] = B[L[0] + 1 + k]
    return -1


@compiled
def act(S, L, lane, action, target, tail):
    """Change the states as an extinction or a birth-death tail says (`tail`: first added state, cells, level)."""
    y, first = L[7], int(tail[0])
    if action in (EXTINCTION, TAIL_EXTINCT):
        S[y + target * W + lane] = 0.0
    if action == TAIL_START:
        S[y + first * W + lane] = S[y + target * W + lane] / tail[2] * tail[1]
    if action in (TAIL_EXTINCT, TAIL_LEAVE):
        odds = S[y + (first + 2) * W + lane]
        chance = (odds / (1.0 + odds)) ** S[y + first * W + lane]
        S[y + (first + 3) * W + lane] *= 1.0 - chance
        if action == TAIL_LEAVE:
            S[y + target * W + lane] /= 1.0 - chance
            S[y + (first + 4) * W + lane] = (S[y + (first + 4) * W + lane] - chance) / (1.0 - chance)
        for k in range(3):
            S[y + (first + k) * W + lane] = 0.0


@deferred()
def settle(S, L, lane, guards, before, tail, marks, patient):
    """Let states that are already below their limit go extinct (or enter the tail) at once."""
    for k in range(L[4]):
        action, target = guards[k, 2], guards[k, 3]
        # a tail that has just been left starts at its limit, up to rounding
        clear = action == EXTINCTION or S[L[7] + target * W + lane] < tail[2] * (1.0 - 1e-6)
        if action in (EXTINCTION, TAIL_START) and clear and before[lane, k] < 0.0 and S[L[7] + target * W + lane] > 0.0:
            act(S, L, lane, action, target, tail)
            before[lane, k] = 0.0
            if math.isnan(marks[patient, L[5] + k]):
                marks[patient, L[5] + k] = S[L[14] + lane]


@deferred()
def trigger(S, L, lane, k, guards, rules, delays, tail, ends, waiting, pending, used, marks, patient):
    """Do what guard k says at the present time."""
    action, target, t = guards[k, 2], guards[k, 3], S[L[14] + lane]
    if math.isnan(marks[patient, L[5] + k]):
        marks[patient, L[5] + k] = t
    if action == END_PHASE:
        ends[lane, target] = t
    elif action != RULE:
        act(S, L, lane, action, target, tail)
    elif used[lane, target] < rules[target, 0] and waiting[lane, target] == 0:
        used[lane, target] += 1
        waiting[lane, target], pending[lane, target] = 1, t + delays[target, 0]


call_watch, call_rearm, call_trigger, call_settle = watch.call, rearm.call, trigger.call, settle.call
