"""The compiled part: one pass over ragged profiles (flat arrays and offsets), about a microsecond each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.nca.method import Below, Tail

__all__ = ["COLUMNS", "VERDICTS", "profile_all"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

COLUMNS = (
    "samples", "measurable", "cmax", "tmax", "clast", "tlast", "auc_last", "auc_inf", "auc_inf_extrapolated",
    "lambda_z", "half_life", "r2_adjusted", "terminal_points", "terminal_start", "terminal_end",
)  # fmt: skip
VERDICTS = ("fitted", "nothing measurable", "too few points", "not declining", "not asked")
_FITTED, _NOTHING, _FEW, _RISING, _UNASKED = range(5)
_DROP, _ZERO, _HALF = int(Below.DROP), int(Below.ZERO), int(Below.HALF)
_MEASURED, _EXTRAPOLATED = int(Tail.MEASURED), int(Tail.EXTRAPOLATED)


@compiled
def _fall(high: float, low: float) -> float:
    """Return ln(high / low), accurate for neighbours too."""
    return float(np.log1p((high - low) / low))


@compiled
def _area(t0: float, c0: float, t1: float, c1: float, start: float, end: float, logarithmic: int) -> float:
    """Return the area of the segment (t0, c0) to (t1, c1) between `start` and `end`, both inside it."""
    if logarithmic and 0.0 < c1 < c0:
        rate = _fall(c0, c1) / (t1 - t0)
        left = c0 if start == t0 else c0 * np.exp(-rate * (start - t0))
        right = c1 if end == t1 else c0 * np.exp(-rate * (end - t0))
        return float((left - right) / rate)
    slope = (c1 - c0) / (t1 - t0)
    left = c0 + slope * (start - t0)
    right = c1 if end == t1 else c0 + slope * (end - t0)
    return float(0.5 * (left + right) * (end - start))


@compiled
def _integral(t: Floats, c: Floats, kept: int, start: float, end: float, logarithmic: int) -> float:
    """Return the area from `start` to `end` under the first `kept` samples, nothing beyond the last of them."""
    total = 0.0
    for i in range(kept - 1):
        if t[i] >= end:
            break
        if t[i + 1] > start:
            total += _area(t[i], c[i], t[i + 1], c[i + 1], max(t[i], start), min(t[i + 1], end), logarithmic)
    return total


@compiled
def _keep(times: Floats, values: Floats, blq: NDArray[np.bool_], rules: Integers, t: Floats, c: Floats, m: NDArray[np.bool_]) -> int:
    """Copy the samples that the limit rules keep to t, c, m (measurable) and return their number; the first one is at time 0."""
    first, last = times.size, -1
    for i in range(times.size):
        if times[i] >= 0.0 and not blq[i]:
            first, last = min(first, i), i
    kept = 0
    for i in range(times.size):
        rule = rules[0] if i < first else (rules[2] if i > last else rules[1])
        if times[i] < 0.0 or (blq[i] and rule == _DROP):
            continue
        if kept == 0 and times[i] > 0.0:
            t[0], c[0], m[0] = 0.0, 0.0, False
            kept = 1
        t[kept], m[kept] = times[i], not blq[i]
        c[kept] = values[i] if not blq[i] else (0.5 * values[i] if rule == _HALF else 0.0)
        kept += 1
    return kept


@compiled
def _terminal(t: Floats, c: Floats, m: NDArray[np.bool_], peak: int, last: int, points: int, tolerance: float, scratch: Floats,
              out: Floats) -> int:  # fmt: skip
    """Fit the terminal slope by the rule of TerminalRule into out[9:15] and return the verdict.

    Moments are updated from the last point backwards (Welford), so that all candidates cost one pass.
    """
    count, mean_t, mean_y, stt, sty, syy, best = 0, 0.0, 0.0, 0.0, 0.0, 0.0, -np.inf
    for i in range(last, peak, -1):
        scratch[i, 0] = np.nan
        if not m[i]:
            continue
        count += 1
        y = np.log(c[i])
        dt, dy = t[i] - mean_t, y - mean_y
        mean_t, mean_y = mean_t + dt / count, mean_y + dy / count
        stt, sty, syy = stt + dt * (t[i] - mean_t), sty + dt * (y - mean_y), syy + dy * (y - mean_y)
        if count >= points and syy > 0.0:
            unexplained = max(1.0 - sty * sty / (stt * syy), 0.0)
            scratch[i, 0] = 1.0 - unexplained * (count - 1) / (count - 2)
            scratch[i, 1], scratch[i, 2] = -sty / stt, count
            best = max(best, scratch[i, 0])
    if count < points:
        return _FEW
    for i in range(peak + 1, last + 1):  # the earliest start first: the most points
        if scratch[i, 0] >= best - tolerance and scratch[i, 1] > 0.0:
            out[9], out[10], out[11] = scratch[i, 1], np.log(2.0) / scratch[i, 1], scratch[i, 0]
            out[12], out[13], out[14] = scratch[i, 2], t[i], t[last]
            return _FITTED
    return _RISING


@compiled
def _window(t: Floats, c: Floats, m: NDArray[np.bool_], kept: int, last: int, followed: float, start: float, end: float, tail: int,
            logarithmic: int, rate: float, out: Floats) -> None:  # fmt: skip
    """Write area, reach and extrapolated fraction of one window to `out`."""
    out[1] = min(followed, end)
    if tail == _EXTRAPOLATED:
        inside = _integral(t, c, last + 1, start, min(end, t[last]), logarithmic)
        begin = max(start, t[last])
        beyond = c[last] * (np.exp(-rate * (begin - t[last])) - np.exp(-rate * (end - t[last]))) / rate if end > begin else 0.0
        out[0] = inside + beyond
        out[2] = beyond / out[0] if out[0] > 0.0 else np.nan
        return
    out[2] = 0.0
    if followed <= start:
        out[0] = np.nan
        return
    if tail == _MEASURED:
        reach = start
        for i in range(kept):
            if m[i] and start < t[i] <= end:
                reach = t[i]
        out[0], out[1] = _integral(t, c, kept, start, reach, logarithmic), reach
        return
    out[0] = _integral(t, c, kept, start, end, logarithmic)


@compiled
def _profile(t: Floats, c: Floats, m: NDArray[np.bool_], kept: int, followed: float, windows: Floats, logarithmic: int, points: int,
             tolerance: float, scratch: Floats, out: Floats, areas: Floats) -> int:  # fmt: skip
    """Write all quantities of one profile to `out` and `areas`, and return the verdict on its terminal slope."""
    peak, last = -1, -1
    for i in range(kept):
        if m[i]:
            last = i
            if peak < 0 or c[i] > c[peak]:
                peak = i
    if last < 0:
        return _NOTHING
    out[2], out[3], out[4], out[5] = c[peak], t[peak], c[last], t[last]
    out[6] = _integral(t, c, last + 1, 0.0, t[last], logarithmic)
    verdict = _UNASKED
    if points > 0:
        verdict = _terminal(t, c, m, peak, last, points, tolerance, scratch, out)
    if verdict == _FITTED:
        beyond = c[last] / out[9]
        out[7] = out[6] + beyond
        out[8] = beyond / out[7]
    for w in range(windows.shape[0]):
        _window(t, c, m, kept, last, followed, windows[w, 0], windows[w, 1], int(windows[w, 2]), logarithmic, out[9], areas[w])
    return verdict


@compiled
def profile_all(times: Floats, values: Floats, blq: NDArray[np.bool_], offsets: Integers, rules: Integers, windows: Floats,
                logarithmic: int, points: int, tolerance: float, out: Floats, areas: Floats, verdicts: Integers) -> None:  # fmt: skip
    """Analyse profiles offsets[i]:offsets[i + 1]; `out` (profiles x COLUMNS) and `areas` (profiles x windows x 3) start as NaN.

    `values` holds the limit where `blq`; `windows` has rows start, end, Tail; `points` 0 asks for no terminal slope.
    """
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    t, c, m, scratch = np.empty(longest + 1), np.empty(longest + 1), np.empty(longest + 1, np.bool_), np.empty((longest + 1, 3))
    for i in range(offsets.size - 1):
        low, high = offsets[i], offsets[i + 1]
        kept = _keep(times[low:high], values[low:high], blq[low:high], rules, t, c, m)
        samples, measurable = 0, 0
        for j in range(low, high):
            samples += times[j] >= 0.0
            measurable += times[j] >= 0.0 and not blq[j]
        out[i, 0], out[i, 1] = samples, measurable
        followed = times[high - 1] if samples else 0.0
        verdicts[i] = _profile(t, c, m, kept, followed, windows, logarithmic, points, tolerance, scratch, out[i], areas[i])
