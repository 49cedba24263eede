"""The terms of outcomes: times to event, counts and categories, as rows that read one or two numbers of the course.

With h the hazard, H its integral, e the entry, (a, b] where the event lies, m a mean, d a dispersion, y what was observed:

    HAZARD      log h(b)                                   an event that was seen
    SURVIVAL    -(H(a) - H(e))                             none before a
    INTERVAL    log(1 - exp(-(H(b) - H(a))))               one between a and b
    COUNT       y log m - m - log y!                       Poisson
    DISPERSED   the negative binomial with variance m + d m^2
    CATEGORY    log(expit(l_y) - expit(l_(y - 1)))         with l_k = logit P(Y <= k)

The curvature of a row is positive semidefinite: exact for a category, and for the others that of a number whose logarithm is linear in
the random effects, which is exact for a hazard or a mean with log-normal parameters. It is a metric for searches; Laplace takes the
exact one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autologue.compiled import compiled
from autologue.likelihood.course import CourseLanes
from autologue.likelihood.measured import IMPOSSIBLE, NOT_A_NUMBER
from autologue.likelihood.outcomes import COUNT, DISPERSED, HAZARD, INTERVAL, SURVIVAL, OutcomeRows

__all__ = ["Happened", "assemble_outcomes", "outcome_parts", "outcome_value"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def _log_expit(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x > 0.0 else x - math.log1p(math.exp(x))


@compiled
def outcome_value(kind: int, f: float, g: float, y: float) -> float:
    """Return the log-density of a row for the numbers f and g that it reads; -inf where it is impossible."""
    if f != f or g != g:
        return -math.inf
    if kind == HAZARD:
        return math.log(f) if f > 0.0 else -math.inf
    if kind == SURVIVAL:
        return g - f
    if kind == INTERVAL:
        return math.log(-math.expm1(g - f)) if f > g else -math.inf
    if kind == COUNT or (kind == DISPERSED and (g == 0.0 or f == 0.0)):
        return y * math.log(f) - f - math.lgamma(y + 1.0) if f > 0.0 else (0.0 if f == 0.0 and y == 0.0 else -math.inf)
    if kind == DISPERSED:
        if not f > 0.0 or not g > 0.0:
            return -math.inf
        r = 1.0 / g
        total = y * (math.log(f) - math.log(r + f)) - r * math.log1p(f * g)
        return total + math.lgamma(y + r) - math.lgamma(r) - math.lgamma(y + 1.0)
    if not f > g:
        return -math.inf
    return _log_expit(f) + _log_expit(-g) + (math.log(-math.expm1(g - f)) if math.isfinite(f - g) else 0.0)


@compiled
def _digamma(x: float) -> float:
    """Return the derivative of log gamma at x > 0: upward by its recurrence, then its asymptotic series."""
    total = 0.0
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    return total + math.log(x) - 0.5 / x - r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r / 132.0))))


@compiled
def outcome_parts(kind: int, f: float, g: float, y: float) -> tuple[float, float, float, float, float, float]:
    """Return the log-density, its derivatives by f and by g, and the curvature: by f twice, by f and g, by g twice."""
    value = outcome_value(kind, f, g, y)
    if not math.isfinite(value):
        return value, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind == HAZARD:
        return value, 1.0 / f, 0.0, 0.0, 0.0, 0.0
    if kind == SURVIVAL:
        c = 1.0 / (f - g) if f > g else 0.0
        return value, -1.0, 1.0, c, -c, c
    if kind == INTERVAL:
        x = f - g
        slope = math.exp(-x) / -math.expm1(-x)
        c = slope * (1.0 + slope) - slope / x
        return value, slope, -slope, c, -c, c
    if kind == COUNT:
        return (value, y / f - 1.0, 0.0, 1.0 / f, 0.0, 0.0) if f > 0.0 else (value, -1.0, 0.0, 0.0, 0.0, 0.0)
    if kind == DISPERSED:
        if g == 0.0 or f == 0.0:
            return value, 0.0, 0.0, 0.0, 0.0, 0.0
        r = 1.0 / g
        slope = y / f - (y + r) / (r + f)
        by_r = _digamma(y + r) - _digamma(r) - math.log1p(f * g) + (f - y) / (r + f)
        by_g = -by_r * r * r
        return value, slope, by_g, (y + r) * r / (f * (r + f) ** 2), 0.0, by_g * by_g
    return _category_parts(value, f, g)


@compiled
def _category_parts(value: float, f: float, g: float) -> tuple[float, float, float, float, float, float]:
    """Return the parts of log(expit(f) - expit(g)), f the upper and g the lower."""
    upper = 1.0 / (1.0 + math.exp(-f)) if f < math.inf else 1.0
    lower = 1.0 / (1.0 + math.exp(-g)) if g > -math.inf else 0.0
    x = f - g
    between = 1.0 / math.expm1(x) if x < math.inf else 0.0  # derivative of log(1 - exp(-x))
    bend = between * (1.0 + between)
    by_f = 1.0 - upper + between if f < math.inf else 0.0
    by_g = -lower - between if g > -math.inf else 0.0
    ff = upper * (1.0 - upper) + bend if f < math.inf else 0.0
    gg = lower * (1.0 - lower) + bend if g > -math.inf else 0.0
    return value, by_f, by_g, ff, -bend if x < math.inf else 0.0, gg


@compiled
def _add(
    buffer: Floats, cells: Integers, begin: Integers, kind: Integers, y: Floats, absent: Floats, part: Floats, total: Floats,
    status: Integers,
) -> None:  # fmt: skip
    """Write the log-density of each lane's rows into `part`, and add it to `total`."""
    for s in range(len(begin) - 1):
        value = 0.0
        for k in range(begin[s], begin[s + 1]):
            f = buffer[cells[k, 0]] if cells[k, 0] >= 0 else absent[k, 0]
            g = buffer[cells[k, 1]] if cells[k, 1] >= 0 else absent[k, 1]
            value += outcome_value(kind[k], f, g, y[k])
            if not value > -math.inf and status[s] == 0:
                status[s] = IMPOSSIBLE if f == f and g == g else NOT_A_NUMBER
        part[s] = value if value == value else -math.inf
        total[s] = total[s] + part[s] if status[s] == 0 else -math.inf


@compiled
def assemble_outcomes(
    first: Integers, kind: Integers, y: Floats, f: Floats, g: Floats, value: Floats, slope: Floats, curve: Floats
) -> None:
    """Add value (copies, patients), slope (..., k) and curve (..., k, k) from numbers f (copies, 2 rows), slopes g (..., k).

    The two numbers that row r reads are f[:, 2 r] and f[:, 2 r + 1].
    """
    copies, patients, k = slope.shape
    for c in range(copies):
        for i in range(patients):
            for r in range(first[i], first[i + 1]):
                a, b = 2 * r, 2 * r + 1
                term, by_f, by_g, ff, fg, gg = outcome_parts(kind[r], f[c, a], f[c, b], y[r])
                value[c, i] += term
                for m in range(k):
                    slope[c, i, m] += by_f * g[c, a, m] + by_g * g[c, b, m]
                    for n in range(k):
                        curve[c, i, m, n] += g[c, a, m] * (ff * g[c, a, n] + fg * g[c, b, n])
                        curve[c, i, m, n] += g[c, b, m] * (fg * g[c, a, n] + gg * g[c, b, n])


class Happened:
    """The rows of outcomes of the patients of some lanes, one after another; those of lane s are begin[s] to begin[s + 1] - 1."""

    def __init__(self, rows: OutcomeRows, place: Integers, course: CourseLanes) -> None:
        """Gather the rows of each lane; `place` (rows, 2) are the numbers of the times among those of the patient, -1 for none."""
        self.row, self.begin = rows.of(course.who)
        self.lane: Integers = np.repeat(np.arange(len(course.who)), np.diff(self.begin))
        here = place[self.row]
        self.cells: Integers = np.full((len(self.row), 2), -1, dtype=np.int64)
        for side in range(2):
            there = here[:, side] >= 0
            self.cells[there, side] = course.cells(self.lane[there], here[there, side], rows.output[self.row[there], side])
        self.kind, self.y, self.absent = rows.kind[self.row], rows.y[self.row], rows.absent[self.row]

    def add(self, buffer: Floats, total: Floats, status: Integers) -> Floats:
        """Add the log-density to `total` (lanes,), set `status` where it is -inf, and return it (lanes,)."""
        part = np.empty(len(self.begin) - 1)
        _add(buffer, self.cells, self.begin, self.kind, self.y, self.absent, part, total, status)
        return part

    def read(self, buffer: Floats) -> Floats:
        """Return the numbers that each row reads (2 rows,)."""
        found: Floats = np.where(self.cells >= 0, buffer[np.maximum(self.cells, 0)], self.absent).reshape(-1)
        return found

    def slopes(self, slopes: Floats) -> Floats:
        """Return the derivatives of these (2 rows, wrt) from those of the buffer."""
        found: Floats = np.where((self.cells >= 0)[..., None], slopes[np.maximum(self.cells, 0)], 0.0).reshape(-1, slopes.shape[1])
        return found
