"""The driver: model-free numba code that feeds lanes with patients, watches events and saves what is asked for.

Eight lanes run persistently; a lane that finishes takes the next patient. Every lane has its own clock, step, stop time
(the next dose, input change, phase end, visit or the horizon) and phase. A state trigger is located on the dense output,
the step is then repeated so that it ends exactly there. Values at an event time are those just after the event.
"""

from __future__ import annotations

import math

import numpy as np

from autologue.compiled import compiled_fast as compiled
from autologue.engine.codes import (
    AT_VISITS,
    BAD_START,
    BOLUS,
    END_PHASE,
    EXTINCTION,
    FAR,
    GUARDS,
    MIN_STEP,
    NEGATIVE,
    NOT_FINITE,
    OK,
    RATE,
    RESET,
    RHS,
    RULE,
    SET_INPUT,
    SETUP,
    STEP_CAP,
    TAIL_EXTINCT,
    TAIL_LEAVE,
    TAIL_START,
)
from autologue.engine.codes import WIDTH as W
from autologue.engine.lanes import dense, here, save
from autologue.engine.scalar import call_aux, call_step, flush_denormals, restore_mode
from autologue.engine.summarise import summarise

__all__ = ["drive"]


@compiled
def first_step(aux, S, L, lane, B, span):
    """Set the lane's first step and first stage from the present state; return False where the rate is not finite."""
    n = L[0]
    call_aux(aux, RHS, S.ctypes.data, lane, B.ctypes.data)
    h = 1e-3 * span
    fine = True
    for i in range(n):
        y, f = abs(S[L[7] + i * W + lane]), abs(B[i])
        S[L[13] + i * W + lane] = B[i]
        fine = fine and math.isfinite(f) and math.isfinite(y)
        if y > 0.0 and f > 0.0 and i < n:
            h = min(h, max(0.01 * y / f, 1e-9 * span))
    S[L[15] + lane] = h
    S[L[16] + lane] = 1e-4
    return fine


@compiled
def guard_at(aux, S, L, lane, k, theta, B):
    """Return guard k at fraction theta of the last step."""
    dense(S, L, lane, theta, B)
    call_aux(aux, GUARDS, S.ctypes.data, lane, B.ctypes.data)
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


@compiled
def watch(aux, S, L, lane, guards, after, before, B):
    """Return (guard, fraction) of the first guard that fires in the last step, (-1, 2.0) if none; update `before`."""
    n, count = L[0], L[4]
    fired, best = -1, 2.0
    phase = S[L[20] + lane]
    middle = np.empty(count)
    dense(S, L, lane, 0.5, B)
    call_aux(aux, GUARDS, S.ctypes.data, lane, B.ctypes.data)
    for k in range(count):
        middle[k] = B[n + 1 + k]
    dense(S, L, lane, 1.0, B)
    call_aux(aux, GUARDS, S.ctypes.data, lane, B.ctypes.data)
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


@compiled
def rearm(aux, S, L, lane, guards, after, before, phase, B):
    """Return a guard that has passed zero in a jump of the state or together with another (-1: none), then prepare the next step.

    `before` has the values of the guards before the event: NaN where there is none yet, zero for those that have fired, which
    must first go back before they fire again. `phase` is the lane's phase before the event.
    """
    here(S, L, lane, B)
    call_aux(aux, GUARDS, S.ctypes.data, lane, B.ctypes.data)
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


@compiled
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


@compiled
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


@compiled
def change_rate(S, slot, rate):
    """Add an infusion rate, negative at its end; what rounding leaves of several that have ended is none."""
    S[slot] += rate
    if abs(S[slot]) <= 1e-12 * abs(rate):
        S[slot] = 0.0


@compiled
def early_inputs(S, L, lane, events, first, last, start):
    """Set the inputs that hold from the start on, which the initial state may read."""
    for j in range(first, last):
        if int(events[j, 1]) == SET_INPUT and events[j, 0] <= start:
            S[L[9] + int(events[j, 2]) * W + lane] = events[j, 3]


@compiled
def next_event(events, routes, first, last, time, index):
    """Return (time, index) of the patient's next event after (time, index), lags included; (FAR, -1) if none."""
    best, found = FAR, -1
    for j in range(first, last):
        when = events[j, 0]
        if events[j, 4] >= 0.0:
            when += routes[2 * int(events[j, 4]) + 1]
        if (when > time or (when == time and j > index)) and when < best:
            best, found = when, j
    return best, found


@compiled
def drive(step, aux, L, P, start, stop, span, U0, times, first_time, last_time, first_row, events, first_event, last_event,
          guards, rules, delays, changes, tail, kinds, limits, rtol, atol, max_steps, chosen, direct,
          out, sums, status, failed, steps, marks):  # fmt: skip
    """Solve patients start..stop-1; every argument but the last six is read only. See `engine.solve` for shapes."""
    mode = flush_denormals(np.int32(0)) if L[24] else np.int32(0)
    n, np_, nu, no, ng, nph, nr = L[0], L[1], L[2], L[3], L[4], L[5], L[6]
    Y, PP, U, R, T, H, STOP, PH = L[7], L[8], L[9], L[10], L[14], L[15], L[17], L[20]
    S = np.ones(L[23])
    S[L[21]] = rtol
    for i in range(n):
        S[L[22] + i] = atol[i]
    B = np.zeros(n + 1 + max(6 * no, ng, 1) + nph + ng + 2 * nr)
    nrule = delays.shape[0]
    patient = np.full(W, -1)
    alive, need = np.zeros(W, np.bool_), np.ones(W, np.bool_)
    at_save, at_event = np.zeros(W, np.int64), np.zeros(W, np.int64)
    when_event = np.zeros(W)
    redo, count = np.full(W, -1), np.zeros(W, np.int64)
    ends, after, route = np.empty((W, nph)), np.empty((W, ng)), np.empty((W, 2 * nr))
    before = np.empty((W, ng))
    pending, waiting, used = np.full((W, nrule), FAR), np.zeros((W, nrule), np.int64), np.zeros((W, nrule), np.int64)
    upcoming, live, anyneed = start, 0, True
    while True:
        if anyneed:
            anyneed = False
            for lane in range(W):
                if not need[lane]:
                    continue
                need[lane] = False
                if upcoming >= stop:
                    if alive[lane]:
                        alive[lane] = False
                        live -= 1
                    S[STOP + lane] = FAR
                    S[PH + lane] = 0.0
                    continue
                i = upcoming
                upcoming += 1
                patient[lane], count[lane], redo[lane] = i, 0, -1
                for j in range(np_):
                    S[PP + j * W + lane] = P[i, j]
                for j in range(nu):
                    S[U + j * W + lane] = U0[j]
                for j in range(n):
                    S[R + j * W + lane] = 0.0
                early_inputs(S, L, lane, events, first_event[i], last_event[i], span[i, 0])
                S[T + lane], S[PH + lane] = span[i, 0], 0.0
                call_aux(aux, SETUP, S.ctypes.data, lane, B.ctypes.data)
                for k in range(nph):
                    ends[lane, k] = B[k]
                for k in range(ng):
                    after[lane, k] = B[nph + k]
                for k in range(2 * nr):
                    route[lane, k] = B[nph + ng + k]
                fine = True
                for j in range(n):
                    fine = fine and math.isfinite(S[Y + j * W + lane]) and S[Y + j * W + lane] > -FAR
                for k in range(np_):
                    fine = fine and not math.isnan(P[i, k])
                for k in range(nph + ng + 2 * nr):
                    fine = fine and not math.isnan(B[k])
                before[lane, :] = math.nan
                for k in range(nrule):
                    pending[lane, k], waiting[lane, k], used[lane, k] = FAR, 0, 0
                at_save[lane] = first_time[i]
                when_event[lane], at_event[lane] = next_event(events, route[lane], first_event[i], last_event[i], -FAR, -1)
                if not alive[lane]:
                    live += 1
                alive[lane] = True
                S[STOP + lane] = span[i, 0]
                redo[lane] = -2 if fine else -3
        if live == 0:
            break
        # a lane just filled has its stop at its start: this step leaves it as it is
        call_step(step, S.ctypes.data)
        for lane in range(W):
            if not alive[lane]:
                S[T + lane], S[H + lane] = 0.0, 1e-3
                continue
            i = patient[lane]
            fresh = redo[lane] <= -2
            if redo[lane] == -3:
                status[i], failed[i] = BAD_START, span[i, 0]
                need[lane] = anyneed = True
                continue
            if fresh:
                redo[lane] = -1
            else:
                count[lane] += 1
                if not S[T + lane] > S[L[18] + lane]:
                    h, t = S[H + lane], S[T + lane]
                    if count[lane] >= max_steps or t + 0.1 * h == t or h < 1e-280:
                        call_aux(aux, RHS, S.ctypes.data, lane, B.ctypes.data)
                        fine = True
                        for j in range(n):
                            fine = fine and math.isfinite(B[j])
                        why = NEGATIVE if S[L[19] + lane] < 0.0 else MIN_STEP
                        status[i] = STEP_CAP if count[lane] >= max_steps else (why if fine else NOT_FINITE)
                        failed[i], steps[i] = t, count[lane]
                        need[lane] = anyneed = True
                    continue
                if ng > 0 and redo[lane] < 0:
                    fired, theta = watch(aux, S, L, lane, guards, after, before, B)
                    if fired >= 0:
                        t0 = S[L[18] + lane]
                        event = t0 + theta * S[L[19] + lane]
                        redo[lane] = fired
                        if event < S[T + lane]:
                            for j in range(n):
                                S[Y + j * W + lane] = S[L[11] + j * W + lane]
                            S[T + lane] = t0
                            S[STOP + lane] = event
                            if event > t0:
                                first_step(aux, S, L, lane, B, span[i, 1] - span[i, 0])
                                S[H + lane] = 2.0 * (event - t0)
                                continue
                        else:
                            S[STOP + lane] = S[T + lane]
                if kinds.shape[0] > 0 and S[T + lane] > S[L[18] + lane]:
                    summarise(aux, S, L, lane, kinds, limits, sums, i, B)
                while at_save[lane] < last_time[i] and times[at_save[lane]] < S[T + lane]:
                    theta = (times[at_save[lane]] - S[L[18] + lane]) / S[L[19] + lane]
                    save(aux, S, L, lane, theta, chosen, direct, out, first_row[i] + at_save[lane] - first_time[i], B)
                    at_save[lane] += 1
                if count[lane] >= max_steps:
                    status[i], failed[i], steps[i] = STEP_CAP, S[T + lane], count[lane]
                    need[lane] = anyneed = True
                    continue
            t = S[T + lane]
            if t >= S[STOP + lane]:
                fired, redo[lane], phase = redo[lane], -1, S[PH + lane]
                if ng > 0 and fresh:
                    rearm(aux, S, L, lane, guards, after, before, phase, B)
                while True:
                    if fired >= 0:
                        before[lane, fired] = 0.0
                        trigger(S, L, lane, fired, guards, rules, delays, tail, ends, waiting, pending, used, marks, i)
                    while int(S[PH + lane]) < nph - 1 and ends[lane, int(S[PH + lane])] <= t:
                        call_aux(aux, RESET, S.ctypes.data, lane, B.ctypes.data)
                        marks[i, int(S[PH + lane])] = t
                        S[PH + lane] += 1.0
                    while when_event[lane] <= t:
                        j = at_event[lane]
                        kind, target = int(events[j, 1]), int(events[j, 2])
                        share = route[lane, 2 * int(events[j, 4])] if events[j, 4] >= 0.0 else 1.0
                        if kind == BOLUS:
                            S[Y + target * W + lane] += share * events[j, 3]
                        elif kind == RATE:
                            change_rate(S, R + target * W + lane, share * events[j, 3])
                        elif kind == SET_INPUT:
                            S[U + target * W + lane] = events[j, 3]
                        elif ng > 0:
                            here(S, L, lane, B)
                            call_aux(aux, GUARDS, S.ctypes.data, lane, B.ctypes.data)
                            for k in range(ng):
                                if guards[k, 1] == AT_VISITS and B[n + 1 + k] * guards[k, 0] > 0.0 and t >= after[lane, k]:
                                    trigger(S, L, lane, k, guards, rules, delays, tail, ends, waiting, pending, used, marks, i)
                        last = when_event[lane]
                        when_event[lane], at_event[lane] = next_event(events, route[lane], first_event[i], last_event[i], last, j)
                    for r in range(nrule):
                        if pending[lane, r] <= t:
                            for c in range(changes.shape[0]):
                                if int(changes[c, 0]) == r:
                                    target = int(changes[c, 1])
                                    S[U + target * W + lane] = changes[c, 2] if waiting[lane, r] == 1 else U0[target]
                            if waiting[lane, r] == 1 and delays[r, 1] < FAR:
                                waiting[lane, r], pending[lane, r] = 2, t + delays[r, 1]
                            else:
                                waiting[lane, r], pending[lane, r] = 0, FAR
                    fired = rearm(aux, S, L, lane, guards, after, before, phase, B) if ng > 0 else -1
                    if fired < 0:
                        break
                if ng > 0:
                    settle(S, L, lane, guards, before, tail, marks, i)
                if not first_step(aux, S, L, lane, B, span[i, 1] - span[i, 0]):
                    status[i], failed[i], steps[i] = NOT_FINITE, t, count[lane]
                    need[lane] = anyneed = True
                    continue
                upto = min(span[i, 1], when_event[lane])
                if int(S[PH + lane]) < nph - 1:
                    upto = min(upto, ends[lane, int(S[PH + lane])])
                for r in range(nrule):
                    upto = min(upto, pending[lane, r])
                S[STOP + lane] = upto
            while at_save[lane] < last_time[i] and times[at_save[lane]] <= t:
                save(aux, S, L, lane, -1.0, chosen, direct, out, first_row[i] + at_save[lane] - first_time[i], B)
                at_save[lane] += 1
            if t >= span[i, 1]:
                status[i], steps[i] = OK, count[lane]
                need[lane] = anyneed = True
    if L[24]:
        restore_mode(mode)
