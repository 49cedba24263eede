"""The driver: model-free numba code that feeds lanes with patients, watches events and saves what is asked for.

Eight lanes run persistently; a lane that finishes takes the next patient. Every lane has its own clock, step, stop time
(the next dose, input change, phase end, visit or the horizon) and phase. A state trigger is located on the dense output,
the step is then repeated so that it ends exactly there. Values at an event time are those just after the event.
"""

from __future__ import annotations

import math

import numpy as np

from autologue.compiled import compiled_fast
from autologue.compiled import compiled_part as compiled
from autologue.engine.codes import (
    AT_VISITS,
    BAD_START,
    BOLUS,
    FAR,
    GUARDS,
    MIN_STEP,
    NEGATIVE,
    NOT_FINITE,
    OK,
    RATE,
    RESET,
    RHS,
    SET_INPUT,
    SETUP,
    STEP_CAP,
)
from autologue.engine.codes import WIDTH as W
from autologue.engine.lanes import here, save
from autologue.engine.scalar import call_aux, call_step, flush_denormals, restore_mode
from autologue.engine.summarise import call_summarise, summarise
from autologue.engine.triggers import call_rearm, call_settle, call_trigger, call_watch, rearm, settle, trigger, watch

__all__ = ["drive", "rare"]

# numba compiles a function once more for each plain whole number that it is called with
LANES, BEFORE = np.int64(W), np.int64(-1)


@compiled
def filled(count, value):
    """Return an array of one number."""
    array = np.empty(count)
    for i in range(count):
        array[i] = value
    return array


@compiled
def first_step(aux, S, L, lane, B, span):
    """Set the lane's first step and first stage from the present state; return False where the rate is not finite."""
    n = L[0]
    call_aux(aux, RHS, S, lane, B)
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


def rare(*, triggers: bool, summaries: bool) -> tuple[int, ...]:
    """Return the addresses of what `drive` calls for models with state triggers and for summaries, 0 for what it will not call."""
    return (*(f.address if triggers else 0 for f in (watch, rearm, trigger, settle)), summarise.address if summaries else 0)


@compiled_fast
def drive(rare, step, aux, L, P, start, stop, span, U0, times, first_time, last_time, first_row, events, first_event, last_event,
          guards, rules, delays, changes, tail, kinds, limits, rtol, atol, max_steps, chosen, direct,
          out, sums, status, failed, steps, marks):  # fmt: skip
    """Solve patients start..stop-1; every argument but the last six is read only. See `engine.solve` for shapes, `rare` for `rare`."""
    watch_at, rearm_at, trigger_at, settle_at, summarise_at = rare
    mode = flush_denormals(np.int32(0)) if L[24] else np.int32(0)
    n, np_, nu, no, ng, nph, nr = L[0], L[1], L[2], L[3], L[4], L[5], L[6]
    Y, PP, U, R, T, H, STOP, PH = L[7], L[8], L[9], L[10], L[14], L[15], L[17], L[20]
    S = filled(L[23], 1.0)
    S[L[21]] = rtol
    for i in range(n):
        S[L[22] + i] = atol[i]
    B = filled(n + 1 + max(6 * no, ng, 1) + nph + ng + 2 * nr, 0.0)
    nrule = delays.shape[0]
    whole = np.zeros((7, W), np.int64)
    patient, alive, need, redo, count, at_save, at_event = whole[0], whole[1], whole[2], whole[3], whole[4], whole[5], whole[6]
    when_event = filled(LANES, 0.0)
    for lane in range(W):
        need[lane] = True
    ends, after, before, route = np.empty((W, nph)), np.empty((W, ng)), np.empty((W, ng)), np.empty((W, 2 * nr))
    pending, waiting, used = np.empty((W, nrule)), np.zeros((W, nrule), np.int64), np.zeros((W, nrule), np.int64)
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
                call_aux(aux, SETUP, S, lane, B)
                for k in range(nph):
                    ends[lane, k] = B[k]
                for k in range(ng):
                    after[lane, k], before[lane, k] = B[nph + k], math.nan
                for k in range(2 * nr):
                    route[lane, k] = B[nph + ng + k]
                fine = True
                for j in range(n):
                    fine = fine and math.isfinite(S[Y + j * W + lane]) and S[Y + j * W + lane] > -FAR
                for k in range(np_):
                    fine = fine and not math.isnan(P[i, k])
                for k in range(nph + ng + 2 * nr):
                    fine = fine and not math.isnan(B[k])
                for k in range(nrule):
                    pending[lane, k], waiting[lane, k], used[lane, k] = FAR, 0, 0
                at_save[lane] = first_time[i]
                when_event[lane], at_event[lane] = next_event(events, route[lane], first_event[i], last_event[i], -FAR, BEFORE)
                if not alive[lane]:
                    live += 1
                alive[lane] = True
                S[STOP + lane] = span[i, 0]
                redo[lane] = -2 if fine else -3
        if live == 0:
            break
        # a lane just filled has its stop at its start: this step leaves it as it is
        call_step(step, S)
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
                        call_aux(aux, RHS, S, lane, B)
                        fine = True
                        for j in range(n):
                            fine = fine and math.isfinite(B[j])
                        why = NEGATIVE if S[L[19] + lane] < 0.0 else MIN_STEP
                        status[i] = STEP_CAP if count[lane] >= max_steps else (why if fine else NOT_FINITE)
                        failed[i], steps[i] = t, count[lane]
                        need[lane] = anyneed = True
                    continue
                if ng > 0 and redo[lane] < 0:
                    fired, theta = call_watch(watch_at, aux, S, L, lane, guards, after, before, B)
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
                    call_summarise(summarise_at, aux, S, L, lane, kinds, limits, sums, i, B)
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
                    call_rearm(rearm_at, aux, S, L, lane, guards, after, before, phase, B)
                while True:
                    if fired >= 0:
                        before[lane, fired] = 0.0
                        call_trigger(trigger_at, S, L, lane, fired, guards, rules, delays, tail, ends, waiting, pending, used, marks, i)
                    while int(S[PH + lane]) < nph - 1 and ends[lane, int(S[PH + lane])] <= t:
                        call_aux(aux, RESET, S, lane, B)
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
                            call_aux(aux, GUARDS, S, lane, B)
                            for k in range(ng):
                                if guards[k, 1] == AT_VISITS and B[n + 1 + k] * guards[k, 0] > 0.0 and t >= after[lane, k]:
                                    call_trigger(
                                        trigger_at, S, L, lane, k, guards, rules, delays, tail, ends, waiting, pending, used, marks, i
                                    )
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
                    fired = call_rearm(rearm_at, aux, S, L, lane, guards, after, before, phase, B) if ng > 0 else -1
                    if fired < 0:
                        break
                if ng > 0:
                    call_settle(settle_at, S, L, lane, guards, before, tail, marks, i)
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
