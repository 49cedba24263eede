"""What a lane holds: its numbers, its states now and along its last step, and how they are saved."""

from __future__ import annotations

from autologue.compiled import compiled_inline as inlined
from autologue.engine.codes import OUTPUTS
from autologue.engine.codes import WIDTH as W
from autologue.engine.scalar import call_aux


@inlined
def dense(S, L, lane, theta, B):
    """Write the states at fraction theta of the lane's last step, and the time, into B."""
    n, yo, co = L[0], L[11], L[12]
    for i in range(n):
        c = S[co + (2 * n + i) * W + lane] + theta * S[co + (3 * n + i) * W + lane]
        c = S[co + i * W + lane] + theta * (S[co + (n + i) * W + lane] + theta * c)
        B[i] = S[yo + i * W + lane] + theta * c
    B[n] = S[L[18] + lane] + theta * S[L[19] + lane]


@inlined
def along(S, yo, co, wide, i, theta):
    """Return state i of a lane at fraction theta of its last step, from where the lane's old states and coefficients begin."""
    at = co + i * W
    c = S[at + 2 * wide] + theta * S[at + 3 * wide]
    return S[yo + i * W] + theta * (S[at] + theta * (S[at + wide] + theta * c))


@inlined
def state_at(S, L, lane, i, theta):
    """Return state i at fraction theta of the lane's last step."""
    return along(S, L[11] + lane, L[12] + lane, L[0] * W, i, theta)


@inlined
def here(S, L, lane, B):
    """Write the lane's present states and time into B."""
    for i in range(L[0]):
        B[i] = S[L[7] + i * W + lane]
    B[L[0]] = S[L[14] + lane]


@inlined
def output_at(aux, S, L, lane, theta, o, B):
    """Return output o at fraction theta of the last step."""
    dense(S, L, lane, theta, B)
    call_aux(aux, OUTPUTS, S, lane, B)
    return B[L[0] + 1 + o]


@inlined
def save(aux, S, L, lane, theta, chosen, direct, out, row, B):
    """Write the chosen outputs at fraction theta of the last step (or now, theta < 0) into a row of `out`."""
    n, y, yo, co, wide = L[0], L[7] + lane, L[11] + lane, L[12] + lane, L[0] * W
    evaluated = False
    for o in range(chosen.shape[0]):
        i = direct[o]
        if i >= 0 and theta >= 0.0:
            # a state itself: no need to evaluate all outputs
            out[row, o] = along(S, yo, co, wide, i, theta)
        elif i >= 0:
            out[row, o] = S[y + i * W]
        else:
            if not evaluated:
                evaluated = True
                if theta >= 0.0:
                    dense(S, L, lane, theta, B)
                else:
                    here(S, L, lane, B)
                call_aux(aux, OUTPUTS, S, lane, B)
            out[row, o] = B[n + 1 + chosen[o]]
