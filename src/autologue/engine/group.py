"""The driver in group mode: one patient and up to seven copies with perturbed parameters share every step.

Internal numerical differentiation (Bock): because the copies share the step sequence, integration error cancels in
their differences, which are then as accurate as exact derivatives of the scheme. At an event whose time moves with the
parameters, each copy is carried along its old course by its own shift dt, changed, and carried back along its new course:
y += f_before dt, change, y -= f_after dt.
"""

from __future__ import annotations

import math

import numpy as np

from autologue.compiled import compiled_fast
from autologue.compiled import compiled_part as compiled
from autologue.engine.codes import (
    BAD_START,
    BOLUS,
    END_PHASE,
    FAR,
    GUARD_SPEEDS,
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
from autologue.engine.deferred import deferred
from autologue.engine.driver import BEFORE, change_rate, early_inputs, filled, first_step, next_event
from autologue.engine.lanes import here, save
from autologue.engine.scalar import call_aux, call_step, flush_denormals, restore_mode
from autologue.engine.triggers import act, call_rearm, call_settle, call_watch, rearm, settle, watch

__all__ = ["drive_group", "rare_in_group"]


@compiled
def shift(aux, S, L, lane, dt, sign, B):
    """Carry one lane along its present rate by sign * dt."""
    if dt != 0.0:
        call_aux(aux, RHS, S, lane, B)
        for i in range(L[0]):
            S[L[7] + i * W + lane] += sign * dt * B[i]


@compiled
def guard_shift(aux, S, L, lane, k, base, B):
    """Return by how much guard k fires later in this lane than in the base, and the guard's value."""
    n = L[0]
    here(S, L, lane, B)
    call_aux(aux, GUARDS, S, lane, B)
    value = B[n + 1 + k]
    here(S, L, lane, B)
    call_aux(aux, GUARD_SPEEDS, S, lane, B)
    speed = B[n + 1 + k]
    return (-(value - base) / speed if speed != 0.0 else 0.0), value


@deferred()
def fire(aux, S, L, k, guards, tail, B):
    """Do what guard k says in every lane, each at its own time."""
    base = 0.0
    for lane in range(W):
        dt, value = guard_shift(aux, S, L, lane, k, base, B)
        if lane == 0:
            base, dt = value, 0.0
        shift(aux, S, L, lane, dt, 1.0, B)
        if guards[k, 2] == END_PHASE:
            call_aux(aux, RESET, S, lane, B)
            S[L[20] + lane] += 1.0
        else:
            act(S, L, lane, guards[k, 2], guards[k, 3], tail)
        shift(aux, S, L, lane, dt, -1.0, B)


call_fire = fire.call


def rare_in_group(*, triggers: bool) -> tuple[int, ...]:
    """Return the addresses of what `drive_group` calls for models with state triggers, 0 for other models."""
    return tuple(f.address if triggers else 0 for f in (watch, rearm, fire, settle))


@compiled_fast
def drive_group(rare, step, aux, L, P, start, stop, span, U0, times, first_time, last_time, first_row, events, first_event, last_event,
                guards, tail, rtol, atol, max_steps, chosen, direct, out, status, failed):  # fmt: skip
    """Solve groups start..stop-1; P is (groups, 8, parameters), out is (rows, 8, outputs), the first lane is the base."""
    watch_at, rearm_at, fire_at, settle_at = rare
    mode = flush_denormals(np.int32(0)) if L[24] else np.int32(0)
    n, np_, nu, no, ng, nph, nr = L[0], L[1], L[2], L[3], L[4], L[5], L[6]
    Y, PP, U, R, T, H, STOP, PH = L[7], L[8], L[9], L[10], L[14], L[15], L[17], L[20]
    S = filled(L[23], 1.0)
    S[L[21]] = rtol
    for i in range(n):
        S[L[22] + i] = atol[i]
    B = filled(n + 1 + max(6 * no, ng, 1) + nph + ng + 2 * nr, 0.0)
    ends, after, before, route = np.empty((W, nph)), np.empty((W, ng)), np.empty((W, ng)), np.empty((W, 2 * nr))
    marks = np.empty((1, nph + ng))
    for k in range(nph + ng):
        marks[0, k] = math.nan
    for i in range(start, stop):
        fine = True
        for lane in range(W):
            for j in range(np_):
                S[PP + j * W + lane] = P[i, lane, j]
            for j in range(nu):
                S[U + j * W + lane] = U0[j]
            for j in range(n):
                S[R + j * W + lane] = 0.0
            early_inputs(S, L, lane, events, first_event[i], last_event[i], span[i, 0])
            S[T + lane], S[PH + lane], S[STOP + lane] = span[i, 0], 0.0, span[i, 0]
            call_aux(aux, SETUP, S, lane, B)
            for k in range(nph):
                ends[lane, k] = B[k]
            for k in range(ng):
                after[lane, k], before[lane, k] = B[nph + k], math.nan
            for k in range(2 * nr):
                route[lane, k] = B[nph + ng + k]
            for j in range(n):
                fine = fine and math.isfinite(S[Y + j * W + lane])
            for k in range(np_):
                fine = fine and not math.isnan(P[i, lane, k])
            for k in range(nph + ng + 2 * nr):
                fine = fine and not math.isnan(B[k])
        if not fine:
            status[i], failed[i] = BAD_START, span[i, 0]
            continue
        saved, count, redo = first_time[i], 0, -1
        when_event, at_event = next_event(events, route[0], first_event[i], last_event[i], -FAR, BEFORE)
        length = span[i, 1] - span[i, 0]
        fresh = True
        while True:
            if not fresh:
                call_step(step, S)
                count += 1
                if not S[T] > S[L[18]]:
                    if count >= max_steps or S[T] + 0.1 * S[H] == S[T] or S[H] < 1e-280:
                        low = False
                        for lane in range(W):
                            low = low or S[L[19] + lane] < 0.0
                        status[i], failed[i] = (STEP_CAP if count >= max_steps else (NEGATIVE if low else MIN_STEP)), S[T]
                        break
                    continue
                if ng > 0 and redo < 0:
                    fired, theta = call_watch(watch_at, aux, S, L, 0, guards, after, before, B)
                    if fired >= 0:
                        t0 = S[L[18]]
                        event = t0 + theta * S[L[19]]
                        redo = fired
                        if event < S[T]:
                            for lane in range(W):
                                for j in range(n):
                                    S[Y + j * W + lane] = S[L[11] + j * W + lane]
                                S[T + lane], S[STOP + lane] = t0, event
                            if event > t0:
                                for lane in range(W):
                                    first_step(aux, S, L, lane, B, length)
                                    S[H + lane] = 2.0 * (event - t0)
                                continue
                        else:
                            for lane in range(W):
                                S[STOP + lane] = S[T]
                while saved < last_time[i] and times[saved] < S[T]:
                    theta = (times[saved] - S[L[18]]) / S[L[19]]
                    for lane in range(W):
                        save(aux, S, L, lane, theta, chosen, direct, out[first_row[i] + saved - first_time[i]], lane, B)
                    saved += 1
                if count >= max_steps:
                    status[i], failed[i] = STEP_CAP, S[T]
                    break
            fresh = False
            t = S[T]
            if t >= S[STOP]:
                fired, redo, phase = redo, -1, S[PH]
                if ng > 0 and count == 0:
                    call_rearm(rearm_at, aux, S, L, 0, guards, after, before, phase, B)
                while True:
                    if fired >= 0:
                        before[0, fired] = 0.0
                        call_fire(fire_at, aux, S, L, fired, guards, tail, B)
                    while int(S[PH]) < nph - 1 and ends[0, int(S[PH])] <= t:
                        leaving = int(S[PH])
                        for lane in range(W):
                            dt = ends[lane, leaving] - ends[0, leaving]
                            shift(aux, S, L, lane, dt, 1.0, B)
                            call_aux(aux, RESET, S, lane, B)
                            S[PH + lane] += 1.0
                            shift(aux, S, L, lane, dt, -1.0, B)
                    while when_event <= t:
                        kind, target, r = int(events[at_event, 1]), int(events[at_event, 2]), int(events[at_event, 4])
                        for lane in range(W):
                            dt = route[lane, 2 * r + 1] - route[0, 2 * r + 1] if r >= 0 else 0.0
                            share = route[lane, 2 * r] if r >= 0 else 1.0
                            shift(aux, S, L, lane, dt, 1.0, B)
                            if kind == BOLUS:
                                S[Y + target * W + lane] += share * events[at_event, 3]
                            elif kind == RATE:
                                change_rate(S, R + target * W + lane, share * events[at_event, 3])
                            elif kind == SET_INPUT:
                                S[U + target * W + lane] = events[at_event, 3]
                            shift(aux, S, L, lane, dt, -1.0, B)
                        when_event, at_event = next_event(events, route[0], first_event[i], last_event[i], when_event, at_event)
                    fired = call_rearm(rearm_at, aux, S, L, 0, guards, after, before, phase, B) if ng > 0 else -1
                    if fired < 0:
                        break
                if ng > 0:
                    for lane in range(W - 1, -1, -1):
                        for k in range(ng):
                            before[lane, k] = before[0, k]
                        call_settle(settle_at, S, L, lane, guards, before, tail, marks, 0)
                ok = True
                for lane in range(W):
                    ok = first_step(aux, S, L, lane, B, length) and ok
                if not ok:
                    status[i], failed[i] = NOT_FINITE, t
                    break
                upto = min(span[i, 1], when_event)
                if int(S[PH]) < nph - 1:
                    upto = min(upto, ends[0, int(S[PH])])
                for lane in range(W):
                    S[STOP + lane], S[H + lane] = upto, S[H]
            while saved < last_time[i] and times[saved] <= t:
                for lane in range(W):
                    save(aux, S, L, lane, -1.0, chosen, direct, out[first_row[i] + saved - first_time[i]], lane, B)
                saved += 1
            if t >= span[i, 1]:
                status[i] = OK
                break
    if L[24]:
        restore_mode(mode)
